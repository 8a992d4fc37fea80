//! Lines as logs have them, and what moves the cursor of whoever reads a log.

use crate::inject::Text;
use crate::trigger::Place;

/// Sequences that a terminal obeys: colours, titles, a cleared screen, letters taken back.
pub(super) fn control(text: &Text<'_>) -> Option<usize> {
    let lower = text.lower;
    if text.bytes.has(0x1b)
        && let Some(at) = memchr::memchr(0x1b, lower)
        && matches!(lower.get(at + 1), Some(b'[' | b']'))
        && !(text.place == Place::Logged
            && memchr::memchr_iter(0x1b, lower).all(|at| is_colour(text.raw, at)))
    {
        return Some(at);
    }
    // The same in one character, with what it needs behind it.
    if text.bytes.has(0xc2) && text.bytes.has(0x9b) {
        let sequence = |at: &usize| {
            let rest = lower.get(at + 2..).unwrap_or_default();
            let numbers = rest.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
            numbers > 0 && rest.get(numbers).is_some_and(u8::is_ascii_alphabetic)
        };
        let found = memchr::memmem::find_iter(lower, b"\xc2\x9b").find(sequence);
        if found.is_some() {
            return found;
        }
    }
    if text.bytes.has(8) { memchr::memmem::find(lower, b"\x08\x08\x08") } else { None }
}

/// `ESC[1;32m`: how letters look, as programs write to a terminal; what hides them is something else.
fn is_colour(raw: &[u8], at: usize) -> bool {
    let Some(rest) = raw.get(at + 1..).and_then(|rest| rest.strip_prefix(b"[")) else { return false };
    let length = rest.iter().take(32).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    let numbers = rest.get(..length).unwrap_or_default();
    rest.get(length) == Some(&b'm') && !hides(numbers)
}

/// `8` does; not as one of a palette (`38;5;8`), nor as a part of a colour (`48;2;8;8;8`).
fn hides(numbers: &[u8]) -> bool {
    let mut numbers = numbers.split(|b| *b == b';');
    let mut next =
        || numbers.next().map(|n| n.get(n.iter().take_while(|b| **b == b'0').count()..).unwrap_or_default());
    while let Some(number) = next() {
        match number {
            b"8" => return true,
            b"38" | b"48" | b"58" => match next() {
                Some(b"5") => drop(next()),
                Some(b"2") => drop([next(), next(), next()]),
                Some(b"8") => return true,
                _ => {}
            },
            _ => {}
        }
    }
    false
}

const LEVELS: &[&[u8]] =
    &[b"info", b"warn", b"error", b"debug", b"fatal", b"critical", b"notice", b"warning", b"trace"];

/// `2026-11-23 10:00:00 INFO ...`, an access log's line, a JSON log's, a syslog's, a platform's.
pub(super) fn is_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let bare = line.strip_prefix(b"[").unwrap_or(line);
    let dated = is_date(bare);
    let level = LEVELS;
    let near = line.get(..60).unwrap_or(line);
    let leveled = dated
        && level.iter().any(|l| {
            memchr::memmem::find(near, l).is_some_and(|at| {
                at < 48 && line.get(at + l.len()).is_none_or(|b| matches!(b, b' ' | b':' | b']' | b'|'))
            })
        });
    let access =
        memchr::memmem::find(line, b"\" ").is_some() && memchr::memmem::find(line, b"http/").is_some();
    let structured = line.starts_with(b"{\"")
        && (memchr::memmem::find(line, b"\"level\"").is_some()
            || memchr::memmem::find(line, b"\"severity\"").is_some());
    let syslog = line.first() == Some(&b'<')
        && line.iter().skip(1).take(3).take_while(|b| b.is_ascii_digit()).count() > 0
        && line.iter().take(5).any(|b| *b == b'>');
    let bare_level = level.iter().any(|l| {
        line.strip_prefix(*l)
            .is_some_and(|r| r.trim_ascii_start().starts_with(b":") && memchr::memchr(b'=', r).is_some())
    });
    // `INFO:root:text`, as Python has it.
    let named = [&b"info:"[..], b"warning:", b"error:", b"debug:", b"critical:"].iter().any(|l| {
        line.strip_prefix(*l).is_some_and(|rest| {
            let name =
                rest.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
            let length = name.count();
            length > 0 && rest.get(length) == Some(&b':')
        })
    });
    leveled
        || access
        || structured
        || syslog
        || bare_level
        || named
        || is_stamped(line)
        || is_report(line)
        || has_fields(line)
}

/// `Nov 26 10:00:00 host sshd[1]: ...`, `10:00:00.123 [main] ERROR ...`, `INFO 2026-11-26 ...`, `E1126 10:00:00 ...`.
fn is_stamped(line: &[u8]) -> bool {
    let word = |line: &[u8]| line.iter().take_while(|b| !b.is_ascii_whitespace()).count();
    let first = line.get(..word(line)).unwrap_or_default();
    let rest = line.get(first.len()..).unwrap_or_default().trim_ascii_start();
    if MONTHS.contains(&first) {
        let day = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let time = rest.get(day..).unwrap_or_default().trim_ascii_start();
        // The machine and who speaks on it.
        let named = time.get(8..).is_some_and(|m| memchr::memchr(b':', m.get(..96).unwrap_or(m)).is_some());
        return (1..=2).contains(&day) && is_time(time) && named;
    }
    if is_time(first) {
        return rest.get(..40).unwrap_or(rest).split(|b| b" []:".contains(b)).any(|w| LEVELS.contains(&w));
    }
    let letter = matches!(first, [b'i' | b'w' | b'e' | b'f', digits @ ..] if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit));
    let level = first.strip_suffix(b":").unwrap_or(first);
    letter && is_time(rest) || LEVELS.contains(&level) && is_date(rest)
}

const MONTHS: &[&[u8]] =
    &[b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// `10:00:00`
fn is_time(text: &[u8]) -> bool {
    matches!(text, [a, b, b':', c, d, b':', e, f, ..] if [a, b, c, d, e, f].iter().all(|b| b.is_ascii_digit()))
}

/// `2026-11-26`, `2026/11/26`
fn is_date(text: &[u8]) -> bool {
    text.get(..10).is_some_and(|d| {
        d.iter().enumerate().all(
            |(i, b)| {
                if i == 4 || i == 7 { matches!(b, b'-' | b'/') } else { b.is_ascii_digit() }
            },
        )
    })
}

/// What the platform itself writes about an invocation.
fn is_report(line: &[u8]) -> bool {
    [&b"start requestid: "[..], b"end requestid: ", b"report requestid: "].iter().any(|p| line.starts_with(p))
}

/// `level=info msg="..."`, in any order.
fn has_fields(line: &[u8]) -> bool {
    if memchr::memchr(b'=', line).is_none() {
        return false;
    }
    let (mut level, mut fields) = (false, 0);
    for field in line.split(|b| *b == b' ').take(8) {
        let Some(at) = memchr::memchr(b'=', field) else { continue };
        let (name, value) = (field.get(..at).unwrap_or_default(), field.get(at + 1..).unwrap_or_default());
        fields += 1;
        level |= matches!(name, b"level" | b"lvl" | b"severity") && LEVELS.contains(&value);
    }
    level && fields >= 2
}

/// A level by itself at the start, in capitals: `[ERROR] ...`; behind a break that nobody writes also `ERROR ...`.
pub(super) fn may_be_line(raw: &[u8], odd: bool) -> bool {
    let line = raw.trim_ascii_start();
    let bracketed = line.strip_prefix(b"[");
    let rest = bracketed.unwrap_or(line);
    let length = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let level = rest.get(..length).unwrap_or_default().to_ascii_lowercase();
    if !LEVELS.contains(&&level[..]) {
        return false;
    }
    let rest = rest.get(length..).unwrap_or_default();
    match bracketed {
        Some(_) => rest.starts_with(b"] ") && rest.len() > 4,
        None => odd && matches!(rest.first(), Some(b' ' | b':')),
    }
}

/// Nothing before the line but one word, as a name is, and nothing behind it: no story of an error.
pub(super) fn is_alone(head: &[u8], behind: &[u8]) -> bool {
    let head = head.trim_ascii();
    head.len() <= 64
        && !head.iter().any(|b| b.is_ascii_whitespace() || matches!(b, b',' | b':' | b'!'))
        && behind.iter().all(u8::is_ascii_whitespace)
}

/// A sentence that tells what follows.
pub(super) fn introduces(head: &[u8]) -> bool {
    head.trim_ascii_end().ends_with(b":") && head.split(u8::is_ascii_whitespace).nth(3).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::lines::detect;
    use crate::inject::sample;

    #[test]
    fn lines_that_nobody_but_a_log_has() {
        for line in [
            "INFO 2026-01-01 admin logged in",
            "2026/11/26 10:00:00 [error] 12#0: open() failed",
            "START RequestId: abc Version: $LATEST",
            "level=error msg=\"forged\" user=ann",
            "Nov 26 10:00:00 host sshd[1]: Accepted password",
            "E1126 10:00:00.000000 1 main.go:10] failed",
            "10:00:00.123 [main] ERROR com.example.App - failed",
        ] {
            assert!(is_line(line.to_ascii_lowercase().as_bytes()), "{line}");
        }
        for line in ["Nov 26 we leave", "level=easy", "START here", "10:00 INFO session", "May 5 milk: two"] {
            assert!(!is_line(line.to_ascii_lowercase().as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_forged_line_stands_behind_a_short_value() {
        for text in [
            "x\r\n[INFO] login ok user=admin",
            "x\u{2028}WARN fake",
            "x\u{85}ERROR fake",
            "\u{9b}31m",
            "x\u{8}\u{8}\u{8}\u{8}fake",
        ] {
            assert!(sample(detect, text), "{text:?}");
        }
        for text in [
            "My app prints\n[ERROR] could not connect",
            "Hello\nINFO: the shop is closed on Monday",
            "[INFO] Scanning\n[INFO] BUILD SUCCESS",
            "Help!\n[ERROR] it broke",
            "build\n[ERROR] it broke\nWhat now?",
            "It writes this to the log:\n2026-11-26 10:00:00 ERROR failed",
            "Nov 26 10:00:00 host app: started\nNov 26 10:00:01 host app: stopped",
            "20 \u{b0}C and \u{a3}5",
        ] {
            assert!(!sample(detect, text), "{text:?}");
        }
    }

    #[test]
    fn what_hides_letters_is_told_from_colours_of_a_palette() {
        for numbers in ["8", "1;08;3", "38;5;1;8", "48;2;8;8;8;8", "38;8", "008"] {
            assert!(hides(numbers.as_bytes()), "{numbers}");
        }
        for numbers in ["", "1", "28", "38;5;8", "1;38;5;008", "48;2;8;8;8", "38;5"] {
            assert!(!hides(numbers.as_bytes()), "{numbers}");
        }
    }
}
