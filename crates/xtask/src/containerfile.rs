//! The container file, read as far as it can be without an engine: its instructions are known,
//! its stages and the files that it copies are there, and the chores that it calls exist.

use std::path::Path;

use anyhow::{Context, Result, bail};

const INSTRUCTIONS: [&str; 17] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// An instruction with its arguments, its lines joined.
#[derive(Debug, PartialEq, Eq)]
struct Instruction {
    name: String,
    rest: String,
}

/// Fails with what is wrong.
pub(crate) fn check(root: &Path, path: &str) -> Result<()> {
    let text = std::fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"))?;
    let ignored = std::fs::read_to_string(root.join(format!("{path}.dockerignore"))).unwrap_or_default();
    let instructions = instructions(&text)?;
    let there = |file: &str| root.join(file).exists() && !is_left_out(&ignored, file);
    let faults = faults(&instructions, there);
    if !faults.is_empty() {
        bail!("{path}:\n  {}", faults.join("\n  "));
    }
    println!("{path}: {} instructions, and what they name is there", instructions.len());
    Ok(())
}

fn instructions(text: &str) -> Result<Vec<Instruction>> {
    let mut found = Vec::new();
    let mut open = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match line.strip_suffix('\\') {
            Some(part) => open += part,
            None => {
                let whole = std::mem::take(&mut open) + line;
                let Some((name, rest)) = whole.trim().split_once(char::is_whitespace) else {
                    match whole.trim() {
                        "" => continue,
                        lone => bail!("`{lone}` says nothing"),
                    }
                };
                found.push(Instruction { name: name.to_uppercase(), rest: rest.trim().to_owned() });
            }
        }
    }
    match open.is_empty() {
        true => Ok(found),
        false => bail!("the last instruction does not end"),
    }
}

fn faults(instructions: &[Instruction], is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut stages: Vec<&str> = Vec::new();
    let mut user = "root";
    for Instruction { name, rest } in instructions {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match name.as_str() {
            "FROM" => {
                user = "root";
                stages
                    .push(words.iter().position(|word| word.eq_ignore_ascii_case("as")).map_or("", |at| words[at + 1]));
            }
            _ if stages.is_empty() && name != "ARG" => faults.push(format!("`{name}` stands before the first FROM")),
            "COPY" => faults.extend(wrong_copy(&words, &stages, &is_there)),
            "RUN" => faults.extend(unknown_chore(&words)),
            "USER" => user = words.first().copied().unwrap_or("root"),
            "ENTRYPOINT" | "CMD" if serde_json::from_str::<Vec<String>>(rest).is_err() => {
                faults.push(format!("{name} goes through a shell, which hears the signals in its place"));
            }
            known if INSTRUCTIONS.contains(&known) => {}
            other => faults.push(format!("no instruction is called {other}")),
        }
    }
    if matches!(user, "root" | "0") {
        faults.push("the image runs as root".to_owned());
    }
    if !instructions.iter().any(|one| one.name == "HEALTHCHECK") {
        faults.push("nobody asks for its health".to_owned());
    }
    faults
}

fn wrong_copy(words: &[&str], stages: &[&str], is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let from = words.iter().find_map(|word| word.strip_prefix("--from="));
    if let Some(stage) = from {
        let is_known = stages[..stages.len() - 1].contains(&stage);
        return if is_known { vec![] } else { vec![format!("no stage before is called {stage}")] };
    }
    let files: Vec<&&str> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let Some((_, sources)) = files.split_last() else { return vec!["COPY says nothing".to_owned()] };
    let missing = sources.iter().filter(|source| !is_there(source));
    missing.map(|source| format!("{source} is not there, or is left out of what the engine is sent")).collect()
}

/// A chore that is called and does not exist.
fn unknown_chore(words: &[&str]) -> Option<String> {
    let at = words.windows(2).position(|pair| pair == ["cargo", "xtask"])?;
    let chore = words.get(at + 2).copied().unwrap_or_default();
    let is_known = crate::MENU.lines().any(|line| line.split_whitespace().next() == Some(chore));
    (!is_known).then(|| format!("`cargo xtask {chore}` is no chore"))
}

/// Whether a file of the context is left out. Of the patterns only those for names at the top
/// are read, each with its exceptions behind it, as ours are.
fn is_left_out(ignored: &str, file: &str) -> bool {
    let top = file.trim_end_matches('/').split('/').next().unwrap_or_default();
    if top == "." {
        return false;
    }
    ignored.lines().fold(false, |out, pattern| match pattern.trim() {
        "*" => true,
        pattern if pattern == top => true,
        pattern if pattern.strip_prefix('!') == Some(top) => false,
        _ => out,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
# A comment
FROM one AS build
COPY LICENSE \\
# in between
  src/ /src
RUN cargo xtask build --release
FROM two
COPY --from=build /out /out
USER nobody
HEALTHCHECK CMD [\"/out\", \"health\"]
CMD [\"/out\"]
";

    fn wrong(text: &str) -> String {
        faults(&instructions(text).unwrap(), |file| file != "gone").join("; ")
    }

    #[test]
    fn what_an_engine_would_refuse_is_found() {
        assert_eq!(wrong(GOOD), "");
        let cases = [
            ("USER nobody", "USER root", "runs as root"),
            ("USER nobody\n", "", "runs as root"),
            ("COPY LICENSE", "COPY gone", "gone is not there"),
            ("--from=build", "--from=built", "no stage before is called built"),
            ("xtask build", "xtask bulid", "`cargo xtask bulid` is no chore"),
            ("RUN cargo", "RUNN cargo", "no instruction is called RUNN"),
            ("CMD [\"/out\"]\n", "CMD /out\n", "goes through a shell"),
            ("HEALTHCHECK CMD [\"/out\", \"health\"]\n", "", "health"),
            ("FROM one AS build", "ENV A=b", "before the first FROM"),
        ];
        for (from, to, fault) in cases {
            let text = GOOD.replace(from, to);
            assert!(text != GOOD && wrong(&text).contains(fault), "{fault}: {}", wrong(&text));
        }
        assert!(instructions("RUN a \\\n").is_err());
        assert!(instructions("RUN\n").is_err());
    }

    #[test]
    fn what_the_engine_is_not_sent_is_known() {
        let ignored = "*\n!crates\n!LICENSE\n**/target\n";
        for (file, out) in
            [("crates/cli", false), ("LICENSE", false), (".", false), ("docs", true), ("Cargo.toml", true)]
        {
            assert_eq!(is_left_out(ignored, file), out, "{file}");
        }
        assert!(!is_left_out("", "docs"));
    }
}
