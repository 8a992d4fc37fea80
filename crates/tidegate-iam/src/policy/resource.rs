//! Patterns of resources.

use super::text::{Filled, Pattern, Template};
use super::{TextPart, Version};
use crate::glob::Token;
use crate::{Arn, Context, Glob, Tri};
use tidegate_graph::Str;

/// A pattern of ARNs: compared part by part, so that a `*` crosses no colon before the last part.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePattern {
    text: Str,
    /// `None` for `*`.
    parts: Option<Vec<Pattern>>,
    template: Template,
}

/// What a pattern of fewer than six parts means; it depends on the kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// The missing parts are `*`: identity policies, boundaries, session policies.
    Padded,
    /// The same, but only if there is a wildcard in it: resource and endpoint policies.
    Wild,
    /// The same, but only if it ends with a wildcard: service control policies.
    WildEnd,
    /// It matches nothing: resource control policies.
    Nothing,
}

impl ResourcePattern {
    /// Compiles a pattern.
    pub fn new(text: &str, version: Version) -> Self {
        let template = Template::new(text, version);
        let parts =
            (text != "*").then(|| template.clone().segments().into_iter().map(Pattern::new).collect());
        Self { text: text.into(), parts, template }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for `*`.
    pub fn is_everything(&self) -> bool {
        self.parts.is_none()
    }

    /// The text with its variables.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Number of parts; six for a whole ARN, and for `*`, which needs no more.
    pub fn count(&self) -> usize {
        self.parts.as_ref().map_or(6, Vec::len)
    }

    /// The parts as tokens, variables as holes; `None` for `*`.
    pub(crate) fn segments(&self) -> Option<Vec<Vec<Token>>> {
        let tokens = |pattern: &Pattern| match pattern {
            Pattern::Fixed(glob) => glob.tokens(),
            Pattern::Variable(template) => match template.fill(&Context::unknown()) {
                Filled::Tokens(tokens) => tokens,
                Filled::Unresolved => Vec::new(),
            },
        };
        Some(self.parts.as_ref()?.iter().map(tokens).collect())
    }

    /// True if there is a variable or a part that isn't known in it.
    pub(crate) fn is_open(&self) -> bool {
        let open = |part: &TextPart| {
            matches!(part, TextPart::Variable { .. } | TextPart::Token(Token::Hole(_) | Token::Fresh(_)))
        };
        self.template.parts().iter().any(open)
    }

    /// True if there is a wildcard in it.
    pub fn has_wildcard(&self) -> bool {
        self.template.parts().iter().any(|p| matches!(p, TextPart::Token(Token::Any | Token::One)))
    }

    /// True if the resource is meant. A variable that has no value makes the *statement* not match: `None`.
    pub fn matches(&self, resource: &Arn<'_>, context: &Context, short: Short) -> Option<Tri> {
        let Some(parts) = &self.parts else { return Some(Tri::True) };
        if parts.len() < 6 {
            match short {
                Short::Padded => {}
                Short::Wild if self.has_wildcard() => {}
                Short::WildEnd if self.text.ends_with('*') => {}
                Short::Wild | Short::WildEnd | Short::Nothing => return Some(Tri::False),
            }
        }
        let mut out = Tri::True;
        let mut unresolved = false;
        for (i, (pattern, text)) in parts.iter().zip(resource.parts()).enumerate() {
            if i >= resource.count() {
                return Some(Tri::False);
            }
            let part = match pattern {
                Pattern::Fixed(glob) => glob.matches_tri(text),
                Pattern::Variable(template) => match template.fill(context) {
                    Filled::Tokens(tokens) => Glob::from_tokens(&tokens).matches_tri(text),
                    Filled::Unresolved => {
                        unresolved = true;
                        continue;
                    }
                },
            };
            out = out.and(part);
            if out == Tri::False {
                break;
            }
        }
        match (out, unresolved) {
            (Tri::False, _) => Some(Tri::False),
            (_, true) => None,
            _ => Some(out),
        }
    }
}
