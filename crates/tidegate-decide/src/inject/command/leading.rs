//! A text that begins with a separator: `; tool -x`, `&& ./run`, `| net user x y /add`.
//!
//! Nobody begins a sentence so. What follows is a command by whatever name it has, if it has what only commands have: an
//! option, a place, a redirection.

use super::super::Text;
use super::argument::is_redirection;
use super::names::{is_english, is_of_windows, is_rare, is_strong};
use super::{SECOND, is_terse};

/// Where the command begins, and why it is one.
pub(super) fn command(text: &Text<'_>) -> Option<(usize, &'static str)> {
    let lower = text.lower;
    let (at, mark) = opening(lower)?;
    let line = lower.get(at..).unwrap_or_default();
    let line = line.get(..200).unwrap_or(line);
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    // Between two bars stands a cell of a table.
    let celled = mark == Mark::Bar && memchr::memchr(b'|', line).is_some();
    if celled || !text.spend(120) || !is_terse(lower) {
        return None;
    }
    if matches!(line, [b'.', b' ', b'/' | b'.' | b'~', next, ..] if !next.is_ascii_whitespace()) {
        return Some((at, SECOND));
    }
    let end = line
        .iter()
        .position(|b| {
            !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'_' | b'-' | b'/' | b'\\' | b':' | b'^')
        })
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let parted =
        rest.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b';' | b'|' | b'&' | b'>' | b'<'));
    if !parted {
        return None;
    }
    if is_program(name, mark) {
        return Some((at, SECOND));
    }
    let words = || rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if matches!(mark, Mark::Sure | Mark::Value | Mark::Bar)
        && is_installed(name, &mut rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()))
    {
        return Some((at, SECOND));
    }
    let known = name.len() > 1 && (is_strong(name) || is_english(name) || is_rare(name));
    if known {
        let redirects = || {
            memchr::memchr2(b'<', b'>', rest)
                .is_some_and(|at| is_redirection(rest.get(at..).unwrap_or_default()))
        };
        let acts =
            words().take(6).any(|word| is_option(word) || is_switch(word) || is_place(word)) || redirects();
        // `\nid`: an escape that no decoder has taken off.
        let alone = mark == Mark::Escape && is_strong(name) && rest.is_empty()
            || is_of_windows(name)
            || name == b"net" && words().next().is_some_and(is_of_net) && words().count() <= 2;
        return (acts || alone).then_some((at, SECOND));
    }
    let raw = text.raw.get(at..at + end).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let tool = (3..=20).contains(&raw.len())
        && raw.first().is_some_and(u8::is_ascii_lowercase)
        && raw.iter().all(plain);
    let acts = || words().next().is_some_and(|word| is_option(word) || is_place(word));
    (tool && mark == Mark::Sure && acts()).then_some((at, SECOND))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// One that no text begins with: `;`, `&&`, `||`.
    Sure,
    /// The same behind a value: `8.8.8.8; `.
    Value,
    /// A bar alone.
    Bar,
    /// An ampersand alone, with which people go on.
    And,
    /// A line's end, written as an escape.
    Escape,
}

/// How long a value is that a text begins with and no sentence does: `8.8.8.8`, `report.pdf`, `a@b.example`.
fn value(lower: &[u8]) -> usize {
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'@');
    let length = lower.iter().take(64).take_while(part).count();
    let value = lower.get(..length).unwrap_or_default();
    let inside = value.get(1..length.saturating_sub(1)).unwrap_or_default();
    if inside.iter().any(|b| matches!(b, b'.' | b'@')) { length } else { 0 }
}

/// Where what stands behind the separators begins, and which they are. Quotes and brackets may stand before them.
fn opening(lower: &[u8]) -> Option<(usize, Mark)> {
    let value = value(lower);
    let quotes =
        lower.iter().skip(value).take(4).take_while(|b| matches!(b, b'\'' | b'"' | b')' | b' ')).count();
    let start = value + quotes;
    let rest = lower.get(start..)?;
    if let Some(after) = rest.strip_prefix(b"\\r").unwrap_or(rest).strip_prefix(b"\\n") {
        return Some((lower.len() - after.len(), Mark::Escape));
    }
    let marks = rest.iter().take(8).take_while(|b| matches!(b, b';' | b'|' | b'&')).count();
    let (mark, after) = rest.split_at_checked(marks)?;
    let blanks = after.iter().take(8).take_while(|b| matches!(b, b' ' | b'\t' | b'+')).count();
    let at = start + marks + blanks;
    let kind = match mark {
        [] => return None,
        [b'|'] => Mark::Bar,
        [b'&'] => Mark::And,
        _ if value > 0 => Mark::Value,
        _ => Mark::Sure,
    };
    (at < lower.len()).then_some((at, kind))
}

/// `./x`, `/tmp/x`, `calc.exe`: a file that is run.
fn is_program(name: &[u8], mark: Mark) -> bool {
    if let [b'.', b'/', next, ..] = name {
        return next.is_ascii_alphanumeric();
    }
    let writable = [&b"/tmp/"[..], b"/var/tmp/", b"/dev/shm/"].iter().any(|root| name.starts_with(root));
    if writable {
        return matches!(mark, Mark::Sure | Mark::Value) && name.len() > 5;
    }
    let ending = memchr::memrchr(b'.', name).and_then(|at| name.get(at..)).unwrap_or_default();
    name.len() > ending.len() && matches!(ending, b".exe" | b".bat" | b".cmd" | b".ps1" | b".vbs" | b".hta")
}

/// `pip install x`, `mysql -e ...`: a tool of packages and what it does with one, a client of a database and its options.
fn is_installed(name: &[u8], words: &mut dyn Iterator<Item = &[u8]>) -> bool {
    match name {
        b"pip" | b"pip3" | b"npm" | b"npx" | b"yarn" | b"pnpm" | b"gem" | b"apt" | b"apt-get" | b"yum"
        | b"dnf" | b"apk" | b"brew" | b"cargo" | b"composer" | b"easy_install" | b"pipx" => {
            // Whatever the options before it.
            let verb = words.take(3).find(|word| !word.starts_with(b"-"));
            let acts = matches!(
                verb,
                Some(
                    b"install"
                        | b"i"
                        | b"add"
                        | b"exec"
                        | b"x"
                        | b"dlx"
                        | b"run"
                        | b"download"
                        | b"require"
                        | b"remove"
                )
            );
            acts && words.next().is_some() || verb.is_some() && matches!(name, b"npx" | b"easy_install")
        }
        b"mysql" | b"psql" | b"mongo" | b"mongosh" | b"redis-cli" | b"sqlite3" => {
            words.next().is_some_and(is_option)
        }
        _ => false,
    }
}

/// What `net` does, by its first word.
fn is_of_net(word: &[u8]) -> bool {
    matches!(
        word,
        b"user"
            | b"users"
            | b"localgroup"
            | b"group"
            | b"view"
            | b"share"
            | b"start"
            | b"stop"
            | b"accounts"
            | b"session"
    )
}

/// `-x`, `-la`, `--output=x`
fn is_option(word: &[u8]) -> bool {
    match word {
        [b'-', b'-', next, ..] | [b'-', next, ..] => word.len() <= 24 && next.is_ascii_alphabetic(),
        _ => false,
    }
}

/// `/add`, as Windows writes an option.
fn is_switch(word: &[u8]) -> bool {
    word.strip_prefix(b"/")
        .is_some_and(|rest| (1..9).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphabetic))
}

/// A path from a root, a drive, a variable, an address.
fn is_place(word: &[u8]) -> bool {
    match word {
        [b'/', next, rest @ ..] => next.is_ascii_alphanumeric() && rest.contains(&b'/'),
        [b'~', b'/', ..] | [b'.', b'.' | b'/', ..] => word.len() > 2,
        [b'$', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'(' | b'{'),
        [b'%', name @ .., b'%'] => {
            name.len() > 2 && name.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
        }
        [b'a'..=b'z', b':', rest @ ..] => matches!(rest, [] | [b'\\' | b'/', ..]),
        _ => memchr::memmem::find(word, b"://").is_some(),
    }
}
