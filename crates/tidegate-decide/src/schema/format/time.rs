//! Dates, times and durations of RFC 3339.

/// Hour, minute and second, or offset.
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
}

pub(super) fn date_time(text: &[u8]) -> bool {
    text.split_at_checked(10).is_some_and(
        |(day, rest)| matches!(rest, [b'T' | b't', clock @ ..] if date(day).is_some() && time(clock)),
    )
}

pub(super) fn date(text: &[u8]) -> Option<()> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match two(m1, m2)? {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    (1..=days).contains(&two(d1, d2)?).then_some(())
}

pub(super) fn time(text: &[u8]) -> bool {
    clock(text).is_some()
}

fn clock(text: &[u8]) -> Option<()> {
    let (&[h1, h2, b':', m1, m2, b':', s1, s2], rest) = text.split_first_chunk::<8>()? else { return None };
    let clock = Clock { hour: two(h1, h2)?, minute: two(m1, m2)?, second: two(s1, s2)? };
    let rest = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)?
        }
        _ => rest,
    };
    let offset = match *rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hour, minute) = (two(h1, h2)?, two(m1, m2)?);
            let minutes = i64::from(hour * 60 + minute);
            (hour < 24 && minute < 60).then_some(if sign == b'-' { minutes } else { -minutes })?
        }
        _ => return None,
    };
    let minute = (i64::from(clock.hour * 60 + clock.minute) + offset).rem_euclid(24 * 60);
    // A leap second is the last of a day in Greenwich.
    let second = clock.second < 60 || clock.second == 60 && minute == 24 * 60 - 1;
    (clock.hour < 24 && clock.minute < 60 && second).then_some(())
}

pub(super) fn duration(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"P") else { return false };
    if let Some(weeks) = rest.strip_suffix(b"W") {
        return !weeks.is_empty() && weeks.iter().all(u8::is_ascii_digit);
    }
    let mut halves = rest.splitn(2, |b| *b == b'T');
    let (days, clock) = (halves.next().unwrap_or_default(), halves.next());
    let good = units(days, b"YMD") && clock.is_none_or(|c| !c.is_empty() && units(c, b"HMS"));
    good && !rest.is_empty()
}

/// Numbers with units in this order and without a gap between them.
fn units(text: &[u8], order: &[u8]) -> bool {
    let (mut rest, mut next) = (text, None);
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let Some((unit, tail)) = rest.get(digits..).and_then(<[u8]>::split_first) else { return false };
        let Some(at) = order.iter().position(|u| u == unit) else { return false };
        if digits == 0 || next.is_some_and(|n| at != n) {
            return false;
        }
        next = Some(at + 1);
        rest = tail;
    }
    true
}

fn two(a: u8, b: u8) -> Option<u32> {
    Some(char::from(a).to_digit(10)? * 10 + char::from(b).to_digit(10)?)
}
