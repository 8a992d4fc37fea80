//! Variables of the Serverless Framework: `${self:custom.x}`, `${opt:stage, 'dev'}`, `${file(./a.yml):key}`.
//!
//! A string that is one variable becomes the variable's value, whatever its type; in a longer string the values are
//! joined. What only a deployment knows (`env`, `ssm`, `cf` ...) stays as a symbol in its place.

use crate::reading::Options;
use crate::{Files, yaml};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tidegate_graph::{Data, Field, FileId, Map, Piece, Problem, Span, Str, Symbol, Value, Why};

/// Values made by all variables of a service together.
const MAX_VALUES: usize = 1_000_000;
/// Variables within variables, and values that lead to values.
const MAX_DEPTH: usize = 48;
/// Parts of an address, and sources of one variable.
const MAX_PARTS: usize = 64;

/// The service's text with all variables resolved.
pub(super) struct Resolver<'f> {
    files: &'f Files,
    file: FileId,
    root: Arc<Value>,
    options: &'f Options,
    stage: Option<Str>,
    budget: usize,
    /// Resolved addresses with their number of values.
    known: HashMap<Str, (Value, usize)>,
    open: HashSet<Str>,
    loaded: HashMap<Str, Option<Value>>,
    pub(super) problems: Vec<Problem>,
}

impl<'f> Resolver<'f> {
    pub(super) fn new(files: &'f Files, file: FileId, root: Value, options: &'f Options) -> Self {
        let stage = options.stage.as_deref().map(Str::from);
        Self {
            files,
            file,
            root: Arc::new(root),
            options,
            stage,
            budget: MAX_VALUES,
            known: HashMap::new(),
            open: HashSet::new(),
            loaded: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Fixes the stage: the option, what the provider says, or `dev`.
    pub(super) fn settle_stage(&mut self) -> Str {
        let given = self.stage.clone().or_else(|| self.address("provider.stage", 0)?.as_text());
        let stage = given.unwrap_or(Str::new_static("dev"));
        self.stage = Some(stage.clone());
        self.known.clear();
        let span = self.root.span;
        if let Some(provider) =
            Arc::make_mut(&mut self.root).as_map_mut().and_then(|m| m.get_mut("provider")?.as_map_mut())
        {
            let span = provider.get("stage").map_or(span, |v| v.span);
            provider.insert("stage", Value::text(stage.clone(), span));
        }
        stage
    }

    /// The whole service.
    pub(super) fn service(&mut self) -> Value {
        let root = Arc::clone(&self.root);
        self.value(&root, 0)
    }

    /// A value with its variables resolved.
    fn value(&mut self, value: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH || self.budget == 0 {
            return Value::unknown("variables", Why::Limit, value.span);
        }
        self.budget -= 1;
        match &value.data {
            Data::Text(text) if text.contains("${") => self.text(text, value.span, depth),
            Data::List(items) => {
                Value::list(items.iter().map(|v| self.value(v, depth + 1)).collect(), value.span)
            }
            Data::Map(map) => {
                let substituted = map.only().and_then(|(key, inner)| (key == "Fn::Sub").then_some(inner));
                if let Some(inner) = substituted {
                    return self.substitution(inner, value.span, depth);
                }
                let field = |this: &mut Self, field: &Field| Field {
                    key: field.key,
                    value: this.value(&field.value, depth + 1),
                };
                let map = map.fields().map(|(k, f)| (k.clone(), field(self, f))).collect();
                Value::map(map, value.span)
            }
            _ => value.clone(),
        }
    }

    /// `Fn::Sub` keeps its text; what a variable leaves unknown goes into its map.
    fn substitution(&mut self, inner: &Value, span: Span, depth: usize) -> Value {
        let resolved = self.value(inner, depth + 1);
        let (template, mut names) = match &resolved.data {
            Data::List(items) => match items.as_slice() {
                [template, names, ..] => (template.clone(), names.as_map().cloned().unwrap_or_default()),
                [template] => (template.clone(), Map::new()),
                [] => return Value::object([("Fn::Sub", resolved.clone())], span),
            },
            _ => (resolved.clone(), Map::new()),
        };
        let mut text = String::new();
        for (number, piece) in template.pieces().into_iter().enumerate() {
            match piece {
                Piece::Text(part) => text.push_str(&part),
                Piece::Symbol(symbol) if symbol.why == Why::Pseudo => {
                    text.push_str(&format!("${{{}}}", symbol.name));
                }
                hole => {
                    let name = format!("ServerlessVariable{number}");
                    text.push_str(&format!("${{{name}}}"));
                    names.insert(name, Value::template([hole], template.span));
                }
            }
        }
        let text = Value::text(text, template.span);
        let argument = if names.is_empty() {
            text
        } else {
            Value::list(vec![text, Value::map(names, resolved.span)], resolved.span)
        };
        Value::object([("Fn::Sub", argument)], span)
    }

    fn text(&mut self, text: &str, span: Span, depth: usize) -> Value {
        let mut pieces = Vec::new();
        let mut whole = None;
        let mut count = 0_usize;
        for part in split(text) {
            count += 1;
            match part {
                Part::Literal(literal) => pieces.push(Piece::Text(literal.into())),
                Part::Variable(inner) => {
                    let value = self.variable(inner, span, depth + 1);
                    match value.data {
                        Data::List(_) | Data::Map(_) | Data::Choice(_) | Data::Json(_) => {
                            pieces.push(hole(inner, Why::Function));
                        }
                        _ => pieces.extend(value.pieces()),
                    }
                    whole = Some(value);
                }
            }
        }
        match whole {
            Some(value) if count == 1 => value,
            Some(_) => Value::template(pieces, span),
            None => Value::text(text.replace("\\${", "${"), span),
        }
    }

    /// The value of `self:a.b, 'fallback'`: that of the first source that has one.
    fn variable(&mut self, inner: &str, span: Span, depth: usize) -> Value {
        if depth > MAX_DEPTH || self.budget == 0 {
            return Value::unknown(inner, Why::Limit, span);
        }
        let mut missing = None;
        let mut null = None;
        for source in commas(inner).into_iter().take(MAX_PARTS) {
            match self.source(source.trim(), span, depth) {
                Ok(value) if matches!(value.data, Data::Null) => null = Some(value),
                Ok(value) => return value,
                Err(symbol) => {
                    missing.get_or_insert(symbol);
                }
            }
        }
        null.unwrap_or_else(|| {
            let symbol = missing.unwrap_or_else(|| Symbol::new(inner.trim(), Why::Undeclared));
            Value::new(Data::Unknown(symbol), span)
        })
    }

    /// One source of a variable; an error is a value that isn't there, or isn't known yet.
    fn source(&mut self, source: &str, span: Span, depth: usize) -> Result<Value, Symbol> {
        if let Some(literal) = literal(source) {
            return Ok(Value::new(literal, span));
        }
        let nested = self.text(source, span, depth + 1);
        let Some(source) = nested.as_text() else {
            // A fallback that is a variable of its own has its value's type.
            return match nested.data {
                Data::Unknown(symbol) => Err(symbol),
                Data::Template(_) => Err(Symbol::new(nested.display(), Why::Lookup)),
                _ => Ok(nested),
            };
        };
        let Some((kind, parameter, address)) = reference(&source) else {
            return Ok(nested);
        };
        let unknown = |why| Err(Symbol::new(source.clone(), why));
        let found = match kind {
            "self" => self.address(address, depth + 1),
            "opt" => match address {
                "stage" => self.options.stage.as_deref().map(|s| Value::text(s, span)),
                _ => None,
            },
            "sls" if address == "stage" => {
                let stage = self.stage.clone().unwrap_or(Str::new_static("dev"));
                Some(Value::text(stage, span))
            }
            "param" => self.param(address, span, depth),
            "file" => return self.file(parameter, address, span, depth),
            "strToBool" => {
                let text = parameter.trim_matches(['\'', '"']);
                Some(Value::bool(!matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | ""), span))
            }
            "aws" if address == "accountId" => Some(pseudo("AWS::AccountId", span)),
            "aws" if address == "partition" => Some(pseudo("AWS::Partition", span)),
            "aws" if address == "region" => Some(
                self.address("provider.region", depth + 1).unwrap_or_else(|| pseudo("AWS::Region", span)),
            ),
            "cf" => return Err(Symbol::new(format!("output:{address}"), Why::Import)),
            _ => return unknown(Why::Lookup),
        };
        let why = if kind == "self" { Why::Undeclared } else { Why::Parameter };
        let value = found.ok_or_else(|| Symbol::new(source.clone(), why))?;
        Ok(match value.data {
            Data::List(_) | Data::Map(_) => value,
            // A cycle or a limit must not be hidden by a fallback, but a value that isn't known may have one.
            Data::Unknown(symbol) if symbol.why != Why::Pseudo => return Err(symbol),
            _ => value.at(span),
        })
    }

    fn param(&mut self, name: &str, span: Span, depth: usize) -> Option<Value> {
        if let Some(value) = self.options.parameters.get(name) {
            return Some(Value::text(value.as_str(), span));
        }
        let stage = self.stage.clone().unwrap_or(Str::new_static("dev"));
        let places = [
            format!("params.{stage}.{name}"),
            format!("stages.{stage}.params.{name}"),
            format!("params.default.{name}"),
            format!("stages.default.params.{name}"),
        ];
        places.iter().find_map(|place| self.address(place, depth + 1))
    }

    /// The value at an address of the service.
    fn address(&mut self, address: &str, depth: usize) -> Option<Value> {
        let span = self.root.span;
        if let Some((value, size)) = self.known.get(address) {
            // Each use is a copy, so that each has its price.
            let Some(rest) = self.budget.checked_sub(*size) else {
                return Some(Value::unknown(address, Why::Limit, span));
            };
            self.budget = rest;
            return Some(value.clone());
        }
        if depth > MAX_DEPTH {
            return Some(Value::unknown(address, Why::Limit, span));
        }
        let key = Str::from(address);
        if !self.open.insert(key.clone()) {
            return Some(Value::unknown(address, Why::Cycle, span));
        }
        let before = self.budget;
        let root = Arc::clone(&self.root);
        let value = self.walk(&root, address, depth).map(|value| self.value(&value, depth + 1));
        self.open.remove(&key);
        let value = value?;
        self.known.insert(key, (value.clone(), before - self.budget + 1));
        Some(value)
    }

    /// Follows an address, resolving what lies on the way.
    fn walk(&mut self, value: &Value, address: &str, depth: usize) -> Option<Value> {
        let mut value = Cow::Borrowed(value);
        for part in address.split('.').filter(|p| !p.is_empty()).take(MAX_PARTS) {
            if matches!(&value.data, Data::Text(text) if text.contains("${")) {
                value = Cow::Owned(self.value(&value, depth + 1));
            }
            if matches!(value.data, Data::Unknown(_)) {
                break;
            }
            value = match value {
                Cow::Borrowed(value) => Cow::Borrowed(child(value, part)?),
                Cow::Owned(value) => Cow::Owned(child(&value, part)?.clone()),
            };
        }
        Some(value.into_owned())
    }

    fn file(&mut self, path: &str, address: &str, span: Span, depth: usize) -> Result<Value, Symbol> {
        let path = path.trim().trim_matches(['\'', '"']);
        let name = format!("file({path})");
        let key = Str::from(format!("{name}:{address}"));
        if depth > MAX_DEPTH || self.budget == 0 {
            return Err(Symbol::new(name, Why::Limit));
        }
        let document = self.document(path).ok_or_else(|| Symbol::new(name, Why::Import))?;
        if !self.open.insert(key.clone()) {
            return Err(Symbol::new(key, Why::Cycle));
        }
        let found = self.walk(&document, address, depth + 1).map(|value| self.value(&value, depth + 1));
        self.open.remove(&key);
        let value = found.ok_or_else(|| Symbol::new(key, Why::Undeclared))?;
        Ok(match value.data {
            Data::List(_) | Data::Map(_) => value,
            _ => value.at(span),
        })
    }

    /// A file's content; `None` for what isn't there or is code.
    fn document(&mut self, path: &str) -> Option<Value> {
        if let Some(known) = self.loaded.get(path) {
            let known = known.clone();
            self.budget = self.budget.saturating_sub(known.as_ref().map_or(0, size));
            return known;
        }
        let document = self.load(path);
        self.loaded.insert(path.into(), document.clone());
        document
    }

    fn load(&mut self, path: &str) -> Option<Value> {
        let extension = path.rsplit('.').next().unwrap_or_default();
        if matches!(extension, "js" | "cjs" | "mjs" | "ts") {
            return None;
        }
        let id = self.files.load(&self.files.beside(self.file, path)).ok()?;
        let text = self.files.text(id);
        if !matches!(extension, "yml" | "yaml" | "json" | "tfstate") {
            return Some(Value::text(text.trim_end(), Span::new(id, 0, text.len())));
        }
        let (value, problems) = yaml::parse_one(id, &text);
        self.problems.extend(problems);
        value
    }
}

fn child<'v>(value: &'v Value, part: &str) -> Option<&'v Value> {
    match &value.data {
        Data::List(items) => items.get(part.parse::<usize>().ok()?),
        _ => value.get(part),
    }
}

fn size(value: &Value) -> usize {
    let mut count = 0;
    value.walk(&mut |_| count += 1);
    count
}

fn pseudo(name: &'static str, span: Span) -> Value {
    Value::template([Piece::Symbol(Symbol::new(name, Why::Pseudo))], span)
}

fn hole(name: &str, why: Why) -> Piece {
    Piece::Symbol(Symbol::new(name.trim(), why))
}

enum Part<'t> {
    Literal(&'t str),
    /// What stands between `${` and `}`.
    Variable(&'t str),
}

/// A text in its literal parts and variables; `${AWS::Region}`, `${Name}` and `\${x:y}` are literal.
fn split(text: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("${")) {
        let start = at + found;
        let Some(length) = text.get(start + 2..).and_then(closing) else { break };
        let end = start + 2 + length;
        let inner = text.get(start + 2..end).unwrap_or_default();
        let escaped = text.get(..start).is_some_and(|before| before.ends_with('\\'));
        if escaped || !is_variable(inner) {
            at = start + 2;
            continue;
        }
        if literal < start {
            out.push(Part::Literal(text.get(literal..start).unwrap_or_default()));
        }
        out.push(Part::Variable(inner));
        at = end + 1;
        literal = at;
    }
    if literal < text.len() {
        out.push(Part::Literal(text.get(literal..).unwrap_or_default()));
    }
    out
}

/// Offset of the brace that closes a variable.
fn closing(text: &str) -> Option<usize> {
    // A variable is a line or two; the bound keeps a text full of `${` linear.
    const MAX_LENGTH: usize = 4_096;
    let mut depth = 0_usize;
    let mut previous = '\0';
    for (at, c) in text.char_indices() {
        match c {
            _ if at > MAX_LENGTH => return None,
            '{' if previous == '$' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        previous = c;
    }
    None
}

fn is_variable(inner: &str) -> bool {
    let inner = inner.trim_start();
    if inner.starts_with("${") {
        return true;
    }
    let rest = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    rest.len() < inner.len() && (rest.starts_with('(') || rest.starts_with(':') && !rest.starts_with("::"))
}

/// Splits at commas outside of quotes, brackets and inner variables.
fn commas(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{' | '(') => depth += 1,
            (None, '}' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                out.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(start..));
    out
}

fn literal(source: &str) -> Option<Data> {
    let quoted = ['\'', '"'].into_iter().find_map(|q| source.strip_prefix(q)?.strip_suffix(q));
    if let Some(text) = quoted.filter(|text| !text.contains("${")) {
        return Some(Data::Text(text.into()));
    }
    match source {
        "true" => Some(Data::Bool(true)),
        "false" => Some(Data::Bool(false)),
        "null" => Some(Data::Null),
        "" => Some(Data::Text(Str::default())),
        _ => source.parse::<f64>().is_ok_and(f64::is_finite).then(|| Data::Number(source.into())),
    }
}

/// `file(./x.yml):a.b` as (`file`, `./x.yml`, `a.b`).
fn reference(source: &str) -> Option<(&str, &str, &str)> {
    let end = source.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')?;
    let (kind, rest) = source.split_at_checked(end)?;
    if let Some(rest) = rest.strip_prefix('(') {
        let (parameter, rest) = rest.rsplit_once(')')?;
        return Some((kind, parameter, rest.strip_prefix(':').unwrap_or_default().trim()));
    }
    Some((kind, "", rest.strip_prefix(':')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Options;

    fn resolve(text: &str, options: &Options) -> Value {
        let files = Files::new(&std::env::temp_dir().join("tidegate-no-such-folder"));
        let (root, problems) = yaml::parse_one(FileId(0), text);
        assert!(problems.is_empty(), "{problems:?}");
        let mut resolver = Resolver::new(&files, FileId(0), root.unwrap(), options);
        resolver.settle_stage();
        resolver.service()
    }

    fn show(custom: &str) -> String {
        let text = format!(
            "service: shop\nprovider: {{name: aws, region: eu-west-1}}\ncustom:\n  x: {custom}\n  y: {{a: [1, 2], stage-dev: d}}\n  z: true\n"
        );
        let value = resolve(&text, &Options::default());
        let x = value.get("custom").unwrap().get("x").unwrap();
        match &x.data {
            Data::Unknown(symbol) => format!("unknown {} ({})", symbol.name, symbol.why.phrase()),
            _ => x.display(),
        }
    }

    #[test]
    fn a_string_that_is_one_variable_keeps_its_type() {
        assert_eq!(show("${self:custom.y.a}"), "[1, 2]");
        assert_eq!(show("${self:custom.y.a.1}"), "2");
        assert_eq!(show("'${self:custom.z}'"), "true");
        assert_eq!(show("'${self:service}-${sls:stage}'"), "shop-dev");
    }

    #[test]
    fn fallbacks_and_nesting() {
        assert_eq!(show("\"${opt:stage, 'prod'}\""), "prod");
        assert_eq!(show("'${env:X, self:service}'"), "shop");
        assert_eq!(show("\"${env:X, ''}\""), "");
        assert_eq!(show("\"${self:custom.nope, self:custom.no, 'a, b'}\""), "a, b");
        assert_eq!(show("'${self:custom.y.stage-${sls:stage}}'"), "d");
        assert_eq!(show("'${opt:r, ${self:provider.region}}'"), "eu-west-1");
        assert_eq!(show("\"${strToBool(${opt:x, 'false'})}\""), "false");
    }

    #[test]
    fn what_only_the_deployment_knows_stays_a_symbol() {
        assert_eq!(show("'${ssm:/db/password}'"), "unknown ssm:/db/password (looked up at deployment)");
        assert_eq!(show("'a-${env:X}-b'"), "a-${env:X}-b");
        assert_eq!(
            show("'${cf:other.Arn}'"),
            "unknown output:other.Arn (an import of something that was not read)"
        );
        assert_eq!(
            show("'${self:custom.nope}'"),
            "unknown self:custom.nope (a reference to something that is not declared)"
        );
        assert_eq!(show("'arn:${aws:accountId}'"), "arn:${AWS::AccountId}");
        assert_eq!(
            show("'${file(./no.yml):a}'"),
            "unknown file(./no.yml) (an import of something that was not read)"
        );
    }

    #[test]
    fn what_is_no_variable_stays_as_it_is() {
        assert_eq!(
            show("'${AWS::Region}-${Queue}-${Queue.Arn}-${self.x}'"),
            "${AWS::Region}-${Queue}-${Queue.Arn}-${self.x}"
        );
        assert_eq!(show("'\\${self:service}'"), "${self:service}");
        assert_eq!(show("'${self:service'"), "${self:service");
    }

    #[test]
    fn the_stage_comes_from_the_options_first() {
        let options = Options { stage: Some("prod".into()), ..Options::default() };
        let value = resolve(
            "provider: {stage: dev}\na: '${self:provider.stage} ${sls:stage} ${opt:stage}'\n",
            &options,
        );
        assert_eq!(value.get("a").unwrap().display(), "prod prod prod");
        let value = resolve(
            "provider: {stage: \"${opt:stage, 'qa'}\"}\na: '${sls:stage}'\nparams: {qa: {p: 1}}\nb: '${param:p}'",
            &Options::default(),
        );
        assert_eq!(
            (value.get("a").unwrap().display(), value.get("b").unwrap().display()),
            ("qa".into(), "1".into())
        );
    }

    #[test]
    fn substitutions_keep_their_text() {
        let value = resolve("a: {Fn::Sub: 'x-${self:b}-${Queue.Arn}-${env:E}'}\nb: y\n", &Options::default());
        let argument = value.get("a").unwrap().get("Fn::Sub").unwrap().as_list().unwrap();
        assert_eq!(argument[0].display(), "x-y-${Queue.Arn}-${ServerlessVariable1}");
        assert_eq!(argument[1].get("ServerlessVariable1").unwrap().display(), "${env:E}");
    }

    #[test]
    fn circles_and_growth_end_as_unknown() {
        let value = resolve("a: '${self:b}'\nb: '${self:a}'\nc: 'x${self:c}'\n", &Options::default());
        assert!(value.get("a").unwrap().is_unknown());
        assert!(value.get("c").unwrap().is_unknown());
        let mut text = String::from("a0: [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..30 {
            let item = format!("'${{self:a{}}}'", i - 1);
            text.push_str(&format!("a{i}: [{}]\n", vec![item; 10].join(", ")));
        }
        let mut count = 0;
        resolve(&text, &Options::default()).walk(&mut |_| count += 1);
        assert!(count < 4 * MAX_VALUES, "{count}");
        let deep = format!("a: '{}self:b{}'\n", "${".repeat(5_000), "}".repeat(5_000));
        resolve(&deep, &Options::default());
    }
}
