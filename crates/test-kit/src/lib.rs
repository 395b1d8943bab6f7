//! A whole Sortie for tests, and the strangers it meets.
//!
//! [`TestHouse`] is the real store, engine and façades over a scripted model, driven
//! in memory or over a socket. [`provider_stub`], [`tool_stub`] and [`issuer_stub`] are the
//! outside world with its faults. [`caller`] and [`sse`] are clients that show what came over the wire.
//!
//! Nothing here ships, and nothing that ships may import it. A new stranger gets a module
//! of its own beside these, and listens through [`listening`].

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to end there")]

mod callbacks;
pub mod caller;
pub mod conversation;
pub mod house;
pub mod issuer_stub;
pub mod listening;
pub mod power;
pub mod provider_stub;
mod running;
pub mod sources;
pub mod sse;
mod stalled;
pub mod stories;
pub mod tool_stub;
pub mod wait;

pub use caller::{Caller, Reply};
pub use house::{HouseBuilder, TestHouse, file_with};
pub use issuer_stub::{IssuerStub, Lie};
pub use listening::Listening;
pub use models::ProviderKind;
pub use models::scripted::{Gate, Reply as ModelReply, Scripted, calls, calls_raw, fails, hangs, says, slow, thinks};
pub use provider_stub::{Act, ProviderStub};
pub use running::extract_text_child;
pub use sse::{Frame, Frames, SseReader};
pub use store_sqlite::PlantedBug;
pub use tool_stub::{ToolAnswer, ToolStub, answers, refuses};
