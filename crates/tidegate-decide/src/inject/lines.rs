//! Line breaks that begin something: a header, a reply, a command of a protocol, a line of a log, a header of mail.
//!
//! People write several lines, and "Name: value" on them. What no address, subject or header value has is a line that
//! belongs to the protocol it will be put into.

mod log;

use super::marks::{self, Group};
use super::{ByteSet, Hit, Text, prose};
use crate::bytes;
use crate::decision::Class;
use crate::trigger::Place;
use std::borrow::Cow;
use std::cell::Cell;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    options(text).or_else(|| lines(text))
}

fn lines(text: &Text<'_>) -> Option<Hit> {
    const BREAKS: ByteSet = ByteSet::from_list(b"\r\n\x0b\xc2\xe2\xe5\xc4%\x1b\x08");
    if !text.bytes.intersects(BREAKS) {
        return None;
    }
    let lower = text.lower;
    if let Some(at) = log::control(text) {
        return Some(hit(Class::Log, at, "a terminal's control sequence"));
    }
    let mut split = Split {
        text: lower,
        at: 0,
        plain: !text.bytes.intersects(ByteSet::from_list(b"\xc2\xe2\xe5\xc4")),
        marked: false,
    };
    let (head, line) = split.next().and_then(|first| Some((first.text, split.next()?)))?;
    let text_of = Lead {
        head,
        address: is_address(head),
        letter: is_letter(text, head) || text.place != Place::Header && is_message(head),
        space: memchr::memchr(b' ', lower).unwrap_or(usize::MAX),
        feed: memchr::memchr(b'\n', lower).unwrap_or(usize::MAX),
        boundary: Cell::new(head.starts_with(b"--")),
        blank: Cell::new(false),
        logged: Cell::new(None),
    };
    let mut number = 2;
    if let Some(found) = judge(text, &text_of, line, number) {
        return Some(found);
    }
    let mut next = |line: Line<'_>| {
        number += 1;
        if !text.spend(2) {
            return Some(None);
        }
        if is_short(text, line.text) { None } else { judge(text, &text_of, line, number).map(Some) }
    };
    // All breaks are found at once; of one that takes two bytes the second lies before the line's start.
    if split.plain && split.at < lower.len() {
        let from = split.at;
        let found = bytes::find_map(lower.get(from..)?, [b'\r', b'\n'], |at| {
            if from + at < split.at { None } else { next(split.ends(from + at)?) }
        });
        if let Some(found) = found {
            return found;
        }
    }
    while let Some(line) = split.next() {
        if let Some(found) = next(line) {
            return found;
        }
    }
    None
}

/// What stands before a line, as far as it matters.
struct Lead<'a> {
    /// The first line.
    head: &'a [u8],
    /// The first line is an address of mail and nothing else: what follows goes into the letter sent there.
    address: bool,
    /// The text is a letter: headers are at home in it.
    letter: bool,
    /// The first blank and the first line feed of the text.
    space: usize,
    feed: usize,
    /// The line before is the boundary of a part, or belongs to the part's head.
    boundary: Cell<bool>,
    /// The second line is blank, as behind the head of a letter or a reply.
    blank: Cell<bool>,
    /// Whether the first line is one of a log, once that was asked.
    logged: Cell<Option<bool>>,
}

impl Lead<'_> {
    /// The break before `at` is one that people don't write.
    fn odd(&self, lower: &[u8], at: usize) -> bool {
        at.checked_sub(1).and_then(|i| lower.get(i)).is_some_and(|b| !matches!(b, b'\r' | b'\n'))
    }
}

#[derive(Clone, Copy)]
struct Line<'a> {
    at: usize,
    text: &'a [u8],
    /// The break before it isn't a plain line feed.
    marked: bool,
}

fn hit(class: Class, at: usize, why: impl Into<Cow<'static, str>>) -> Hit {
    Hit { class, at, why: why.into() }
}

/// Lines with their offsets.
struct Split<'a> {
    text: &'a [u8],
    at: usize,
    /// Nothing but carriage returns and line feeds break lines.
    plain: bool,
    marked: bool,
}

impl<'a> Split<'a> {
    fn next(&mut self) -> Option<Line<'a>> {
        let (start, marked) = (self.at, self.marked);
        let rest = self.text.get(start..)?;
        if self.plain {
            let Some(end) = memchr::memchr2(b'\r', b'\n', rest) else {
                self.at = usize::MAX;
                return Some(Line { at: start, text: rest, marked });
            };
            return self.ends(start + end);
        }
        let mut from = 0;
        let (end, length) = loop {
            let ahead = rest.get(from..).unwrap_or_default();
            let found = ahead.iter().position(|b| matches!(b, b'\r' | b'\n' | 0xe5 | 0xc4 | 0xc2 | 0xe2));
            let Some(end) = found.map(|found| from + found) else {
                // Nothing is left after this.
                self.at = usize::MAX;
                return Some(Line { at: start, text: rest, marked });
            };
            match rest.get(end).and_then(|byte| break_length(rest, end, *byte)) {
                Some(length) => break (end, length),
                None => from = end + 1,
            }
        };
        self.marked = length != 1 || rest.get(end) == Some(&b'\r');
        self.at = start + end + length;
        Some(Line { at: start, text: rest.get(..end)?, marked })
    }

    /// The line that a carriage return or a line feed at a place ends.
    fn ends(&mut self, end: usize) -> Option<Line<'a>> {
        let line = Line { at: self.at, text: self.text.get(self.at..end)?, marked: self.marked };
        self.marked = self.text.get(end) == Some(&b'\r');
        let double = self.marked && self.text.get(end + 1) == Some(&b'\n');
        self.at = end + 1 + usize::from(double);
        Some(line)
    }
}

/// How long the break at `i` is, if there is one: CR, LF, both, and the characters that old parsers cut down to them.
fn break_length(rest: &[u8], i: usize, byte: u8) -> Option<usize> {
    match byte {
        b'\r' => Some(1 + usize::from(rest.get(i + 1) == Some(&b'\n'))),
        b'\n' => Some(1),
        // The only one of its kind, among the degrees and prices that begin alike.
        0xc2 => (rest.get(i + 1) == Some(&0x85)).then_some(2),
        0xe5 | 0xc4 | 0xe2 => {
            let tail = rest.get(i..)?;
            let long = [
                &b"\xe5\x98\x8a\xe5\x98\x8d"[..],
                b"\xe5\x98\x8a",
                b"\xe5\x98\x8d",
                b"\xc4\x8d\xc4\x8a",
                b"\xe2\x80\xa8",
                b"\xe2\x80\xa9",
            ];
            long.iter().find(|l| tail.starts_with(l)).map(|l| l.len())
        }
        _ => None,
    }
}

fn judge(text: &Text<'_>, lead: &Lead<'_>, line: Line<'_>, number: usize) -> Option<Hit> {
    let Line { at, text: line, marked } = line;
    if line.is_empty() {
        lead.blank.set(number == 2 || lead.blank.get());
        return None;
    }
    if is_short(text, line) {
        return None;
    }
    let behind_boundary = lead.boundary.replace(line.starts_with(b"--"));
    let colon = memchr::memchr(b':', line);
    let (name, value) = match colon {
        Some(colon) => (line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?.trim_ascii()),
        None => (line.trim_ascii(), &b""[..]),
    };
    // The parts of a document have heads of their own.
    if behind_boundary && name.starts_with(b"content-") {
        lead.boundary.set(true);
        return None;
    }
    if is_protocol(line) {
        return Some(hit(Class::Crlf, at, "a line break, and a line of a protocol behind it"));
    }
    // A header begins its line; what stands further in belongs to code or a list, or to the header before.
    let colon = colon.filter(|_| !matches!(line.first(), Some(b' ' | b'\t')));
    // The headers of a whole letter or file stand after lines of their own kind, not after a bare value.
    let after_value = number <= 2 || lead.space >= at || at < 64;
    if !lead.letter && after_value {
        if colon.is_some()
            && is_mail_header(name)
            && (lead.address
                || value.contains(&b'@')
                || marked && name != b"to" && name != b"from"
                || name.len() > 7)
            && !value.is_empty()
        {
            return Some(hit(Class::Mail, at, "a line break, and a header of mail behind it"));
        }
        if is_smtp(line)
            || line == b"." && marked && text.raw.len() > 8
            || tagged(line).is_some_and(|l| IMAP.iter().any(|c| l.starts_with(c)))
        {
            return Some(hit(Class::Mail, at, "a line break, and a command to a mail server behind it"));
        }
    }
    if lead.address && lead.blank.get() && memchr::memmem::find(line, b"://").is_some() {
        return Some(hit(Class::Mail, at, "an address, and a letter of one's own behind it"));
    }
    let page = [&b"<html"[..], b"<!doctype html", b"<body"].iter().any(|p| line.starts_with(p));
    if page && marked && lead.blank.get() && lead.head.len() <= 64 && lead.space >= at {
        return Some(hit(Class::Crlf, at, "a blank line, and a page behind it"));
    }
    if !lead.letter
        && colon.is_some()
        && (is_http_header(name) || name.starts_with(b"x-") && marked || name.starts_with(b"access-control-"))
        && !value.is_empty()
        && is_header_value(name, value)
        // `You can use the\nCache-Control: header to change it`
        && (marked || !prose::is_told(value))
    {
        return Some(hit(Class::Crlf, at, "a line break, and a header behind it"));
    }
    if (lead.feed >= at || number <= 3) && text.spend(40 + line.len() / 4) {
        let raw = text.raw.get(at..at + line.len()).unwrap_or_default();
        let alone = || log::is_alone(lead.head, text.lower.get(at + line.len()..).unwrap_or_default());
        if log::is_line(line) || log::may_be_line(raw, lead.odd(text.lower, at)) && alone() {
            let logged = lead.logged.get().unwrap_or_else(|| {
                let head = text.raw.get(..lead.head.len()).unwrap_or_default();
                log::is_line(lead.head) || log::may_be_line(head, false) || log::introduces(lead.head)
            });
            lead.logged.set(Some(logged));
            let before = text.lower.get(..at).unwrap_or_default();
            if !logged && !before.trim_ascii().contains(&b'\n') {
                return Some(hit(Class::Log, at, "a line break, and a line as a log has it behind it"));
            }
        }
    }
    if text.place == Place::Header && marked && !name.is_empty() && colon.is_some() && !name.contains(&b' ') {
        return Some(hit(Class::Crlf, at, "a line break within a header, and a header behind it"));
    }
    None
}

/// Nothing so short is a header, a command or a line of a log, within a header aside.
fn is_short(text: &Text<'_>, line: &[u8]) -> bool {
    line.len() < 4 && line != b"." && text.place != Place::Header
}

/// A letter with its own headers first, or a forwarded one.
fn is_letter(text: &Text<'_>, head: &[u8]) -> bool {
    let named = head.split(|b| *b == b':').next().unwrap_or_default();
    (is_mail_header(named) || is_trace(named)) && head.len() > named.len() || text.marks.has(Group::Letters)
}

/// `GET /orders HTTP/1.1`, `HTTP/1.1 200 OK`: the text is a request or a reply from its start, as people send each other.
fn is_message(head: &[u8]) -> bool {
    let reply = head.starts_with(b"http/")
        && head
            .get(8..12)
            .is_some_and(|code| matches!(code, [b' ', digits @ ..] if digits.iter().all(u8::is_ascii_digit)));
    let target = memchr::memchr(b' ', head).and_then(|at| head.get(at + 1..)).unwrap_or_default();
    reply
        || is_protocol(head) && target.starts_with(b"/") && memchr::memmem::find(target, b" http/").is_some()
}

/// `name@host`, with nothing around it.
fn is_address(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() <= 254
        && memchr::memchr(b'@', line)
            .is_some_and(|at| at > 0 && line.get(at + 1..).is_some_and(|h| h.contains(&b'.')))
        && !line.iter().any(|b| b.is_ascii_whitespace() || matches!(b, b',' | b';' | b':' | b'/'))
}

fn is_header_value(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"location" => memchr::memmem::find(value, b"://").is_some() || value.starts_with(b"/"),
        b"host" => {
            !value.contains(&b' ') && value.iter().any(|b| matches!(b, b'.' | b':')) || value.len() == 1
        }
        b"date" | b"server" | b"via" | b"link" => false,
        _ => true,
    }
}

/// A request, a reply, a command of Redis or memcached.
fn is_protocol(line: &[u8]) -> bool {
    // No other letter begins what follows.
    if !matches!(line.first(), Some(b'g' | b'p' | b'd' | b'h' | b'o' | b'c' | b'f' | b's' | b'e' | b'm')) {
        return false;
    }
    let verbs = [&b"get "[..], b"post ", b"put ", b"delete ", b"head ", b"options ", b"connect "];
    let request =
        verbs.iter().any(|v| line.starts_with(v)) && memchr::memmem::find(line, b" http/").is_some();
    let reply = line.starts_with(b"http/1.") || line.starts_with(b"http/2");
    let redis = [
        &b"flushall"[..],
        b"flushdb",
        b"slaveof ",
        b"config set ",
        b"config get ",
        b"eval \"",
        b"eval '",
        b"script load ",
        b"shutdown nosave",
        b"module load",
    ];
    let store = line.starts_with(b"set ")
        && line.iter().rev().take(24).filter(|b| **b == b' ').count() >= 3
        && line.last().is_some_and(u8::is_ascii_digit);
    request || reply || store || redis.iter().any(|c| line.starts_with(c))
}

/// What follows an IMAP tag: `a004 create x`.
fn tagged(line: &[u8]) -> Option<&[u8]> {
    let space = memchr::memchr(b' ', line).filter(|at| (1..=6).contains(at))?;
    let tag = line.get(..space)?;
    (tag.iter().all(u8::is_ascii_alphanumeric) && tag.iter().any(u8::is_ascii_digit))
        .then(|| line.get(space + 1..))?
}

/// Options of the program that sends mail, within an address.
fn options(text: &Text<'_>) -> Option<Hit> {
    if !text.marks.has(Group::MailOptions) {
        return None;
    }
    let (at, _) = marks::find(text.lower, 0, Group::MailOptions).next()?;
    Some(hit(Class::Mail, at, "an option of the program that sends mail"))
}

pub(super) const OPTIONS: &[&[u8]] = &[b"-oqueuedirectory=", b"-oq/", b" -x/", b"-odb ", b"-be ${run"];

/// Headers of mail.
fn is_mail_header(name: &[u8]) -> bool {
    matches!(
        name,
        b"bcc"
            | b"cc"
            | b"to"
            | b"from"
            | b"sender"
            | b"reply-to"
            | b"subject"
            | b"return-path"
            | b"mime-version"
            | b"content-type"
            | b"content-transfer-encoding"
            | b"x-mailer"
            | b"disposition-notification-to"
            | b"errors-to"
            | b"message-id"
            | b"resent-to"
            | b"resent-bcc"
    )
}

/// Headers that servers put before those of the sender: whoever has them has a letter as it came.
fn is_trace(name: &[u8]) -> bool {
    matches!(
        name,
        b"received"
            | b"delivered-to"
            | b"x-received"
            | b"received-spf"
            | b"dkim-signature"
            | b"arc-seal"
            | b"arc-message-signature"
            | b"authentication-results"
            | b"x-google-dkim-signature"
    )
}

/// A command to a mail server.
fn is_smtp(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'a' | b'e' | b'h' | b'm' | b'q' | b'r' | b's' | b'v'))
        && SMTP.iter().any(|c| line.starts_with(c))
}

const SMTP: &[&[u8]] = &[
    b"mail from:",
    b"rcpt to:",
    b"rset",
    b"ehlo ",
    b"helo ",
    b"auth plain",
    b"auth login",
    b"vrfy ",
    b"expn ",
    b"starttls",
    b"quit",
];

const IMAP: &[&[u8]] = &[
    b"delete ", b"create ", b"logout", b"fetch ", b"login ", b"select ", b"rename ", b"append ", b"store ",
    b"list ",
];

/// Headers of HTTP.
fn is_http_header(name: &[u8]) -> bool {
    matches!(
        name,
        b"set-cookie"
            | b"location"
            | b"content-length"
            | b"content-type"
            | b"transfer-encoding"
            | b"host"
            | b"refresh"
            | b"authorization"
            | b"content-disposition"
            | b"content-encoding"
            | b"cookie"
            | b"connection"
            | b"upgrade"
            | b"forwarded"
            | b"x-forwarded-for"
            | b"x-forwarded-host"
            | b"content-security-policy"
            | b"strict-transport-security"
            | b"proxy-authorization"
            | b"www-authenticate"
            | b"cache-control"
            | b"referer"
            | b"user-agent"
            | b"origin"
            | b"etag"
            | b"expires"
            | b"pragma"
            | b"x-injected"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn lines_end_where_another_reader_says() {
        for length in 0..40 {
            for (mark, marked) in [("\r\n", true), ("\n", false), ("\r", true)] {
                let text = format!("{}{mark}b{mark}{mark}c", "a".repeat(length));
                let lower = text.as_bytes();
                for plain in [true, false] {
                    let mut split = Split { text: lower, at: 0, plain, marked: false };
                    let all: Vec<_> = std::iter::from_fn(|| split.next()).collect();
                    let lines: Vec<_> = all.iter().map(|line| line.text).collect();
                    assert_eq!(lines, [&lower[..length], b"b", b"", b"c"], "{text:?}");
                    assert!(all.iter().skip(1).all(|line| line.marked == marked), "{text:?}");
                    assert!(
                        all.iter().skip(1).all(|line| text.get(..line.at).unwrap().ends_with(mark)),
                        "{text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_that_begin_something() {
        for text in [
            "x\r\nSet-Cookie: a=1",
            "a\nLocation: https://evil.example/",
            "v\r\nTransfer-Encoding: chunked\r\n\r\n0",
            "ann@example.com\nBcc: b@evil.example",
            "x\r\n.\r\nQUIT\r\n",
            "bob\n2026-11-23 10:00:00 INFO login ok",
            "q\r\nGET /x HTTP/1.1\r\nHost: a",
            "\r\nFLUSHALL\r\n",
            "\r\nQUIT\r\n",
            "user\u{1b}]0;x\u{7}",
            "x@example.com\rBcc: y@evil.example",
            "x@example.com\nSubject: prizes",
            "received\r\nBcc: y@evil.example",
            "x@example.com\n\nLook: http://evil.example/",
            "ok\nINFO:root:User admin logged in",
            "x\r\n\r\n<html>gone</html>",
            "\"x -oQ/tmp -X/var/www/a.php\"@example.com",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn letters_lists_and_addresses() {
        for text in [
            "Dear team,\r\nthe parcel has arrived.\r\nRegards, Ann",
            "Name: Ann Miller\nPhone: +49 1\nColour: red",
            "a,b\r\n1,2\r\n",
            "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nEND:VCARD\r\n",
            "Received: by mx.example.com with SMTP id x\r\nMIME-Version: 1.0\r\nFrom: Ann <ann@example.com>\r\nBcc: b@example.org\r\n",
            "DKIM-Signature: v=1; d=example.com\nFrom: Ann <ann@example.com>\nSubject: Hi",
            "From: Karlsruhe\nTo: Mannheim\nVia: Bruchsal",
            "1. Open it\r\n2. Choose Location: Home",
            "Contact\nE-mail: info@example.com\nPhone: 07254",
            "key: value\nother: value\n",
            "Hi Ann,\nsee you.\nTom\n-- \nTom Ray, tom@example.com",
            "10:00 INFO session\n11:00 login help desk",
            "Note\nplease quit smoking",
            "x@example.com\n+49 7254 0001",
            "x@example.com\nSee you at https://example.com/",
            "error: disk: full, and more",
            "--=_part\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nhi",
            "Let's go\nget milk and bread",
            "You can use the\nCache-Control: header to change it",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
