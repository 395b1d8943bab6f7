//! Packs what `console/dist` holds into one table of the crate, each file as it is sent.
//!
//! Without a built console the table is empty, and the crate says how to build it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let dist = Path::new(&var("CARGO_MANIFEST_DIR")).join("../../console/dist");
    let out = PathBuf::from(var("OUT_DIR"));
    // A folder that is missing would make cargo run this again for every build.
    if !dist.is_dir() {
        drop(fs::create_dir_all(&dist));
    }
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let plain = fs::read(file)?;
        let tag = Sha256::digest(&plain)[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (bytes, packed) = pack(plain)?;
        let stored = out.join(format!("{number}.bin"));
        fs::write(&stored, bytes)?;
        writeln!(
            table,
            "    Asset {{ path: {path:?}, tag: {tag:?}, packed: {packed}, bytes: include_bytes!({stored:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// As gzip if that is smaller: fonts are packed already.
fn pack(plain: Vec<u8>) -> io::Result<(Vec<u8>, bool)> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&plain)?;
    let packed = encoder.finish()?;
    Ok(if packed.len() < plain.len() { (packed, true) } else { (plain, false) })
}
