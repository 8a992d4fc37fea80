//! Formats of strings. Texts are ASCII unless the format says otherwise.

mod address;
mod time;

use address::{email, hostname, ipv4, ipv6, uri};
use tidegate_graph::contract::schema::Format;

/// Whether `text` is of that format.
pub fn holds(format: Format, text: &[u8]) -> bool {
    match format {
        Format::DateTime => time::date_time(text),
        Format::Date => time::date(text).is_some(),
        Format::Time => time::time(text),
        Format::Duration => time::duration(text),
        Format::Email => email(text, false),
        Format::IdnEmail => email(text, true),
        Format::Hostname => hostname(text),
        Format::Ipv4 => ipv4(text),
        Format::Ipv6 => ipv6(text),
        Format::Uri => uri(text, false, false),
        Format::UriReference => uri(text, true, false),
        Format::Iri => uri(text, false, true),
        Format::IriReference => uri(text, true, true),
        Format::UriTemplate => uri_template(text),
        Format::Uuid => uuid(text),
        Format::JsonPointer => json_pointer(text),
        Format::RelativeJsonPointer => relative_json_pointer(text),
    }
}

fn uuid(text: &[u8]) -> bool {
    let lengths = text
        .split(|b| *b == b'-')
        .map(|part| if part.iter().all(u8::is_ascii_hexdigit) { part.len() } else { 0 });
    lengths.eq([8, 4, 4, 4, 12])
}

fn json_pointer(text: &[u8]) -> bool {
    (text.is_empty() || text.starts_with(b"/"))
        && text.split(|b| *b == b'~').skip(1).all(|after| matches!(after, [b'0' | b'1', ..]))
}

fn relative_json_pointer(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    let plain = number == b"0" || !number.starts_with(b"0") && !number.is_empty();
    plain && (rest == b"#" || json_pointer(rest))
}

fn uri_template(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        let Some(at) = rest.iter().position(|b| matches!(b, b'{' | b'}')) else { return literals(rest) };
        let (before, tail) = rest.split_at(at);
        let [b'{', tail @ ..] = tail else { return false };
        let Some(end) = tail.iter().position(|b| matches!(b, b'{' | b'}')) else { return false };
        let (inside, tail) = tail.split_at(end);
        let [b'}', tail @ ..] = tail else { return false };
        if !literals(before) || !expression(inside) {
            return false;
        }
        rest = tail;
    }
}

fn literals(text: &[u8]) -> bool {
    text.iter().all(|b| *b > 0x20 && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'|' | 0x7f))
}

fn expression(text: &[u8]) -> bool {
    let names = match text {
        [b'+' | b'#' | b'.' | b'/' | b';' | b'?' | b'&', rest @ ..] => rest,
        _ => text,
    };
    names.split(|b| *b == b',').all(|name| {
        let name = name.strip_suffix(b"*").unwrap_or(name);
        let mut parts = name.splitn(2, |b| *b == b':');
        let (name, length) = (parts.next().unwrap_or_default(), parts.next());
        let good = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'%');
        let length = length.is_none_or(|l| matches!(l.len(), 1..=4) && l.iter().all(u8::is_ascii_digit));
        !name.is_empty() && name.iter().all(good) && length
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(holds(format, text.as_bytes()), "{text}");
        }
        for text in bad {
            assert!(!holds(format, text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn each_takes_its_own_and_refuses_others() {
        check(
            Format::DateTime,
            &["2024-02-29T12:00:00Z", "1998-12-31T15:59:60.1-08:00", "1998-12-31t23:59:60z"],
            &["2023-02-29T12:00:00Z", "1998-12-31T22:59:60Z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00"],
        );
        check(Format::Duration, &["P4Y", "PT1H30M", "P2W"], &["P", "PT", "P1Y2W", "4DT1H", "P2S", "P1D2Y"]);
        check(
            Format::Email,
            &["a.b+c@x.org", "\"a b\"@x.org", "a@[127.0.0.1]"],
            &["a", ".a@x", "a..b@x", "a b@x", "a@"],
        );
        check(Format::Hostname, &["a.example", "a-1"], &["-a", "a-.b", "a_b", "", "a..b"]);
        check(Format::Ipv4, &["10.0.0.255"], &["256.0.0.1", "01.1.1.1", "1.1.1"]);
        check(
            Format::Ipv6,
            &["::", "::1", "1::", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8"],
            &[":", "1:::2", "1::2::3", "12345::", "::1%eth0"],
        );
        check(
            Format::Uri,
            &["https://a.example/b?c#d", "urn:x:y"],
            &["//a/b", "a b:c", "http://a/%zz", "/x"],
        );
        check(Format::UriReference, &["/a/b", "#c", ""], &["\\\\a", "a b"]);
        check(Format::Iri, &["http://ä.example/ö"], &["ä b"]);
        check(Format::UriTemplate, &["http://a/{b}{?c*,d:3}"], &["{a", "a}", "{}"]);
        check(
            Format::Uuid,
            &["2eb8aa08-AA98-11ea-b4aa-73b441d16380"],
            &["2eb8aa08aa9811eab4aa73b441d16380", "x"],
        );
        check(Format::JsonPointer, &["", "/a~1b/~0"], &["a", "/~2", "/~"]);
        check(Format::RelativeJsonPointer, &["0#", "12/a"], &["", "01/a", "-1", "/a"]);
    }
}
