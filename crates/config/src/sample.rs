//! The sample file and the schema, written from the options themselves.

use std::fmt::Write;

use models::ProviderOptions;
use oidc::OidcOptions;
use serde_json::Value;

use crate::Config;
use crate::keys::{self, Holds, Key};

const HEAD: &str = "\
# Sortie's configuration: every option with its default. Generated from the code.
#
# Defaults < this file (`sortie.toml`, or `--config PATH`) < environment < flags.
# A variable's name is the path in upper case, joined by two underscores:
# `SORTIE_SERVER__LISTEN` is `listen` in `[server]`. An empty variable counts as not set.
# Durations are written `90s`, `2m` or `1h 30m`.
# Every option here is commented out; remove the `#` in front of its name to set it.
";

/// The sample file: every option, its manual and its default.
pub fn sample() -> String {
    let mut text = HEAD.to_owned();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    if let Holds::Table(sections) = Key::root().holds {
        for (name, section) in &sections {
            write_section(&mut text, name, section, &defaults[name]);
        }
    }
    text
}

/// The JSON schema of the file, for editors.
pub fn schema_json() -> String {
    format!("{:#}\n", keys::schema())
}

fn write_section(text: &mut String, name: &str, section: &Key, defaults: &Value) {
    match &section.holds {
        Holds::Named(each) => {
            let example = example_of(name);
            write_section(text, &format!("{name}.{}", keys::ANY_NAME), &described(each, &section.doc), &example);
        }
        Holds::Table(options) => {
            text.push('\n');
            write_comment(text, &section.doc);
            // A section with a name of the operator's choice would be one more provider.
            let mark = if name.ends_with(keys::ANY_NAME) { "#" } else { "" };
            let _ = writeln!(text, "{mark}[{name}]");
            let below = |option: &str| format!("{name}.{option}");
            let (sections, values): (Vec<_>, Vec<_>) =
                options.iter().partition(|(option, _)| SECTIONS_BELOW.contains(&below(option).as_str()));
            for (name, option) in values {
                write_option(text, name, option, &defaults[name]);
            }
            for (name, section) in sections {
                write_section(text, &below(name), section, &Value::Null);
            }
        }
        Holds::Value(_) => {}
    }
}

/// Sections with names of the operator's choice that stand below another one.
const SECTIONS_BELOW: [&str; 1] = ["login.oidc"];

/// The defaults of what such a section holds.
fn example_of(name: &str) -> Value {
    let example = match name {
        "login.oidc" => serde_json::to_value(OidcOptions::default()),
        _ => serde_json::to_value(ProviderOptions::default()),
    };
    example.unwrap_or_default()
}

fn described(key: &Key, doc: &str) -> Key {
    Key { doc: doc.to_owned(), ..key.clone() }
}

fn write_option(text: &mut String, name: &str, option: &Key, default: &Value) {
    text.push('\n');
    write_comment(text, &option.doc);
    // An empty table is a section of its own, which an example cannot show as a value.
    let value = match default {
        Value::Null => None,
        Value::Object(table) if table.is_empty() => None,
        other => toml_text(other),
    };
    let _ = match value {
        Some(value) => writeln!(text, "#{name} = {value}"),
        None => writeln!(text, "#{name} is not set"),
    };
}

fn write_comment(text: &mut String, doc: &str) {
    for line in doc.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
}

fn toml_text(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document that is checked in; `UPDATE=1` rewrites it.
    fn check_fresh(path: &str, written: &str) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, written).expect("writable");
        }
        let stands = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stands == written, "{} is stale: run this test with UPDATE=1", path.display());
    }

    #[test]
    fn the_sample_file_is_fresh() {
        check_fresh("sortie.sample.toml", &sample());
    }

    #[test]
    fn the_schema_is_fresh() {
        check_fresh("sortie.schema.json", &schema_json());
    }

    #[test]
    fn the_sample_uncommented_is_the_default() {
        let uncommented: String = sample()
            .lines()
            .take_while(|line| !line.contains(&format!(".{}]", keys::ANY_NAME)))
            .map(|line| match line.strip_prefix('#') {
                Some(option) if !option.starts_with(' ') && option.contains(" = ") => format!("{option}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let read: Config = toml::from_str(&uncommented).expect("valid");
        assert_eq!(serde_json::to_value(read).unwrap(), serde_json::to_value(Config::default()).unwrap());
    }
}
