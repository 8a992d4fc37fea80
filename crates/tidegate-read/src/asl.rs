//! Amazon States Language: which resources a state machine calls.
