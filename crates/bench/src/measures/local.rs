//! The local model: tokens a second through the server, beside what its engine reaches alone.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::StreamExt;
use hyper::Method;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use serde_json::Value;

use super::Bench;
use super::agents::NativeSession;
use crate::figures::{Figures, Wanted};
use crate::mock::Mock;
use crate::server::Server;

const QUESTION: &str = "Write the numbers from one to one hundred as words, separated by commas.";
const TOKENS: usize = 200;
const WINDOW: u32 = 2048;

pub(crate) async fn measure(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let file = model_local::find("default").context("the default model is not there: `sortie models pull default`")?;
    let alone = tokio::task::spawn_blocking(move || engine_alone(&file)).await??;
    figures.add("local model: engine alone", alone, "tok/s");
    let through = through_server(bench).await?;
    figures.add("local model: through the server", through, "tok/s");
    let wanted = Wanted::AtLeast(80.0);
    figures.add_wanted("local model: share of the engine's speed", 100.0 * through / alone, "%", wanted);
    Ok(())
}

/// Reads a short text and writes on greedily, as fast as it goes, with every core.
fn engine_alone(file: &Path) -> Result<f64> {
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let model = LlamaModel::load_from_file(&backend, file, &LlamaModelParams::default())?;
    let threads = i32::try_from(std::thread::available_parallelism()?.get())?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(WINDOW))
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let mut context = model.new_context(&backend, params)?;
    let prompt = model.vocab().tokenize(QUESTION.as_bytes(), true, false);
    let mut batch = LlamaBatch::new(WINDOW as usize, 1);
    batch.add_sequence(&prompt, 0, false)?;
    context.decode(&mut batch)?;

    let mut sampler = LlamaSampler::greedy();
    let started = Instant::now();
    for position in prompt.len()..prompt.len() + TOKENS {
        let token = sampler.sample(&context, -1);
        batch.clear();
        batch.add(token, i32::try_from(position)?, &[0], true)?;
        context.decode(&mut batch)?;
    }
    Ok(TOKENS as f64 / started.elapsed().as_secs_f64())
}

/// The same question twice: the first answer loads the model, the second is measured from its
/// first delta to its end.
async fn through_server(bench: &Bench) -> Result<f64> {
    let model = Mock::start().await?;
    let server = Server::sortie(bench, &model).await?;
    let mut client = server.client().await?;
    let session = NativeSession::create(&mut client, "local/default").await?;
    let mut listener = server.client().await?;
    let mut events = listener.events(Method::GET, &session.stream_path(), Bytes::new()).await?;
    let mut speed = 0.0;
    for _ in 0..2 {
        client.post(&session.events_path(), NativeSession::message(QUESTION)).await?;
        let mut first_delta = None;
        let mut last_delta = Duration::ZERO;
        while let Some(event) = events.next().await.transpose()? {
            match event.event.as_str() {
                "event_delta" => last_delta = first_delta.get_or_insert_with(Instant::now).elapsed(),
                "span.model_request_end" => {
                    let data: Value = serde_json::from_str(&event.data)?;
                    let tokens = data["model_usage"]["output_tokens"].as_f64().context("no output tokens")?;
                    // The first token's time belongs to reading the question.
                    speed = (tokens - 1.0) / last_delta.as_secs_f64();
                }
                "session.status_idle" => break,
                "session.error" => anyhow::bail!("the run failed: {}", event.data),
                _ => {}
            }
        }
    }
    Ok(speed)
}
