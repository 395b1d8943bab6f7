//! Running other programs: shown, silent, or both shown and read.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Shows the command line, runs it with our own output, and fails with it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command.status().with_context(|| format!("starting `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs without a word and returns what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting `{}`", shown(command)))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", shown(command), output.status, errors.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed something else than text", shown(command)))
}

/// Whether the command starts and succeeds. Prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Which of its two outputs a program's report stands on.
#[derive(Clone, Copy)]
pub(crate) enum Report {
    Stdout,
    Stderr,
}

/// Like [`run`], and keeps the lines of one output for reading a report from them.
pub(crate) fn run_and_keep(command: &mut Command, report: Report) -> Result<Vec<String>> {
    println!("$ {}", shown(command));
    match report {
        Report::Stdout => command.stdout(Stdio::piped()),
        Report::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().with_context(|| format!("starting `{}`", shown(command)))?;
    let lines = match report {
        Report::Stdout => child.stdout.take().map(|output| pass_on(output, report)),
        Report::Stderr => child.stderr.take().map(|output| pass_on(output, report)),
    };
    let status = child.wait().with_context(|| format!("waiting for `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(lines.unwrap_or_default())
}

fn pass_on(output: impl std::io::Read, report: Report) -> Vec<String> {
    let mut kept = Vec::new();
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    // A line that is no UTF-8 is passed on as well as it can be: a test may print anything.
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        match report {
            Report::Stdout => println!("{text}"),
            Report::Stderr => eprintln!("{text}"),
        }
        kept.push(text);
        line.clear();
    }
    kept
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let error = read(Command::new("false").arg("a b")).unwrap_err().to_string();
        assert!(error.contains("`false 'a b'` ended with exit status: 1"), "{error}");
    }

    #[test]
    fn kept_lines_are_those_of_the_chosen_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three"]);
        assert_eq!(run_and_keep(&mut command, Report::Stdout).unwrap(), ["one", "three"]);
    }
}
