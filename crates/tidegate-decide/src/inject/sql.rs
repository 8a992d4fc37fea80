//! SQL: does the text leave the value that it should be, and go on as a query?
//!
//! A text is tried where an injection can begin: at its start (as a number would stand in a query), after each quote (where
//! a string would end), after each semicolon, and at words that only a query has. From there a small grammar of all common
//! dialects must take what follows. Words alone never suffice: "the union select committee" has the words and no query.

mod grammar;
mod lexer;

use super::marks::Group;
use super::{ByteSet, Hit, Text, prose};
use crate::bytes;
use crate::decision::Class;
use crate::trigger::Place;
use grammar::Query;
use lexer::{Lexer, Token};

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"'\"`;(=<>-#*,@/|&+ \t\n");
    if !text.bytes.intersects(NEEDED) {
        return None;
    }
    if text.place == Place::Header && is_machine_header(text.label) {
        let quoted = text.bytes.has(b'\'') || text.bytes.has(b'"');
        return if quoted { quotes(text).or_else(|| anywhere(text)) } else { None };
    }
    start(text).or_else(|| quotes(text)).or_else(|| anywhere(text))
}

/// Headers that browsers and services write in a grammar of their own.
fn is_machine_header(name: &[u8]) -> bool {
    [&b"user-agent"[..], b"accept", b"accept-language", b"via", b"forwarded"]
        .iter()
        .any(|h| h.eq_ignore_ascii_case(name))
}

fn hit(at: usize, why: &'static str) -> Hit {
    Hit { class: Class::Sql, at, why: why.into() }
}

/// The text as a value that no quotes surround: `1 or 1=1`, `1) union select ...`, `(select ...)`, or a whole statement.
fn start(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let lexer = Lexer::new(lower, 0, &text.purse);
    if let Some(why) = read(text, lexer, |query| query.statement(true)) {
        if is_told(lower) || is_named_so(text.raw) || is_prepared(lower) {
            text.suspect(Class::Sql, 0, why);
            return None;
        }
        return Some(hit(0, why));
    }
    if Query::may_begin(lexer) && Query::new(lexer).statement(false).is_some() {
        text.suspect(Class::Sql, 0, "begins like a statement");
    }
    if is_always_true(lower.trim_ascii()) {
        // `1 or 1` is what people choose from, too, but don't shout.
        if memchr::memmem::find(text.raw, b" or ").is_some()
            && lower.iter().all(|b| !matches!(b, b't' | b'f'))
        {
            text.suspect(Class::Sql, 0, CONDITION);
            return None;
        }
        return Some(hit(0, "a condition that is always true"));
    }
    if matches!(lexer.peek(), Token::Word(b"or" | b"and" | b"xor"))
        && let Some(why) = Query::new(lexer).after_value(false)
    {
        return Some(hit(0, why));
    }
    let mut tail = lexer;
    // `id=1 or 1=1`: the name of a field, and its value.
    let mut named = lexer;
    if matches!(named.next(), Token::Word(_))
        && named.take(Token::Operator(b"="))
        && named.peek() == Token::Number
    {
        tail = named;
    }
    while tail.take(Token::Open) {}
    // `abc or 1=1`, `5 or id>0`: a bare value, and all the rest a condition.
    let mut bare = lexer;
    bare.take(Token::Operator(b"-"));
    let number = match bare.next() {
        Token::Number => Some(true),
        Token::Word(_) => Some(false),
        _ => None,
    };
    // Most texts go on with another word.
    let may_join = matches!(bare.first(), Some(b'o' | b'a' | b'x' | b'|' | b'&' | b'/' | b'-' | b'#'));
    if may_join
        && let Some(number) = number
        && let Some(why) = Query::new(bare).is_all_a_condition(number)
    {
        return Some(hit(bare.at(), why));
    }
    let mut signs = 0;
    while signs < 3 && (tail.take(Token::Operator(b"-")) || tail.take(Token::Operator(b"+"))) {
        signs += 1;
    }
    let value = match tail.next() {
        Token::Number | Token::Text(true) => true,
        Token::Word(word) => matches!(word, b"null" | b"true" | b"false"),
        Token::Close => true,
        _ => false,
    };
    if value {
        let found = read(text, tail, |query| query.after_value(false)).map(|why| hit(tail.at(), why));
        if found.is_none() && Query::new(tail).is_nearly() {
            text.suspect(Class::Sql, tail.at(), CONDITION);
        }
        return found;
    }
    // A value of any kind, packed: `admin)or(1)=(1)`, `x;drop table y`.
    let word = lower.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let tail = Lexer::new(lower, word, &text.purse);
    let packed = matches!(lower.get(word), Some(b')' | b';'));
    if packed { read(text, tail, |query| query.after_value(false)).map(|why| hit(word, why)) } else { None }
}

/// What is found in the text as it is, or as if a comment with a line's end behind it were its end: a comment may part the
/// words of a query, and it may be there to take off what an application puts behind it.
fn read<'a>(
    text: &Text<'_>,
    lexer: Lexer<'a>,
    find: impl Fn(Query<'a>) -> Option<&'static str>,
) -> Option<&'static str> {
    find(Query::new(lexer)).or_else(|| {
        if !text.bytes.has(b'\n') || !has_comments(text) {
            return None;
        }
        let mut ended = lexer.ended();
        for _ in 0..ENDS {
            let cut = ended?;
            if let Some(why) = find(Query::new(cut)) {
                return Some(why);
            }
            ended = lexer.ended_after(cut);
        }
        None
    })
}

fn has_comments(text: &Text<'_>) -> bool {
    let known = text.purse.comments.get();
    known.unwrap_or_else(|| {
        let any =
            text.bytes.has(b'#') || text.bytes.has(b'-') && memchr::memmem::find(text.lower, b"--").is_some();
        text.purse.comments.set(Some(any));
        any
    })
}

/// As many comments are tried as an end.
const ENDS: usize = 3;

const CONDITION: &str = "a condition behind a value, of names that may be columns";

/// `1 or 1`, `7 || true`: nothing else, and the same number or the truth on its other side.
fn is_always_true(text: &[u8]) -> bool {
    let digits = text.iter().take(16).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || text.len() > 40 {
        return false;
    }
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_ascii_start();
    let other = rest.strip_prefix(b"or ").or_else(|| rest.strip_prefix(b"||")).map(<[u8]>::trim_ascii);
    other.is_some_and(|other| other == number || matches!(other, b"true" | b"not false"))
}

/// After each quote: what would stand there if the value stood in quotes of that kind.
fn quotes(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.intersects(ByteSet::from_list(b"'\"`")) {
        return None;
    }
    // The first places that nearly are one tell as much as all.
    let mut tries = 4_u8;
    bytes::find_map(text.lower, [b'\'', b'"', b'`'], |at| {
        let tail = Lexer::new(text.lower, at + 1, &text.purse);
        if Query::may_go_on(tail) { quote(text, at, tail, &mut tries) } else { None }
    })
}

/// Apart from the loop, which most quotes don't leave.
#[inline(never)]
fn quote(text: &Text<'_>, at: usize, tail: Lexer<'_>, tries: &mut u8) -> Option<Hit> {
    let before = text.lower.get(..at).unwrap_or_default();
    // `\'` stays inside of the string; `''` does too, unless the value is empty.
    if before.last() == Some(&b'\\') && before.len() > 1 {
        return None;
    }
    // Every semicolon is looked behind anyway, but for a comment that makes it the end.
    if let Some([b';', next]) = text.lower.get(at + 1..at + 3)
        && *next != b'-'
    {
        return None;
    }
    if text.is_spent() {
        return None;
    }
    if is_quoted_word(before, text.lower.get(at..).unwrap_or_default()) || !Query::may_follow(tail) {
        return None;
    }
    if before.is_empty() && is_about_words(text.lower) {
        text.suspect(Class::Sql, at, "a quote, and a word of a query behind it");
        return None;
    }
    let short = before.len() <= 64 && !before.contains(&b' ');
    let ends = matches!(tail.first(), Some(b'-' | b'#' | b'/' | b';'));
    let from = text.lower.get(at..).unwrap_or_default();
    // Behind one word a comment takes off the rest of its line, too: what comes next is the application's.
    let line = if short { from.split(|b| *b == b'\n').next().unwrap_or_default() } else { from };
    let weak = is_value(text.raw.get(..at).unwrap_or_default());
    // `admin'-- note`: behind a name, with nothing between.
    let glued = matches!(text.lower.get(at + 1..), Some([b'-', b'-', ..] | [b'#', ..] | [b'/', b'*', ..]));
    let named = short
        && before.first().is_some_and(u8::is_ascii_alphanumeric)
        && before.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'.' | b'_' | b'-'));
    if glued && named && weak && text.lower.get(at) == Some(&b'\'') {
        return Some(hit(at, "the value is closed and the rest of the query commented out"));
    }
    if weak && ends && comments_out(before, line) {
        return Some(hit(at, "the value is closed and the rest of the query commented out"));
    }
    if let Some(why) = read(text, tail, |query| query.after_value(true)) {
        // A backtick quotes a name, which nothing is joined to.
        if text.lower.get(at) != Some(&b'`') || why != grammar::JOINED {
            return Some(hit(at, why));
        }
    }
    let quote = text.lower.get(at).copied().unwrap_or_default();
    if short && is_any_pattern(from) {
        return Some(hit(at, "a pattern that fits everything, which the query's own quote completes"));
    }
    if text.bytes.has(b',')
        && quote == b'\''
        && before.len() <= 64
        && !before.contains(&quote)
        && let Some(why) = Query::new(tail).after_column()
    {
        return Some(hit(at, why));
    }
    if short
        && weak
        && let Some(why) = Query::new(tail).after_short(quote)
    {
        return Some(hit(at, why));
    }
    if *tries > 0 {
        *tries -= 1;
        if tail.peek() == Token::Rest && before.len() > 1 {
            text.suspect(Class::Sql, at, "a quote, and a comment behind it");
        } else if Query::new(tail).is_nearly() {
            text.suspect(Class::Sql, at, CONDITION);
        }
    }
    None
}

/// What somebody may have put before the quote: no pile of signs, and nothing made at random.
fn is_value(before: &[u8]) -> bool {
    let odd = |b: &&u8| {
        matches!(b, b'!' | b'#' | b'$' | b'^' | b'~' | b'[' | b']' | b'{' | b'}' | b'|' | b'`' | b'<' | b'>')
    };
    before.len() > 64 || !prose::is_noise(before) && before.iter().filter(odd).count() < 2
}

/// `is it 'or' here?`: one word in quotes, and blanks around.
fn is_quoted_word(before: &[u8], from: &[u8]) -> bool {
    let Some((quote, rest)) = from.split_first().filter(|_| before.ends_with(b" ")) else { return false };
    // `the "||" operator`: logic and concatenation of such strings finds nothing that the query didn't.
    let sign = rest.iter().take(3).take_while(|b| matches!(b, b'|' | b'&')).count();
    let length = rest.iter().take(16).take_while(|b| b.is_ascii_alphabetic()).count().max(sign);
    length > 0
        && matches!(rest.get(length..), Some([end, after @ ..]) if end == quote
            && matches!(after, [] | [b' ' | b',' | b'.' | b'?' | b'!' | b';' | b')', ..]))
}

/// `'and' and 'or'`, `'=' is missing`: words and signs that are quoted, each by itself and closed, and words around them.
/// No condition is made of those that is ever true.
fn is_about_words(lower: &[u8]) -> bool {
    let lower = lower.trim_ascii();
    let Some(quote) = lower.first().filter(|_| lower.len() <= 128) else { return false };
    let (mut inside, mut words) = (false, 0);
    for part in lower.split(|b| b == quote) {
        let letters = |b: &u8| b.is_ascii_alphabetic();
        let fits = if inside {
            let sign = |b: &u8| b"=<>+*/%&|!~^-".contains(b);
            !part.is_empty() && (part.iter().all(letters) || part.len() <= 3 && part.iter().all(sign))
        } else {
            words += part.split(|b| *b == b' ').filter(|word| word.iter().any(letters)).count();
            part.iter().all(|b| letters(b) || matches!(b, b' ' | b',' | b'.' | b'?'))
                && part.iter().position(|b| *b != b' ') != Some(0)
        };
        if !fits {
            return false;
        }
        inside = !inside;
    }
    // The last part is outside. Behind a sign a single word could still be a string, taken for nothing.
    inside && words > usize::from(!lower.get(1).is_some_and(u8::is_ascii_alphabetic))
}

/// `' LIKE '%`: from a quote on, a comparison with a string of wildcards that is left open.
fn is_any_pattern(from: &[u8]) -> bool {
    let Some((quote, rest)) = from.split_first().filter(|_| from.len() <= 32) else { return false };
    let rest = rest.trim_ascii_start();
    let word =
        [&b"like"[..], b"ilike", b"rlike", b"regexp", b"glob"].iter().find_map(|w| rest.strip_prefix(*w));
    let pattern = word.and_then(|rest| rest.trim_ascii_start().strip_prefix(&[*quote][..]));
    pattern
        .is_some_and(|pattern| pattern.iter().all(|b| matches!(b, b'%' | b'_' | b'*' | b'.' | b'^' | b' ')))
}

/// `admin'--`: a quote that closes, and nothing but a comment behind it.
fn comments_out(before: &[u8], from: &[u8]) -> bool {
    let Some((quote @ (b'\'' | b'"'), rest)) = from.split_first() else { return false };
    let rest = rest.get(..32).unwrap_or(rest).trim_ascii();
    let comment = [&b"--"[..], b"#", b"/*", b";--"].iter().find_map(|c| rest.strip_prefix(*c));
    // Whoever comments out has nothing to say there; `boys' -- size 8` has.
    let alone = comment.is_some_and(grammar::is_empty_comment);
    // Balanced quotes before it mean that this one opens.
    alone && before.len() <= 256 && before.iter().filter(|b| *b == quote).count() % 2 == 0
}

/// A sentence about a query: its last words would be an error in any dialect, and no comment takes them off.
fn is_told(lower: &[u8]) -> bool {
    let comments =
        || [&b"--"[..], b"/*", b"#"].iter().any(|mark| memchr::memmem::find(lower, mark).is_some());
    lower.len() <= 2048 && prose::ends(lower) && !comments()
}

/// `Delete from trash`, `drop table lamps`: words alone, as people search for them and name buttons. Whoever writes a query
/// shouts its keywords, or has more of it than words.
fn is_named_so(raw: &[u8]) -> bool {
    let raw = raw.trim_ascii();
    let verb = raw.iter().take_while(|b| b.is_ascii_alphabetic()).skip(1);
    raw.len() <= 64
        && raw.iter().all(|b| b.is_ascii_alphanumeric() || *b == b' ')
        && verb.copied().any(|b| b.is_ascii_lowercase())
}

/// `select id from orders where tenant = ? limit 10`: a query as programs log it, its values still to come.
fn is_prepared(lower: &[u8]) -> bool {
    let values = [&b"= ?"[..], b"=?", b"= $1", b"=$1", b"(?", b"($1", b"= :"];
    values.iter().any(|value| memchr::memmem::find(lower, value).is_some())
        && !lower.iter().any(|b| matches!(b, b'\'' | b'"' | b';' | b'#'))
        && memchr::memmem::find(lower, b"--").is_none()
        && memchr::memmem::find(lower, b"/*").is_none()
        && [&b"select "[..], b"insert ", b"update ", b"delete "].iter().any(|verb| lower.starts_with(verb))
}

/// `t1 union all select a from t2`, with a SELECT of its own before it and nothing that closes a value.
fn is_quoted_whole(before: &[u8]) -> bool {
    let before = before.get(before.len().saturating_sub(256)..).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'.' | b',' | b':' | b'*');
    let select =
        memchr::memmem::rfind(before, b": select ").or_else(|| memchr::memmem::rfind(before, b". select "));
    let query = select.and_then(|at| before.get(at..)).unwrap_or_default();
    query.iter().all(plain) && memchr::memmem::find(query, b" from ").is_some()
}

/// What only a query has, wherever it stands.
fn anywhere(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let ends = if text.bytes.has(b';') { lower } else { b"" };
    let found = bytes::find_map(ends, [b';'], |at| {
        // No statement begins so.
        if matches!(lower.get(at + 1), Some(b'\'' | b'"' | b';')) {
            return None;
        }
        let lexer = Lexer::new(lower, at + 1, &text.purse);
        if !Query::may_begin(lexer) {
            return None;
        }
        read(text, lexer, |query| query.statement(false)).map(|why| hit(at, why))
    });
    if found.is_some() {
        return found;
    }
    if text.marks.has(Group::Union) {
        for at in memchr::memmem::find_iter(lower, b"union") {
            let word = at == 0 || lower.get(at - 1).is_some_and(|b| !b.is_ascii_alphabetic());
            if word && Query::new(Lexer::new(lower, at + 5, &text.purse)).union() {
                if is_quoted_whole(lower.get(..at).unwrap_or_default()) {
                    text.suspect(Class::Sql, at, "a query that is told of");
                    continue;
                }
                return Some(hit(at, "UNION with a SELECT that takes other columns"));
            }
        }
    }
    if text.bytes.has(b'(') {
        let mut told = None;
        let found = bytes::find_map(lower, [b'('], |at| {
            let why = Query::call_before(lower, at, &text.purse)?;
            // Behind an operator, or where a quote closes a value, it is no talk.
            let open = text.bytes.intersects(ByteSet::from_list(b"'\"`;|&="));
            if !open && *told.get_or_insert_with(|| is_told(lower)) {
                text.suspect(Class::Sql, at, why);
                return None;
            }
            Some(hit(at, why))
        });
        if found.is_some() {
            return found;
        }
    }
    if !text.marks.has(Group::Waitfor) {
        return None;
    }
    let delay = memchr::memmem::find(lower, b"waitfor")?;
    let mut tail = Lexer::new(lower, delay + 7, &text.purse);
    (tail.word(b"delay") && matches!(tail.next(), Token::Text(_)))
        .then(|| hit(delay, "WAITFOR DELAY holds the connection"))
}

#[cfg(test)]
mod tests;
