//! Files on disk through the real reader.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod asyncapi;
mod cdk;
mod cloudformation;
mod identity;
mod link;
mod openapi;
mod scratch;
mod serverless;
mod unsaved;
