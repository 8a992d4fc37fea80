//! Addresses inside (SSRF): would a fetch go where only the function itself may go?
//!
//! Every address in the text is read as a client reads it: user names skipped, hosts in decimal, octal and hexadecimal
//! turned into numbers, names that resolvers send to the machine itself known.

use super::marks::{self, Group};
use super::{Hit, Text, prose};
use crate::decision::Class;
use crate::trigger::Place;
use tidegate_graph::contract::field::Kind;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    if text.place == Place::Header
        && [&b"host"[..], b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"]
            .iter()
            .any(|h| h.eq_ignore_ascii_case(text.label))
    {
        return None;
    }
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Ssrf, at, why: why.into() });
    let mut near = false;
    // In a sentence an address is mentioned; by itself, or as the value of something, it acts.
    let mut told = None;
    let mut mentioned = |start: usize| {
        let opens = |b: u8| b.is_ascii_whitespace() || matches!(b, b'(' | b'<');
        text.bytes.has(b' ')
            && start.checked_sub(1).and_then(|i| lower.get(i)).is_none_or(|b| opens(*b))
            && !text.context.is(Kind::Address)
            && *told.get_or_insert_with(|| prose::is_told(text.raw))
    };
    let seen = text.place.is_seen()
        || text.place == Place::Header
            && [&b"referer"[..], b"origin"].iter().any(|h| h.eq_ignore_ascii_case(text.label));
    let seen = seen && lower.starts_with(b"http");
    if let Some(at) = slanted(text) {
        return hit(at, "an address inside, written with slashes that only browsers read");
    }
    for mark in memchr::memmem::find_iter(lower, b"//") {
        let before = lower.get(..mark).unwrap_or_default();
        let (scheme, start) = scheme(before);
        let after = lower.get(mark + 2..).unwrap_or_default();
        let reaches = matches!(scheme, b"gopher" | b"dict" | b"tftp" | b"netdoc" | b"expect" | b"ogg");
        if (reaches || scheme == b"sftp" && !is_files_of(after)) && !host(after).is_empty() {
            return hit(start, "a scheme that reaches services which speak something else");
        }
        if scheme == b"file"
            && before.ends_with(b":")
            && after.first().is_some_and(|b| !b.is_ascii_whitespace())
            && (after.starts_with(b"/") || !text.bytes.has(b' '))
            && !mentioned(start)
        {
            return hit(start, "an address that reads a file of the machine");
        }
        if scheme.ends_with(b"unix") && start == 0 && !mentioned(start) {
            return hit(start, "a socket of the machine");
        }
        let known = matches!(
            scheme,
            b"http"
                | b"https"
                | b"ws"
                | b"wss"
                | b"ftp"
                | b"ftps"
                | b"sftp"
                | b"ldap"
                | b"ldaps"
                | b"rmi"
                | b"redis"
                | b"jar:http"
                | b"mongodb"
                | b"mysql"
                | b"postgres"
        );
        if !(known || scheme.is_empty() && mark == 0) {
            continue;
        }
        let authority = authority(after);
        let host = host(after);
        // `//7/x` is no address that anybody writes without its scheme, but a number may begin so.
        if !known && host.len() < 8 && host != b"0" && host.iter().all(u8::is_ascii_digit) {
            continue;
        }
        if !text.spend(40 + authority.len()) {
            return None;
        }
        // What some readers take for the name of a user, others for all of the host.
        let behind = [&b"\\@"[..], b"#@", b"&@", b";@"].iter().find_map(|mark| {
            let near = after.get(..authority.len() + 2)?;
            memchr::memmem::find(near, mark).and_then(|at| after.get(at + 2..))
        });
        let lead = inside(host).or_else(|| inside(self::host(behind?)));
        match lead {
            Some(Inside::Metadata) => return hit(start, Inside::Metadata.why()),
            // A page that its developer looks at says where it is.
            Some(Inside::Machine) if seen && is_of_a_developer(scheme, authority) => {
                text.spare(Class::Ssrf, start, Inside::Machine.why());
            }
            Some(lead) => {
                // The form around it is looked at as a whole, too.
                let ends = |name: &[u8]| lower.get(..start).is_some_and(|before| before.ends_with(name));
                let cookie = ends(b"next-auth.callback-url=") || ends(b"authjs.callback-url=");
                let named = cookie || ends(b"redirect_uri=");
                let own = lower.get(if named { start } else { 0 }..).unwrap_or_default();
                let end = if cookie { b';' } else { b'&' };
                let own = if named { own.split(|b| *b == end).next().unwrap_or_default() } else { own };
                let party = (text.place == Place::Claim || named)
                    && lead.is_where_parties_are()
                    && is_plain(own, host);
                if !party && !mentioned(start) {
                    return hit(start, lead.why());
                }
                if !near {
                    near = true;
                    text.suspect(Class::Ssrf, start, lead.why());
                }
                if party {
                    continue;
                }
            }
            None => {}
        }
        if let Some(why) = is_odd(scheme, authority, host).filter(|_| !near) {
            near = true;
            text.suspect(Class::Ssrf, start, why);
        }
    }
    // The metadata service by its number alone.
    let bare = lower.trim_ascii().strip_prefix(b"169.254.169.254");
    if bare.is_some_and(|rest| matches!(rest, [] | [b'/' | b':', ..]) && !rest.contains(&b' ')) {
        return hit(0, Inside::Metadata.why());
    }
    if text.place.is_target()
        && let Some(inside) = is_bare(lower.trim_ascii(), text.place)
    {
        return hit(0, inside.why());
    }
    // An address may do without its scheme where nothing but one is expected.
    if text.context.is(Kind::Address)
        && scheme_length(lower) == 0
        && let Some(inside) = inside(host(lower.trim_ascii()))
    {
        text.suspect(Class::Ssrf, 0, inside.why());
    }
    if text.marks.has(Group::Metadata)
        && !text.bytes.has(b' ')
        && let Some((at, _)) = marks::find(lower, 0, Group::Metadata).next()
    {
        return hit(at, "a path of the platform's own metadata service");
    }
    None
}

pub(super) const METADATA: &[&[u8]] = &[
    b"aws_container_credentials",
    b"/latest/meta-data/iam",
    b"computemetadata/v1/",
    b"/2018-06-01/runtime/",
];

/// The scheme before `://` and where it starts; `jar:http` counts as one.
fn scheme(before: &[u8]) -> (&[u8], usize) {
    let Some(rest) = before.strip_suffix(b":") else { return (b"", before.len()) };
    let length = rest
        .iter()
        .rev()
        .take(16)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        .count();
    let start = rest.len() - length;
    let scheme = rest.get(start..).unwrap_or_default();
    match rest.get(..start) {
        Some(head) if head.ends_with(b"jar:") => (rest.get(start - 4..).unwrap_or_default(), start - 4),
        _ => (scheme, start),
    }
}

/// What stands behind `//` before path and query.
fn authority(after: &[u8]) -> &[u8] {
    let end = after.iter().take(300).position(|b| {
        matches!(
            b,
            b'/' | b'?'
                | b'#'
                | b' '
                | b'"'
                | b'\''
                | b'<'
                | b'>'
                | b'\\'
                | b'!'
                | b','
                | b'\n'
                | b'\r'
                | b')'
                | b'&'
        )
    });
    after.get(..end.unwrap_or(after.len().min(300))).unwrap_or_default()
}

/// How long the scheme is that an address begins with.
fn scheme_length(lower: &[u8]) -> usize {
    memchr::memmem::find(lower.get(..16).unwrap_or(lower), b"://").unwrap_or_default()
}

/// An address that leads outside as far as it says, and that websites don't have.
fn is_odd(scheme: &[u8], authority: &[u8], host: &[u8]) -> Option<&'static str> {
    if memchr::memchr(b'@', authority).is_some() {
        return Some("an address with a user's name in it, which hides the host");
    }
    if !matches!(scheme, b"http" | b"https" | b"ws" | b"wss" | b"") {
        return Some("an address of a service that is no website");
    }
    let named = !host.is_empty() && host.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    if named && !scheme.is_empty() {
        return Some("a name without a domain, which only the inside resolves");
    }
    let [a, ..] = v4(host)?.to_be_bytes();
    (a >= 224).then_some("an address that no public host has")
}

/// The host behind `//`: after the user's name, before port, path, query.
fn host(after: &[u8]) -> &[u8] {
    let authority = authority(after);
    let host = memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
    if host.starts_with(b"[") {
        let end = memchr::memchr(b']', host).unwrap_or(host.len());
        return host.get(1..end).unwrap_or_default();
    }
    let colon = memchr::memchr(b':', host).unwrap_or(host.len());
    host.get(..colon).unwrap_or_default()
}

/// What an address inside leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Metadata,
    Machine,
    Network,
    Name,
    Resolver,
}

impl Inside {
    fn why(self) -> &'static str {
        match self {
            Self::Metadata => "the platform's metadata service, which gives out credentials",
            Self::Machine => "the machine itself",
            Self::Network => "an address of a private network",
            Self::Name => "a name that only the inside resolves",
            Self::Resolver => "a name that resolves to an address inside",
        }
    }

    /// Providers of identity stand there, and what they give tokens for.
    fn is_where_parties_are(self) -> bool {
        matches!(self, Self::Machine | Self::Network | Self::Name)
    }
}

/// Whether all of a text is an address as people configure the name of a party: scheme, host, port and path, each spelled
/// in the one way that is usual.
fn is_plain(lower: &[u8], host: &[u8]) -> bool {
    let rest = [&b"https://"[..], b"http://"].iter().find_map(|scheme| lower.strip_prefix(*scheme));
    let Some(rest) = rest else { return false };
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~:/[]".contains(b);
    let twisted = |run: &[u8]| memchr::memmem::find(rest, run).is_some();
    let spelled = match v4(host) {
        Some(address) => std::net::Ipv4Addr::from(address).to_string().as_bytes() == host,
        None => !host.contains(&b':') || host == b"::1",
    };
    spelled && rest.iter().all(plain) && !twisted(b"//") && !twisted(b"..")
}

/// `http://localhost:3000`: the machine by one of its plain names, and a port that a program of one's own listens on.
fn is_of_a_developer(scheme: &[u8], authority: &[u8]) -> bool {
    let Some(colon) = memchr::memrchr(b':', authority) else { return false };
    let (host, port) = authority.split_at_checked(colon).unwrap_or_default();
    let port = port.get(1..).unwrap_or_default();
    let plain = matches!(host, b"localhost" | b"127.0.0.1" | b"[::1]")
        || host
            .strip_suffix(b".localhost")
            .is_some_and(|name| name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')));
    matches!(scheme, b"http" | b"https") && plain && is_port(port)
}

fn is_port(digits: &[u8]) -> bool {
    (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// `user@files.example.com/in/a.csv`: files of a host with a name and a domain, by the usual port.
fn is_files_of(after: &[u8]) -> bool {
    let authority = authority(after);
    let own = memchr::memrchr(b'@', authority).and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
    let host = own.strip_suffix(b":22").unwrap_or(own);
    let named = host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && host.iter().any(u8::is_ascii_alphabetic);
    let path = after.get(authority.len()..).unwrap_or_default();
    named && host.contains(&b'.') && path.len() > 1
}

/// `127.0.0.1:6379`: the machine or the platform and a port, as the whole of an address. A host is asked for its pages by
/// that name, too.
fn is_bare(lower: &[u8], place: Place) -> Option<Inside> {
    let end = memchr::memchr(b'/', lower).unwrap_or(lower.len());
    let (authority, path) = lower.split_at_checked(end)?;
    let (host, port) = authority.split_at_checked(memchr::memrchr(b':', authority)?)?;
    let port = port.get(1..)?;
    let bare = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(host);
    let whole = bare.len() < host.len() || !host.contains(&b':');
    // `10:30` is a time.
    let named = bare.contains(&b'.') || bare.contains(&b':') || bare == b"localhost" || bare.len() > 7;
    let pages = matches!(
        port,
        b"80"
            | b"443"
            | b"3000"
            | b"3001"
            | b"4000"
            | b"4200"
            | b"5000"
            | b"5173"
            | b"8000"
            | b"8080"
            | b"8443"
    );
    if !whole || !named || !is_port(port) || path.contains(&b' ') || place.is_host() && pages {
        return None;
    }
    inside(bare).filter(|inside| matches!(inside, Inside::Machine | Inside::Metadata))
}

/// `http:\\host`, `http:/\host`, `http:host`, `http:///host`: what browsers and many clients read as `http://host`.
fn slanted(text: &Text<'_>) -> Option<usize> {
    let lower = text.lower;
    // `///host`: more slashes than the address of another host has.
    if let Some(rest) = lower.strip_prefix(b"///") {
        let slashes = rest.iter().take(8).take_while(|b| matches!(b, b'/' | b'\\')).count();
        let host = host(rest.get(slashes..)?);
        let named = host.contains(&b'.') || host == b"localhost";
        return (named && inside(host).is_some()).then_some(0);
    }
    let start = if lower.starts_with(b"http") { 0 } else { memchr::memmem::find(lower, b"=http")? + 1 };
    let rest = lower.get(start + 4..)?;
    let rest = rest.strip_prefix(b"s").unwrap_or(rest).strip_prefix(b":")?;
    let slashes = rest.iter().take(8).take_while(|b| matches!(b, b'/' | b'\\')).count();
    // Two plain ones are looked at as every address is.
    if rest.starts_with(b"//") && slashes == 2 {
        return None;
    }
    let host = host(rest.get(slashes..)?);
    // `http:8080` is a port.
    (slashes > 0 || host.contains(&b'.')).then(|| inside(host))??;
    Some(start)
}

fn inside(host: &[u8]) -> Option<Inside> {
    let host = host.strip_suffix(b".").unwrap_or(host);
    if [&b"localhost"[..], b"localhost.localdomain", b"ip6-localhost"].contains(&host)
        || host.ends_with(b".localhost")
    {
        return Some(Inside::Machine);
    }
    if [
        &b"metadata.google.internal"[..],
        b"metadata",
        b"instance-data",
        b"metadata.azure.com",
        b"metadata.packet.net",
    ]
    .contains(&host)
    {
        return Some(Inside::Metadata);
    }
    if [&b".internal"[..], b".localdomain", b".svc", b".svc.cluster.local", b".cluster.local"]
        .iter()
        .any(|s| host.ends_with(s))
        || [&b".lan"[..], b".home.arpa", b".intranet", b".consul"].iter().any(|s| host.ends_with(s))
        || [&b"kubernetes.default"[..], b"loopback"].contains(&host)
    {
        return Some(Inside::Name);
    }
    // Public resolvers that answer with the address in the name.
    for resolver in
        [&b".nip.io"[..], b".sslip.io", b".xip.io", b".localtest.me", b".lvh.me", b".rbndr.us", b".vcap.me"]
    {
        if host.ends_with(resolver) || resolver.get(1..) == Some(host) {
            return Some(Inside::Resolver);
        }
    }
    if host.contains(&b':') {
        return v6(host);
    }
    let address = v4(host).or_else(|| overflown(host))?;
    let [a, b, ..] = address.to_be_bytes();
    match (a, b) {
        (169, 254) => Some(Inside::Metadata),
        // Alibaba's, Azure's and Oracle's.
        _ if matches!(address, 0x6464_64c8 | 0xa83f_8110 | 0xc000_00c0) => Some(Inside::Metadata),
        (127 | 0, _) => Some(Inside::Machine),
        (10, _) | (192, 168) | (172, 16..=31) | (100, 64..=127) | (198, 18..=19) => Some(Inside::Network),
        _ => None,
    }
}

fn v6(host: &[u8]) -> Option<Inside> {
    let host = host.split(|b| *b == b'%').next().unwrap_or_default();
    let address: std::net::Ipv6Addr = std::str::from_utf8(host).ok()?.parse().ok()?;
    if address.is_loopback() || address.is_unspecified() {
        return Some(Inside::Machine);
    }
    if let Some(v4) = address.to_ipv4_mapped().or_else(|| address.to_ipv4()) {
        return inside(v4.to_string().as_bytes());
    }
    // NAT64: a network that speaks only IPv6 writes the others' addresses so.
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return inside(std::net::Ipv4Addr::new(a, b, c, d).to_string().as_bytes());
    }
    // 6to4.
    if let [0x2002, high, low, ..] = address.segments() {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return inside(std::net::Ipv4Addr::new(a, b, c, d).to_string().as_bytes());
    }
    let first = address.segments().first().copied().unwrap_or_default();
    match first {
        0xfd00 if address.segments().get(1) == Some(&0xec2) => Some(Inside::Metadata),
        0xfc00..=0xfdff | 0xfe80..=0xfebf => Some(Inside::Network),
        _ => None,
    }
}

/// An address as `inet_aton` reads it: one to four parts, each decimal, octal or hexadecimal.
fn v4(host: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(host).ok()?;
    let mut parts = [0_u64; 4];
    let mut count = 0;
    for part in text.split('.') {
        let value = match part.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok()?,
            None if part.len() > 1 && part.starts_with('0') => u64::from_str_radix(part, 8).ok()?,
            None => part.parse().ok()?,
        };
        *parts.get_mut(count)? = value;
        count += 1;
    }
    let (last, head) = parts.get(..count)?.split_last()?;
    let mut address: u64 = 0;
    for part in head {
        if *part > 255 {
            return None;
        }
        address = address << 8 | part;
    }
    let bits = 8 * (5 - u32::try_from(count).ok()?);
    if *last >= 1_u64 << bits {
        return None;
    }
    u32::try_from(address << bits | last).ok()
}

/// Four decimal parts, some of which don't fit into a byte: careless readers keep what fits.
fn overflown(host: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(host).ok()?;
    let (mut address, mut count) = (0_u32, 0);
    for part in text.split('.') {
        let value: u32 = part.parse().ok().filter(|value| *value < 1000)?;
        address = address << 8 | value & 0xff;
        count += 1;
    }
    (count == 4).then_some(address)
}

#[cfg(test)]
mod tests;
