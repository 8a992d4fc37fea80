//! One event and its contract in, one decision out.
//!
//! Pure and synchronous: no file, no network, no clock. [`Guard::decide`] reads the event once, finds the leaves that
//! somebody outside can set, follows each through whatever wraps it, and judges every text that comes to light.
//! Time and memory are linear in the event, whatever the event.

pub mod artifact;
mod authenticate;
mod bytes;
mod condition;
mod cors;
pub mod decision;
pub mod decode;
mod failure;
#[cfg(feature = "compile")]
pub mod fuzz;
mod guard;
mod inject;
pub mod json;
pub mod limit;
mod named;
mod notes;
mod origin;
mod quiet;
pub mod readings;
mod redact;
mod remedy;
pub mod schema;
pub mod signed;
pub mod sigv4;
mod token;
pub mod trace;
pub mod trigger;
mod unfold;

pub use authenticate::{Pending, Refusal, Trust, View, authenticate};
pub use condition::is_pattern;
pub use cors::Readers;
pub use decision::{Class, Decision, Reason, Record, Verdict};
pub use failure::failure;
pub use guard::{Event, Guard, Ruling, Settings};
pub use inject::opinion::Opinion;
pub use notes::{Effect, Note};
pub use origin::glob;
pub use redact::{Edit, REDACTED, Redacted};
pub use remedy::{BLOCKED, LIMITED, Remedy, Report, denied, remedy};
pub use trigger::Trigger;
