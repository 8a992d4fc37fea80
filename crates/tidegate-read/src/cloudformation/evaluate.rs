//! Intrinsic functions.
//!
//! What can be computed from the code alone is; what can't keeps its known pieces (`Fn::Sub` over a queue's ARN stays a
//! string with a reference in it) or becomes unknown with a reason. `Fn::If` on a free parameter stays a choice.

use super::Template;
use super::conditions::Conditions;
use base64::Engine as _;
use std::collections::{BTreeMap, HashMap};
use tidegate_graph::{
    Choice, Cond, Data, Field, Map, Piece, Problem, Reference, Span, Str, Symbol, Value, Variable, Why,
};

/// Nesting of intrinsics within intrinsics.
const MAX_DEPTH: usize = 200;
/// Values computed for one stack; evaluation can multiply what was written.
const MAX_VALUES: usize = 4_000_000;

/// Evaluates the values of one stack.
pub(super) struct Evaluator<'t> {
    pub(super) stack: Str,
    parameters: HashMap<Str, Parameter>,
    mappings: Map,
    /// Logical id -> type.
    resources: HashMap<Str, Str>,
    pub(super) conditions: Conditions<'t>,
    pub(super) variables: BTreeMap<Str, Variable>,
    problems: Vec<Problem>,
    depth: usize,
    budget: usize,
}

#[derive(Clone, Debug)]
struct Parameter {
    value: Value,
    /// Not fixed from outside: conditions on it go both ways.
    free: bool,
    default: Option<Str>,
    allowed: Vec<Str>,
}

impl<'t> Evaluator<'t> {
    pub(super) fn new(template: &'t Template, resources: HashMap<Str, Str>, problems: Vec<Problem>) -> Self {
        let section = |name: &str| template.root.get(name).and_then(Value::as_map);
        let parameters = section("Parameters")
            .into_iter()
            .flat_map(Map::iter)
            .map(|(name, declared)| (name.clone(), parameter(name, declared, template.bound.get(name))))
            .collect();
        Self {
            stack: template.stack.clone(),
            parameters,
            mappings: section("Mappings").cloned().unwrap_or_default(),
            resources,
            conditions: Conditions::new(section("Conditions")),
            variables: BTreeMap::new(),
            problems,
            depth: 0,
            budget: MAX_VALUES,
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn finish(self) -> (BTreeMap<Str, Variable>, Vec<Problem>) {
        (self.variables, self.problems)
    }

    /// The condition of that name.
    pub(super) fn condition(&mut self, name: &str) -> Cond {
        Conditions::named(self, name)
    }

    /// The value with its intrinsics computed; `None` when it is `AWS::NoValue`.
    pub(super) fn value(&mut self, value: &Value) -> Option<Value> {
        if self.depth >= MAX_DEPTH || self.budget == 0 {
            return Some(Value::unknown("…", Why::Limit, value.span));
        }
        self.depth += 1;
        self.budget -= 1;
        let out = match &value.data {
            Data::Map(map) => match map.only() {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.intrinsic(name, argument, value.span)
                }
                _ => {
                    let mut out = Map::new();
                    for (key, field) in map.fields() {
                        if let Some(value) = self.value(&field.value) {
                            out.insert_field(key.clone(), Field { key: field.key, value });
                        }
                    }
                    Some(Value::map(out, value.span))
                }
            },
            Data::List(items) => {
                Some(Value::list(items.iter().filter_map(|v| self.value(v)).collect(), value.span))
            }
            Data::Text(text) if text.contains("{{resolve:") => Some(dynamic_references(text, value.span)),
            _ => Some(value.clone()),
        };
        self.depth -= 1;
        out
    }

    fn intrinsic(&mut self, name: &str, argument: &Value, span: Span) -> Option<Value> {
        if name == "Ref" {
            return match argument.as_str() {
                Some("AWS::NoValue") => None,
                Some(target) => Some(self.reference(target, span)),
                None => Some(self.misshapen("Ref", "the name of a parameter or resource", argument)),
            };
        }
        Some(match name {
            "Fn::GetAtt" => self.attribute(argument, span),
            "Fn::Sub" => self.sub(argument, span),
            "Fn::If" => return self.choice(argument, span),
            "Fn::FindInMap" => self.find_in_map(argument, span),
            "Fn::ImportValue" => {
                let name = self.value(argument)?;
                lookup(format!("import:{}", name.display()), Why::Import, span)
            }
            "Fn::Transform" => Value::unknown("Fn::Transform", Why::Function, span),
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => Value::unknown(name, Why::Function, span),
            "Fn::Join" | "Fn::Split" | "Fn::Select" | "Fn::Base64" | "Fn::Cidr" | "Fn::Length"
            | "Fn::ToJsonString" | "Fn::GetAZs" => {
                let evaluated = self.value(argument)?;
                return Some(distribute(evaluated, span, &|argument| apply(name, argument, span)));
            }
            // `Fn::ForEach` where it can't be expanded, `Fn::ValueOf` and the like of rules.
            _ => Value::unknown(name, Why::Function, span),
        })
    }

    fn misshapen(&mut self, name: &str, expected: &str, argument: &Value) -> Value {
        let problem =
            Problem::at(argument.span, format!("`{name}` needs {expected}, found `{}`", argument.display()));
        self.problem(problem);
        Value::unknown(name, Why::Function, argument.span)
    }

    /// What `Ref` gives.
    fn reference(&mut self, target: &str, span: Span) -> Value {
        if let Some(parameter) = self.parameters.get(target) {
            let written = parameter.value.clone();
            return match written.data {
                // Points to the use for symbols: the declaration says nothing about what it is used for.
                Data::Unknown(_) => written.at(span),
                _ => written,
            };
        }
        if self.resources.contains_key(target) {
            return Value::reference(Reference::plain(self.id(target)), span);
        }
        if target.starts_with("AWS::") {
            return lookup(target, Why::Pseudo, span);
        }
        lookup(target, Why::Undeclared, span)
    }

    fn id(&self, logical_id: &str) -> Str {
        format!("{}/{logical_id}", self.stack).into()
    }

    fn attribute(&mut self, argument: &Value, span: Span) -> Value {
        let parts: Vec<Option<Str>> = match &argument.data {
            Data::Text(text) => text.splitn(2, '.').map(|t| Some(t.into())).collect(),
            Data::List(items) => items.iter().map(|v| self.value(v).and_then(|v| v.as_text())).collect(),
            _ => Vec::new(),
        };
        match parts.as_slice() {
            [Some(target), rest @ ..] if !rest.is_empty() => {
                let attribute =
                    rest.iter().map(|p| p.as_deref().unwrap_or("*")).collect::<Vec<_>>().join(".");
                self.attribute_of(target, &attribute, span)
            }
            [None, _, ..] => Value::unknown("Fn::GetAtt", Why::Function, span),
            _ => self.misshapen("Fn::GetAtt", "a resource and an attribute", argument),
        }
    }

    fn attribute_of(&mut self, target: &str, attribute: &str, span: Span) -> Value {
        match self.resources.get(target) {
            Some(ty) if ty == "AWS::CloudFormation::Stack" && attribute.starts_with("Outputs.") => {
                let output = attribute.trim_start_matches("Outputs.");
                lookup(format!("output:{}.{output}", self.id(target)), Why::Import, span)
            }
            Some(_) => Value::reference(Reference::attribute(self.id(target), attribute), span),
            None => lookup(format!("{target}.{attribute}"), Why::Undeclared, span),
        }
    }

    fn sub(&mut self, argument: &Value, span: Span) -> Value {
        let (text, own) = match &argument.data {
            Data::List(items) => match items.as_slice() {
                [text, own] => (self.value(text), own.as_map().cloned()),
                [text] => (self.value(text), None),
                _ => (None, None),
            },
            // A text, or pieces that a transform has put in already.
            _ => (Some(argument.clone()), None),
        };
        let own: HashMap<Str, Value> = own
            .into_iter()
            .flat_map(|own| own.into_fields().collect::<Vec<_>>())
            .filter_map(|(name, field)| Some((name, self.value(&field.value)?)))
            .collect();
        let Some(text) = text.filter(|t| !t.pieces().is_empty()) else {
            return self.misshapen("Fn::Sub", "a string", argument);
        };
        let mut parts = Vec::new();
        for piece in text.pieces() {
            match piece {
                Piece::Text(text) => self.substitute(&text, &own, span, &mut parts),
                other => parts.push(Value::new(Data::Template(vec![other]), span)),
            }
        }
        // Points into the string itself, which is where a finding is read.
        concatenate(parts, argument.items().first().map_or(span, |v| v.span))
    }

    fn substitute(&mut self, text: &str, own: &HashMap<Str, Value>, span: Span, parts: &mut Vec<Value>) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            parts.push(Value::text(before, span));
            let Some((name, tail)) = after.split_once('}') else {
                parts.push(Value::text(format!("${{{after}"), span));
                return;
            };
            rest = tail;
            if let Some(literal) = name.strip_prefix('!') {
                parts.push(Value::text(format!("${{{literal}}}"), span));
                continue;
            }
            let name = name.trim();
            let value = match (own.get(name), name.split_once('.')) {
                (Some(value), _) => value.clone(),
                (None, Some((target, attribute))) if !self.parameters.contains_key(name) => {
                    self.attribute_of(target, attribute, span)
                }
                _ => self.reference(name, span),
            };
            parts.push(value);
        }
        parts.push(Value::text(rest, span));
    }

    fn choice(&mut self, argument: &Value, span: Span) -> Option<Value> {
        let [condition, then, otherwise] = argument.as_list().unwrap_or_default() else {
            return Some(self.misshapen("Fn::If", "a condition and two values", argument));
        };
        let cond = match condition.as_str() {
            Some(name) => self.condition(name),
            None => Conditions::inline(self, condition),
        };
        match cond {
            Cond::Constant(true) => self.value(then),
            Cond::Constant(false) => self.value(otherwise),
            cond => {
                let (then, otherwise) = (self.value(then), self.value(otherwise));
                if then.is_none() && otherwise.is_none() {
                    return None;
                }
                Some(Value::new(Data::Choice(Box::new(Choice { cond, then, otherwise })), span))
            }
        }
    }

    fn find_in_map(&mut self, argument: &Value, span: Span) -> Value {
        let evaluated: Vec<Option<Value>> =
            argument.as_list().unwrap_or_default().iter().map(|v| self.value(v)).collect();
        let [Some(map), Some(first), Some(second), rest @ ..] = evaluated.as_slice() else {
            return self.misshapen("Fn::FindInMap", "a map and two keys", argument);
        };
        let default = rest.first().and_then(|r| r.as_ref()?.get("DefaultValue").cloned());
        let Some(name) = map.as_text() else { return Value::unknown("Fn::FindInMap", Why::Function, span) };
        let Some(table) = self.mappings.get(&name).cloned() else {
            return default.unwrap_or_else(|| lookup(format!("mapping {name}"), Why::Undeclared, span));
        };
        match (first.as_text(), second.as_text()) {
            (Some(first), Some(second)) => match table.get(&first).and_then(|row| row.get(&second)) {
                Some(value) => value.clone(),
                None => default
                    .unwrap_or_else(|| lookup(format!("{name}.{first}.{second}"), Why::Undeclared, span)),
            },
            (None, Some(second)) => {
                // By region or account: known when every row agrees, otherwise only at deployment.
                let rows: Vec<&Value> =
                    table.as_map().into_iter().flat_map(Map::values).filter_map(|r| r.get(&second)).collect();
                match rows.split_first() {
                    Some((value, rest)) if rest.iter().all(|r| r.data == value.data) => (*value).clone(),
                    _ => lookup(format!("{name}.{}.{second}", first.display()), why_of(first), span),
                }
            }
            _ => lookup(format!("{name}.{}.{}", first.display(), second.display()), why_of(second), span),
        }
    }

    /// True for a parameter that nothing fixes from outside.
    pub(super) fn is_free(&self, parameter: &str) -> bool {
        self.parameters.get(parameter).is_some_and(|p| p.free)
    }

    /// The parameter's key in [`Self::variables`], if conditions on it are free; declares it on first use.
    pub(super) fn variable(&mut self, name: &str, compared: &str) -> Option<Str> {
        let (key, fresh) = match self.parameters.get(name) {
            Some(parameter) if parameter.free => {
                let variable = Variable {
                    name: name.into(),
                    default: parameter.default.clone(),
                    candidates: parameter.allowed.clone(),
                    closed: !parameter.allowed.is_empty(),
                };
                (self.id(name), variable)
            }
            Some(_) => return None,
            None if name.starts_with("AWS::") => {
                (name.into(), Variable { name: name.into(), ..Variable::default() })
            }
            None => return None,
        };
        let variable = self.variables.entry(key.clone()).or_insert(fresh);
        if !variable.candidates.iter().any(|c| c == compared) && variable.default.as_deref() != Some(compared)
        {
            variable.candidates.push(compared.into());
        }
        Some(key)
    }
}

fn why_of(value: &Value) -> Why {
    let unknown = value.pieces().into_iter().find_map(|p| match p {
        Piece::Symbol(symbol) => Some(symbol.why),
        _ => None,
    });
    unknown.unwrap_or(Why::Function)
}

fn lookup(name: impl Into<Str>, why: Why, span: Span) -> Value {
    Value::unknown(name, why, span)
}

fn parameter(name: &Str, declared: &Value, bound: Option<&Value>) -> Parameter {
    let ty = declared.get("Type").and_then(Value::as_text).unwrap_or_default();
    let span = declared.span;
    let is_list = ty == "CommaDelimitedList" || ty.starts_with("List<");
    let listed = |value: Value| match value.as_str() {
        Some(text) if is_list => {
            let items = text.split(',').map(|t| Value::text(t.trim(), value.span)).collect();
            Value::list(items, value.span)
        }
        _ => value,
    };
    let default = declared.get("Default").filter(|d| d.data != Data::Null);
    let value = match (bound, default) {
        (Some(value), _) => listed(value.clone()),
        (None, Some(default)) if ty.starts_with("AWS::SSM::Parameter::Value") => {
            Value::unknown(format!("ssm:{}", default.display()), Why::Lookup, default.span)
        }
        (None, Some(default)) => listed(default.clone()),
        (None, None) => Value::unknown(name.clone(), Why::Parameter, span),
    };
    let allowed =
        declared.get("AllowedValues").map(|a| a.items().iter().filter_map(Value::as_text).collect());
    Parameter {
        value,
        free: bound.is_none(),
        default: default.and_then(Value::as_text),
        allowed: allowed.unwrap_or_default(),
    }
}

/// `{{resolve:service:key}}` inside a text: a reference to a value that is looked up at deployment.
fn dynamic_references(text: &str, span: Span) -> Value {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{resolve:") {
        pieces.push(Piece::Text(before.into()));
        let (name, tail) = after.split_once("}}").unwrap_or((after, ""));
        pieces.push(Piece::Symbol(Symbol::new(name, Why::Lookup)));
        rest = tail;
    }
    pieces.push(Piece::Text(rest.into()));
    Value::template(pieces, span)
}

/// Strings put together; a choice among the parts becomes a choice of strings.
fn concatenate(parts: Vec<Value>, span: Span) -> Value {
    distribute(Value::list(parts, span), span, &|parts| {
        Value::template(parts.items().iter().flat_map(text_pieces).collect::<Vec<_>>(), span)
    })
}

/// Pieces of a value where a string is needed; a list joins with commas as CloudFormation does for parameters.
fn text_pieces(value: &Value) -> Vec<Piece> {
    match &value.data {
        Data::List(items) => {
            let mut out = Vec::new();
            for item in items {
                if !out.is_empty() {
                    out.push(Piece::Text(Str::new_static(",")));
                }
                out.extend(text_pieces(item));
            }
            out
        }
        Data::Map(_) | Data::Choice(_) | Data::Json(_) => {
            vec![Piece::Symbol(Symbol::new(value.display(), Why::Function))]
        }
        _ => value.pieces(),
    }
}

/// Applies `function` to a value without choices: those at the top or among the items of a list are lifted out, so that
/// `Fn::Join` over `Fn::If` is a choice of two strings. Beyond a few the result is unknown.
fn distribute(value: Value, span: Span, function: &dyn Fn(&Value) -> Value) -> Value {
    const MAX_CHOICES: usize = 5;
    fn lift(value: &Value, left: usize, span: Span, function: &dyn Fn(&Value) -> Value) -> Value {
        let Some((choice, path)) = first_choice(value, 0) else { return function(value) };
        if left == 0 {
            return Value::unknown("Fn::If", Why::Limit, span);
        }
        let side =
            |side: &Option<Value>| lift(&replaced(value, &path, side.as_ref()), left - 1, span, function);
        let (then, otherwise) = (side(&choice.then), side(&choice.otherwise));
        Value::new(
            Data::Choice(Box::new(Choice {
                cond: choice.cond.clone(),
                then: Some(then),
                otherwise: Some(otherwise),
            })),
            span,
        )
    }
    lift(&value, MAX_CHOICES, span, function)
}

/// The first choice in a value or its lists, with the indexes that lead there.
fn first_choice(value: &Value, depth: usize) -> Option<(&Choice, Vec<usize>)> {
    match &value.data {
        Data::Choice(choice) => Some((choice, Vec::new())),
        Data::List(items) if depth < 3 => items.iter().enumerate().find_map(|(i, item)| {
            let (choice, mut path) = first_choice(item, depth + 1)?;
            path.insert(0, i);
            Some((choice, path))
        }),
        _ => None,
    }
}

/// `value` with the part at `path` replaced, or taken out where it is `None`.
fn replaced(value: &Value, path: &[usize], with: Option<&Value>) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return with.cloned().unwrap_or_else(|| Value::new(Data::Null, value.span));
    };
    let items = value.items().iter().enumerate().filter_map(|(i, item)| match (i == *first, rest) {
        (false, _) => Some(item.clone()),
        (true, []) => with.cloned(),
        (true, rest) => Some(replaced(item, rest, with)),
    });
    Value::list(items.collect(), value.span)
}

/// The functions whose arguments are plain values.
fn apply(name: &str, argument: &Value, span: Span) -> Value {
    let unknown = || Value::unknown(name, Why::Function, span);
    let arguments = argument.as_list().unwrap_or_default();
    match (name, arguments) {
        ("Fn::Join", [delimiter, parts]) => join(delimiter, parts, span).unwrap_or_else(unknown),
        ("Fn::Split", [delimiter, text]) => delimiter.as_str().map_or_else(unknown, |d| split(d, text, span)),
        ("Fn::Select", [index, list]) => {
            let item = index.as_i64().and_then(|i| list.as_list()?.get(usize::try_from(i).ok()?));
            item.cloned().unwrap_or_else(|| Value::unknown("Fn::Select", why_of(list), span))
        }
        ("Fn::Base64", _) => match argument.as_text() {
            Some(text) => {
                Value::text(base64::engine::general_purpose::STANDARD.encode(text.as_bytes()), span)
            }
            None => unknown(),
        },
        ("Fn::Cidr", [block, count, rest @ ..]) => {
            let bits = rest.first().and_then(Value::as_i64).unwrap_or(8);
            cidr(block, count, bits, span).unwrap_or_else(unknown)
        }
        ("Fn::Length", _) if argument.as_list().is_some() => Value::number(arguments.len(), span),
        ("Fn::ToJsonString", _) => Value::new(Data::Json(Box::new(argument.clone())), span),
        ("Fn::GetAZs", _) => {
            let zone = |i: usize| Value::unknown(format!("availability zone {i}"), Why::Pseudo, span);
            Value::list((0..3).map(zone).collect(), span)
        }
        _ => unknown(),
    }
}

fn join(delimiter: &Value, parts: &Value, span: Span) -> Option<Value> {
    let delimiter = delimiter.as_text()?;
    let mut out = Vec::new();
    for (i, part) in parts.as_list()?.iter().enumerate() {
        if i > 0 {
            out.push(Piece::Text(delimiter.clone()));
        }
        out.extend(text_pieces(part));
    }
    Some(Value::template(out, span))
}

fn split(delimiter: &str, text: &Value, span: Span) -> Value {
    if delimiter.is_empty() || matches!(text.data, Data::Unknown(_)) {
        return Value::unknown("Fn::Split", why_of(text), span);
    }
    let mut items: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in text.pieces() {
        match piece {
            Piece::Text(text) => {
                for (i, part) in text.split(delimiter).enumerate() {
                    if i > 0 {
                        items.push(Vec::new());
                    }
                    if let Some(last) = items.last_mut() {
                        last.push(Piece::Text(part.into()));
                    }
                }
            }
            other => {
                if let Some(last) = items.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    Value::list(items.into_iter().map(|pieces| Value::template(pieces, span)).collect(), span)
}

/// `count` IPv4 blocks with `bits` host bits each, from the start of `block`.
fn cidr(block: &Value, count: &Value, bits: i64, span: Span) -> Option<Value> {
    let count = usize::try_from(count.as_i64()?).ok().filter(|n| (1..=256).contains(n))?;
    let bits = u32::try_from(bits).ok().filter(|b| (1..=32).contains(b))?;
    let Some(text) = block.as_str() else {
        let one = |i: usize| Value::unknown(format!("block {i} of {}", block.display()), why_of(block), span);
        return Some(Value::list((0..count).map(one).collect(), span));
    };
    let (address, _) = text.split_once('/')?;
    let base = u32::from(address.parse::<std::net::Ipv4Addr>().ok()?);
    let step = 1u64.checked_shl(bits)?;
    let blocks = (0..count as u64).map(|i| {
        let start = u32::try_from(u64::from(base) + i * step).unwrap_or(u32::MAX);
        Value::text(format!("{}/{}", std::net::Ipv4Addr::from(start), 32 - bits), span)
    });
    Some(Value::list(blocks.collect(), span))
}
