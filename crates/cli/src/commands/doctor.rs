//! `sortie doctor`.

use config::Config;
use server::doctor::{Finding, Verdict, examine};

use crate::failure::Failure;
use crate::output::{Output, printable};

pub(super) async fn run(config: &Config, output: Output) -> Result<(), Failure> {
    let found = examine(config).await;
    match output.is_json() {
        true => output.json(&found)?,
        false => output.line(&found.iter().map(line).collect::<Vec<_>>().join("\n"))?,
    }
    let failed = found.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
    match failed {
        0 => Ok(()),
        _ => Err(Failure::other(format!("{failed} of {} checks failed", found.len()))),
    }
}

fn line(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let advice = finding.advice.as_ref().map(|advice| format!("\n      → {advice}")).unwrap_or_default();
    printable(&format!("{verdict}  {}: {}{advice}", finding.check, finding.message))
}
