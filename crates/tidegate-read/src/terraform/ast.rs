//! What a Terraform file says, with the span of every part.

use std::rc::Rc;
use tidegate_graph::{Span, Str};

/// The inside of a file or block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) blocks: Vec<Rc<Block>>,
}

/// `name = value`.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: Str,
    pub(crate) key: Span,
    pub(crate) value: Rc<Expr>,
}

/// `kind "label" "label" { .. }`.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: Str,
    pub(crate) labels: Vec<Str>,
    /// From the keyword to the last label.
    pub(crate) header: Span,
    /// From the keyword to the closing brace.
    pub(crate) span: Span,
    pub(crate) body: Body,
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Str),
    Text(Str),
    Template(Vec<Part>),
    List(Vec<Expr>),
    /// Keys that are bare words are [`Kind::Text`].
    Object(Vec<(Expr, Expr)>),
    Name(Str),
    Traverse(Box<Expr>, Vec<Step>),
    Conditional(Box<[Expr; 3]>),
    Call(Box<Call>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Box<Binary>),
    For(Box<For>),
}

/// A step from a value to one within it.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Attribute(Str),
    Index(Expr),
    /// `.*`: only attributes that follow are mapped.
    AttributeSplat,
    /// `[*]`: all steps that follow are mapped.
    Splat,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: Str,
    pub(crate) arguments: Vec<Expr>,
    /// The last argument is a list of arguments (`f(xs...)`).
    pub(crate) expand: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) left: Expr,
    pub(crate) operator: Operator,
    pub(crate) right: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// `[for k, v in xs : value if condition]`, or with `key =>` an object.
#[derive(Clone, Debug)]
pub(crate) struct For {
    pub(crate) key_name: Option<Str>,
    pub(crate) value_name: Str,
    pub(crate) collection: Expr,
    pub(crate) key: Option<Expr>,
    pub(crate) value: Expr,
    pub(crate) group: bool,
    pub(crate) condition: Option<Expr>,
}

/// A part of a template.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(Str),
    Value(Expr),
    If { condition: Expr, then: Vec<Part>, otherwise: Vec<Part> },
    For { key_name: Option<Str>, value_name: Str, collection: Expr, body: Vec<Part> },
}

impl Body {
    /// The attribute of that name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The blocks of that kind.
    pub(crate) fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Rc<Block>> + 'a {
        self.blocks.iter().filter(move |b| b.kind == kind)
    }
}

impl Expr {
    pub(crate) fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }
}

impl Operator {
    /// How tightly it binds.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual => 3,
            Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Modulo => 6,
        }
    }

    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}
