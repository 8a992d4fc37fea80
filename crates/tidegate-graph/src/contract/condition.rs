//! A condition on events, compiled: what `tidegate contract` makes of an expression in CEL, for the guard to evaluate.

use serde::{Deserialize, Serialize};

/// A condition with the text that it was compiled from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// As somebody wrote it.
    pub source: String,
    /// As it is evaluated.
    pub ir: Expr,
}

/// An expression. Names of loops are numbers: the first name that is in scope is 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expr {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is never negative, `1u`.
    Uint(u64),
    /// A number with a fraction, as text: the shortest that reads back as the same.
    Double(String),
    /// A string.
    Text(String),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `{k: v}`.
    Map(Vec<(Expr, Expr)>),
    /// The event, or the record of a batch.
    Event,
    /// A name of a loop.
    Local(usize),
    /// `a.b`.
    Field(Box<Expr>, String),
    /// `has(a.b)`.
    Has(Box<Expr>, String),
    /// An operator or a function.
    Call(Op, Vec<Expr>),
    /// What CEL's macros come to.
    Fold(Box<Fold>),
}

/// A loop over a list, or over the keys of a map. Each part sees the names of the loops around it, then the accumulator,
/// then the item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// What it goes over; sees neither name.
    pub over: Expr,
    /// What the accumulator begins with; sees neither name.
    pub start: Expr,
    /// Goes on while this is true; sees the accumulator and the item before it.
    pub going: Expr,
    /// The next accumulator.
    pub step: Expr,
    /// The result; sees the accumulator alone.
    pub result: Expr,
}

macro_rules! ops {
    ($($(#[$doc:meta])* $variant:ident $name:literal $arguments:literal),* $(,)?) => {
        /// Operators and functions, by the names that CEL's syntax tree gives them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Op { $($(#[$doc])* $variant),* }

        impl Op {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in CEL's syntax tree.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How many arguments it takes, what it is called on among them.
            pub fn arguments(self) -> usize {
                match self { $(Self::$variant => $arguments),* }
            }
        }
    };
}

ops! {
    /// `a && b`
    And "_&&_" 2,
    /// `a || b`
    Or "_||_" 2,
    /// `!a`
    Not "!_" 1,
    /// `a ? b : c`
    Choose "_?_:_" 3,
    /// True unless it is false; loops need it.
    NotFalse "@not_strictly_false" 1,
    /// `a == b`
    Equal "_==_" 2,
    /// `a != b`
    NotEqual "_!=_" 2,
    /// `a < b`
    Less "_<_" 2,
    /// `a <= b`
    LessEqual "_<=_" 2,
    /// `a > b`
    Greater "_>_" 2,
    /// `a >= b`
    GreaterEqual "_>=_" 2,
    /// `a + b`
    Add "_+_" 2,
    /// `a - b`
    Subtract "_-_" 2,
    /// `a * b`
    Multiply "_*_" 2,
    /// `a / b`
    Divide "_/_" 2,
    /// `a % b`
    Remainder "_%_" 2,
    /// `-a`
    Negate "-_" 1,
    /// `a in b`
    In "@in" 2,
    /// `a[b]`
    Index "_[_]" 2,
    /// `size(a)`
    Size "size" 1,
    /// `a.contains(b)`
    Contains "contains" 2,
    /// `a.startsWith(b)`
    StartsWith "startsWith" 2,
    /// `a.endsWith(b)`
    EndsWith "endsWith" 2,
    /// `a.matches(b)`, where b is a literal: a regular expression that fits somewhere in a.
    Matches "matches" 2,
    /// `int(a)`
    ToInt "int" 1,
    /// `double(a)`
    ToDouble "double" 1,
    /// `string(a)`
    ToText "string" 1,
}
