//! Values of binary languages, and the way to them.

use std::fmt;

/// A value of a binary language, as it comes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf<'a> {
    /// A message of protocol buffers begins.
    Message,
    /// `bool`
    Bool(bool),
    /// An integer that may be below zero.
    Signed(i64),
    /// An integer that may not.
    Unsigned(u64),
    /// `float`
    Float(f32),
    /// `double`
    Double(f64),
    /// A number of an enumeration.
    Enum(i32),
    /// A string.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Whatever a field holds that the message doesn't have.
    Unknown(&'a [u8]),
}

/// The way to a value from the outside in.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w>(pub(super) &'w [Token<'w>]);

/// One step of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'w> {
    Name(&'w str),
    Number(u64),
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| match token {
            Token::Name(name) => write!(f, "/{}", escaped(name)),
            Token::Number(number) => write!(f, "/{number}"),
        })
    }
}

/// One token of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What each value is handed to, with the way to it.
pub(super) type Each<'e> = dyn FnMut(Way<'_>, Leaf<'_>) + 'e;
