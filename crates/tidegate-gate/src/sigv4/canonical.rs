//! A request as its signature sees it: one text, whoever wrote the request.
//!
//! As AWS's documentation has it under "Create a signed AWS API request".

use hyper::HeaderMap;
use tidegate_decide::sigv4::encoded;

/// Most parameters of a query.
const PARAMETERS: usize = 1024;

/// Name and value of each parameter of a query, unescaped. `None` where an escape is none.
pub(super) fn parameters(query: &str) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let pairs = query.split('&').filter(|_| !query.is_empty());
    let mut out = Vec::new();
    for pair in pairs {
        if out.len() == PARAMETERS {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        out.push((unescape(name)?, unescape(value)?));
    }
    Some(out)
}

/// A query in order, each byte escaped that has to be, without the parameter `but`.
pub(super) fn query(parameters: &[(Vec<u8>, Vec<u8>)], but: Option<&[u8]>) -> String {
    let kept = parameters.iter().filter(|(name, _)| but != Some(name.as_slice()));
    let mut pairs: Vec<(String, String)> =
        kept.map(|(name, value)| (encoded(name, b""), encoded(value, b""))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The paths that a signer may have signed: dot and empty segments resolved, as AWS asks for, and as it came, as some do. Both escape what
/// is escaped already. S3 does neither.
pub(super) fn paths(path: &str, service: &str) -> Vec<String> {
    let path = if path.is_empty() { "/" } else { path };
    if service == "s3" {
        return unescape(path).map(|plain| encoded(&plain, b"/")).into_iter().collect();
    }
    let mut paths = vec![encoded(resolved(path).as_bytes(), b"/"), encoded(path.as_bytes(), b"/")];
    paths.dedup();
    paths
}

fn resolved(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let ends = path.ends_with('/') && !kept.is_empty();
    format!("/{}{}", kept.join("/"), if ends { "/" } else { "" })
}

/// The values of a header, a comma between, with single blanks. `None` where there is none.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let values: Vec<Vec<u8>> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(&b' ')
        })
        .collect();
    (!values.is_empty()).then(|| values.join(&b','))
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => out.push(digit(bytes.next()?)? << 4 | digit(bytes.next()?)?),
            byte => out.push(byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        parameters(text).map(|p| query(&p, None))
    }

    /// What AWS's test suite for signers has.
    #[test]
    fn queries_are_put_in_order_and_escaped() {
        assert_eq!(of("Param2=value2&Param1=value1").unwrap(), "Param1=value1&Param2=value2");
        assert_eq!(of("Param1=value2&Param1=Value1").unwrap(), "Param1=Value1&Param1=value2");
        assert_eq!(of("%E1%88%B4=bar").unwrap(), "%E1%88%B4=bar");
        assert_eq!(of("a=b+c:d&flag").unwrap(), "a=b%2Bc%3Ad&flag=");
        assert_eq!(of("").unwrap(), "");
        assert_eq!(of("a=%4"), None);
        assert_eq!(of("a=%zz"), None);
        assert_eq!(of(&"a&".repeat(PARAMETERS)), None);
    }

    #[test]
    fn paths_are_resolved_and_escaped_once_more() {
        let first = |path: &str| paths(path, "execute-api").remove(0);
        assert_eq!(first("/./"), "/");
        assert_eq!(first("//example//"), "/example/");
        assert_eq!(first("/example1/example2/../.."), "/");
        assert_eq!(first("/../../a"), "/a");
        assert_eq!(first("/a%20b"), "/a%2520b");
        assert_eq!(paths("//a", "execute-api"), ["/a", "//a"]);
        assert_eq!(paths("//a%20b/../c", "s3"), ["//a%20b/../c"]);
    }

    #[test]
    fn values_lose_blanks_and_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("a", "  b \t c ".parse().unwrap());
        headers.append("a", "d".parse().unwrap());
        assert_eq!(header(&headers, "a").unwrap(), b"b c,d");
        assert_eq!(header(&headers, "b"), None);
    }
}
