//! Patterns of actions.

use crate::glob::{self, Token};
use crate::request::{Action, Key};
use crate::{Glob, Tri};
use tidegate_graph::Str;

/// `*` or `service:pattern`. Case doesn't count, and the service is no pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPattern {
    text: Str,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Everything,
    Named {
        service: Str,
        key: Key,
        name: Glob,
    },
    /// A part before the colon isn't known.
    Open(Glob),
    Malformed,
}

impl ActionPattern {
    /// Compiles a pattern. One that AWS would refuse matches nothing.
    pub fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let form = if lower == "*" || lower == "*:*" {
            Form::Everything
        } else {
            match lower.split_once(':') {
                Some((service, _)) if crate::hole::is_in(service) => Form::Open(Glob::new(&lower)),
                Some((service, name)) if is_service(service) && !name.is_empty() => {
                    Form::Named { service: service.into(), key: Key::new(service), name: Glob::new(name) }
                }
                None if crate::hole::is_in(&lower) => Form::Open(Glob::new(&lower)),
                _ => Form::Malformed,
            }
        };
        Self { text: text.into(), form }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The service, in lower case; `None` for `*` and what is malformed or not known.
    pub fn service(&self) -> Option<&str> {
        match &self.form {
            Form::Named { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The pattern of the name, in lower case.
    pub fn name(&self) -> Option<&Glob> {
        match &self.form {
            Form::Named { name, .. } => Some(name),
            _ => None,
        }
    }

    /// True for `*`.
    pub fn is_everything(&self) -> bool {
        self.form == Form::Everything
    }

    /// True when AWS would refuse it.
    pub fn is_malformed(&self) -> bool {
        self.form == Form::Malformed
    }

    /// True if the action is meant.
    pub fn matches(&self, action: &Action) -> Tri {
        match &self.form {
            Form::Everything => Tri::True,
            Form::Named { service, key, name }
                if key.same(service, action.service_key(), action.service()) =>
            {
                name.matches_tri(action.name())
            }
            Form::Named { .. } | Form::Malformed => Tri::False,
            Form::Open(pattern) => pattern.matches_tri(&action.text.to_ascii_lowercase()),
        }
    }

    /// The whole pattern as tokens in lower case, service and colon included.
    pub fn tokens(&self) -> Vec<Token> {
        match &self.form {
            Form::Everything => vec![Token::Any],
            Form::Named { .. } | Form::Open(_) => glob::tokens(&self.text.to_ascii_lowercase()),
            Form::Malformed => Vec::new(),
        }
    }
}

fn is_service(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_no_pattern() {
        let check = |pattern: &str, action: &str, expect: Tri| {
            assert_eq!(
                ActionPattern::new(pattern).matches(&Action::new(action)),
                expect,
                "{pattern} on {action}"
            );
        };
        check("S3:get*", "s3:GetObject", Tri::True);
        check("s*:Get*", "s3:GetObject", Tri::False);
        check("s3*", "s3:GetObject", Tri::False);
        check("s3:", "s3:GetObject", Tri::False);
        check("*", "s3:GetObject", Tri::True);
        check("s3:*:*", "s3:GetObject", Tri::False);
        check(&format!("{}:Get*", crate::hole::text("Service")), "s3:GetObject", Tri::Unknown);
        check(&format!("{}:Put*", crate::hole::text("Service")), "s3:GetObject", Tri::False);
    }
}
