//! Conditions of a statement.

mod value;

use super::Version;
use super::text::Template;
use crate::request::Known;
use crate::{Context, Tri, hole};
use tidegate_graph::{Span, Str};
use value::Operand;

/// One operator with one key and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The operator as it was written.
    pub written: Str,
    /// The key as it was written.
    pub key: Str,
    /// The values as they were written.
    pub values: Vec<Template>,
    /// Where it was written.
    pub span: Span,
    /// False when the operator, the key or the list of values isn't known in full.
    pub certain: bool,
    lower: Str,
    operands: Vec<Operand>,
}

/// A condition operator, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operator {
    /// What is compared, and how.
    pub comparison: Comparison,
    /// `Not` in its name: none of the values may match.
    pub negated: bool,
    /// `IfExists` behind its name.
    pub if_exists: bool,
    /// What stands before its name.
    pub quantifier: Option<Quantifier>,
}

/// How a value of the request is compared with one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `StringEquals`
    Text,
    /// `StringEqualsIgnoreCase`
    TextIgnoreCase,
    /// `StringLike`
    TextLike,
    /// `NumericEquals` and its kin
    Number(Order),
    /// `DateEquals` and its kin
    Date(Order),
    /// `Bool`
    Bool,
    /// `BinaryEquals`
    Binary,
    /// `IpAddress`
    Ip,
    /// `ArnEquals` and `ArnLike`, which are the same
    Arn,
    /// `Null`
    Null,
    /// No operator that AWS knows. It never matches.
    Invalid,
}

/// How two numbers or dates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Equal.
    Equal,
    /// The request's is less.
    Less,
    /// The request's is less or equal.
    LessEqual,
    /// The request's is greater.
    Greater,
    /// The request's is greater or equal.
    GreaterEqual,
}

/// How the values of a key with several values are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

impl Operator {
    /// Reads an operator's name; case doesn't count.
    pub fn parse(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut name = lower.as_str();
        let mut quantifier = None;
        if let Some((before, after)) = name.split_once(':') {
            quantifier = match before {
                "forallvalues" => Some(Quantifier::All),
                "foranyvalue" => Some(Quantifier::Any),
                _ => return Self::invalid(),
            };
            name = after;
        }
        let if_exists = name.ends_with("ifexists");
        name = name.strip_suffix("ifexists").unwrap_or(name);
        let (comparison, negated) = match name {
            "stringequals" => (Comparison::Text, false),
            "stringnotequals" => (Comparison::Text, true),
            "stringequalsignorecase" => (Comparison::TextIgnoreCase, false),
            "stringnotequalsignorecase" => (Comparison::TextIgnoreCase, true),
            "stringlike" => (Comparison::TextLike, false),
            "stringnotlike" => (Comparison::TextLike, true),
            "bool" => (Comparison::Bool, false),
            "binaryequals" => (Comparison::Binary, false),
            "ipaddress" => (Comparison::Ip, false),
            "notipaddress" => (Comparison::Ip, true),
            "arnequals" | "arnlike" => (Comparison::Arn, false),
            "arnnotequals" | "arnnotlike" => (Comparison::Arn, true),
            "null" => (Comparison::Null, false),
            _ => match order(name) {
                Some(found) => found,
                None => return Self::invalid(),
            },
        };
        Self { comparison, negated, if_exists, quantifier }
    }

    fn invalid() -> Self {
        Self { comparison: Comparison::Invalid, negated: false, if_exists: false, quantifier: None }
    }
}

fn order(name: &str) -> Option<(Comparison, bool)> {
    let (kind, rest): (fn(Order) -> Comparison, &str) = match name.strip_prefix("numeric") {
        Some(rest) => (Comparison::Number, rest),
        None => (Comparison::Date, name.strip_prefix("date")?),
    };
    let (order, negated) = match rest {
        "equals" => (Order::Equal, false),
        "notequals" => (Order::Equal, true),
        "lessthan" => (Order::Less, false),
        "lessthanequals" => (Order::LessEqual, false),
        "greaterthan" => (Order::Greater, false),
        "greaterthanequals" => (Order::GreaterEqual, false),
        _ => return None,
    };
    Some((kind(order), negated))
}

impl Condition {
    /// Compiles a condition.
    pub fn new(operator: &str, key: &str, values: &[Str], version: Version) -> Self {
        let parsed = Operator::parse(operator);
        let values: Vec<Template> = values.iter().map(|text| Template::new(text, version)).collect();
        let operands = values.iter().map(|value| Operand::new(parsed.comparison, value)).collect();
        Self {
            operator: parsed,
            written: operator.into(),
            key: key.into(),
            values,
            span: Span::default(),
            certain: !hole::is_in(operator) && !hole::is_in(key),
            lower: key.to_ascii_lowercase().into(),
            operands,
        }
    }

    /// The key in lower case.
    pub fn key_lower(&self) -> &str {
        &self.lower
    }

    /// True if it holds in a context.
    pub fn holds(&self, context: &Context) -> Tri {
        if !self.certain {
            return Tri::Unknown;
        }
        let Operator { comparison, negated, if_exists, quantifier } = self.operator;
        let known = context.get(&self.lower);
        if comparison == Comparison::Null {
            return self.null(known);
        }
        if comparison == Comparison::Invalid {
            return Tri::False;
        }
        let values = match known {
            Known::Unknown => return self.unknown(),
            Known::Value(value) => std::slice::from_ref(value),
            // Several values need a quantifier.
            Known::Values(_) if quantifier.is_none() => return Tri::False,
            Known::Values(values) => values,
            // No value is true of all and of none; `IfExists` adds nothing to either.
            Known::Absent => {
                return Tri::from(match quantifier {
                    Some(Quantifier::All) => true,
                    Some(Quantifier::Any) => false,
                    None => if_exists || negated,
                });
            }
        };
        let mut each = values.iter().map(|value| self.value(value, context));
        match quantifier {
            Some(Quantifier::Any) => Tri::any(each),
            Some(Quantifier::All) => Tri::all(each),
            None => each.next().unwrap_or(Tri::False),
        }
    }

    /// One value of the request against all of the policy: any of them, or none of them when negated.
    fn value(&self, value: &str, context: &Context) -> Tri {
        let mut out = Tri::False;
        for operand in &self.operands {
            match operand.matches(self.operator.comparison, value, context) {
                Some(matches) => out = out.or(matches),
                // What can't be compared doesn't match, and neither does its negation.
                None if self.operator.negated => return Tri::False,
                None => {}
            }
        }
        if self.operator.negated { !out } else { out }
    }

    fn null(&self, known: Known<'_>) -> Tri {
        let absent = match known {
            Known::Absent => Tri::True,
            Known::Value(_) | Known::Values(_) => Tri::False,
            Known::Unknown => Tri::Unknown,
        };
        Tri::any(self.operands.iter().map(|operand| match operand.as_bool() {
            Some(true) => absent,
            Some(false) => !absent,
            None if operand.is_open() => Tri::Unknown,
            None => Tri::False,
        }))
    }

    /// The key may be absent, or have any value.
    fn unknown(&self) -> Tri {
        // Without a value to compare with there is only one answer.
        let Operator { if_exists, negated, quantifier, .. } = self.operator;
        let may_be_absent = match quantifier {
            Some(Quantifier::All) => true,
            Some(Quantifier::Any) => false,
            None => if_exists || negated,
        };
        if self.operands.is_empty() && !may_be_absent { Tri::False } else { Tri::Unknown }
    }

    /// As people read it: `StringEquals aws:SourceArn = a or b`.
    pub fn display(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|v| format!("`{}`", v.display())).collect();
        format!("`{}` {} {}", hole::display(&self.key), hole::display(&self.written), values.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, values: &[&str], context: &[&str]) -> Tri {
        let values: Vec<Str> = values.iter().copied().map(Str::from).collect();
        let mut at = Context::default();
        at.set("k", context.iter().copied().map(Str::from));
        Condition::new(operator, "K", &values, Version::Current).holds(&at)
    }

    #[test]
    fn operators_are_taken_apart() {
        let operator = Operator::parse("forAnyValue:StringNotLikeIfExists");
        let expect = Operator {
            comparison: Comparison::TextLike,
            negated: true,
            if_exists: true,
            quantifier: Some(Quantifier::Any),
        };
        assert_eq!(operator, expect);
        assert_eq!(Operator::parse("StringMatches").comparison, Comparison::Invalid);
        assert_eq!(Operator::parse("ForSome:Bool").comparison, Comparison::Invalid);
    }

    #[test]
    fn an_absent_key() {
        assert_eq!(holds("StringEquals", &["a"], &[]), Tri::False);
        assert_eq!(holds("StringNotEquals", &["a"], &[]), Tri::True);
        assert_eq!(holds("StringEqualsIfExists", &["a"], &[]), Tri::True);
        assert_eq!(holds("ForAllValues:StringEquals", &["a"], &[]), Tri::True);
        assert_eq!(holds("ForAnyValue:StringNotEquals", &["a"], &[]), Tri::False);
        assert_eq!(holds("Null", &["true"], &[]), Tri::True);
        assert_eq!(holds("Null", &["false"], &[]), Tri::False);
    }

    #[test]
    fn several_values_need_a_quantifier() {
        assert_eq!(holds("StringEquals", &["a", "b"], &["a", "b"]), Tri::False);
        assert_eq!(holds("StringNotEquals", &["c"], &["a", "b"]), Tri::False);
        assert_eq!(holds("ForAllValues:StringEquals", &["a", "b"], &["a", "b"]), Tri::True);
        assert_eq!(holds("ForAnyValue:StringEquals", &["b"], &["a", "b"]), Tri::True);
    }

    #[test]
    fn what_can_not_be_compared_matches_neither_way() {
        assert_eq!(holds("NumericNotEquals", &["x"], &["1"]), Tri::False);
        assert_eq!(holds("ArnNotLike", &["arn:aws:s3"], &["arn:aws:s3:::b"]), Tri::False);
        assert_eq!(holds("StringNotEquals", &["${none}"], &["1"]), Tri::False);
    }

    #[test]
    fn an_unknown_key_is_unknown() {
        let condition = Condition::new("StringEquals", "k", &["a".into()], Version::Current);
        assert_eq!(condition.holds(&Context::unknown()), Tri::Unknown);
        let never = Condition::new("StringEquals", "k", &[], Version::Current);
        assert_eq!(never.holds(&Context::unknown()), Tri::False);
    }
}
