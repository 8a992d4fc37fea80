//! Commands of an operating system: would a shell run something that the application did not write?
//!
//! A command is asked for where a shell begins one: after a separator, inside of a substitution, at the start. Its name is
//! read as a shell reads it, with quotes, backslashes and empty variables taken off. Names that are English words too
//! ("cat", "sleep", "id") must come with an argument that no sentence has.

mod argument;
mod leading;
mod local;
mod names;
mod place;
mod signs;
mod spelling;

use super::{ByteSet, Hit, Text, prose};
use crate::bytes;
use crate::decision::Class;
use argument::{is_argument, names_a_place, reads_a_machine};
use names::{
    ALONE, FILES, LISTED, base, begins_a_name, is_a_shell, is_english, is_idle, is_rare, is_strong, name,
};
pub(super) use place::is_terse;
use place::{
    Place, Ticks, is_all_there_is, is_choice, is_mentioned, is_only, is_table, prose_from, stands_alone,
};
pub(super) use signs::MARKS;
use signs::marks;
use spelling::{has_option_alone, hides, is_escaped_name, is_label, is_misspelled, is_over};

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::OsCommand, at, why: why.into() });
    if let Some((at, why)) = marks(text).or_else(|| signs::redirection(text)) {
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
            if found == Strength::No || is_misspelled(text, at) {
                return None;
            }
            let substitution = at >= 2 && lower.get(at - 2..at) == Some(b"$(");
            // `$(RM)` is a variable of make.
            let raw = text.raw.get(at..).unwrap_or_default();
            let shouted = raw.iter().take(16).take_while(|b| b.is_ascii_uppercase() || **b == b'_').count();
            if substitution && shouted > 0 && raw.get(shouted) == Some(&b')') {
                return None;
            }
            let tick = at >= 1 && lower.get(at - 1) == Some(&b'`');
            // The language of a block of code; a name among words, as people quote it.
            if tick && found != Strength::Surely && place::is_quoted(lower, at) {
                near = near.or(Some(at));
                return None;
            }
            let mut in_prose = || *prose.get_or_insert_with(|| prose_from(lower)) < at;
            let place = Place::of(lower, at);
            // `tAd!TQZXZq&ps`: two letters of a password.
            let made = || prose::is_noise(text.raw.get(..at - 1).unwrap_or_default());
            if found != Strength::Surely && place.tight && plain_length(inside) < 3 && made() {
                near = near.or(Some(at));
                return None;
            }
            // `&quot;node&quot;`: the semicolon belongs to a character, which is looked at with the others when it is read.
            let found = if place.of_entity && found != Strength::Surely { Strength::No } else { found };
            // In lines of prose options are signs: "less -5% for members".
            if found == Strength::Surely
                && place.mark == b'\n'
                && has_option_alone(inside)
                && !is_terse(lower)
            {
                near = near.or(Some(at));
                return None;
            }
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
                // A program that waits for one to run: a list of languages, whatever parts it.
                Strength::Vague if !place.leads() && is_idle(inside) || tick && is_a_shell(inside) => {
                    near = near.or(Some(at));
                }
                Strength::Vague if tick && (in_prose() || is_mentioned(lower)) => near = near.or(Some(at)),
                Strength::Vague if tick || place.leads() || place.tight && place.mark != b'\n' => {
                    return Some(hit(at, SECOND));
                }
                Strength::Vague
                    if (place.mark != b'&' || place.doubled)
                        && stands_alone(lower, at)
                        && !is_table(lower) =>
                {
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
    let start = lower.len() - lower.trim_ascii_start().len();
    let strength = match command(text, lower.get(start..).unwrap_or_default()) {
        Strength::No => return None,
        _ if is_misspelled(text, start) => return None,
        strength => strength,
    };
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
    if !is_terse(lower) || lower.starts_with(b"diff --git a/") || is_label(lower.trim_ascii()) {
        text.suspect(Class::OsCommand, 0, "begins like a command");
        return None;
    }
    hit(0, "the text is a command by itself")
}

const SECOND: &str = "a shell would run a second command here";

/// What the name of a command may begin with, as [`name`] reads it.
fn may_begin(text: &[u8]) -> bool {
    match text {
        [b'w'] => true,
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
        let blanks = match rest {
            [b' ' | b'\t' | b'+', ..] => {
                rest.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t' | b'+')).count()
            }
            _ => 0,
        };
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
        [b'.', b' ', b'/' | b'~', next, ..] if !next.is_ascii_whitespace() => return Strength::Surely,
        [b'(' | b'!', rest @ ..] | [b'{', b' ', rest @ ..] => rest,
        [b'd', b'o', b' ', rest @ ..] | [b't', b'h', b'e', b'n', b' ', rest @ ..] => rest,
        [b'$', b'\'', rest @ ..] => {
            return if is_escaped_name(rest) { Strength::Surely } else { Strength::No };
        }
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
    if !is_over(rest, text.place) {
        return Strength::No;
    }
    let argument = rest.trim_ascii_start();
    let ends = argument.first().is_none_or(|b| {
        matches!(b, b';' | b'|' | b'&' | b'`' | b')' | b'#' | b'\n' | b'"' | b'\'' | b'>' | b'<' | 0)
    }) || argument.starts_with(b"//");
    // `;base64,`, `;format=flowed`: what a shell reads as one word is another name.
    let parted =
        rest.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'+' | b'<' | b'>' | b'$' | b'{'));
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

#[cfg(test)]
mod tests;
