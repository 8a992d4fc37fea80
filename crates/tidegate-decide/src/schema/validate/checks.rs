//! Checks that look at one value and no further.

use super::same::{hash, same};
use super::types;
use super::{Fault, Outcome, Run, Why, within};
use crate::json::{Item, Kind, unescape};
use crate::schema::format;
use crate::schema::number::Decimal;
use std::cmp::Ordering;
use tidegate_graph::contract::schema::{Check, Types};

impl<'p> Run<'p, '_> {
    /// A check that needs no other node; all others hold here.
    pub(super) fn leaf(&mut self, check: &'p Check, item: Item<'_>) -> Outcome<'p> {
        let kind = item.kind();
        let demand = |holds: bool, why: Why<'p>| {
            if holds { Ok(()) } else { Err(Fault { index: item.index(), why }) }
        };
        match check {
            Check::Never => demand(false, Why::Never),
            Check::Unknown => {
                self.unsure = true;
                Ok(())
            }
            Check::Type(types) => demand(is_of(item, *types), Why::Type(*types, kind, "type")),
            Check::Enum(texts, literals) => {
                let listed = self.listed(texts, literals, item)?;
                demand(listed, self.of_type(check, item).unwrap_or(Why::Enum))
            }
            Check::Minimum(bound, excluded) if kind == Kind::Number => {
                let order = Decimal::read(item.raw()).compare(Decimal::read(bound.as_bytes()));
                demand(
                    order == Ordering::Greater || order == Ordering::Equal && !excluded,
                    Why::Minimum(bound),
                )
            }
            Check::Maximum(bound, excluded) if kind == Kind::Number => {
                let order = Decimal::read(item.raw()).compare(Decimal::read(bound.as_bytes()));
                demand(order == Ordering::Less || order == Ordering::Equal && !excluded, Why::Maximum(bound))
            }
            Check::MultipleOf(unit) if kind == Kind::Number => {
                let number = Decimal::read(item.raw());
                demand(number.is_multiple_of(Decimal::read(unit.as_bytes())), Why::MultipleOf(unit))
            }
            Check::Length(least, most) if kind == Kind::String => {
                let length = self.text(item, |text| text.iter().filter(|b| **b & 0xc0 != 0x80).count());
                self.work(length / 64, item)?;
                demand(within(length, *least, *most), Why::Length(*least, *most))
            }
            Check::Pattern(pattern) if kind == Kind::String => {
                let fits = self.fits(*pattern, item)?;
                demand(fits, Why::Pattern)
            }
            Check::Format(format) if kind == Kind::String => {
                self.work(item.raw().len() / 32, item)?;
                let holds = self.text(item, |text| format::holds(*format, text));
                demand(holds, Why::Format(*format))
            }
            Check::DependentRequired(map) if kind == Kind::Object => {
                for (_, names) in map.iter().filter(|(name, _)| item.field(name).is_some()) {
                    self.work(1, item)?;
                    for name in names {
                        self.work(1 + item.raw().len() / 256, item)?;
                        demand(item.field(name).is_some(), Why::Missing(name))?;
                    }
                }
                Ok(())
            }
            Check::Count(least, most) if kind == Kind::Array => {
                let count = item.items().count();
                self.work(count / 8, item)?;
                demand(within(count, *least, *most), Why::Count)
            }
            Check::Unique if kind == Kind::Array => {
                let unique = self.unique(item)?;
                demand(unique, Why::Unique)
            }
            _ => Ok(()),
        }
    }

    /// Whether it is the type of `item` that a check of alternatives refuses.
    pub(super) fn of_type(&self, check: &Check, item: Item<'_>) -> Option<Why<'p>> {
        let kind = item.kind();
        let types = types::of_check(check, &self.ready.types, &self.ready.literals);
        let word = match check {
            Check::Enum(..) => "enum",
            Check::One(_) => "oneOf",
            _ => "anyOf",
        };
        types::wanted(types, kind).map(|wanted| Why::Type(wanted, kind, word))
    }

    fn text<T>(&mut self, item: Item<'_>, f: impl FnOnce(&[u8]) -> T) -> T {
        if !item.is_escaped() {
            return f(item.raw());
        }
        self.buffers.text.clear();
        unescape(item.raw(), &mut self.buffers.text);
        f(&self.buffers.text)
    }

    pub(super) fn fits(&mut self, pattern: u32, item: Item<'_>) -> Result<bool, Fault<'p>> {
        self.work(1 + item.raw().len() / 16, item)?;
        let pattern = self.ready.patterns.get(pattern as usize).and_then(Option::as_ref);
        let fits = pattern.and_then(|pattern| self.text(item, |text| pattern.fits(text)));
        self.unsure |= fits.is_none();
        Ok(fits.unwrap_or(true))
    }

    fn listed(&mut self, texts: &[String], literals: &[u32], item: Item<'_>) -> Result<bool, Fault<'p>> {
        if item.kind() == Kind::String {
            return Ok(self.text(item, |text| texts.binary_search_by(|t| t.as_bytes().cmp(text)).is_ok()));
        }
        let ready = self.ready;
        for literal in literals.iter().filter_map(|at| ready.literals.get(*at as usize)) {
            self.work(1, item)?;
            if same(item, literal.1.root(literal.0.as_bytes()), &mut self.left) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Elements by their hash, so that only those are compared that may be the same.
    fn unique(&mut self, item: Item<'_>) -> Result<bool, Fault<'p>> {
        let mut hashes = std::mem::take(&mut self.buffers.hashes);
        hashes.clear();
        self.work(item.raw().len() / 16, item)?;
        hashes.extend(item.items().map(|element| (hash(element), element.index())));
        hashes.sort_unstable();
        let mut unique = true;
        for (at, (hash, index)) in hashes.iter().enumerate() {
            let equal = hashes.iter().skip(at + 1).take_while(|(other, _)| other == hash);
            for (_, other) in equal {
                self.left = self.left.saturating_sub(1);
                unique &= !same(item.at(*index), item.at(*other), &mut self.left);
                if !unique || self.left == 0 {
                    break;
                }
            }
            if !unique || self.left == 0 {
                break;
            }
        }
        self.buffers.hashes = hashes;
        self.work(0, item)?;
        Ok(unique)
    }
}

fn is_of(item: Item<'_>, types: Types) -> bool {
    match item.kind() {
        Kind::Null => types.has(Types::NULL),
        Kind::Bool => types.has(Types::BOOLEAN),
        Kind::Number => {
            types.has(Types::NUMBER) || types.has(Types::INTEGER) && Decimal::read(item.raw()).is_whole()
        }
        Kind::String => types.has(Types::STRING),
        Kind::Array => types.has(Types::ARRAY),
        Kind::Object => types.has(Types::OBJECT),
    }
}
