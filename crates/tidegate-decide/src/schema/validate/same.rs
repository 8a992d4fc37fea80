//! Equality of JSON values, whatever their text: `1.0` is `1`, and the order of members doesn't count.

use crate::json::{Item, Kind, unescape};
use crate::schema::number::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Whether both are the same value; `left` is charged with the work. As deep as the documents, which are bounded.
pub(super) fn same(a: Item<'_>, b: Item<'_>, left: &mut u64) -> bool {
    *left = left.saturating_sub(1);
    if *left == 0 || a.kind() != b.kind() {
        return false;
    }
    match a.kind() {
        Kind::Null => true,
        Kind::Bool => a.raw() == b.raw(),
        Kind::Number => Decimal::read(a.raw()).compare(Decimal::read(b.raw())) == Ordering::Equal,
        Kind::String => value(a) == value(b),
        Kind::Array => {
            let (mut a, mut b) = (a.items(), b.items());
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if same(a, b, left) => {}
                    _ => return false,
                }
            }
        }
        Kind::Object => {
            let mut count = 0_u64;
            let mut others = b.entries();
            for (key, one) in a.entries() {
                count += 1;
                // Mostly they stand in the same order.
                let other = match others.next() {
                    Some((k, other)) if value(k) == value(key) => Some(other),
                    _ => {
                        let all = b.entries().inspect(|_| *left = left.saturating_sub(1));
                        let name = value(key);
                        let mut found = None;
                        for (k, other) in all {
                            if value(k) == name {
                                found = Some(other);
                                break;
                            }
                        }
                        found
                    }
                };
                if !other.is_some_and(|other| same(one, other, left)) {
                    return false;
                }
            }
            u64::try_from(b.entries().count()) == Ok(count)
        }
    }
}

/// The same for values that are the same.
pub(super) fn hash(item: Item<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
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
        Kind::Array => item.items().for_each(|element| hasher.write_u64(hash(element))),
        Kind::Object => {
            let pair = |(key, value): (Item<'_>, Item<'_>)| {
                let mut hasher = DefaultHasher::new();
                (hash(key), hash(value)).hash(&mut hasher);
                hasher.finish()
            };
            hasher.write_u64(item.entries().map(pair).fold(0, u64::wrapping_add));
        }
    }
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
