//! What only a shell's language has, whatever the command.

use super::super::Text;
use super::super::marks::{self, Group};
use super::argument::ROOTS;

/// A file that a shell would read or write with no command at all: `$(</etc/passwd)`, `>/var/www/x.php`.
pub(super) fn redirection(text: &Text<'_>) -> Option<(usize, &'static str)> {
    let lower = text.lower;
    let rooted = |path: &[u8]| {
        let path = path.trim_ascii_start();
        let length =
            path.iter().take(128).take_while(|b| !b.is_ascii_whitespace() && !b">`)\"'".contains(b)).count();
        let mut parts = path.get(..length).unwrap_or_default().split(|b| *b == b'/');
        matches!(parts.next(), Some(b"" | b"~")) && parts.filter(|part| !part.is_empty()).count() > 1
    };
    if text.bytes.has(b'<') && (text.bytes.has(b'(') || text.bytes.has(b'`')) {
        for open in [&b"$(<"[..], b"`<"] {
            let found = memchr::memmem::find(lower, open);
            if let Some(at) = found.filter(|at| rooted(lower.get(at + open.len()..).unwrap_or_default())) {
                return Some((at, "a shell would put what a file holds here"));
            }
        }
    }
    let whole = lower.trim_ascii();
    let at = if text.bytes.has(b'>') && whole.len() <= 128 { memchr::memchr(b'>', whole) } else { None }?;
    let (before, target) = whole.split_at_checked(at)?;
    let target = target.strip_prefix(b">>").or_else(|| target.strip_prefix(b">"))?.trim_ascii_start();
    let word =
        before.trim_ascii_end().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    let of_system =
        target.strip_prefix(b"/").is_some_and(|path| ROOTS.iter().any(|root| path.starts_with(root)));
    let system = of_system && !target.iter().any(u8::is_ascii_whitespace);
    (word && system).then_some((at, "a shell would write this file"))
}

/// What only a shell's language has, wherever it stands.
pub(super) fn marks(text: &Text<'_>) -> Option<(usize, &'static str)> {
    if !text.marks.has(Group::Shell) {
        return None;
    }
    let lower = text.lower;
    for (at, mark) in marks::find(lower, 0, Group::Shell) {
        match mark {
            b"/dev/tcp/" | b"/dev/udp/" => return Some((at, "a connection that the shell itself opens")),
            b"() {" => {
                let body = lower.get(at..)?;
                let closed = [&b"};"[..], b"; }"].iter().any(|end| memchr::memmem::find(body, end).is_some());
                if at < 4 && closed {
                    return Some((at, "a function that a broken shell runs on import"));
                }
            }
            [b'$', ..] => return Some((at, "a blank written as a variable of the shell")),
            [b'%', ..] => return Some((at, "a piece of a variable of the shell of Windows")),
            b":(){" => return Some((at, "a function that calls itself until nothing is left")),
            [b'-', ..] => {
                let starts = at == 0 || lower.get(at - 1).is_some_and(u8::is_ascii_whitespace);
                if starts {
                    return Some((at, "an option that runs a program"));
                }
            }
            _ => return Some((at, "a shell with a command")),
        }
    }
    None
}

pub(in super::super) const MARKS: &[&[u8]] = &[
    b"/dev/tcp/",
    b"/dev/udp/",
    b"cmd.exe /c",
    b"/bin/sh -",
    b"/bin/bash -",
    b"${ifs}",
    b"$ifs$9",
    b"$ifs/",
    b"${path:0:1}",
    b"${home:0:1}",
    b"${pwd:0:1}",
    b"${shell:0:1}",
    b"%comspec",
    b"%os:~",
    b"%cd:~",
    b"%path:~",
    b"%pathext:~",
    b"%temp:~",
    b"%appdata:~",
    b"%windir:~",
    b"%systemroot:~",
    b"%homepath:~",
    b"%username:~",
    b"%userprofile:~",
    b"%programfiles:~",
    b"%commonprogramfiles:~",
    b":(){",
    b"() {",
    b"-oproxycommand=",
    b"--upload-pack=",
    b"--checkpoint-action=",
    b"downloadstring(",
    b"iex(new-object",
    b"iex (new-object",
    b"iex(iwr",
    b"iex (iwr",
    b"iex(irm",
    b"iex (irm",
];
