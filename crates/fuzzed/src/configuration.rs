//! The configuration: a file, and the environment over it.

use config::Environment;

/// What stands between the file and the lines of the environment.
const ENVIRONMENT: &str = "\n%%\n";
/// A key that only the environment holds, so that no text of the file's can be taken for it.
const SECRET: &str = "sk-that-nobody-is-shown-0123456789";
/// No file of an operator's comes near this; the parser takes longer than it is worth.
const TEXT_MAX: usize = 64 << 10;

/// A file; behind a line `%%`, one environment variable a line.
pub fn configuration(data: &[u8]) {
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| text.len() <= TEXT_MAX) else { return };
    let (file, variables) = text.split_once(ENVIRONMENT).unwrap_or((text, ""));
    let variables = variables.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| *name != HOLDER);
    let environment: Environment = variables.chain([(HOLDER, SECRET)]).collect();
    let read = config::read(file, environment.clone());
    let shown = match &read {
        Ok(config) => format!("{config:?} {}", serde_json::to_string(config).unwrap_or_default()),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "a key is shown: {shown}");
    let again = config::read(file, environment);
    let json = |config: &config::Config| serde_json::to_value(config).ok();
    match (&read, &again) {
        (Ok(one), Ok(two)) => assert_eq!(json(one), json(two), "it is read in two ways"),
        (Err(one), Err(two)) => assert_eq!(one.to_string(), two.to_string(), "it fails in two ways"),
        _ => panic!("it is read once, and once not: {read:?} {again:?}"),
    }
}

/// The variable that holds the secret.
const HOLDER: &str = "SORTIE_PROVIDERS__HUSHED__API_KEY";
