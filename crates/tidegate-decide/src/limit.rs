//! Limits: how many events, how many at a time, how long, how far, and what they may cost.
//!
//! [`Limiter`] holds what was counted; the guard itself stays without memory. A front end asks in the order of price, by
//! itself or with [`Limiter::around`]:
//!
//! 1. [`Limiter::screen`]: length, records and hops, then the rates. Nothing was inspected yet, so that a flood costs
//!    nothing but counting.
//! 2. The guard.
//! 3. [`Limiter::admit`]: events at a time, and money. What the guard denies is never charged.
//! 4. [`Limiter::done`] when the function has answered, and [`Limiter::settle`] when its bill is known.
//!
//! Time comes in as nanoseconds of a clock that the caller owns; nothing here looks at one. Nothing is allocated for an
//! event.
//!
//! **Money.** An event is charged before it runs: what nineteen of twenty recent runs of its function cost at most, or,
//! until twenty were measured, what the contract expects, or else the function's timeout at its memory. The bill sets
//! that right. Charges never exceed the budget in any window; what was spent does so by at most the runs under way times
//! what each took longer than its estimate, and that counts against the budget afterwards.
//!
//! **Memory** is bounded by the contract and by [`Settings::callers`]; `callers.rs` says why nobody can get rid of
//! his own entry.

mod adaptive;
mod burn;
mod callers;
mod durations;
mod facts;
mod gcra;
pub(crate) mod hops;
mod limiter;
mod meter;
pub mod price;
mod refusal;
mod share;
mod tally;
mod window;

pub use facts::{Facts, Who};
pub use hops::{next as next_tracestate, of_lineage, of_tracestate};
pub use limiter::{Lane, Limiter, Permit, Settings};
pub use meter::{Crowd, Kind, Purse, Purses};
pub use refusal::Refusal;
pub use tally::Tally;
