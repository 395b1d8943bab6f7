//! How fast the server is, measured from outside: a real `sortie serve`, a mock model endpoint,
//! a load generator, and beside them a bare relay that does the same writes and nothing else.
//!
//! It knows Sortie's public APIs and its configuration, none of its crates: what it measures is
//! what any client would see. The mock and the load share this process, so that the moment a
//! byte left the model and the moment it reached the client are told by one clock; server and
//! relay are processes of their own. One more measure is a module in `measures` and a line in
//! [`MEASURES`].

mod audience;
mod choir;
mod client;
mod descriptors;
mod figures;
mod flush;
mod listener;
mod measures;
mod mock;
mod relay;
mod samples;
mod server;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pico_args::Arguments;

use figures::Figures;
use measures::{Bench, company, idle, latency, load, log, rollouts, start, streams, threads, tools};

const HELP: &str = "\
bench [NAME …] [options]

  NAMEs: start, latency, load, streams, idle, log, tools, rollouts, threads, company,
         relay (all of these without a NAME), and local, which needs the default model and a server and a
         bench built with it

  --server FILE      the `sortie` to measure [target/release/sortie]
  --data-dir DIR     where the data folders are made; their disk is measured [beside this program]
  --seconds N        how long each load runs [5]
  --clients N        how many at once in `load` and `relay` [64]
  --streams N        how many at once in `streams` [1000]
  --json             print the figures as JSON
";

/// The measures by name, in the order they run.
const MEASURES: &[&str] =
    &["start", "latency", "load", "streams", "idle", "log", "tools", "rollouts", "threads", "company", "relay"];

struct Options {
    names: Vec<String>,
    json: bool,
    bench: Bench,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        print!("{HELP}");
        return Ok(());
    }
    // The relay is measured as a process of its own, like the server: this program again.
    if args.contains("--serve-relay") {
        let options = relay::Options {
            listen: args.value_from_str("--listen")?,
            model: args.value_from_str("--model")?,
            authority: args.opt_value_from_str("--authority")?,
            database: args.value_from_str("--database")?,
            writes: args.value_from_str("--writes")?,
        };
        return runtime()?.block_on(relay::serve(options));
    }
    let options = options(args)?;
    let figures = runtime()?.block_on(measure(&options))?;
    if options.json {
        println!("{:#}", figures.to_json());
    } else {
        println!("\n{figures}");
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")
}

fn options(mut args: Arguments) -> Result<Options> {
    let json = args.contains("--json");
    let program = std::env::current_exe().context("finding this program")?;
    let beside = program.parent().context("this program stands in no folder")?.to_owned();
    let bench = Bench {
        server: args.opt_value_from_str("--server")?.unwrap_or_else(|| beside.join("sortie")),
        data_dir: args.opt_value_from_str("--data-dir")?.unwrap_or(beside),
        load_time: Duration::from_secs(at_least_one(&mut args, "--seconds")?.unwrap_or(5)),
        clients: at_least_one(&mut args, "--clients")?.unwrap_or(64) as usize,
        streams: at_least_one(&mut args, "--streams")?.unwrap_or(1_000) as usize,
        program,
    };
    let mut names = Vec::new();
    for name in args.finish() {
        let name = name.to_string_lossy().into_owned();
        if !MEASURES.contains(&name.as_str()) && name != "local" {
            bail!("no measure `{name}`; there are {} and local", MEASURES.join(", "));
        }
        names.push(name);
    }
    if names.is_empty() {
        names = MEASURES.iter().map(|name| (*name).to_owned()).collect();
    }
    Ok(Options { names, json, bench })
}

/// Of none of these can anything be measured.
fn at_least_one(args: &mut Arguments, name: &'static str) -> Result<Option<u64>> {
    let number: Option<NonZeroU64> = args.opt_value_from_str(name).with_context(|| format!("reading {name}"))?;
    Ok(number.map(NonZeroU64::get))
}

async fn measure(options: &Options) -> Result<Figures> {
    let bench = &options.bench;
    let mut figures = Figures::default();
    let flush = flush::single_flush(&bench.data_dir)?;
    figures.add("disk: one small append flushed, p50", flush.percentile_ms(50.0), "ms");
    figures.add("disk: one small append flushed, p99", flush.percentile_ms(99.0), "ms");
    for name in &options.names {
        eprintln!("measuring {name} …");
        match name.as_str() {
            "start" => start::measure(bench, &mut figures).await,
            "latency" => latency::measure(bench, flush.percentile_ms(50.0), &mut figures).await,
            "load" => load::measure_server(bench, &mut figures).await,
            "streams" => streams::measure(bench, &mut figures).await,
            "idle" => idle::measure(bench, &mut figures).await,
            "log" => log::measure(bench, &mut figures).await,
            "tools" => tools::measure(bench, &mut figures).await,
            "rollouts" => rollouts::measure(bench, &mut figures).await,
            "threads" => threads::measure(bench, &mut figures).await,
            "company" => company::measure(bench, &mut figures).await,
            "relay" => load::measure_relay(bench, &mut figures).await,
            #[cfg(feature = "local")]
            "local" => measures::local::measure(bench, &mut figures).await,
            _ => bail!("`{name}` is not built in: `cargo xtask bench local` builds it"),
        }
        .with_context(|| format!("measuring {name}"))?;
    }
    Ok(figures)
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

/// A new folder for one process's data.
fn data_folder(bench: &Bench) -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("bench-data-").tempdir_in(&bench.data_dir);
    made.with_context(|| format!("making a folder in {}", bench.data_dir.display()))
}

/// The file in a data folder.
fn within(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}
