//! Every stored input holds, and so do thousands of mutations of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fuzzed::{Mutations, TARGETS, Target};

const SEEDS_MIN: usize = 20;

/// How many mutations of each target's inputs.
fn count(default: usize) -> usize {
    match std::env::var("SORTIE_BATTERY_COUNT") {
        Ok(text) => text.parse().expect("SORTIE_BATTERY_COUNT is a number"),
        Err(_) => default,
    }
}

#[test]
fn stored_inputs_and_their_mutations_hold() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= SEEDS_MIN, "{name} has {} seeds", seeds.len());
        for (file, input) in &seeds {
            check(target, input, &file.display().to_string());
        }
        let inputs: Vec<Vec<u8>> = seeds.into_iter().map(|(_, input)| input).collect();
        let mut mutations = Mutations::of(&inputs, 0x5EED);
        for number in 0..count(4_000) {
            check(target, &mutations.make(), &format!("mutation {number} of {name}"));
        }
    }
}

/// A target without a file or an entry of its own is one that no fuzzer ever runs.
#[test]
fn every_target_has_its_file_and_its_entry() {
    let manifest = std::fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
        let file = std::fs::read_to_string(folder().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(file.contains(&format!("fuzzed::{name}(data)")), "fuzz_targets/{name}.rs runs something else");
    }
}

fn check(target: Target, input: &[u8], what: &str) {
    let held = catch_unwind(AssertUnwindSafe(|| target(input)));
    assert!(held.is_ok(), "{what} does not hold; the input: {:?}", String::from_utf8_lossy(input));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The stored inputs of a target, in the order of their names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder().join("corpus").join(target)).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}
