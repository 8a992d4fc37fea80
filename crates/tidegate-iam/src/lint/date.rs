//! Dates in conditions, as AWS reads them: ISO 8601 in its full width, or milliseconds since 1970.

/// Years that a date can have.
const YEARS: std::ops::RangeInclusive<i64> = -292_275_054..=292_278_993;

/// True for a date that AWS takes.
pub(super) fn is_date(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<i64>().is_ok();
    }
    let (day, moment) = match text.find(['T', 't']).and_then(|at| text.split_at_checked(at)) {
        Some((day, moment)) => (day, moment.get(1..)),
        None => (text, None),
    };
    // A time alone is a moment of some day.
    let has_day = !day.is_empty();
    let has_moment = moment.is_some_and(|m| !m.is_empty());
    (has_day || has_moment)
        && (!has_day || is_day(day))
        && moment.is_none_or(|m| m.is_empty() || is_moment(m))
}

/// `yyyy`, `yyyy-MM`, `yyyy-MM-dd`, `yyyy-DDD`, `yyyy-Www`, `yyyy-Www-d`.
fn is_day(text: &str) -> bool {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = rest.split('-');
    let Some(year) = parts.next().and_then(|y| number(y, 1, 9)).map(|y| y * sign) else { return false };
    if !YEARS.contains(&year) {
        return false;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (second, third, more) = (parts.next(), parts.next(), parts.next());
    if more.is_some() {
        return false;
    }
    match (second, third) {
        (None, _) => true,
        (Some(week), day) if week.starts_with(['W', 'w']) => {
            let week = week.get(1..).and_then(|w| number(w, 1, 2));
            let day = day.map_or(Some(1), |d| number(d, 1, 1));
            week.is_some_and(|w| (1..=53).contains(&w)) && day.is_some_and(|d| (1..=7).contains(&d))
        }
        (Some(day), None) if day.len() == 3 => {
            number(day, 3, 3).is_some_and(|d| (1..=if leap { 366 } else { 365 }).contains(&d))
        }
        (Some(month), day) => {
            let Some(month) = number(month, 1, 2) else { return false };
            let last = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                1..=12 => 31,
                _ => return false,
            };
            day.is_none_or(|day| number(day, 1, 2).is_some_and(|d| (1..=last).contains(&d)))
        }
    }
}

/// `HH`, `HH:mm`, `HH:mm:ss`, a fraction behind the last of them, then an offset.
fn is_moment(text: &str) -> bool {
    let at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let Some((time, offset)) = text.split_at_checked(at) else { return false };
    (time.is_empty() || is_time(time)) && (offset.is_empty() || is_offset(offset))
}

fn is_time(text: &str) -> bool {
    let (whole, fraction) = match text.find(['.', ',']).and_then(|at| text.split_at_checked(at)) {
        Some((whole, rest)) => (whole, rest.get(1..)),
        None => (text, None),
    };
    // No clock is finer than nanoseconds.
    let fraction = fraction.is_none_or(|f| number(f, 1, 9).is_some());
    let mut parts = whole.split(':');
    let mut within = |most: i64| parts.next().map(|p| number(p, 1, 2).is_some_and(|n| n <= most));
    let (hour, minute, second) = (within(23), within(59), within(59));
    fraction
        && hour == Some(true)
        && minute.unwrap_or(true)
        && second.unwrap_or(true)
        && parts.next().is_none()
}

/// `Z`, `+HH`, `+HH:mm`, `+HHmm` and so on.
fn is_offset(text: &str) -> bool {
    if text.eq_ignore_ascii_case("z") {
        return true;
    }
    let rest = text.get(1..).unwrap_or_default();
    let parts: Vec<&str> = match rest.contains(':') {
        true => rest.split(':').collect(),
        false => (0..rest.len()).step_by(2).map(|at| rest.get(at..at + 2).unwrap_or("?")).collect(),
    };
    let limits = [23, 59, 59];
    !parts.is_empty()
        && parts.len() <= limits.len()
        && parts.iter().zip(limits).all(|(part, most)| number(part, 2, 2).is_some_and(|n| n <= most))
}

/// A number without a sign, of so many digits.
fn number(text: &str, least: usize, most: usize) -> Option<i64> {
    let digits = (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn dates() {
        for good in [
            "2026-11-25",
            "2026-11",
            "2026",
            "0",
            "9223372036854775807",
            "-292275054",
            "2026-W01-7",
            "2024-366",
            "2026-11-25T10:00:00Z",
            "2026-11-25t1:00",
            "2026-11-25T10:00:00.123456789+01:00",
            "2026-11-25T10,5-0130",
            "2026-11-25T+02",
            "1T",
            "2024-02-29",
        ] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "",
            "T",
            "soon",
            "2026-13",
            "2026-11-31",
            "2026-02-29",
            "9223372036854775808",
            "-292275055",
            "2026-11-25T24:00:00",
            "2026-11-25T10:60",
            "2026-11-25T10:00:00.1234567890",
            "2026-11-25T10:00:00+1",
            "2026-11-25T10:00:00+24:00",
            "2026-11-25T10:00:00:00",
            "2026-11-25 10:00",
            "2026-366",
            "2026-W54",
            "2026-11-25-1",
            "2026-11-25TZ1",
            "+-5",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
