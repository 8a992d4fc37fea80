//! Policy documents, compiled for matching.

mod action;
mod condition;
mod principal;
mod read;
mod resource;
mod text;

pub use action::ActionPattern;
pub use condition::{Comparison, Condition, Operator, Order, Quantifier};
pub use principal::{Naming, PrincipalPattern};
pub use read::{NotJson, Reader, from_json};
pub use resource::{ResourcePattern, Short};
pub use text::{Template, TextPart};

use std::sync::Arc;
use tidegate_graph::{Problem, Span, Str};

/// One policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How people know it: its name, ARN or file. Empty when nothing was said.
    pub name: Str,
    /// `Version`.
    pub version: Version,
    /// `Id`.
    pub id: Option<Str>,
    /// The statements, in the order in which they were written. Anything that is no statement is left out.
    pub statements: Vec<Statement>,
    /// What of the document couldn't be read.
    pub problems: Vec<Problem>,
    /// Where it was written.
    pub span: Span,
}

/// The language version of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also when there is no `Version`: knows no variables.
    #[default]
    Old,
    /// `2012-10-17`.
    Current,
}

/// Allow or Deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// `X` or `NotX`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope<T> {
    /// What is named.
    Only(Vec<T>),
    /// Everything except for what is named.
    Except(Vec<T>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its position in the document, from 0.
    pub index: usize,
    /// Allow or Deny.
    pub effect: Effect,
    /// `Sid`.
    pub sid: Option<Str>,
    /// `Action` or `NotAction`.
    pub actions: Scope<ActionPattern>,
    /// `Resource` or `NotResource`; `None` where there is neither, as in a trust policy.
    pub resources: Option<Scope<ResourcePattern>>,
    /// `Principal` or `NotPrincipal`; `None` where there is neither, as in an identity policy.
    pub principals: Option<Scope<PrincipalPattern>>,
    /// `Condition`: all of them must hold.
    pub conditions: Vec<Condition>,
    /// False when the effect, or whether the statement exists at all, isn't known.
    pub certain: bool,
    /// Where it was written.
    pub span: Span,
}

impl Policy {
    /// Reads a document from JSON text. There are no places in it; [`Reader`] keeps those of a read file.
    pub fn from_json(name: &str, text: &str) -> Result<Self, NotJson> {
        Ok(Self::from_value(name, &serde_json::from_str(text)?))
    }

    /// Reads a document from parsed JSON.
    pub fn from_value(name: &str, document: &serde_json::Value) -> Self {
        Reader::default().policy(name, &from_json(document))
    }

    /// The policy that allows everything, as AWS attaches it to organizations by default.
    pub fn full_access() -> Arc<Self> {
        let statement = Statement {
            index: 0,
            effect: Effect::Allow,
            sid: None,
            actions: Scope::Only(vec![ActionPattern::new("*")]),
            resources: Some(Scope::Only(vec![ResourcePattern::new("*", Version::Current)])),
            principals: None,
            conditions: Vec::new(),
            certain: true,
            span: Span::default(),
        };
        Arc::new(Self {
            name: "FullAWSAccess".into(),
            version: Version::Current,
            id: None,
            statements: vec![statement],
            problems: Vec::new(),
            span: Span::default(),
        })
    }
}

impl Statement {
    /// True if the statement allows.
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }
}

impl<T> Scope<T> {
    /// What is named, whether it is meant or excluded.
    pub fn items(&self) -> &[T] {
        match self {
            Self::Only(items) | Self::Except(items) => items,
        }
    }

    /// True for `NotX`.
    pub fn is_except(&self) -> bool {
        matches!(self, Self::Except(_))
    }
}
