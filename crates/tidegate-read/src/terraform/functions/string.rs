//! Strings.

use super::{Arguments, Outcome, Trouble, pieces_of, string_of, text, text_of};
use crate::terraform::eval::{Evaluator, MAX_TEXT};
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use tidegate_graph::{Data, Map, Piece, Str, Value, Why};

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "lower" => each_text(arguments, str::to_lowercase),
        "upper" => each_text(arguments, str::to_uppercase),
        "title" => each_text(arguments, title),
        "trimspace" => trim(arguments, |t| t.trim_start().into(), |t| t.trim_end().into()),
        "chomp" => trim(arguments, |t| t.into(), |t| t.trim_end_matches(['\n', '\r']).into()),
        "trim" => arguments.text(1).and_then(|cut| {
            let set: Vec<char> = cut.chars().collect();
            trim(
                arguments,
                |t| t.trim_start_matches(&set[..]).into(),
                |t| t.trim_end_matches(&set[..]).into(),
            )
        }),
        "trimprefix" => arguments.text(1).and_then(|cut| {
            trim(arguments, |t| t.strip_prefix(cut.as_str()).unwrap_or(t).into(), |t| t.into())
        }),
        "trimsuffix" => arguments.text(1).and_then(|cut| {
            trim(arguments, |t| t.into(), |t| t.strip_suffix(cut.as_str()).unwrap_or(t).into())
        }),
        "strrev" => arguments.text(0).and_then(|t| text(t.chars().rev().collect::<String>())),
        "startswith" => begins(arguments, true),
        "endswith" => begins(arguments, false),
        "strcontains" => two(arguments, |t, part| t.contains(part)),
        "split" => split(arguments),
        "join" => join(arguments),
        "substr" => substr(arguments),
        "indent" => indent(arguments),
        "tostring" => arguments.get(0).and_then(|value| match &value.data {
            Data::Number(t) => Ok(Data::Text(t.clone())),
            Data::Bool(_) => text(value.as_text().unwrap_or_default()),
            Data::List(_) | Data::Map(_) => Err(Trouble::Refused),
            data => Ok(data.clone()),
        }),
        _ => return None,
    })
}

impl Evaluator<'_> {
    /// Functions with regular expressions, in linear time whatever the pattern.
    pub(super) fn pattern(&mut self, name: &str, arguments: &Arguments<'_>) -> Outcome {
        match name {
            "replace" => {
                let part = arguments.text(1)?;
                let with = arguments.pieces(2)?;
                match part.strip_prefix('/').and_then(|p| p.strip_suffix('/')).filter(|p| !p.is_empty()) {
                    Some(pattern) => {
                        let regex = self.compile(pattern)?;
                        replace_pattern(&regex, &arguments.text(0)?, &arguments.text(2)?)
                    }
                    None => replace(arguments, &part, &with),
                }
            }
            _ => {
                let regex = self.compile(&arguments.text(0)?)?;
                let haystack = arguments.text(1)?;
                self.spend(haystack.len() / 16);
                let mut found =
                    regex.captures_iter(haystack.as_str()).map(|c| capture(&regex, &c, &haystack, arguments));
                match name {
                    "regex" => found.next().map(|v| v.data).ok_or(Trouble::Refused),
                    _ => Ok(Data::List(found.take(10_000).collect())),
                }
            }
        }
    }

    fn compile(&mut self, pattern: &str) -> Result<Regex, Trouble> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone().ok_or(Trouble::Unknown);
        }
        // Compiling costs far more than matching; the budget says how many patterns there may be.
        self.spend(20_000);
        let config = Regex::config().nfa_size_limit(Some(1 << 19)).hybrid_cache_capacity(1 << 20);
        let regex = Regex::builder().configure(config).build(pattern).ok();
        self.patterns.insert(pattern.into(), regex.clone());
        regex.ok_or(Trouble::Unknown)
    }
}

/// Applies to the known pieces; holes are left as they are.
fn each_text(arguments: &Arguments<'_>, apply: impl Fn(&str) -> String) -> Outcome {
    let pieces = arguments.pieces(0)?;
    if pieces.iter().any(|p| matches!(p, Piece::Symbol(s) if s.why != Why::Pseudo)) {
        return Err(Trouble::Unknown);
    }
    let pieces = pieces.into_iter().map(|piece| match piece {
        Piece::Text(t) => Piece::Text(apply(&t).into()),
        hole => hole,
    });
    string_of(pieces.collect(), arguments.span)
}

/// Trims the first and the last piece, as far as they are known.
fn trim(arguments: &Arguments<'_>, start: impl Fn(&str) -> Str, end: impl Fn(&str) -> Str) -> Outcome {
    let value = arguments.get(0)?;
    if matches!(value.data, Data::Json(_)) {
        return Ok(value.data.clone());
    }
    let mut pieces = pieces_of(value)?;
    if let Some(Piece::Text(first)) = pieces.first_mut() {
        *first = start(first);
    }
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        *last = end(last);
    }
    string_of(pieces, arguments.span)
}

fn title(t: &str) -> String {
    let mut start = true;
    t.chars()
        .flat_map(|c| {
            let upper = start && c.is_alphabetic();
            start = !c.is_alphanumeric();
            if upper { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect()
}

fn begins(arguments: &Arguments<'_>, start: bool) -> Outcome {
    let part = arguments.text(1)?;
    let value = arguments.get(0)?;
    let pieces = pieces_of(value)?;
    let edge = if start { pieces.first() } else { pieces.last() };
    let Some(Piece::Text(edge)) = edge else {
        return if pieces.is_empty() { Ok(Data::Bool(part.is_empty())) } else { Err(Trouble::Unknown) };
    };
    let holds = if start { edge.starts_with(part.as_str()) } else { edge.ends_with(part.as_str()) };
    // A hole behind too short a piece may hold the rest.
    let short = pieces.len() > 1 && edge.len() < part.len();
    if short && !holds { Err(Trouble::Unknown) } else { Ok(Data::Bool(holds)) }
}

fn two(arguments: &Arguments<'_>, apply: fn(&str, &str) -> bool) -> Outcome {
    let part = arguments.text(1)?;
    let pieces = arguments.pieces(0)?;
    let holds = pieces.iter().any(|p| matches!(p, Piece::Text(t) if apply(t, &part)));
    if !holds && pieces.iter().any(|p| !matches!(p, Piece::Text(_))) {
        Err(Trouble::Unknown)
    } else {
        Ok(Data::Bool(holds))
    }
}

fn split(arguments: &Arguments<'_>) -> Outcome {
    let separator = arguments.text(0)?;
    let span = arguments.span;
    let pieces = arguments.pieces(1)?;
    if separator.is_empty() {
        let all = arguments.text(1)?;
        return Ok(Data::List(
            all.chars().take(MAX_TEXT / 64).map(|c| Value::text(c.to_string(), span)).collect(),
        ));
    }
    // Account ids and regions hold no separator; references may hold any number.
    if pieces
        .iter()
        .any(|p| matches!(p, Piece::Reference(_)) || matches!(p, Piece::Symbol(s) if s.why != Why::Pseudo))
    {
        return Err(Trouble::Unknown);
    }
    let mut items: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let Piece::Text(t) = piece else {
            items.last_mut().into_iter().for_each(|item| item.push(piece.clone()));
            continue;
        };
        for (i, part) in t.split(separator.as_str()).enumerate() {
            if i > 0 {
                items.push(Vec::new());
            }
            items.last_mut().into_iter().for_each(|item| item.push(Piece::Text(part.into())));
        }
    }
    if items.len() > 100_000 {
        return Err(Trouble::Limit);
    }
    Ok(Data::List(items.into_iter().map(|pieces| Value::template(pieces, span)).collect()))
}

fn join(arguments: &Arguments<'_>) -> Outcome {
    let separator = arguments.pieces(0)?;
    let mut pieces = Vec::new();
    let mut first = true;
    for item in
        (1..arguments.len()).map(|i| arguments.list(i)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten()
    {
        if matches!(item.data, Data::Null) {
            continue;
        }
        if !first {
            pieces.extend(separator.iter().cloned());
        }
        first = false;
        pieces.extend(pieces_of(item)?);
    }
    string_of(pieces, arguments.span)
}

fn substr(arguments: &Arguments<'_>) -> Outcome {
    let (offset, length) = (arguments.integer(1)?, arguments.integer(2)?);
    let value = arguments.get(0)?;
    let whole = text_of(value);
    let known: Vec<char> = match &whole {
        Ok(t) => t.chars().collect(),
        // A prefix that lies within the first piece is known whatever follows.
        Err(_) => match pieces_of(value)?.first() {
            Some(Piece::Text(t)) if offset >= 0 && length >= 0 => {
                let first: Vec<char> = t.chars().collect();
                let end = offset.saturating_add(length);
                if usize::try_from(end).is_ok_and(|end| end <= first.len()) {
                    first
                } else {
                    return Err(Trouble::Unknown);
                }
            }
            // Names are cut to a length that their pieces seldom reach.
            _ if offset == 0 && length >= 16 => return Ok(value.data.clone()),
            _ => return Err(Trouble::Unknown),
        },
    };
    let count = known.len();
    let start = if offset < 0 {
        count.saturating_sub(usize::try_from(-offset).unwrap_or(count))
    } else {
        usize::try_from(offset).unwrap_or(count)
    };
    let length = if length < 0 { count } else { usize::try_from(length).unwrap_or(count) };
    text(known.into_iter().skip(start).take(length).collect::<String>())
}

fn indent(arguments: &Arguments<'_>) -> Outcome {
    let count = usize::try_from(arguments.integer(0)?).map_err(|_| Trouble::Refused)?;
    let blanks = " ".repeat(count.min(1_000));
    let mut out = Vec::new();
    for piece in arguments.pieces(1)? {
        match piece {
            Piece::Text(t) if t.matches('\n').count().saturating_mul(blanks.len()) > MAX_TEXT => {
                return Err(Trouble::Limit);
            }
            Piece::Text(t) => out.push(Piece::Text(t.replace('\n', &format!("\n{blanks}")).into())),
            hole => out.push(hole),
        }
    }
    string_of(out, arguments.span)
}

fn replace(arguments: &Arguments<'_>, part: &str, with: &[Piece]) -> Outcome {
    let mut out = Vec::new();
    for piece in arguments.pieces(0)? {
        let Piece::Text(t) = piece else {
            out.push(piece);
            continue;
        };
        if part.is_empty() {
            out.push(Piece::Text(t));
            continue;
        }
        for (i, part) in t.split(part).enumerate() {
            if i > 0 {
                out.extend(with.iter().cloned());
            }
            out.push(Piece::Text(part.into()));
        }
    }
    string_of(out, arguments.span)
}

fn replace_pattern(regex: &Regex, haystack: &str, with: &str) -> Outcome {
    let mut out = String::new();
    let mut last = 0;
    for captures in regex.captures_iter(haystack) {
        let Some(found) = captures.get_match() else { continue };
        out.push_str(haystack.get(last..found.start()).unwrap_or_default());
        captures.interpolate_string_into(haystack, with, &mut out);
        last = found.end();
        if out.len() > MAX_TEXT {
            return Err(Trouble::Limit);
        }
    }
    out.push_str(haystack.get(last..).unwrap_or_default());
    text(out)
}

/// A match as Terraform has it: the text, a list of its groups, or a map of its named groups.
fn capture(regex: &Regex, captures: &Captures, haystack: &str, arguments: &Arguments<'_>) -> Value {
    let span = arguments.span;
    let group = |index: usize| match captures.get_group(index) {
        Some(range) => Value::text(haystack.get(range.start..range.end).unwrap_or_default(), span),
        None => Value::new(Data::Null, span),
    };
    let names: Vec<Option<&str>> =
        regex.group_info().pattern_names(regex_automata::PatternID::ZERO).collect();
    if names.len() <= 1 {
        return group(0);
    }
    if names.iter().any(Option::is_some) {
        let mut map = Map::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(name) = name {
                map.insert(*name, group(index));
            }
        }
        return Value::map(map, span);
    }
    Value::list((1..names.len()).map(group).collect(), span)
}
