//! The language of access policies.
//!
//! Pure and synchronous: policies and requests in, answers out. Semantics are AWS's as documented.
