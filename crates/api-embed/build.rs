//! Puts the built front end (`embed/dist`) into the crate, as it is sent; without it the crate
//! compiles too, and its pages say how to build it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

const FILES: [&str; 3] = ["modal.js", "panel.js", "panel.css"];
const ENCODINGS: [(&str, &str); 3] = [("plain", ""), ("brotli", ".br"), ("gzip", ".gz")];

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write"));
    let dist = here.join("../../embed/dist");
    println!("cargo::rerun-if-changed=build.rs");
    for file in FILES {
        for (_, ending) in ENCODINGS {
            println!("cargo::rerun-if-changed={}", dist.join(format!("{file}{ending}")).display());
        }
    }
    std::fs::write(out.join("built.rs"), built(&dist)).expect("a file in cargo's own folder");
}

/// An expression: the three files, or that there are none.
fn built(dist: &Path) -> String {
    let mut text = String::from("Some([");
    for file in FILES {
        let _ = write!(text, "Asset {{");
        for (field, ending) in ENCODINGS {
            let path = dist.join(format!("{file}{ending}"));
            let Ok(path) = path.canonicalize() else { return "None".to_owned() };
            let _ = write!(text, "{field}: include_bytes!({path:?}),");
        }
        let _ = write!(text, "}},");
    }
    text + "])"
}
