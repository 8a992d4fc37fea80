//! What stands behind a command's name: an argument, a redirection, or words of a sentence.

use super::names::{FILES, NETWORK, is_strong};
use super::place::PROSE;

/// Folders of a system, below its root.
pub(super) const ROOTS: &[&[u8]] =
    &[b"etc/", b"tmp/", b"var/", b"dev/", b"proc/", b"usr/", b"root/", b"home/", b"bin/", b"opt/", b"srv/"];

/// `grep root /etc/passwd`, `chmod 777 /tmp/x`, `find . -exec`: a second or third word that is a place of the system or an
/// option, and no word before it that only prose has.
pub(super) fn names_a_place(argument: &[u8]) -> bool {
    let line = argument.get(..160).unwrap_or(argument);
    let line = line.split(|b| matches!(b, b'\n' | b';' | b'|' | b'&')).next().unwrap_or_default();
    for word in line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).take(3) {
        let word = word.strip_prefix(b"if=").or_else(|| word.strip_prefix(b"of=")).unwrap_or(word);
        if word.strip_prefix(b"/").is_some_and(|path| ROOTS.iter().any(|root| path.starts_with(root)))
            || word == b"-exec"
        {
            return true;
        }
        if PROSE.contains(&word) || word.ends_with(b",") || word.ends_with(b".") && word.len() > 1 {
            return false;
        }
    }
    false
}

/// `env | grep x`: what a process was given, and a tool that looks through it.
pub(super) fn reads_a_machine(name: &[u8], argument: &[u8]) -> bool {
    let piped = argument.strip_prefix(b"|").map(<[u8]>::trim_ascii_start);
    matches!(name, b"env" | b"set" | b"printenv" | b"history")
        && piped.is_some_and(|p| {
            [&b"grep "[..], b"sort", b"head", b"tail", b"cut ", b"tee ", b"base64", b"nc "]
                .iter()
                .any(|tool| p.starts_with(tool))
        })
}

/// True for an argument that no sentence has.
pub(super) fn is_argument(text: &[u8], name: &[u8]) -> bool {
    let word = text
        .iter()
        .take(128)
        .take_while(|b| !matches!(b, b' ' | b';' | b'|' | b'&' | b'`' | b')' | b'\n'))
        .count();
    // What closes an element is no part of it.
    let word = memchr::memmem::find(text.get(..word).unwrap_or_default(), b"</")
        .filter(|at| *at > 0)
        .unwrap_or(word);
    let (word, rest) = text.split_at(word);
    match word {
        // `diff --check: fix what was broken` is told.
        [b'-', next, ..] => (next.is_ascii_alphanumeric() || *next == b'-') && !word.ends_with(b":"),
        [b'/', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'?' | b'*' | b'\'' | b'"'),
        b"s3" | b"ec2" | b"iam" | b"sts" | b"lambda" | b"secretsmanager" | b"ssm" if name == b"aws" => true,
        b"addr" | b"a" | b"route" | b"link" | b"neigh" if name == b"ip" => {
            rest.trim_ascii_start().first().is_none_or(|b| !b.is_ascii_alphabetic())
        }
        b"process" | b"os" | b"useraccount" | b"service" if name == b"wmic" => true,
        [b'@', ..] if name == b"dig" => true,
        _ if matches!(name, b"ssh" | b"scp") && word.contains(&b'@') => true,
        // "Make **it** so", "Find $AAPL", "less $10".
        [b'*', b'.' | b'/', next, ..] => next.is_ascii_alphanumeric(),
        [b'$', b'0'..=b'9', ..] => false,
        [b'~' | b'$', ..] => word.len() > 1,
        [b'%', name @ .., b'%'] => {
            name.len() > 2 && name.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
        }
        [b'.', b'/' | b'.', ..] => word.len() > 2,
        // `</p>` closes an element.
        [b'<', b'/', tag @ ..] if tag.ends_with(b">") => false,
        [b'>' | b'<', ..] => is_redirection(text),
        [drive, b':', ..] if drive.is_ascii_alphabetic() => {
            word.len() <= 3 || matches!(word.get(2), Some(b'\\' | b'/'))
        }
        // `find / -name x`
        b"/" => matches!(name, b"find" | b"ls" | b"du" | b"cd") && rest.trim_ascii_start().starts_with(b"-"),
        b"aux" | b"auxw" | b"axu" | b"ax" => name == b"ps",
        b"user" | b"users" | b"localgroup" | b"view" | b"share" => {
            name == b"net" && rest.trim_ascii_start().first().is_none_or(|b| !b.is_ascii_alphabetic())
        }
        b"add" | b"query" | b"delete" | b"save" | b"export" if name == b"reg" => {
            rest.trim_ascii_start().starts_with(b"hk")
        }
        // "At http://..." begins many lines.
        _ if memchr::memmem::find(word, b"://").is_some() => {
            is_strong(name) || NETWORK.contains(&name) || matches!(name, b"start" | b"mount" | b"open")
        }
        _ if name == b"sleep" || name == b"timeout" => {
            word.iter().all(u8::is_ascii_digit)
                && !word.is_empty()
                && rest.trim_ascii_start().first().is_none_or(|b| !b.is_ascii_alphabetic())
        }
        _ if NETWORK.contains(&name) => is_host(word),
        _ if FILES.contains(&name) => word.contains(&b'/') && !word.ends_with(b"/") || is_file(word),
        _ => false,
    }
}

/// `> /tmp/x`, `>>log.txt`, `<<<text`, `<(id)`: not `date > 2026-01-31`, which compares.
pub(super) fn is_redirection(text: &[u8]) -> bool {
    // `<b>` is an element, and `</b>` its end.
    let name = text.strip_prefix(b"<").map(|rest| rest.strip_prefix(b"/").unwrap_or(rest));
    if name.and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic)
        && text.iter().take(64).any(|b| *b == b'>')
    {
        return false;
    }
    let target = match text {
        [b'>', b'&' | b'(', ..] | [b'<', b'(', ..] | [b'<', b'<', b'<', ..] => return true,
        [b'>', b'>' | b'|', rest @ ..] | [b'<', b'<', rest @ ..] | [_, rest @ ..] => rest.trim_ascii_start(),
        [] => return false,
    };
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b';' | b'|' | b'&' | b'`' | b')');
    let word = target.iter().take(128).position(ends).map_or(target, |end| target.split_at(end).0);
    let named = word.iter().any(u8::is_ascii_alphabetic);
    matches!(word, [b'$' | b'~' | b'%', _, ..])
        || named && (word.contains(&b'/') || word.contains(&b'\\') || is_file(word))
}

pub(super) fn is_host(word: &[u8]) -> bool {
    word.len() > 3
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/'))
        && word.get(1..word.len() - 1).is_some_and(|w| w.contains(&b'.'))
}

pub(super) fn is_file(word: &[u8]) -> bool {
    let dot = memchr::memrchr(b'.', word);
    dot.is_some_and(|at| {
        at > 0
            && (2..=4).contains(&(word.len() - at - 1))
            && word.iter().skip(at + 1).all(u8::is_ascii_alphanumeric)
            && word.iter().skip(at + 1).any(u8::is_ascii_alphabetic)
    })
}
