//! LDAP filters: does the text close the filter it was put into and open one of its own?

use super::{ByteSet, Hit, Text, prose};
use crate::bytes;
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let cut = text.bytes.has(0) && text.bytes.has(b')');
    if !text.bytes.has(b'(') && !cut {
        return None;
    }
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Ldap, at, why: why.into() });
    // Each of the filters below has an operator or a star.
    let filters = text.bytes.intersects(ByteSet::from_list(b"&|!*="));
    // Brackets that are open before a place, counted up to `counted`.
    let (mut depth, mut counted, mut told) = (0_i64, 0, None);
    let found = bytes::find_map(if filters { lower } else { b"" }, [b'('], |at| {
        // What closes, what is everything, or what a filter's operator is at home beside.
        let operator = |b: Option<&u8>| matches!(b, Some(b'&' | b'|' | b'!' | b')' | b'('));
        let near = at.checked_sub(1).and_then(|i| lower.get(i));
        if !matches!(near, Some(b')' | b'*')) && !operator(lower.get(at + 1)) {
            return None;
        }
        depth = lower.get(counted..at).unwrap_or_default().iter().fold(depth, |depth, byte| match byte {
            b'(' => depth + 1,
            b')' => depth - 1,
            _ => depth,
        });
        counted = at;
        // Whoever tells about a filter writes it as it is: what it opens it closes.
        let mut quoted =
            || depth >= 0 && (is_labelled(lower) || *told.get_or_insert_with(|| prose::is_told(text.raw)));
        let before = lower.get(..at).unwrap_or_default().trim_ascii_end();
        let inside = lower.get(at + 1..).unwrap_or_default();
        let closes = before.ends_with(b")");
        let opens = at == 0 || before.last().is_some_and(|b| matches!(b, b'(' | b'&' | b'|' | b'!'));
        if closes && before.len() == at {
            match inside.strip_prefix(b"(").unwrap_or(inside) {
                // `)(&)`, `)(|(`, `)(!(`: operators that only filters have in this place.
                [b'&' | b'|' | b'!'] | [b'&' | b'|' | b'!', b'(' | b')', ..] => {
                    return hit(at, "the filter is closed and another opened");
                }
                // `)((|attribute=*)`: the operator of a filter before a condition.
                [b'&' | b'|' | b'!', rest @ ..] if is_condition(rest) => {
                    return hit(at, "the filter is closed and another opened");
                }
                _ if is_condition(inside) && !quoted() => {
                    return hit(at, "the filter is closed and a condition added");
                }
                _ => {}
            }
        }
        // `*()|&`: everything, and operators to begin the next filter with.
        if before.ends_with(b"*") && matches!(inside, [b')', b'|' | b'&', ..]) {
            return hit(at, "the value is everything and another filter follows");
        }
        if (opens || before.ends_with(b"*"))
            && let [b'&' | b'|' | b'!', b'(', rest @ ..] = inside
            && (is_condition(rest) || matches!(rest.first(), Some(b'&' | b'|' | b'!')))
            && !quoted()
        {
            return hit(at, "a filter of its own");
        }
        None
    });
    if found.is_some() {
        return found;
    }
    // `*))%00`: everything, and an end that cuts off the rest.
    let tail = lower.trim_ascii();
    let end = tail.iter().rev().take_while(|b| matches!(b, b')' | 0)).count();
    if cut && end >= 2 && tail.contains(&b'*') {
        return hit(0, "the filter is closed and the rest cut off");
    }
    None
}

/// `Total (net)(tax=8%)`: a word of letters, and brackets set apart from it, as no filter has them.
fn is_labelled(lower: &[u8]) -> bool {
    let letters = lower.iter().take(64).take_while(|b| b.is_ascii_alphabetic()).count();
    letters > 1 && matches!(lower.get(letters..), Some([b' ', b'(', ..]))
}

/// `attribute=value`, as a filter has it: a name without blanks, a comparison, and no sentence.
fn is_condition(inside: &[u8]) -> bool {
    let name = inside
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b';' | b':' | b'_'))
        .count();
    if name == 0 {
        return false;
    }
    matches!(inside.get(name..), Some([b'=', ..] | [b'>' | b'<' | b'~', b'=', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn filters_that_are_left() {
        for text in [
            "*)(&",
            "*(|(mail=*))",
            "*()|&'",
            "x*)((|userPassword=*)",
            "*)(uid=*))(|(uid=*",
            "admin)(&)",
            "jsmith)(!(&(1=0",
            "x)(|(objectClass=person)",
            "(|(uid=*)(userPassword=*))",
            "*))\0",
            "ann)(sn=a",
            "a*)(userPassword:2.5.13.18:=\\70",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn names_and_brackets() {
        for text in [
            "if (!(a) && (b)) continue;",
            "5 * (3 + 4) = 35 | 6 * (1)",
            "int (*handler)(int) = find(); y * (a|b)",
            "cn=Ann Miller,ou=Sales",
            "S (2), M (4)",
            "f(x) = (a & b) | (c & !d)",
            "(see note) & (appendix)",
            "**** (4 of 5) (verified buyer)",
            "a (b=c) d",
            "call (Monday)(or not)",
            "The ldap filter (&(objectClass=user)(mail=a@b.c)) doesn't return users",
            "(&(objectClass=person)(uid=ann)) returns nothing, why?",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
