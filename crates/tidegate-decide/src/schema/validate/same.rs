//! Equality of JSON values, whatever their text: `1.0` is `1`, and the order of members doesn't count.

use crate::json::{Item, Kind, unescape};
use crate::schema::number::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Whether both are the same value; `left` is charged with the work. No recursion: all pairs have to be the same.
pub(super) fn same(a: Item<'_>, b: Item<'_>, left: &mut u64) -> bool {
    let mut open = vec![(a, b)];
    while let Some((a, b)) = open.pop() {
        *left = left.saturating_sub(1);
        if *left == 0 || a.kind() != b.kind() {
            return false;
        }
        let alike = match a.kind() {
            Kind::Null => true,
            Kind::Bool => a.raw() == b.raw(),
            Kind::Number => Decimal::read(a.raw()).compare(Decimal::read(b.raw())) == Ordering::Equal,
            Kind::String => value(a) == value(b),
            Kind::Array => {
                let before = open.len();
                open.extend(a.items().zip(b.items()));
                let count = open.len() - before;
                *left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
                a.items().nth(count).is_none() && b.items().nth(count).is_none()
            }
            Kind::Object => members(a, b, &mut open, left),
        };
        if !alike {
            return false;
        }
    }
    true
}

/// Whether two objects have members of the same names, which are left to be compared.
fn members<'a, 'b>(a: Item<'a>, b: Item<'b>, open: &mut Vec<(Item<'a>, Item<'b>)>, left: &mut u64) -> bool {
    let mut count = 0_u64;
    let mut others = b.entries();
    for (key, one) in a.entries() {
        count += 1;
        *left = left.saturating_sub(1);
        // Mostly they stand in the same order.
        let other = match others.next() {
            Some((k, other)) if value(k) == value(key) => Some(other),
            _ => {
                let mut all = b.entries().inspect(|_| *left = left.saturating_sub(1));
                let name = value(key);
                all.find(|(k, _)| value(*k) == name).map(|(_, other)| other)
            }
        };
        match other {
            Some(other) if *left > 0 => open.push((one, other)),
            _ => return false,
        }
    }
    u64::try_from(b.entries().count()) == Ok(count)
}

/// The same for values that are the same: what stands at each place, summed up, so that the order of members doesn't
/// count. No recursion.
pub(super) fn hash(item: Item<'_>) -> u64 {
    let mut sum = 0_u64;
    let mut open = vec![(item, 0_u64)];
    while let Some((item, place)) = open.pop() {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(place);
        std::mem::discriminant(&item.kind()).hash(&mut hasher);
        match item.kind() {
            Kind::Null => {}
            Kind::Bool => item.is_true().hash(&mut hasher),
            Kind::Number => {
                let (negative, scale, figures) = Decimal::read(item.raw()).key();
                (negative, scale).hash(&mut hasher);
                figures.for_each(|figure| hasher.write_u8(figure));
            }
            Kind::String => hasher.write(&value(item)),
            Kind::Array => {
                open.extend(item.items().zip(0_u64..).map(|(element, at)| (element, below(place, &at))));
            }
            Kind::Object => {
                open.extend(item.entries().map(|(key, member)| (member, below(place, &value(key)))));
            }
        }
        sum = sum.wrapping_add(hasher.finish());
    }
    sum
}

/// The place of an element or a member.
fn below(place: u64, name: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (place, name).hash(&mut hasher);
    hasher.finish()
}

fn value(item: Item<'_>) -> Cow<'_, [u8]> {
    if !item.is_escaped() {
        return Cow::Borrowed(item.raw());
    }
    let mut text = Vec::new();
    unescape(item.raw(), &mut text);
    Cow::Owned(text)
}
