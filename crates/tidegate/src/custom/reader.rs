//! Reads values strictly and notes everything that is wrong, not only the first thing.

use crate::config::Complaint;
use crate::suggest::closest;
use std::ops::Range;
use tidegate_graph::{Data, Map, Span, Value};

/// A text and what is wrong with it.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) complaints: Vec<Complaint>,
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

impl Reader<'_> {
    pub(super) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text.get(..at).map_or(0, |t| t.matches('\n').count()) + 1
    }

    /// Complains about keys that there are not.
    pub(super) fn known(&mut self, table: &str, value: &Value, keys: &[&str]) {
        for (name, field) in value.as_map().into_iter().flat_map(Map::fields) {
            if keys.contains(&name.as_str()) {
                continue;
            }
            let mut complaint = Complaint::new(range(field.key), format!("there is no key `{table}{name}`"));
            if let Some(close) = closest(name, keys.iter().copied()) {
                complaint = complaint.label(format!("did you mean `{close}`?"));
            }
            let list: Vec<String> = keys.iter().map(|k| format!("`{k}`")).collect();
            self.complain(complaint.help(format!("known keys: {}", list.join(", "))));
        }
    }

    pub(super) fn needed(&mut self, map: &Map, rule: &Value, key: &str) -> Option<(String, Range<usize>)> {
        let Some(value) = map.get(key) else {
            self.missing(rule, key);
            return None;
        };
        let text = value.as_text();
        if text.is_none() {
            self.wrong(key, value, "a string");
        }
        Some((text?.to_string(), range(value.span)))
    }

    pub(super) fn missing(&mut self, rule: &Value, key: &str) {
        let whole = range(rule.span);
        let first = self.text.get(whole.clone()).and_then(|t| t.lines().next()).map_or(0, str::len);
        let at = whole.start..whole.start + first;
        self.complain(
            Complaint::new(at, format!("the rule has no `{key}`")).help(format!("add `{key}: ...`")),
        );
    }

    pub(super) fn plain(&mut self, map: &Map, key: &str) -> String {
        match map.get(key).map(|v| (v, v.as_text())) {
            Some((_, Some(text))) => text.to_string(),
            Some((value, None)) => {
                self.wrong(key, value, "a string");
                String::new()
            }
            None => String::new(),
        }
    }

    pub(super) fn texts(&mut self, map: &Map, key: &str) -> Vec<String> {
        let mut out = Vec::new();
        for item in map.get(key).map(Value::items).unwrap_or_default() {
            match item.as_text() {
                Some(text) => out.push(text.to_string()),
                None => self.wrong(key, item, "a string or a list of strings"),
            }
        }
        out
    }

    pub(super) fn word<T: Copy>(&mut self, map: &Map, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.one_of(key, map.get(key)?, words)
    }

    pub(super) fn words<T: Copy>(
        &mut self,
        map: &Map,
        key: &str,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<Vec<T>> {
        Some(map.get(key)?.items().iter().filter_map(|item| self.one_of(what, item, words)).collect())
    }

    fn one_of<T: Copy>(&mut self, what: &str, value: &Value, words: &[(&str, T)]) -> Option<T> {
        let Some(text) = value.as_text() else {
            self.wrong(what, value, "a string");
            return None;
        };
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*found);
        }
        let mut complaint = Complaint::new(range(value.span), format!("there is no {what} `{text}`"));
        if let Some(close) = closest(&text, words.iter().map(|(w, _)| *w)) {
            complaint = complaint.label(format!("did you mean `{close}`?"));
        }
        let list: Vec<String> = words.iter().map(|(w, _)| format!("`{w}`")).collect();
        self.complain(complaint.help(format!("one of {}", list.join(", "))));
        None
    }

    pub(super) fn list<'v>(&mut self, key: &str, value: &'v Value) -> &'v [Value] {
        match value.as_list() {
            Some(items) => items,
            None => {
                self.wrong(key, value, "a list");
                &[]
            }
        }
    }

    pub(super) fn wrong(&mut self, key: &str, value: &Value, expected: &str) {
        let found = match &value.data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            _ => "a string",
        };
        let complaint = Complaint::new(range(value.span), format!("`{key}` has the wrong type"));
        self.complain(complaint.label(format!("expected {expected}, found {found}")));
    }
}
