//! Laws that hold for every event: nothing panics, the tokenizer agrees with another one, and time grows with length.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    missing_docs
)]

// The attribute tells clippy that helpers are tests, too.
#[cfg(test)]
mod laws {
    mod fillers;
    mod linear;
    mod tokenizer;
    mod total;
}
