//! Addresses: of mail, hosts and resources.

pub(super) fn ipv4(text: &[u8]) -> bool {
    let mut count = 0;
    let good = text.split(|b| *b == b'.').all(|part| {
        count += 1;
        matches!(part.len(), 1..=3)
            && part.iter().all(u8::is_ascii_digit)
            && (part.len() == 1 || !part.starts_with(b"0"))
            && part.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')) < 256
    });
    good && count == 4
}

pub(super) fn ipv6(text: &[u8]) -> bool {
    text.len() <= 45 && std::str::from_utf8(text).is_ok_and(|t| t.parse::<std::net::Ipv6Addr>().is_ok())
}

pub(super) fn hostname(text: &[u8]) -> bool {
    text.len() <= 253 && text.split(|b| *b == b'.').all(label)
}

fn label(label: &[u8]) -> bool {
    // Hyphens at the third and fourth place are kept for encoded names.
    let kept =
        label.get(2..4) == Some(b"--") && !label.get(..2).is_some_and(|x| x.eq_ignore_ascii_case(b"xn"));
    matches!(label.len(), 1..=63)
        && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
        && !kept
}

pub(super) fn email(text: &[u8], international: bool) -> bool {
    let Some(at) = text.iter().rposition(|b| *b == b'@') else { return false };
    let (local, domain) = text.split_at(at);
    let domain = domain.get(1..).unwrap_or_default();
    let wide = |b: u8| international && b >= 0x80;
    let atom = |part: &[u8]| {
        !part.is_empty()
            && part
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(b) || wide(*b))
    };
    let local = match local {
        [b'"', inside @ .., b'"'] => quoted(inside, international),
        _ => local.len() <= 64 && local.split(|b| *b == b'.').all(atom),
    };
    let domain = match domain {
        [b'[', b'I', b'P', b'v', b'6', b':', inside @ .., b']'] => ipv6(inside),
        [b'[', inside @ .., b']'] => ipv4(inside),
        _ if international => {
            !domain.is_empty()
                && domain.split(|b| *b == b'.').all(|part| {
                    !part.is_empty()
                        && part.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b >= 0x80)
                })
        }
        _ => hostname(domain),
    };
    local && domain
}

fn quoted(inside: &[u8], international: bool) -> bool {
    let mut escaped = false;
    let good = inside.iter().all(|b| {
        let was = escaped;
        escaped = *b == b'\\' && !was;
        let printable = (0x20..0x7f).contains(b) || international && *b >= 0x80;
        printable && (*b != b'"' || was)
    });
    good && !escaped
}

/// RFC 3986, or 3987 for `international`.
pub(super) fn uri(text: &[u8], reference: bool, international: bool) -> bool {
    let (text, fragment) = split(text, b'#');
    let (text, query) = split(text, b'?');
    let ok = |part: &[u8], more: &[u8]| characters(part, more, international);
    if !fragment.is_none_or(|f| ok(f, b":@/?")) || !query.is_none_or(|q| ok(q, b":@/?")) {
        return false;
    }
    let colon = text.iter().position(|b| matches!(b, b':' | b'/')).filter(|at| text.get(*at) == Some(&b':'));
    let (scheme, rest) = match colon {
        Some(at) => (text.get(..at), text.get(at + 1..).unwrap_or_default()),
        None => (None, text),
    };
    match scheme {
        None if !reference => return false,
        Some([first, more @ ..])
            if first.is_ascii_alphabetic()
                && more.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)) => {}
        Some(_) => return false,
        None => {}
    }
    match rest.strip_prefix(b"//") {
        Some(rest) => {
            let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            authority_holds(authority, international) && ok(path, b":@/")
        }
        None => ok(rest, b":@/"),
    }
}

fn authority_holds(text: &[u8], international: bool) -> bool {
    let (user, host) = match text.iter().rposition(|b| *b == b'@') {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], text),
    };
    if !characters(user, b":", international) {
        return false;
    }
    let (host, port) = match host {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|b| *b == b']') else { return false };
            let (inside, rest) = rest.split_at(end);
            let future = matches!(inside, [b'v' | b'V', more @ ..] if characters(more, b":", false));
            if !future && !ipv6(inside) {
                return false;
            }
            (&b""[..], rest.get(1..).unwrap_or_default())
        }
        _ => host.split_at(host.iter().position(|b| *b == b':').unwrap_or(host.len())),
    };
    let port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    port && characters(host, b"", international)
}

/// Unreserved characters, delimiters within parts, percent encodings, and `more`.
fn characters(text: &[u8], more: &[u8], international: bool) -> bool {
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [a, b, tail @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => tail,
            (b'%', _) => return false,
            (b, _) if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(b) || more.contains(b) => tail,
            (0x80.., _) if international => tail,
            _ => return false,
        };
    }
    true
}

fn split(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == at) {
        Some(i) => (text.get(..i).unwrap_or_default(), text.get(i + 1..)),
        None => (text, None),
    }
}
