//! Asks the local model something, without a server:
//! `cargo run -p model-local --features llama --example ask -- "Who are you?" [MODEL]`.
//! `THREADS=2` sets what is otherwise the number of free cores.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use domain::model::{Block, Message, ModelChunk, ModelFault, ModelRequest, Usage};
use futures::StreamExt;
use model_local::{CHILD_ARGUMENT, LocalModel, LocalOptions, child_main};
use ports::Model;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let text = arguments.next().unwrap_or_else(|| "Who are you?".to_owned());
    if text == CHILD_ARGUMENT {
        return child_main();
    }
    let request = ModelRequest {
        model: arguments.next().unwrap_or_else(|| "default".to_owned()),
        system: None,
        messages: vec![Arc::new(Message::User { content: vec![Block::text(text)] })],
        tools: vec![],
        output_schema: None,
        ..ModelRequest::default()
    };
    let answered = tokio::runtime::Runtime::new().map(|runtime| runtime.block_on(ask(request)));
    match answered {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(fault)) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(request: ModelRequest) -> Result<(), ModelFault> {
    let threads = std::env::var("THREADS").ok().and_then(|threads| threads.parse().ok());
    let model = LocalModel::new(LocalOptions { threads, ..LocalOptions::default() });
    for _ in 0..2 {
        let begin = Instant::now();
        let mut stream = model.stream(request.clone()).await?;
        let mut first = None;
        let mut usage = Usage::default();
        while let Some(chunk) = stream.next().await {
            match chunk? {
                ModelChunk::Text(text) => {
                    first.get_or_insert_with(Instant::now);
                    print!("{text}");
                    // A terminal that is gone is no reason to complain.
                    let _ = std::io::stdout().flush();
                }
                ModelChunk::Usage(counted) => usage = counted,
                _ => {}
            }
        }
        let first = first.unwrap_or_else(Instant::now);
        let speed = usage.output_tokens as f64 / first.elapsed().as_secs_f64();
        let wait = first.duration_since(begin).as_millis();
        println!("\n[{usage:?}; first text after {wait} ms, then {speed:.1} tokens a second]");
    }
    Ok(())
}
