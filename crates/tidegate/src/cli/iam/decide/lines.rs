//! Requests as lines of JSON, decisions as lines of JSON.

use crate::exit::Exit;
use crate::failure::Failure;
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufWriter, ErrorKind, Read, Write};
use std::sync::Arc;
use tidegate_graph::Str;
use tidegate_iam::decide::{Clause, Explanation, Grant, Hit, explain};
use tidegate_iam::policy::PrincipalPattern;
use tidegate_iam::{Applicable, Boundary, Context, Level, Policy, Request, Verdict, hole};

/// Bytes in a line; a request with all the policies that AWS allows is far below it.
const LONGEST: u64 = 16 * 1024 * 1024;

pub(super) fn run() -> Result<Exit, Failure> {
    let mut input = std::io::stdin().lock();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut exit = Exit::Clean;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .context("could not read standard input")?;
        if read == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match Question::parse(&line) {
            Ok(question) => question.answer(),
            Err((id, message)) => {
                exit = Exit::Usage;
                json!({ "id": id, "error": message })
            }
        };
        match writeln!(out, "{answer}") {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(exit),
            other => other.context("could not write to standard output")?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("could not write to standard output").into())
        }
        _ => Ok(exit),
    }
}

/// One line.
struct Question {
    id: Value,
    request: Request,
    identity: Vec<Arc<Policy>>,
    boundary: Bounds,
    session: Vec<Arc<Policy>>,
    resource: Option<Policy>,
    scps: Vec<Level>,
    rcps: Vec<Level>,
    endpoint: Vec<Arc<Policy>>,
    grants: Vec<Grant>,
}

enum Bounds {
    Unset,
    Missing,
    Set(Vec<Arc<Policy>>),
}

impl Question {
    fn parse(line: &[u8]) -> Result<Self, (Value, String)> {
        let line: Value =
            serde_json::from_slice(line).map_err(|e| (Value::Null, format!("not JSON: {e}")))?;
        let id = line.get("id").cloned().unwrap_or_default();
        Self::read(&line).map_err(|message| (id, message))
    }

    fn read(line: &Value) -> Result<Self, String> {
        let request = line.get("request").ok_or("`request` is missing")?;
        let none = Value::Object(Map::new());
        let policies = line.get("policies").unwrap_or(&none);
        let part = |name: &str| policies.get(name).filter(|v| !v.is_null());
        Ok(Self {
            id: line.get("id").cloned().unwrap_or_default(),
            request: read_request(request)?,
            identity: list("identity", part("identity"))?,
            boundary: boundary(part("boundary"))?,
            session: list("session", part("session"))?,
            resource: part("resource").map(|v| policy("resource", v)),
            scps: levels("scps", part("scps"))?,
            rcps: levels("rcps", part("rcps"))?,
            endpoint: list("endpoint", part("endpoint"))?,
            grants: grants(part("grants"))?,
        })
    }

    fn answer(&self) -> Value {
        let policies = Applicable {
            identity: &self.identity,
            boundary: match &self.boundary {
                Bounds::Unset => Boundary::Unset,
                Bounds::Missing => Boundary::Missing,
                Bounds::Set(policies) => Boundary::Set(policies),
            },
            session: &self.session,
            resource: self.resource.as_ref(),
            scps: &self.scps,
            rcps: &self.rcps,
            endpoint: &self.endpoint,
            grants: &self.grants,
        };
        let explanation = explain(&self.request, &policies);
        let mut out = json!({
            "id": self.id,
            "decision": explanation.decision.verdict.word(),
            "by": explanation.decision.by.map(tidegate_iam::Kind::word),
            "statements": explanation.because.iter().map(hit).collect::<Vec<_>>(),
        });
        let problems = self.problems();
        if let (false, Some(out)) = (problems.is_empty(), out.as_object_mut()) {
            out.insert("problems".to_string(), problems.into());
        }
        if let (Verdict::Unknown, Some(out)) = (explanation.decision.verdict, out.as_object_mut()) {
            out.insert("allowed_if".to_string(), allowed_if(&explanation));
        }
        out
    }

    fn problems(&self) -> Vec<String> {
        let boundary = match &self.boundary {
            Bounds::Set(policies) => policies.as_slice(),
            Bounds::Unset | Bounds::Missing => &[],
        };
        let levels = self.scps.iter().chain(&self.rcps).flat_map(|level| &level.policies);
        let lists =
            [&self.identity, boundary, &self.session, &self.endpoint].into_iter().flatten().chain(levels);
        let policies = lists.map(|p| &**p).chain(&self.resource);
        policies
            .flat_map(|p| p.problems.iter().map(|problem| format!("{}: {}", p.name, problem.message)))
            .collect()
    }
}

fn read_request(value: &Value) -> Result<Request, String> {
    let text = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("`request.{name}` is missing or no text"))
    };
    let mut request = Request::new(text("principal")?, text("action")?, text("resource")?);
    request.resource_account = value.get("resource_account").and_then(Value::as_str).map(Str::from);
    if value.get("unknown_context").and_then(Value::as_bool) == Some(true) {
        request.context = Context::unknown();
    }
    for (key, value) in value.get("context").and_then(Value::as_object).into_iter().flatten() {
        match value {
            Value::Null => request.context.set_unknown(key),
            Value::Array(values) => request.context.set_many(key, values.iter().filter_map(plain)),
            value => request.context.set(key, plain(value)),
        }
    }
    Ok(request)
}

fn plain(value: &Value) -> Option<Str> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string().into()),
        _ => None,
    }
}

/// A document. What of it AWS would refuse is left out, and the answer says so.
fn policy(kind: &str, value: &Value) -> Policy {
    Policy::from_value(kind, value)
}

fn list(kind: &str, value: Option<&Value>) -> Result<Vec<Arc<Policy>>, String> {
    let items = match value {
        None => &[][..],
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
    };
    let named = items.iter().enumerate().map(|(i, item)| (format!("{kind}[{i}]"), item));
    Ok(named.map(|(name, item)| Arc::new(policy(&name, item))).collect())
}

/// `[null]` stands for a policy that no longer exists.
fn boundary(value: Option<&Value>) -> Result<Bounds, String> {
    match value {
        None => Ok(Bounds::Unset),
        Some(Value::Array(items)) if items.iter().any(Value::is_null) => Ok(Bounds::Missing),
        Some(Value::Array(items)) if items.is_empty() => Ok(Bounds::Unset),
        Some(value) => Ok(Bounds::Set(list("boundary", Some(value))?)),
    }
}

fn levels(kind: &str, value: Option<&Value>) -> Result<Vec<Level>, String> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let items = value.as_array().ok_or_else(|| format!("`{kind}` is no list"))?;
    let level = |(i, item): (usize, &Value)| {
        let name = item.get("level").and_then(Value::as_str).unwrap_or_default();
        let policies = list(&format!("{kind}[{i}]"), item.get("policies"))?;
        Ok(Level { name: name.into(), policies })
    };
    items.iter().enumerate().map(level).collect()
}

fn grants(value: Option<&Value>) -> Result<Vec<Grant>, String> {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let grant = |item: &Value| {
        let grantee = item.get("grantee").and_then(Value::as_str).ok_or("a grant needs `grantee`")?;
        let kind = if grantee.ends_with(".amazonaws.com") { "Service" } else { "AWS" };
        let operations =
            item.get("operations").and_then(Value::as_array).ok_or("a grant needs `operations`")?;
        let context = item.get("context").and_then(Value::as_object);
        Ok(Grant {
            grantee: PrincipalPattern::new(kind, grantee),
            operations: operations.iter().filter_map(plain).collect(),
            context: context
                .into_iter()
                .flatten()
                .filter_map(|(k, v)| Some((k.as_str().into(), plain(v)?)))
                .collect(),
        })
    };
    items.iter().map(grant).collect()
}

fn hit(hit: &Hit<'_>) -> Value {
    json!({
        "type": hit.kind.word(),
        "level": hit.level,
        "policy": hit.policy.name,
        "statement": hit.statement.index,
        "sid": hit.statement.sid,
        "effect": if hit.statement.allows() { "Allow" } else { "Deny" },
    })
}

/// All of it must hold: of each `any` one statement applies, and no `not` does.
fn allowed_if(explanation: &Explanation<'_>) -> Value {
    let with_conditions = |one: &Hit<'_>| {
        let mut out = hit(one);
        let conditions = one.open.iter().map(|condition| {
            let values: Vec<String> =
                condition.values.iter().map(tidegate_iam::policy::Template::display).collect();
            json!({ "operator": condition.written, "key": hole::display(&condition.key), "values": values })
        });
        if let Some(out) = out.as_object_mut() {
            out.insert("conditions".to_string(), conditions.collect());
        }
        out
    };
    explanation
        .clauses
        .iter()
        .map(|clause| match clause {
            Clause::Any(hits) => json!({ "any": hits.iter().map(with_conditions).collect::<Vec<_>>() }),
            Clause::Not(one) => json!({ "not": with_conditions(one) }),
        })
        .collect()
}
