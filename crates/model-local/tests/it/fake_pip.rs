//! `python -m pip download`, as far as a pull needs it: it copies wheels that lie beside it,
//! and writes down what it was asked for.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Plays pip. The binary was called through a link in the directory that holds the wheels.
pub(crate) fn main(arguments: &[String]) -> ExitCode {
    let dir = Path::new(&arguments[0]).parent().unwrap();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag).unwrap();
        &arguments[at + 1]
    };
    for flag in ["--no-deps", "--only-binary=:all:", "--require-hashes"] {
        assert!(arguments.iter().any(|argument| argument == flag), "{flag} is missing");
    }
    let requirement = fs::read_to_string(value("--requirement")).unwrap();
    assert!(requirement.contains(" --hash=sha256:"), "{requirement}");
    let name = requirement.split("==").next().unwrap();

    let mut log = fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
    writeln!(log, "{name}").unwrap();
    let wheel = format!("{name}-1.0-py3-none-any.whl");
    match fs::copy(dir.join(&wheel), Path::new(value("--dest")).join(&wheel)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => {
            eprintln!("WARNING: something\nERROR: No matching distribution found for {name}");
            ExitCode::FAILURE
        }
    }
}
