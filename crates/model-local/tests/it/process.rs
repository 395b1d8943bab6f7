//! The provider and its process: crashes, silence, idleness, queue.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use domain::model::{Block, FaultKind, Message, ModelChunk, ModelFault, ModelRequest, StopCause, Usage};
use futures::StreamExt;
use libtest_mimic::Trial;
use model_local::{CHILD_ARGUMENT, ChildProgram, LocalModel, LocalOptions};
use ports::Model;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("process::a_reply_comes_in_pieces_and_ends", a_reply_comes_in_pieces_and_ends),
        trial("process::a_call_comes_whole", a_call_comes_whole),
        trial("process::a_crash_ends_one_reply", a_crash_ends_one_reply),
        trial("process::garbage_ends_one_reply", garbage_ends_one_reply),
        trial("process::a_refusal_is_the_answer_to_the_call", a_refusal_is_the_answer_to_the_call),
        trial("process::silence_ends_the_process", silence_ends_the_process),
        trial("process::a_dropped_reply_is_cancelled_and_the_next_goes_on", a_dropped_reply_is_cancelled),
        trial("process::an_idle_process_ends", an_idle_process_ends),
        trial("process::a_full_queue_is_overloaded", a_full_queue_is_overloaded),
        trial("process::a_missing_file_names_the_command", a_missing_file_names_the_command),
        trial("process::a_program_that_does_not_start_is_unavailable", a_program_that_does_not_start),
        trial("process::the_real_process_ends_with_its_pipe", the_real_process_ends_with_its_pipe),
    ]
}

fn options(behaviour: &str) -> LocalOptions {
    let program =
        ChildProgram { path: std::env::current_exe().unwrap(), arguments: vec!["fake-child".into(), behaviour.into()] };
    LocalOptions {
        dir: PathBuf::from("/nonexistent"),
        files: BTreeMap::from([("m".to_owned(), std::env::current_exe().unwrap())]),
        program: Some(program),
        ..LocalOptions::default()
    }
}

fn model(behaviour: &str) -> LocalModel {
    LocalModel::new(options(behaviour))
}

pub(crate) fn request(model: &str, text: &str) -> ModelRequest {
    let content = vec![Block::text(text)];
    ModelRequest {
        model: model.into(),
        system: None,
        messages: vec![Arc::new(Message::User { content })],
        tools: vec![],
        output_schema: None,
        ..ModelRequest::default()
    }
}

/// A whole reply, or how it failed. No test here takes long unless something is wrong.
pub(crate) async fn reply(model: &LocalModel, request: ModelRequest) -> Result<Vec<ModelChunk>, ModelFault> {
    let whole = async {
        let mut stream = model.stream(request).await?;
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next().await {
            chunks.push(chunk?);
        }
        Ok(chunks)
    };
    tokio::time::timeout(Duration::from_secs(300), whole).await.expect("it hangs")
}

async fn first_text(model: &LocalModel) -> (String, ports::ModelStream) {
    let mut stream = model.stream(request("m", "?")).await.unwrap();
    match stream.next().await {
        Some(Ok(ModelChunk::Text(text))) => (text, stream),
        other => panic!("expected text, got {other:?}"),
    }
}

fn text_in(chunks: &[ModelChunk]) -> String {
    let texts = chunks.iter().filter_map(|chunk| match chunk {
        ModelChunk::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

async fn a_reply_comes_in_pieces_and_ends() {
    let chunks = reply(&model("answers"), request("m", "?")).await.unwrap();
    let text = text_in(&chunks);
    assert!(text.starts_with("pid ") && text.ends_with(" env []"), "the server's environment is its own: {text}");
    let usage = Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() };
    assert_eq!(chunks[1..], [ModelChunk::Usage(usage), ModelChunk::Stop(StopCause::EndTurn)]);
}

async fn a_call_comes_whole() {
    let chunks = reply(&model("calls"), request("m", "?")).await.unwrap();
    let call = ModelChunk::ToolCall { index: 0, name: Some("search".into()), arguments: "{\"q\":1}".into() };
    assert_eq!(chunks, [call, ModelChunk::Stop(StopCause::ToolUse)]);
}

async fn a_crash_ends_one_reply() {
    let model = model("crashes");
    let mut pids = Vec::new();
    for _ in 0..2 {
        let (text, mut rest) = first_text(&model).await;
        pids.push(text);
        let fault = rest.next().await.unwrap().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Cut);
        assert!(fault.message.contains("ended in the middle of the reply (signal: 6"), "{fault}");
        assert!(rest.next().await.is_none());
    }
    assert_ne!(pids[0], pids[1], "the next call has a new process");
}

async fn garbage_ends_one_reply() {
    let fault = reply(&model("garbage"), request("m", "?")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cut);
}

async fn a_refusal_is_the_answer_to_the_call() {
    let fault = model("refuses").stream(request("m", "?")).await.err().unwrap();
    assert_eq!(fault, ModelFault::new(FaultKind::Rejected, "too long"));
}

async fn silence_ends_the_process() {
    let model = LocalModel::new(LocalOptions { silence_timeout: Duration::from_millis(50), ..options("silent") });
    let fault = reply(&model, request("m", "?")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Silent);
}

async fn a_dropped_reply_is_cancelled() {
    let model = model("waits");
    let (first, stream) = first_text(&model).await;
    drop(stream);
    let (second, _stream) = first_text(&model).await;
    assert_eq!(first, second, "the same process serves both");
}

async fn an_idle_process_ends() {
    let model = LocalModel::new(LocalOptions { idle_timeout: Duration::from_millis(20), ..options("answers") });
    let first = text_in(&reply(&model, request("m", "?")).await.unwrap());
    let pid = first.split(' ').nth(1).unwrap();
    let gone = async {
        while PathBuf::from(format!("/proc/{pid}")).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("it is still there");
    let second = text_in(&reply(&model, request("m", "?")).await.unwrap());
    assert_ne!(first, second);
}

async fn a_full_queue_is_overloaded() {
    let model = LocalModel::new(LocalOptions { queue_len_max: 1, ..options("waits") });
    assert_eq!(model.concurrent_max(), Some(1));
    let (_text, serving) = first_text(&model).await;

    let mut waiting = std::pin::pin!(model.stream(request("m", "?")));
    assert!(futures::poll!(&mut waiting).is_pending());
    let fault = model.stream(request("m", "?")).await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::Overloaded);

    drop(serving);
    assert!(waiting.await.is_ok(), "who waits is served");
}

async fn a_missing_file_names_the_command() {
    let model = model("answers");
    for (name, command) in [
        ("default", "`sortie models pull qwen2.5-coder-0.5b`"),
        ("smollm2-135m", "`sortie models pull smollm2-135m`"),
        ("../../etc/passwd", "`sortie models list`"),
    ] {
        let fault = reply(&model, request(name, "?")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unavailable);
        assert!(fault.message.contains(command), "{fault}");
    }
}

async fn a_program_that_does_not_start() {
    let program = ChildProgram { path: "/nonexistent/sortie".into(), arguments: vec![] };
    let model = LocalModel::new(LocalOptions { program: Some(program), ..options("answers") });
    let fault = reply(&model, request("m", "?")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(fault.message.contains("could not be started"), "{fault}");
}

async fn the_real_process_ends_with_its_pipe() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(CHILD_ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
