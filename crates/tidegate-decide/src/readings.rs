//! The readings of a path: servers disagree about which place a path names, and whoever asks for proof on some paths
//! alone has to ask on each spelling of them.

use crate::origin::glob;

/// Rounds of percent-decoding; some upstreams decode what a proxy before them has decoded.
const ROUNDS: usize = 3;

/// The path in its plainest spelling: escapes decoded, backslashes turned, parameters (`;a=b`) left out, empty and dot
/// segments resolved, in lower case.
pub fn plain(path: &str) -> String {
    let mut text = path.as_bytes().to_vec();
    for _ in 0..ROUNDS {
        let next = decoded(&text);
        if next == text {
            break;
        }
        text = next;
    }
    let text = String::from_utf8_lossy(&text).to_lowercase().replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in text.split('/') {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    let end = if text.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// Whether a pattern, in which `*` stands for anything, fits a path in its plainest spelling. Case doesn't count.
pub fn fits(pattern: &str, path: &str) -> bool {
    glob(&pattern.to_lowercase(), &plain(path))
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let digit =
        |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_that_path() {
        for path in [
            "/hooks/push",
            "/%68ooks/push",
            "/%2568ooks/push",
            "//hooks///push",
            "/./hooks/x/../push",
            "/Hooks/PUSH",
            "/hooks;v=1/push;x",
            "\\hooks\\push",
            "/hooks%2fpush",
            "/../hooks/push",
        ] {
            assert_eq!(plain(path), "/hooks/push", "{path}");
            assert!(fits("/Hooks/*", path), "{path}");
        }
        assert!(!fits("/hooks/*", "/hook/push") && !fits("/hooks/*", "/x/hooks/push"));
        assert_eq!(
            (plain("/"), plain(""), plain("/a/"), plain("/%zz%")),
            ("/".into(), "/".into(), "/a/".into(), "/%zz%".into())
        );
    }
}
