//! Texts of a policy: with wildcards, variables and parts that aren't known.

use super::Version;
use crate::glob::Token;
use crate::request::Known;
use crate::{Context, Glob, hole};
use tidegate_graph::Str;

/// A text of a policy, split into what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<TextPart>,
}

/// A part of a policy's text.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Text, wildcard or hole.
    Token(Token),
    /// `${key}`, with its default if it has one.
    Variable {
        /// The condition key, in lower case.
        key: Str,
        /// `shared` of `${key, 'shared'}`.
        default: Option<Str>,
    },
}

/// What came out of filling in variables.
pub(super) enum Filled {
    Tokens(Vec<Token>),
    /// A variable has no value: the statement does not match.
    Unresolved,
}

impl Template {
    /// Splits a text. Only the current version knows variables.
    pub fn new(text: &str, version: Version) -> Self {
        let mut parts = Vec::new();
        if version == Version::Old {
            parts.extend(crate::glob::tokens(text).into_iter().map(TextPart::Token));
            return Self { parts };
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            let Some(part) = variable(name) else {
                // No variable: `${` stands for itself.
                let end = before.len() + 2;
                let (known, left) = rest.split_at_checked(end).unwrap_or((rest, ""));
                parts.extend(crate::glob::tokens(known).into_iter().map(TextPart::Token));
                rest = left;
                continue;
            };
            parts.extend(crate::glob::tokens(before).into_iter().map(TextPart::Token));
            parts.push(part);
            rest = behind;
        }
        parts.extend(crate::glob::tokens(rest).into_iter().map(TextPart::Token));
        Self { parts }
    }

    /// Its parts.
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// The tokens, when there is no variable among the parts.
    pub(super) fn fixed(&self) -> Option<Vec<Token>> {
        let token = |part: &TextPart| match part {
            TextPart::Token(token) => Some(token.clone()),
            TextPart::Variable { .. } => None,
        };
        self.parts.iter().map(token).collect()
    }

    /// The tokens with the context's values for variables, which are text whatever they hold.
    pub(super) fn fill(&self, context: &Context) -> Filled {
        let mut out = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                TextPart::Token(token) => out.push(token.clone()),
                TextPart::Variable { key, default } => match context.get(key) {
                    Known::Unknown => out.push(Token::Hole(hole::text(key))),
                    // A key with several values can't be filled in.
                    Known::Value(value) => out.extend(crate::glob::literal(value)),
                    _ => match default {
                        Some(default) => out.push(Token::Text(default.to_string())),
                        None => return Filled::Unresolved,
                    },
                },
            }
        }
        Filled::Tokens(out)
    }

    /// Splits at the first five colons that belong to the text itself.
    pub(super) fn segments(self) -> Vec<Template> {
        let mut out = vec![Template { parts: Vec::new() }];
        for part in self.parts {
            let TextPart::Token(Token::Text(text)) = &part else {
                if let Some(last) = out.last_mut() {
                    last.parts.push(part);
                }
                continue;
            };
            let left = 6usize.saturating_sub(out.len()).saturating_add(1);
            for (i, piece) in text.splitn(left, ':').enumerate() {
                if i > 0 {
                    out.push(Template { parts: Vec::new() });
                }
                if let (Some(last), false) = (out.last_mut(), piece.is_empty()) {
                    last.parts.push(TextPart::Token(Token::Text(piece.to_string())));
                }
            }
        }
        out
    }

    /// As it is written, holes as `${name}`.
    pub fn display(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TextPart::Token(Token::Text(text) | Token::Hole(text) | Token::Fresh(text)) => {
                    out.push_str(&hole::display(text));
                }
                TextPart::Token(Token::Any) => out.push('*'),
                TextPart::Token(Token::One) => out.push('?'),
                TextPart::Variable { key, default: None } => out.push_str(&format!("${{{key}}}")),
                TextPart::Variable { key, default: Some(text) } => {
                    out.push_str(&format!("${{{key}, '{text}'}}"));
                }
            }
        }
        out
    }
}

/// A pattern that may hold variables.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pattern {
    Fixed(Glob),
    Variable(Template),
}

impl Pattern {
    pub(super) fn new(template: Template) -> Self {
        match template.fixed() {
            Some(tokens) => Self::Fixed(Glob::from_tokens(&tokens)),
            None => Self::Variable(template),
        }
    }
}

/// `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`.
fn variable(name: &str) -> Option<TextPart> {
    if matches!(name, "*" | "?" | "$") {
        return Some(TextPart::Token(Token::Text(name.to_string())));
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim())),
        None => (name.trim(), None),
    };
    let default = match default {
        Some(text) => Some(text.strip_prefix('\'')?.strip_suffix('\'')?.into()),
        None => None,
    };
    // Only the name of a tag may hold blanks.
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '*' | '?' | '$' | '{');
    let is_tag = |c: char| plain(c) || c == ' ';
    let (kind, tag) = key.split_once('/').unwrap_or((key, ""));
    let is_key = !kind.is_empty() && kind.chars().all(plain) && tag.chars().all(is_tag);
    is_key.then(|| TextPart::Variable { key: key.to_ascii_lowercase().into(), default })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_hold_colons_that_split_nothing() {
        let text = "arn:aws:s3:::home/${aws:username}/*";
        let segments = Template::new(text, Version::Current).segments();
        let shown: Vec<String> = segments.iter().map(Template::display).collect();
        assert_eq!(shown, ["arn", "aws", "s3", "", "", "home/${aws:username}/*"]);
        assert_eq!(Template::new("a:b", Version::Current).segments().len(), 2);
        assert_eq!(Template::new("a:b:c:d:e:f:g:h", Version::Current).segments().len(), 6);
    }

    #[test]
    fn what_is_no_variable_is_text() {
        for text in ["a${", "a${}", "${a b}", "a$b", "${", "x${a,b}"] {
            assert_eq!(Template::new(text, Version::Current).display(), text);
            assert!(Template::new(text, Version::Current).fixed().is_some(), "{text}");
        }
    }

    #[test]
    fn a_variable_is_filled_with_text() {
        let template = Template::new("a/${k}/${m, 'd'}", Version::Current);
        let context = Context::default().with("K", "*");
        let Filled::Tokens(tokens) = template.fill(&context) else { panic!("unresolved") };
        let glob = Glob::from_tokens(&tokens);
        assert!(glob.matches("a/*/d"));
        assert!(!glob.matches("a/x/d"));
        assert!(matches!(template.fill(&Context::default()), Filled::Unresolved));
    }
}
