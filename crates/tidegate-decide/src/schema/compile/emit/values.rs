//! Types and values, and what is asked of numbers and strings.

use super::super::Nature;
use super::super::library::{Dialect, Place, text};
use super::super::regex::{Obstacle, translate};
use super::{Draft, Emitter, count};
use crate::json::{Item, Kind};
use crate::schema::number::Decimal;
use tidegate_graph::contract::schema::{Check, Format, Types};

impl Emitter<'_, '_> {
    /// Types, values, and what is asked of numbers and strings.
    pub(super) fn values(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        if let Some(types) = self.types(place, dialect) {
            checks.push(Check::Type(types));
        }
        let Some(item) = self.library.item(place) else { return };
        let field = |key: &str| item.field(key);
        let listed = field("enum").filter(|e| e.kind() == Kind::Array).map(|e| e.items().collect::<Vec<_>>());
        let constant = field("const").filter(|_| dialect.draft >= Draft::Draft6).map(|c| vec![c]);
        for values in listed.into_iter().chain(constant) {
            let mut texts: Vec<String> = values.iter().filter_map(|v| text(*v)).collect();
            texts.sort();
            texts.dedup();
            let others = values.iter().filter(|v| v.kind() != Kind::String);
            let mut literals = Vec::new();
            for value in others {
                literals.push(u32::try_from(self.program.literals.len()).unwrap_or(u32::MAX));
                self.program.literals.push(String::from_utf8_lossy(value.raw()).into_owned());
            }
            checks.push(Check::Enum(texts, literals));
        }
        let number = |key: &str| field(key).filter(|n| n.kind() == Kind::Number).map(shown);
        let excluded = |key: &str| dialect.draft < Draft::Draft6 && field(key).is_some_and(Item::is_true);
        if let Some(bound) = number("minimum") {
            checks.push(Check::Minimum(bound, excluded("exclusiveMinimum")));
        }
        if let Some(bound) = number("maximum") {
            checks.push(Check::Maximum(bound, excluded("exclusiveMaximum")));
        }
        if dialect.draft >= Draft::Draft6 {
            checks.extend(number("exclusiveMinimum").map(|bound| Check::Minimum(bound, true)));
            checks.extend(number("exclusiveMaximum").map(|bound| Check::Maximum(bound, true)));
        }
        let unit = number("multipleOf");
        let small = unit.as_ref().is_none_or(|u| Decimal::read(u.as_bytes()).small().is_some_and(|n| n > 0));
        let least = field("minLength").and_then(count).unwrap_or_default();
        let most = field("maxLength").and_then(count);
        let pattern = field("pattern").and_then(text);
        match unit {
            Some(unit) if small => checks.push(Check::MultipleOf(unit)),
            Some(_) => {
                self.problem(place, "multipleOf", Nature::Open, "zero, or more than eighteen digits");
                checks.push(Check::Unknown);
            }
            None => {}
        }
        if least > 0 || most.is_some() {
            checks.push(Check::Length(least, most));
        }
        if let Some(pattern) = pattern {
            checks.push(match self.pattern(place, "pattern", &pattern) {
                Some(index) => Check::Pattern(index),
                None => Check::Unknown,
            });
        }
        self.formats(place, dialect, checks);
    }

    fn types(&mut self, place: Place, dialect: Dialect) -> Option<Types> {
        let item = self.library.item(place)?;
        let ty = item.field("type")?;
        let names: Vec<Option<String>> =
            if ty.kind() == Kind::Array { ty.items().map(text).collect() } else { vec![text(ty)] };
        let nullable = dialect.draft == Draft::OpenApi30
            && ["nullable", "x-nullable"].iter().any(|key| item.field(key).is_some_and(Item::is_true));
        let mut bits = if nullable { Types::NULL } else { 0 };
        let mut strange = false;
        for name in names {
            let bit = Types::NAMES.iter().find(|(_, n)| name.as_deref() == Some(*n)).map(|(bit, _)| *bit);
            strange |= bit.is_none();
            bits |= bit.unwrap_or_default();
        }
        // That there is no such type is told where the form is looked at.
        (!strange).then_some(Types(bits))
    }

    pub(super) fn formats(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        if !self.options.formats && !dialect.formats {
            return;
        }
        let Some(name) = self.library.item(place).and_then(|i| i.field("format")).and_then(text) else {
            return;
        };
        match Format::NAMES.iter().find(|(_, n)| *n == name) {
            Some((format, _)) => checks.push(Check::Format(*format)),
            None if matches!(name.as_str(), "regex" | "idn-hostname") => {
                self.problem(place, "format", Nature::Open, format!("the format `{name}` isn't checked"));
                checks.push(Check::Unknown);
            }
            // A format of somebody's own is a note.
            None => {}
        }
    }

    /// The index of a pattern; `at` is where it stands below the subschema.
    pub(super) fn pattern(&mut self, place: Place, at: &str, pattern: &str) -> Option<u32> {
        if let Some(index) = self.patterns.get(pattern) {
            return Some(*index);
        }
        let compiled = translate(pattern).and_then(|translated| {
            match crate::schema::pattern::Pattern::new(&translated) {
                Some(_) => Ok(translated),
                None => Err(Obstacle::Beyond("it grows too large".to_string())),
            }
        });
        let (nature, message) = match compiled {
            Ok(translated) => {
                let index = u32::try_from(self.program.patterns.len()).unwrap_or(u32::MAX);
                self.program.patterns.push(translated);
                self.patterns.insert(pattern.to_string(), index);
                return Some(index);
            }
            Err(Obstacle::Broken(why)) => {
                (Nature::Malformed, format!("this is no regular expression of ECMA 262: {why}"))
            }
            Err(Obstacle::Beyond(why)) => {
                (Nature::Open, format!("this pattern can't be matched in linear time: {why}"))
            }
        };
        self.problem(place, at, nature, message);
        None
    }
}

fn shown(item: Item<'_>) -> String {
    String::from_utf8_lossy(item.raw()).into_owned()
}
