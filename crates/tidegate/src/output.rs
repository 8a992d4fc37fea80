//! What the commands print.

pub(crate) mod json;
