//! Values with a span, each of them known, partly known or unknown.

use crate::{Cond, Span, Str, World};
use indexmap::IndexMap;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it was written.
    pub span: Span,
}

/// What a value is.
///
/// *Known* values are `Null` to `Map`; *unknown* is [`Data::Unknown`] and any [`Data::Template`] with a [`Piece::Symbol`];
/// *absent* is a key that a [`Map`] doesn't hold (or a [`Choice`] branch that is `None`).
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Data {
    /// An explicit null.
    #[default]
    Null,
    /// A boolean. The strings `true` and `false` stay [`Data::Text`]; [`Value::as_bool`] reads both.
    Bool(bool),
    /// A number as it was written.
    Number(Str),
    /// A string that is known in full.
    Text(Str),
    /// A string of which some pieces are references or symbols. `!Ref Queue` is a template of one piece.
    Template(Vec<Piece>),
    /// A string that is the JSON encoding of the value within (`jsonencode`, `Fn::ToJsonString`, policy documents).
    Json(Box<Value>),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(Map),
    /// One of two values, depending on a condition that is not decided by the code alone.
    Choice(Box<Choice>),
    /// Unknown altogether, even in its type.
    Unknown(Symbol),
}

/// A piece of a partly known string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Literal text.
    Text(Str),
    /// Another resource, or one of its attributes.
    Reference(Reference),
    /// Something equal to itself whose value isn't known: an account id, a parameter without default.
    Symbol(Symbol),
}

/// A resource, or one of its attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// [`crate::Resource::id`] of the resource.
    pub target: Str,
    /// Attribute in CloudFormation's words (`Arn`, `StreamArn`, `QueueUrl`); empty for what `Ref` gives.
    pub attribute: Str,
}

/// A value that isn't known, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// What it would be: `AWS::Region`, a parameter's name, `ssm:/path`. Equal names are equal values.
    pub name: Str,
    /// Why it isn't known.
    pub why: Why,
}

/// Why a value isn't known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A pseudo parameter (account, region, partition ...): known well enough, and not counted as unknown.
    Pseudo,
    /// A parameter or variable without a default.
    Parameter,
    /// An import from a stack, module or file that was not read.
    Import,
    /// A secret, SSM parameter or environment variable that is looked up at deployment.
    Lookup,
    /// An attribute that exists only after deployment.
    Attribute,
    /// A function or macro that can't be evaluated from the code alone.
    Function,
    /// A reference to nothing that was declared.
    Undeclared,
    /// References in a circle.
    Cycle,
    /// A limit of ours: too deep, too large.
    Limit,
}

impl Why {
    /// One phrase for people, to stand after "unknown: ".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Pseudo => "known at deployment",
            Self::Parameter => "a parameter without a default",
            Self::Import => "an import of something that was not read",
            Self::Lookup => "looked up at deployment",
            Self::Attribute => "an attribute that exists only after deployment",
            Self::Function => "a function that needs the deployment",
            Self::Undeclared => "a reference to something that is not declared",
            Self::Cycle => "references in a circle",
            Self::Limit => "too large or too deep to evaluate",
        }
    }
}

/// Two values under one condition. `None` is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The condition.
    pub cond: Cond,
    /// The value when it holds.
    pub then: Option<Value>,
    /// The value when it doesn't.
    pub otherwise: Option<Value>,
}

/// A map entry's value and where its key was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Span of the key.
    pub key: Span,
    /// The value.
    pub value: Value,
}

/// A map that keeps the order in which it was written.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Map(IndexMap<Str, Field>);

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).map(|f| &f.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.get_mut(key).map(|f| &mut f.value)
    }

    /// The key's span and value.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.0.get(key)
    }

    /// Sets a key, with the value's own span as the key's. Returns what stood there.
    pub fn insert(&mut self, key: impl Into<Str>, value: Value) -> Option<Value> {
        let key_span = value.span;
        self.insert_field(key, Field { key: key_span, value })
    }

    /// Sets a key, keeping the span of the key.
    pub fn insert_field(&mut self, key: impl Into<Str>, field: Field) -> Option<Value> {
        self.0.insert(key.into(), field).map(|f| f.value)
    }

    /// Takes a key out and keeps the order of the rest.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key).map(|f| f.value)
    }

    /// True if the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &Value)> {
        self.0.iter().map(|(k, f)| (k, &f.value))
    }

    /// Keys and values in order, the values to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Str, &mut Value)> {
        self.0.iter_mut().map(|(k, f)| (k, &mut f.value))
    }

    /// Keys and fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&Str, &Field)> {
        self.0.iter()
    }

    /// Keys and fields, by value.
    pub fn into_fields(self) -> impl Iterator<Item = (Str, Field)> {
        self.0.into_iter()
    }

    /// Keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.0.keys()
    }

    /// Values in order.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values().map(|f| &f.value)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The only entry of a map of one key: the shape of a long-form intrinsic.
    pub fn only(&self) -> Option<(&Str, &Value)> {
        if self.0.len() == 1 { self.iter().next() } else { None }
    }

    /// Sorts keys by name.
    pub fn sort(&mut self) {
        self.0.sort_unstable_keys();
    }
}

impl FromIterator<(Str, Field)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Field)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl Reference {
    /// What `Ref` gives of a resource.
    pub fn plain(target: impl Into<Str>) -> Self {
        Self { target: target.into(), attribute: Str::default() }
    }

    /// An attribute of a resource.
    pub fn attribute(target: impl Into<Str>, attribute: impl Into<Str>) -> Self {
        Self { target: target.into(), attribute: attribute.into() }
    }
}

impl Symbol {
    /// A symbol of that name.
    pub fn new(name: impl Into<Str>, why: Why) -> Self {
        Self { name: name.into(), why }
    }
}

impl Value {
    /// A value at a span.
    pub fn new(data: Data, span: Span) -> Self {
        Self { data, span }
    }

    /// A known string.
    pub fn text(text: impl Into<Str>, span: Span) -> Self {
        Self::new(Data::Text(text.into()), span)
    }

    /// A boolean.
    pub fn bool(value: bool, span: Span) -> Self {
        Self::new(Data::Bool(value), span)
    }

    /// A number.
    pub fn number(value: impl ToString, span: Span) -> Self {
        Self::new(Data::Number(value.to_string().into()), span)
    }

    /// A list.
    pub fn list(items: Vec<Value>, span: Span) -> Self {
        Self::new(Data::List(items), span)
    }

    /// A map.
    pub fn map(map: Map, span: Span) -> Self {
        Self::new(Data::Map(map), span)
    }

    /// A map from keys to values.
    pub fn object<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Value)>, span: Span) -> Self {
        let fields = entries.into_iter().map(|(k, value)| (k.into(), Field { key: value.span, value }));
        Self::map(fields.collect(), span)
    }

    /// An unknown value.
    pub fn unknown(name: impl Into<Str>, why: Why, span: Span) -> Self {
        Self::new(Data::Unknown(Symbol::new(name, why)), span)
    }

    /// A reference, as a template of one piece.
    pub fn reference(reference: Reference, span: Span) -> Self {
        Self::new(Data::Template(vec![Piece::Reference(reference)]), span)
    }

    /// A string put together from pieces: neighbouring texts are joined; all text becomes [`Data::Text`].
    pub fn template(pieces: impl IntoIterator<Item = Piece>, span: Span) -> Self {
        let mut out: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (out.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(last)), Piece::Text(text)) => {
                    let mut joined = String::with_capacity(last.len() + text.len());
                    joined.push_str(last);
                    joined.push_str(&text);
                    *last = joined.into();
                }
                (_, piece) => out.push(piece),
            }
        }
        match out.as_slice() {
            [] => Self::text("", span),
            [Piece::Text(text)] => Self::text(text.clone(), span),
            _ => Self::new(Data::Template(out), span),
        }
    }

    /// The same value with another span.
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// The text of a known string, number or boolean as it would be written in a string.
    pub fn as_text(&self) -> Option<Str> {
        match &self.data {
            Data::Text(text) | Data::Number(text) => Some(text.clone()),
            Data::Bool(value) => Some(Str::new_static(if *value { "true" } else { "false" })),
            _ => None,
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean, or a string that reads as one (CloudFormation takes both).
    pub fn as_bool(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(value) => Some(*value),
            Data::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Data::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A number, or a string that reads as one.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.data {
            Data::Number(text) | Data::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A whole number, or a string that reads as one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.data {
            Data::Number(text) | Data::Text(text) => text
                .parse()
                .ok()
                .or_else(|| text.parse::<f64>().ok().filter(|n| n.fract() == 0.0).map(|n| n as i64)),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            Data::Json(inner) => inner.as_map(),
            _ => None,
        }
    }

    /// The map, to change it.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it. Looks through no choice; see [`World::get`].
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// A list's items, or the value itself as the only item: "a string or a list of strings".
    pub fn items(&self) -> &[Value] {
        match &self.data {
            Data::List(items) => items,
            Data::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The pieces of a string, known or not. Empty for everything that is no string.
    pub fn pieces(&self) -> Vec<Piece> {
        match &self.data {
            Data::Template(pieces) => pieces.clone(),
            Data::Unknown(symbol) => vec![Piece::Symbol(symbol.clone())],
            _ => self.as_text().map(Piece::Text).into_iter().collect(),
        }
    }

    /// The reference, when the value is one reference and nothing else.
    pub fn as_reference(&self) -> Option<&Reference> {
        match &self.data {
            Data::Template(pieces) => match pieces.as_slice() {
                [Piece::Reference(reference)] => Some(reference),
                _ => None,
            },
            _ => None,
        }
    }

    /// True if the value or a piece of it is unknown (pseudo parameters aside). Looks not into lists and maps.
    pub fn is_unknown(&self) -> bool {
        match &self.data {
            Data::Unknown(symbol) => symbol.why != Why::Pseudo,
            Data::Template(pieces) => {
                pieces.iter().any(|p| matches!(p, Piece::Symbol(symbol) if symbol.why != Why::Pseudo))
            }
            _ => false,
        }
    }

    /// All values that this one can be, one for each branch of its choices; absent branches are left out.
    pub fn branches(&self) -> Vec<&Value> {
        let mut out = Vec::new();
        let mut todo = vec![self];
        while let Some(value) = todo.pop() {
            match &value.data {
                Data::Choice(choice) => {
                    todo.extend(choice.otherwise.as_ref());
                    todo.extend(choice.then.as_ref());
                }
                _ => out.push(value),
            }
        }
        out
    }

    /// Calls `visit` on this value and all values within, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Value)) {
        visit(self);
        match &self.data {
            Data::List(items) => items.iter().for_each(|v| v.walk(visit)),
            Data::Map(map) => map.values().for_each(|v| v.walk(visit)),
            Data::Json(inner) => inner.walk(visit),
            Data::Choice(choice) => {
                choice.then.iter().for_each(|v| v.walk(visit));
                choice.otherwise.iter().for_each(|v| v.walk(visit));
            }
            _ => {}
        }
    }

    /// Every reference in this value, with the span of the string that holds it.
    pub fn references(&self) -> Vec<(&Reference, Span)> {
        let mut out = Vec::new();
        self.walk(&mut |value| {
            if let Data::Template(pieces) = &value.data {
                out.extend(pieces.iter().filter_map(|p| match p {
                    Piece::Reference(reference) => Some((reference, value.span)),
                    _ => None,
                }));
            }
        });
        out
    }

    /// A short form for messages: text as it is, `${Queue.Arn}` for what is not text.
    pub fn display(&self) -> String {
        match &self.data {
            Data::Null => "null".into(),
            Data::List(items) => {
                format!("[{}]", items.iter().map(Value::display).collect::<Vec<_>>().join(", "))
            }
            Data::Map(map) => format!("{{{}}}", map.keys().map(Str::as_str).collect::<Vec<_>>().join(", ")),
            Data::Json(inner) => inner.display(),
            Data::Choice(choice) => {
                let side = |v: &Option<Value>| v.as_ref().map_or("absent".into(), Value::display);
                format!("{} or {}", side(&choice.then), side(&choice.otherwise))
            }
            _ => self.pieces().iter().map(Piece::display).collect(),
        }
    }

    /// The value in a world: choices decided, `None` when absent there. See [`World::resolve`].
    pub fn in_world<'a>(&'a self, world: &World) -> Option<&'a Value> {
        world.resolve(self)
    }
}

impl Piece {
    /// Text as it is, `${Name}` for the rest.
    pub fn display(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Symbol(symbol) => format!("${{{}}}", symbol.name),
            Self::Reference(reference) => {
                let name = reference.target.rsplit('/').next().unwrap_or_default();
                match reference.attribute.as_str() {
                    "" => format!("${{{name}}}"),
                    attribute => format!("${{{name}.{attribute}}}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_join_texts() {
        let pieces = ["a", "", "b"].map(|t| Piece::Text(t.into()));
        assert_eq!(Value::template(pieces, Span::default()).as_str(), Some("ab"));
        assert_eq!(Value::template([], Span::default()).as_str(), Some(""));
    }

    #[test]
    fn pseudo_parameters_are_not_unknown() {
        let span = Span::default();
        assert!(!Value::unknown("AWS::Region", Why::Pseudo, span).is_unknown());
        assert!(Value::unknown("Env", Why::Parameter, span).is_unknown());
    }

    #[test]
    fn display_names_what_is_not_text() {
        let pieces = [
            Piece::Text("arn:".into()),
            Piece::Reference(Reference::attribute("template/Queue", "Arn")),
            Piece::Symbol(Symbol::new("AWS::Region", Why::Pseudo)),
        ];
        assert_eq!(Value::template(pieces, Span::default()).display(), "arn:${Queue.Arn}${AWS::Region}");
    }
}
