//! Conditions and principals: which imply which, by rules that are always right.

use crate::glob::Token;
use crate::policy::{Comparison, Condition, Operator, PrincipalPattern, Quantifier, Template, TextPart};
use crate::{Context, Glob, Scope, Statement};
use tidegate_graph::Str;

/// True if whenever the conditions of `new` hold and its principals are meant, those of `old` do and are.
pub(super) fn implies(new: &Statement, old: &Statement) -> bool {
    covers(old, new)
        && old.conditions.iter().all(|wanted| new.conditions.iter().any(|given| follows(given, wanted)))
}

/// True if a deny of the old policy can't apply where `new` does, because their conditions contradict each other.
pub(super) fn excluded(new: &Statement, old_deny: &Statement) -> bool {
    old_deny.conditions.iter().any(|wanted| new.conditions.iter().any(|given| contradicts(given, wanted)))
}

/// True if the new deny applies whenever the old one does.
pub(super) fn denies(old: &Statement, new: &Statement) -> bool {
    implies(old, new)
}

/// True if everybody whom `inner` means is meant by `outer`.
pub(super) fn covers(outer: &Statement, inner: &Statement) -> bool {
    match (&outer.principals, &inner.principals) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(Scope::Only(outer)), _) if outer.iter().any(PrincipalPattern::is_anyone) => true,
        (Some(Scope::Only(outer)), Some(Scope::Only(inner))) => inner.iter().all(|p| outer.contains(p)),
        (Some(Scope::Except(outer)), Some(Scope::Except(inner))) => outer.iter().all(|p| inner.contains(p)),
        _ => false,
    }
}

/// True if `wanted` holds whenever `given` does.
fn follows(given: &Condition, wanted: &Condition) -> bool {
    if !given.certain || !wanted.certain || given.key_lower() != wanted.key_lower() {
        return false;
    }
    let (a, b) = (given.operator, wanted.operator);
    let (own, other) = (&given.values, &wanted.values);
    if a == b && own.iter().all(|v| other.contains(v)) && other.iter().all(|v| own.contains(v)) {
        return true;
    }
    // A positive operator without `IfExists` holds only of a key that is there.
    let present = !a.negated && !a.if_exists && a.quantifier.is_none() && a.comparison != Comparison::Null;
    if b.comparison == Comparison::Null {
        return present
            && other.iter().all(|v| v.display().eq_ignore_ascii_case("false"))
            && !other.is_empty();
    }
    let weaker = a.quantifier == b.quantifier
        && a.negated == b.negated
        && (a.if_exists == b.if_exists || b.if_exists && a.quantifier.is_none());
    if !weaker {
        return false;
    }
    // One value of the request is in the list; a negated operator says that none is.
    let (inner, outer) = if a.negated { (other, own) } else { (own, other) };
    let comparisons = if a.negated { (b.comparison, a.comparison) } else { (a.comparison, b.comparison) };
    inner.iter().all(|value| {
        outer.contains(value) && comparisons.0 == comparisons.1
            || plain(value).is_some_and(|value| {
                outer.iter().filter_map(plain).any(|outer| wider(comparisons, &value, &outer))
            })
    })
}

/// True if every value that compares to `inner` compares to `outer`.
fn wider(comparisons: (Comparison, Comparison), inner: &str, outer: &str) -> bool {
    use Comparison::{Text, TextLike};
    match comparisons {
        (Text, TextLike) => Glob::new(outer).matches(inner),
        // Each star of the inner pattern must lie in one of the outer: true for a text in place of it that only a star covers.
        (TextLike, TextLike) => {
            let odd = inner.replace('*', "\u{e0fa}\u{e0fb}").replace('?', "\u{e0fc}");
            Glob::new(outer).matches(&odd) && !outer.contains('?')
        }
        _ => false,
    }
}

/// True if the two can't both hold.
fn contradicts(given: &Condition, wanted: &Condition) -> bool {
    if !given.certain || !wanted.certain || given.key_lower() != wanted.key_lower() {
        return false;
    }
    let (a, b) = (given.operator, wanted.operator);
    let all = |condition: &Condition| condition.values.iter().map(plain).collect::<Option<Vec<String>>>();
    let (Some(own), Some(other)) = (all(given), all(wanted)) else { return false };
    let bare = |op: Operator| op.quantifier.is_none() && !op.if_exists;
    if !bare(a) {
        return false;
    }
    let exact = matches!(a.comparison, Comparison::Text) && !a.negated;
    match (a.comparison, b.comparison) {
        // The key has one of these values, and none of them is wanted.
        (Comparison::Text, Comparison::Text) if exact && b.quantifier.is_none() && !b.negated => {
            own.iter().all(|v| !other.contains(v))
        }
        (Comparison::Text, Comparison::Text) if exact && b.quantifier.is_none() => {
            own.iter().all(|v| other.contains(v))
        }
        (Comparison::Bool, Comparison::Bool) if b.quantifier.is_none() => {
            let same = |v: &String| other.iter().any(|o| o.eq_ignore_ascii_case(v));
            own.iter().all(|v| !same(v))
        }
        (Comparison::Null, Comparison::Null) if bare(b) => {
            let same = |v: &String| other.iter().any(|o| o.eq_ignore_ascii_case(v));
            own.iter().all(|v| !same(v))
        }
        _ => false,
    }
}

/// The text of a value that says all of it: no variable, nothing unknown, no wildcard that stands for itself.
fn plain(value: &Template) -> Option<String> {
    let faithful = |part: &TextPart| match part {
        TextPart::Token(Token::Text(text)) => !text.contains(['*', '?', '$']),
        TextPart::Token(Token::Any | Token::One) => true,
        TextPart::Token(Token::Hole(_) | Token::Fresh(_)) | TextPart::Variable { .. } => false,
    };
    value.parts().iter().all(faithful).then(|| value.display())
}

/// Principals that a statement means, some of them.
pub(super) fn somebodies(statement: &Statement) -> Vec<String> {
    let mut out = match &statement.principals {
        Some(Scope::Only(items)) => items.iter().map(|item| item.text().to_string()).collect(),
        _ => Vec::new(),
    };
    out.retain(|text| text != "*");
    out.push(super::SOMEBODY.to_string());
    out.truncate(8);
    out
}

/// Contexts in which the statement's conditions hold, and those of the old policy perhaps not.
pub(super) fn contexts(statement: &Statement, allows: &[&Statement], denies: &[&Statement]) -> Vec<Context> {
    let mut base = Context::default();
    for condition in &statement.conditions {
        satisfy(condition, &mut base);
    }
    let mut out = vec![base.clone()];
    let own: Vec<&str> = statement.conditions.iter().map(Condition::key_lower).collect();
    let free = |condition: &&Condition| !own.contains(&condition.key_lower());
    let mut against = base.clone();
    for condition in allows.iter().flat_map(|s| &s.conditions).filter(free) {
        violate(condition, &mut against);
        let mut one = base.clone();
        violate(condition, &mut one);
        out.push(one);
    }
    out.push(against);
    for deny in denies {
        let mut one = base.clone();
        for condition in deny.conditions.iter().filter(free) {
            satisfy(condition, &mut one);
        }
        out.push(one);
    }
    // Other values of the statement's own keys.
    for condition in &statement.conditions {
        for value in condition.values.iter().take(8) {
            let mut one = base.clone();
            one.set(&condition.key, [sample(&value.display(), condition.operator.comparison)]);
            out.push(one);
        }
        let mut one = base.clone();
        one.set(&condition.key, []);
        out.push(one);
        let mut one = base.clone();
        one.set(&condition.key, ["another-value".into()]);
        out.push(one);
    }
    out.truncate(256);
    out
}

fn satisfy(condition: &Condition, context: &mut Context) {
    let Operator { comparison, negated, if_exists, quantifier } = condition.operator;
    let first = condition.values.first().map(Template::display).unwrap_or_default();
    if comparison == Comparison::Null {
        let absent = first.eq_ignore_ascii_case("true");
        let values: Vec<Str> = if absent { Vec::new() } else { vec!["value".into()] };
        return context.set(&condition.key, values);
    }
    if if_exists || negated && quantifier != Some(Quantifier::Any) || quantifier == Some(Quantifier::All) {
        // Holds of an absent key.
        return;
    }
    let value = if negated { "another-value".into() } else { sample(&first, comparison) };
    context.set(&condition.key, [value]);
}

fn violate(condition: &Condition, context: &mut Context) {
    let Operator { comparison, negated, if_exists, quantifier } = condition.operator;
    let first = condition.values.first().map(Template::display).unwrap_or_default();
    if comparison == Comparison::Null {
        let absent = !first.eq_ignore_ascii_case("true");
        let values: Vec<Str> = if absent { Vec::new() } else { vec!["value".into()] };
        return context.set(&condition.key, values);
    }
    let holds_absent = if_exists || negated || quantifier == Some(Quantifier::All);
    if !holds_absent {
        return context.set(&condition.key, []);
    }
    let value: Str = match (negated, comparison) {
        (true, _) => sample(&first, comparison),
        (false, Comparison::Bool) if first.eq_ignore_ascii_case("true") => "false".into(),
        (false, Comparison::Bool) => "true".into(),
        (false, Comparison::Ip) => "192.0.2.255".into(),
        (false, _) => "another-value".into(),
    };
    context.set(&condition.key, [value]);
}

/// A value that compares to one of the policy.
fn sample(value: &str, comparison: Comparison) -> Str {
    use crate::policy::Order;
    let number =
        |by: f64| value.parse::<f64>().map(|n| (n + by).to_string()).unwrap_or_else(|_| value.to_string());
    match comparison {
        Comparison::TextLike | Comparison::Arn => value.replace(['*', '?'], "x").into(),
        Comparison::Ip => value.split('/').next().unwrap_or(value).into(),
        Comparison::Number(Order::Less) => number(-1.0).into(),
        Comparison::Number(Order::Greater) => number(1.0).into(),
        Comparison::Date(Order::Less) => "1970-01-01T00:00:00Z".into(),
        Comparison::Date(Order::Greater) => "2999-01-01T00:00:00Z".into(),
        _ => value.into(),
    }
}
