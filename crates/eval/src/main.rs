//! How well troubles are looked into, from outside: a real `sortie serve`, the investigator in
//! it, and frozen cases whose evidence a stub serves.
//!
//! A case is a file in `cases`: what happened, what each signal shows, and what a good answer
//! says, reads and does not say. It is judged by rules, never by a model. The model `scripted`
//! plays what the case says a good investigator does, so it must score full: that shows that
//! tools, evidence and judging work. Any other model gets the score it earns.

mod case;
mod evidence;
mod investigation;
mod report;
mod score;
mod script;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use pico_args::Arguments;

use case::Case;
use evidence::Evidence;
use report::{Judged, Report};
use server::Server;

const HELP: &str = "\
eval [CASE …] [options]

  CASEs: files in crates/eval/cases without their ending (all of them without a CASE)

  --model MODEL      who investigates [scripted: plays each case's own script]
                     any other name is one of the server's models, `local/default` for one;
                     providers are set by the environment, as for `sortie serve`
  --server FILE      the `sortie` to run [beside this program]
  --json             print the scores as JSON
";

struct Options {
    cases: Vec<String>,
    model: String,
    server: PathBuf,
    json: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(is_well) => ExitCode::from(u8::from(!is_well)),
        Err(error) => {
            eprintln!("eval: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the score is what it must be.
fn run() -> Result<bool> {
    let mut args = Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        print!("{HELP}");
        return Ok(true);
    }
    let options = options(args)?;
    let cases = chosen(Case::all()?, &options.cases)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    let report = runtime.block_on(judge(&options, &cases))?;
    if options.json {
        println!("{:#}", report.to_json());
    } else {
        println!("\n{report}");
    }
    Ok(options.model != script::MODEL || report.is_full())
}

fn options(mut args: Arguments) -> Result<Options> {
    let beside = std::env::current_exe().context("finding this program")?.with_file_name("sortie");
    let (json, model, server) = (
        args.contains("--json"),
        args.opt_value_from_str("--model")?.unwrap_or_else(|| script::MODEL.to_owned()),
        args.opt_value_from_str("--server")?.unwrap_or(beside),
    );
    let cases: Vec<String> = args.finish().into_iter().map(|name| name.to_string_lossy().into_owned()).collect();
    match cases.iter().find(|name| name.starts_with('-')) {
        Some(option) => bail!("no option `{option}`\n\n{HELP}"),
        None => Ok(Options { cases, model, server, json }),
    }
}

fn chosen(all: Vec<Case>, names: &[String]) -> Result<Vec<Case>> {
    if let Some(name) = names.iter().find(|name| !all.iter().any(|case| case.name == **name)) {
        let known: Vec<&str> = all.iter().map(|case| case.name.as_str()).collect();
        bail!("no case `{name}`; there are {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|case| names.is_empty() || names.contains(&case.name)).collect())
}

async fn judge(options: &Options, cases: &[Case]) -> Result<Report> {
    let evidence = Evidence::start().await?;
    let script = script::start(cases).await?;
    let server = Server::start(&options.server, &options.model, &script).await?;
    let mut judged = Vec::new();
    for case in cases {
        eprintln!("{} …", case.name);
        evidence.show(case);
        let found = investigation::investigate(&server, &evidence, case).await;
        let found = found.with_context(|| format!("investigating {}; the server says: {}", case.name, server.log()))?;
        judged.push(Judged { case: case.name.clone(), score: score::score(case, &found), found });
    }
    Ok(Report { model: options.model.clone(), judged })
}
