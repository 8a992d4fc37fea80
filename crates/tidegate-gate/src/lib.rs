//! The HTTP gate and the bus relay: async fronts around the decision.

mod aws;
pub mod bus;
mod client;
mod counting;
pub mod fetch;
pub mod http;
#[cfg(feature = "redis")]
pub mod limits;
pub mod sigv4;

pub use counting::Redis;
