//! The HTTP gate and the bus relay: async fronts around the decision.

mod aws;
pub mod bus;
mod client;
pub mod fetch;
mod counting;
pub mod http;
#[cfg(feature = "redis")]
pub mod limits;
pub mod sigv4;
