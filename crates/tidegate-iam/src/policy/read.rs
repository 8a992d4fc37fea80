//! Documents into policies: from read files, with places and unknown parts, and from JSON.

use super::{
    ActionPattern, Condition, Effect, Policy, PrincipalPattern, ResourcePattern, Scope, Statement, Version,
};
use crate::hole;
use tidegate_graph::{Data, Field, Map, Piece, Problem, Span, Str, Value, World};

/// Text that is no JSON.
#[derive(Debug, thiserror::Error)]
#[error("not JSON: {0}")]
pub struct NotJson(#[from] serde_json::Error);

/// Says what a piece of a text stands for; `None` leaves it unknown.
type Resolve<'a> = dyn Fn(&Piece) -> Option<String> + 'a;

/// Reads policy documents of one world.
#[derive(Default)]
pub struct Reader<'a> {
    world: World,
    resolve: Option<&'a Resolve<'a>>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader that decides choices as `world` does and asks `resolve` what references are.
    pub fn new(world: World, resolve: &'a Resolve<'a>) -> Self {
        Self { world, resolve: Some(resolve) }
    }

    /// Reads a document.
    pub fn policy(&self, name: &str, document: &Value) -> Policy {
        let mut policy = Policy {
            name: name.into(),
            version: Version::default(),
            id: None,
            statements: Vec::new(),
            problems: Vec::new(),
            span: document.span,
        };
        let Some(document) = self.world.resolve(document) else { return policy };
        if document.as_map().is_none() {
            // A document that isn't known may say anything.
            if matches!(document.data, Data::Unknown(_) | Data::Template(_)) {
                policy.statements.push(anything(0, document.span));
            } else {
                policy
                    .problems
                    .push(Problem::at(document.span, "a policy is a map with `Version` and `Statement`"));
            }
            return policy;
        }
        policy.id = self.field(document, "Id").and_then(|v| self.text(v));
        if self.field(document, "Version").and_then(|v| self.text(v)).as_deref() == Some("2012-10-17") {
            policy.version = Version::Current;
        }
        let Some(list) = self.field(document, "Statement") else {
            policy.problems.push(Problem::at(document.span, "a policy without `Statement`"));
            return policy;
        };
        let items = self.world.items(list);
        for (index, item) in items.into_iter().enumerate() {
            match self.statement(index, item, policy.version) {
                Ok(statement) => policy.statements.push(statement),
                Err(problem) => policy.problems.push(problem),
            }
        }
        policy
    }

    fn statement(&self, index: usize, value: &Value, version: Version) -> Result<Statement, Problem> {
        if matches!(value.data, Data::Unknown(_) | Data::Template(_)) {
            return Ok(anything(index, value.span));
        }
        let Some(map) = value.as_map() else {
            return Err(Problem::at(value.span, "a statement is a map"));
        };
        let field = |name: &str| map.get(name).and_then(|v| self.world.resolve(v));
        let mut certain = true;
        let effect = match field("Effect").map(|v| (v, self.text(v))) {
            Some((_, Some(text))) if text == "Allow" => Effect::Allow,
            Some((_, Some(text))) if text == "Deny" => Effect::Deny,
            Some((_, Some(text))) if hole::is_in(&text) => {
                certain = false;
                Effect::Allow
            }
            _ => {
                return Err(Problem::at(
                    value.span,
                    "a statement needs `Effect`, which is `Allow` or `Deny`",
                ));
            }
        };
        let actions = match (field("Action"), field("NotAction")) {
            (Some(only), None) => Scope::Only(self.texts(only, &mut certain)),
            (None, Some(except)) => Scope::Except(self.texts(except, &mut certain)),
            _ => return Err(Problem::at(value.span, "a statement needs either `Action` or `NotAction`")),
        };
        let resources = match (field("Resource"), field("NotResource")) {
            (Some(only), None) => Some(Scope::Only(self.texts(only, &mut certain))),
            (None, Some(except)) => Some(Scope::Except(self.texts(except, &mut certain))),
            (None, None) => None,
            _ => {
                return Err(Problem::at(value.span, "a statement has `Resource` or `NotResource`, not both"));
            }
        };
        let principals = match (field("Principal"), field("NotPrincipal")) {
            (Some(only), None) => Some(Scope::Only(self.principals(only, &mut certain))),
            (None, Some(except)) => Some(Scope::Except(self.principals(except, &mut certain))),
            (None, None) => None,
            _ => {
                return Err(Problem::at(
                    value.span,
                    "a statement has `Principal` or `NotPrincipal`, not both",
                ));
            }
        };
        Ok(Statement {
            index,
            effect,
            sid: field("Sid").and_then(|v| self.text(v)),
            actions: actions.map(|text| ActionPattern::new(&text)),
            resources: resources.map(|scope| scope.map(|text| ResourcePattern::new(&text, version))),
            principals,
            conditions: field("Condition")
                .map(|v| self.conditions(v, version, &mut certain))
                .unwrap_or_default(),
            certain,
            span: value.span,
        })
    }

    fn principals(&self, value: &Value, certain: &mut bool) -> Vec<PrincipalPattern> {
        let Some(map) = value.as_map() else {
            return self.texts(value, certain).iter().map(|text| PrincipalPattern::new("*", text)).collect();
        };
        let mut out = Vec::new();
        for (kind, values) in map.iter() {
            let Some(values) = self.world.resolve(values) else { continue };
            out.extend(self.texts(values, certain).iter().map(|text| PrincipalPattern::new(kind, text)));
        }
        out
    }

    fn conditions(&self, value: &Value, version: Version, certain: &mut bool) -> Vec<Condition> {
        let Some(map) = value.as_map() else {
            *certain &= !is_open(value);
            return Vec::new();
        };
        let mut out = Vec::new();
        for (operator, keys) in map.iter() {
            let Some(keys) = self.world.resolve(keys) else { continue };
            let Some(keys) = keys.as_map() else {
                *certain &= !is_open(keys);
                continue;
            };
            for (key, field) in keys.fields() {
                let Some(values) = self.world.resolve(&field.value) else { continue };
                let mut known = true;
                let texts = self.texts(values, &mut known);
                let mut condition = Condition::new(operator, key, &texts, version);
                condition.certain &= known;
                condition.span = field.key.to(field.value.span);
                out.push(condition);
            }
        }
        out
    }

    fn field<'v>(&self, value: &'v Value, name: &str) -> Option<&'v Value> {
        self.world.get(value, name)
    }

    /// The texts of a list, or the only one. A list that isn't known in full leaves the statement uncertain.
    fn texts(&self, value: &Value, certain: &mut bool) -> Vec<Str> {
        let mut out = Vec::new();
        for item in self.world.items(value) {
            match self.text(item) {
                Some(text) => out.push(text),
                None => *certain &= !is_open(item),
            }
        }
        out
    }

    /// A text with its unknown parts as holes.
    fn text(&self, value: &Value) -> Option<Str> {
        if let Some(text) = value.as_text() {
            return Some(text);
        }
        if !matches!(value.data, Data::Template(_) | Data::Unknown(_)) {
            return None;
        }
        let mut out = String::new();
        for piece in value.pieces() {
            if let Some(text) = self.resolve.and_then(|resolve| resolve(&piece)) {
                out.push_str(&text);
                continue;
            }
            match &piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Symbol(symbol) => out.push_str(&hole::text(&symbol.name)),
                Piece::Reference(reference) => {
                    let name = match reference.attribute.as_str() {
                        "" => reference.target.to_string(),
                        attribute => format!("{}.{attribute}", reference.target),
                    };
                    out.push_str(&hole::text(&name));
                }
            }
        }
        Some(out.into())
    }
}

impl<T> Scope<T> {
    fn map<U>(self, each: impl Fn(T) -> U) -> Scope<U> {
        match self {
            Self::Only(items) => Scope::Only(items.into_iter().map(each).collect()),
            Self::Except(items) => Scope::Except(items.into_iter().map(each).collect()),
        }
    }
}

fn is_open(value: &Value) -> bool {
    matches!(value.data, Data::Unknown(_) | Data::Template(_) | Data::Choice(_))
}

/// A statement of which nothing is known.
fn anything(index: usize, span: Span) -> Statement {
    Statement {
        index,
        effect: Effect::Allow,
        sid: None,
        actions: Scope::Only(vec![ActionPattern::new("*")]),
        resources: Some(Scope::Only(vec![ResourcePattern::new("*", Version::Current)])),
        principals: None,
        conditions: Vec::new(),
        certain: false,
        span,
    }
}

/// Parsed JSON as a value without places. serde_json bounds its depth.
pub fn from_json(json: &serde_json::Value) -> Value {
    let span = Span::default();
    let data = match json {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(value) => Data::Bool(*value),
        serde_json::Value::Number(number) => Data::Number(number.to_string().into()),
        serde_json::Value::String(text) => Data::Text(text.as_str().into()),
        serde_json::Value::Array(items) => Data::List(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            let fields =
                map.iter().map(|(k, v)| (k.as_str().into(), Field { key: span, value: from_json(v) }));
            Data::Map(fields.collect::<Map>())
        }
    };
    Value::new(data, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{Symbol, Why};

    #[test]
    fn broken_statements_are_problems_and_the_rest_is_read() {
        let text = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Maybe", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Allow", "Resource": "*"},
            7
        ]}"#;
        let policy = Policy::from_json("p", text).unwrap();
        assert_eq!((policy.statements.len(), policy.problems.len()), (1, 3));
        assert!(Policy::from_json("p", "{").is_err());
        assert_eq!(Policy::from_json("p", "[]").unwrap().problems.len(), 1);
    }

    #[test]
    fn a_single_statement_is_a_list_of_one() {
        let text = r#"{"Statement": {"Effect": "Deny", "NotAction": "s3:*", "NotResource": ["a", "b"]}}"#;
        let policy = Policy::from_json("p", text).unwrap();
        let statement = policy.statements.first().unwrap();
        assert!(statement.actions.is_except());
        assert_eq!(statement.resources.as_ref().unwrap().items().len(), 2);
        assert_eq!(policy.version, Version::Old);
    }

    #[test]
    fn unknown_parts_are_holes() {
        let span = Span::default();
        let bucket = Value::template(
            [Piece::Text("arn:aws:s3:::".into()), Piece::Symbol(Symbol::new("Bucket", Why::Parameter))],
            span,
        );
        let statement = Value::object(
            [
                ("Effect", Value::text("Allow", span)),
                ("Action", Value::text("s3:*", span)),
                ("Resource", bucket),
            ],
            span,
        );
        let document = Value::object([("Statement", statement)], span);
        let policy = Reader::default().policy("p", &document);
        let resources = policy.statements.first().unwrap().resources.as_ref().unwrap();
        assert_eq!(hole::display(resources.items().first().unwrap().text()), "arn:aws:s3:::${Bucket}");

        let known = |piece: &Piece| matches!(piece, Piece::Symbol(_)).then(|| "logs".to_string());
        let policy = Reader::new(World::default(), &known).policy("p", &document);
        let resources = policy.statements.first().unwrap().resources.as_ref().unwrap();
        assert_eq!(resources.items().first().unwrap().text(), "arn:aws:s3:::logs");
    }
}
