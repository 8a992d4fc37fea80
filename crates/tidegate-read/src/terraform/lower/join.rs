//! Which resource another one is a part of.

use super::table::{Join, Type};
use super::{Instance, table_of};
use std::collections::HashMap;
use std::fmt::Write as _;
use tidegate_graph::{Piece, Str, Value};

/// A chain of parts that name each other ends here.
const MAX_CHAIN: usize = 8;

/// The instances of a stack, by what leads to them.
pub(super) struct Owners<'a> {
    instances: &'a [Instance],
    by_id: HashMap<&'a str, usize>,
    by_name: HashMap<(&'static str, String), usize>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(instances: &'a [Instance]) -> Self {
        let by_id = instances.iter().enumerate().map(|(i, x)| (x.id.as_str(), i)).collect();
        let mut owners = Self { instances, by_id, by_name: HashMap::new() };
        let compound = compound_keys();
        for (i, instance) in instances.iter().enumerate().filter(|(_, x)| !x.data) {
            let Some(ty) = table_of(&instance.ty) else { continue };
            for name in ty.names {
                if let Some(key) = owners.key(instance, &[name]) {
                    owners.by_name.entry((ty.terraform, key)).or_insert(i);
                }
            }
            for by in compound.iter().filter(|(owner, _)| *owner == ty.terraform).map(|(_, by)| by) {
                if let Some(key) = owners.key(instance, by) {
                    owners.by_name.entry((ty.terraform, key)).or_insert(i);
                }
            }
        }
        owners
    }

    /// Index of the instance with this id.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The resource of this stack that a data source reads.
    pub(super) fn read_by(&self, source: &Instance) -> Option<usize> {
        let ty = table_of(&source.ty)?;
        let named = ty.names.iter().filter_map(|name| source.attributes.get(name));
        let behind = |value: &Value| {
            let index = value.as_reference().and_then(|r| self.index(&r.target));
            let index =
                index.filter(|i| self.instances.get(*i).is_some_and(|x| !x.data && x.ty == source.ty));
            index.or_else(|| self.by_name.get(&(ty.terraform, self.word(value)?)).copied())
        };
        named.flat_map(Value::branches).find_map(behind)
    }

    /// The instances that `part` belongs to, with the join that leads there.
    pub(super) fn of(&self, part: &Instance, ty: &Type) -> Vec<(&'static Join, usize)> {
        let mut out = Vec::new();
        for join in ty.joins {
            out.extend(self.through(part, join, 0).into_iter().map(|owner| (join, owner)));
        }
        out
    }

    fn through(&self, part: &Instance, join: &'static Join, depth: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for value in join.by.iter().filter_map(|key| part.attributes.get(key)) {
            for value in value.branches().into_iter().flat_map(|v| v.items().iter()) {
                found.extend(self.behind(value, join, depth));
            }
        }
        if found.is_empty() {
            if let [by] = join.by {
                let items = part.attributes.get(by).map(Value::items).unwrap_or_default();
                let keys = items.iter().filter_map(|v| self.word(v));
                found.extend(keys.filter_map(|key| self.by_name.get(&(join.owner, key))));
            } else if let Some(key) = self.key(part, join.by) {
                found.extend(self.by_name.get(&(join.owner, key)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The owner that a reference leads to, through other parts of the same owner if need be.
    fn behind(&self, value: &Value, join: &'static Join, depth: usize) -> Vec<usize> {
        let Some(index) = value.as_reference().and_then(|r| self.index(&r.target)) else { return Vec::new() };
        let Some(target) = self.instances.get(index).filter(|x| !x.data) else { return Vec::new() };
        if target.ty == join.owner {
            return vec![index];
        }
        let Some(ty) = table_of(&target.ty).filter(|_| depth < MAX_CHAIN) else { return Vec::new() };
        let onward = ty.joins.iter().filter(|j| j.owner == join.owner);
        onward.flat_map(|j| self.through(target, j, depth + 1)).collect()
    }

    /// The values of some attributes as one word; `None` unless all are there and strings.
    fn key(&self, instance: &Instance, by: &[&str]) -> Option<String> {
        let mut out = String::new();
        for name in by {
            out.push_str(&self.word(instance.attributes.get(name)?)?);
            out.push('\n');
        }
        out.pop();
        Some(out)
    }

    /// A string as a word that is equal for equal strings.
    fn word(&self, value: &Value) -> Option<String> {
        let mut out = String::new();
        for piece in value.pieces() {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Symbol(symbol) => {
                    let _ = write!(out, "\u{1}{}\u{2}", symbol.name);
                }
                Piece::Reference(reference) => {
                    let ty = self.index(&reference.target).and_then(|i| self.instances.get(i));
                    let attribute: Str =
                        ty.and_then(|x| table_of(&x.ty)).map_or(reference.attribute.clone(), |ty| {
                            super::references::attribute(ty, &reference.attribute)
                        });
                    let _ = write!(out, "\u{1}@{}.{attribute}\u{2}", reference.target);
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }
}

/// Joins that need several attributes to tell one owner from the next.
fn compound_keys() -> Vec<(&'static str, &'static [&'static str])> {
    let joins = super::tables().flat_map(|t| t.joins);
    let mut out: Vec<_> = joins.filter(|j| j.by.len() > 1).map(|j| (j.owner, j.by)).collect();
    out.sort_unstable();
    out.dedup();
    out
}
