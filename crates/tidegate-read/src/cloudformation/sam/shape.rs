//! What a property may be, and the check of it.

use super::make::{is_null, map_of};
use tidegate_graph::{Data, Map, Problem, Span, Value};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    Any,
    Str,
    Map,
    Bool,
    List,
    Int,
    Number,
    /// One of these strings.
    Enum(&'static [&'static str]),
    OneOf(&'static [Type]),
    ListOf(&'static Type),
    MapOf(&'static Type),
}

/// One property of a resource or event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    required: bool,
    of: Type,
    /// False when an intrinsic function doesn't stand for the type.
    intrinsics: bool,
}

/// A property that may be left out.
pub(super) const fn opt(name: &'static str, of: Type) -> Property {
    Property { name, required: false, of, intrinsics: true }
}

/// A property that must be given.
pub(super) const fn req(name: &'static str, of: Type) -> Property {
    Property { name, required: true, of, intrinsics: true }
}

impl Property {
    /// Takes no intrinsic function in the place of its type.
    pub(super) const fn literal(mut self) -> Property {
        self.intrinsics = false;
        self
    }
}

impl Type {
    /// True if the value is of this type.
    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Str => value.as_str().is_some(),
            Self::Map => map_of(value).is_some(),
            Self::Bool => matches!(value.data, Data::Bool(_)),
            Self::List => value.as_list().is_some(),
            Self::Int => match &value.data {
                Data::Bool(_) => true,
                Data::Number(text) => text.parse::<i64>().is_ok(),
                _ => false,
            },
            Self::Number => value.as_f64().is_some(),
            Self::Enum(names) => value.as_str().is_some_and(|text| names.contains(&text)),
            Self::OneOf(types) => types.iter().any(|t| t.fits(value)),
            Self::ListOf(of) => value.as_list().is_some_and(|items| items.iter().all(|item| of.fits(item))),
            Self::MapOf(of) => map_of(value).is_some_and(|map| map.values().all(|item| of.fits(item))),
        }
    }

    /// Words for messages.
    pub(super) fn phrase(self) -> String {
        match self {
            Self::Any => "a value".into(),
            Self::Str => "a string".into(),
            Self::Map => "a map".into(),
            Self::Bool => "a boolean".into(),
            Self::List => "a list".into(),
            Self::Int => "an integer".into(),
            Self::Number => "a number".into(),
            Self::Enum(names) => format!("one of {}", quoted(names)),
            Self::OneOf(types) => types.iter().map(|t| t.phrase()).collect::<Vec<_>>().join(" or "),
            Self::ListOf(of) => format!("a list whose items are each {}", of.phrase()),
            Self::MapOf(of) => format!("a map whose values are each {}", of.phrase()),
        }
    }
}

/// Names in backticks.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Reports properties that are unknown, missing or of another type. False if a required one is missing or wrong.
pub(super) fn check(
    what: &str,
    at: Span,
    properties: &Map,
    tables: &[&[Property]],
    problems: &mut Vec<Problem>,
) -> bool {
    let mut usable = true;
    let known = || tables.iter().flat_map(|table| table.iter());
    for (key, field) in properties.fields() {
        if !known().any(|p| p.name == key) {
            problems.push(Problem::at(field.key, format!("`{key}` is not a property of {what}")));
        }
    }
    for property in known() {
        let value = properties.get(property.name);
        match value.filter(|v| !is_null(v)) {
            Some(value) if property.intrinsics && map_of(value).is_some_and(|m| m.len() == 1) => {}
            Some(value) if property.of.fits(value) => {}
            Some(value) => {
                usable &= !property.required;
                let said =
                    format!("property `{}` of {what} should be {}", property.name, property.of.phrase());
                problems.push(Problem::at(value.span, said));
            }
            None if property.required => {
                usable = false;
                let said = format!("{what} lacks the required property `{}`", property.name);
                problems.push(Problem::at(at, said));
            }
            None => {}
        }
    }
    usable
}

/// The value when it is of the type, else what is wrong with it.
pub(super) fn expect<'v>(value: &'v Value, of: Type, path: &str) -> Result<&'v Value, Problem> {
    if of.fits(value) {
        return Ok(value);
    }
    Err(Problem::at(value.span, format!("property `{path}` should be {}", of.phrase())))
}

/// The map that a value is, else what is wrong with it.
pub(super) fn expect_map<'v>(value: &'v Value, path: &str) -> Result<&'v Map, Problem> {
    map_of(value).ok_or_else(|| Problem::at(value.span, format!("property `{path}` should be a map")))
}

#[cfg(test)]
mod tests {
    use super::super::make::{reference, value};
    use super::*;

    #[test]
    fn unknown_missing_and_wrong_are_told_apart() {
        let span = Span::default();
        let table = [req("Queue", Type::Any), opt("Size", Type::Int), opt("On", Type::Bool).literal()];
        let given = value!(span, { "Size": "x", "Other": 1, "On": (reference("P", span)) });
        let mut problems = Vec::new();
        check("an event", span, given.as_map().unwrap(), &[&table], &mut problems);
        let said: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "`Other` is not a property of an event",
                "an event lacks the required property `Queue`",
                "property `Size` of an event should be an integer",
                "property `On` of an event should be a boolean",
            ]
        );
    }
}
