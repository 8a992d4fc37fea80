//! The nouns of Tidegate.
//!
//! Readers produce a [`System`]: resources in one canonical shape whose every [`Value`] keeps its source [`Span`].
//! Linking turns it into the event [`Graph`]; rules turn both into [`Finding`]s.
//! This crate does no IO, knows no async and no clock.

pub mod condition;
pub mod contract;
pub mod finding;
pub mod fix;
pub mod graph;
pub mod policy;
pub mod problem;
pub mod source;
pub mod system;
pub mod value;

pub use condition::{Cond, Variable, World};
pub use finding::{Confidence, Finding, FindingState, Severity};
pub use fix::{Change, Edit, Fix, Plain, Safety};
pub use graph::{Edge, EdgeKind, Exposure, Graph, Node, NodeKind};
pub use problem::Problem;
pub use smol_str::SmolStr as Str;
pub use source::{FileId, Location, Source, Sources, Span};
pub use system::{Resource, Stack, System};
pub use value::{Choice, Data, Field, Map, Piece, Reference, Symbol, Value, Why};
