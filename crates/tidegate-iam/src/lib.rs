//! The language of access policies.
//!
//! Pure and synchronous: policies and requests in, answers out. Semantics are AWS's as documented.
//!
//! A [`Policy`] is a document compiled for matching; a [`Request`] says who wants to do what to which resource;
//! [`decide()`] answers from the [`Applicable`] policies. What the code alone doesn't tell is *unknown* and
//! makes an answer [`Tri::Unknown`], never a guess.

pub mod account;
pub mod arn;
pub mod catalogue;
pub mod decide;
pub mod fuzz;
pub mod glob;
pub mod hole;
pub mod inclusion;
pub mod json;
pub mod lint;
pub mod policy;
pub mod reach;
pub mod request;
pub mod tri;

pub use account::Account;
pub use arn::Arn;
pub use catalogue::Catalogue;
pub use decide::{Applicable, Boundary, Decision, Kind, Level, Verdict, decide};
pub use glob::Glob;
pub use policy::{Effect, Policy, Scope, Statement};
pub use request::{Context, Known, Principal, Request};
pub use tri::Tri;
