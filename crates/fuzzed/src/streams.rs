//! Answers of providers.

use bytes::Bytes;
use domain::model::{ModelChunk, Usage};
use models::Arrived;

/// More text than any seed has, and little enough to be met.
const BYTES_MAX: usize = 4096;
const CALLS_MAX: usize = 128;
/// No provider counts further.
const TOKENS_MAX: u64 = u32::MAX as u64;
/// A fault's message is bounded, whatever the provider says in it.
const MESSAGE_MAX: usize = 4096;
/// Packets of one byte would make a long input slow for nothing.
const PACKETS_MAX: usize = 64;

/// An answer in the words of chat completions.
pub fn openai_stream(data: &[u8]) {
    check(data, |packets| models::openai::read_packets(packets, BYTES_MAX));
    check_arrived(&models::openai::read_document(data, BYTES_MAX));
}

/// An answer in the words of the Messages API.
pub fn messages_stream(data: &[u8]) {
    check(data, |packets| models::anthropic::read_packets(packets, BYTES_MAX));
    check_arrived(&models::anthropic::read_document(data, BYTES_MAX));
}

/// However the answer is cut into packets, it is the same answer.
fn check(data: &[u8], read: impl Fn(Vec<Bytes>) -> Arrived) {
    let whole = read(vec![Bytes::copy_from_slice(data)]);
    check_arrived(&whole);
    let shortest = data.len().div_ceil(PACKETS_MAX).max(1);
    for length in [shortest, shortest + 1, shortest * 3, data.len() / 2 + 1] {
        let cut = read(data.chunks(length).map(Bytes::copy_from_slice).collect());
        check_arrived(&cut);
        assert_eq!(cut.fault, whole.fault, "cut into packets of {length} bytes it fails otherwise");
        // What had come in whole packets before a fault was handed out.
        let is_same = match whole.fault {
            None => cut.chunks == whole.chunks,
            Some(_) => cut.chunks.starts_with(&whole.chunks),
        };
        assert!(is_same, "packets of {length} bytes: {:?}, and whole: {:?}", cut.chunks, whole.chunks);
    }
}

/// What was read is bounded, and ends as an answer ends.
fn check_arrived(arrived: &Arrived) {
    let Arrived { chunks, fault } = arrived;
    let bytes: usize = chunks.iter().map(bytes_of).sum();
    assert!(bytes <= BYTES_MAX, "{bytes} bytes were taken");
    let ends = chunks.iter().filter(|chunk| matches!(chunk, ModelChunk::Stop(_))).count();
    match fault {
        None => assert!(matches!(chunks.last(), Some(ModelChunk::Stop(_))) && ends == 1, "{chunks:?}"),
        Some(fault) => assert!(ends == 0 && fault.message.len() <= MESSAGE_MAX, "{chunks:?} {fault:?}"),
    }
    let mut named = Vec::new();
    for chunk in chunks {
        match chunk {
            ModelChunk::ToolCall { index, name, .. } => {
                assert!(*index < CALLS_MAX, "call {index}");
                assert!(name.is_none() || !named.contains(index), "call {index} is named twice");
                named.extend(name.as_ref().map(|_| *index));
            }
            ModelChunk::Usage(usage) => check_usage(usage),
            ModelChunk::Text(_) | ModelChunk::Thinking(_) | ModelChunk::Stop(_) => {}
        }
    }
}

fn check_usage(usage: &Usage) {
    let Usage { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = *usage;
    for tokens in [input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens] {
        assert!(tokens <= TOKENS_MAX, "{usage:?}");
    }
}

fn bytes_of(chunk: &ModelChunk) -> usize {
    match chunk {
        ModelChunk::Text(text) | ModelChunk::Thinking(text) => text.len(),
        ModelChunk::ToolCall { name, arguments, .. } => name.as_ref().map_or(0, String::len) + arguments.len(),
        ModelChunk::Usage(_) | ModelChunk::Stop(_) => 0,
    }
}
