//! Paths and the addresses that editors give them.

use std::path::{Path, PathBuf};

/// The path of a `file:` address without links; nothing else lies on a disk.
pub(super) fn path(uri: &str) -> Option<PathBuf> {
    both(uri).map(|(_, real)| real)
}

/// The path as it is named, and without links.
pub(super) fn both(uri: &str) -> Option<(PathBuf, PathBuf)> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.split(['?', '#']).next()?;
    // A host stands before the path; the only one whose files we see is this one.
    let at = rest.find('/')?;
    if !matches!(rest.get(..at)?, "" | "localhost") {
        return None;
    }
    let decoded = decode(rest.get(at..)?)?;
    let drive = decoded.strip_prefix('/').filter(|d| d.as_bytes().get(1) == Some(&b':'));
    let path = PathBuf::from(if cfg!(windows) { drive.unwrap_or(&decoded) } else { &decoded });
    let real = real(&path);
    Some((path, real))
}

/// The path without links; of a file that isn't there yet as far as its folder is.
pub(super) fn real(path: &Path) -> PathBuf {
    let beside = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_path_buf())
}

/// The address of a path.
pub(super) fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    let mut out = format!("file://{slash}");
    for byte in text.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        let digits =
            std::str::from_utf8(&digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(out).ok().filter(|path| !path.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_both_ways() {
        let there = Path::new("/no-such-folder/ä b#c%/x.yaml");
        assert_eq!(uri(there), "file:///no-such-folder/%C3%A4%20b%23c%25/x.yaml");
        assert_eq!(path(&uri(there)).as_deref(), Some(there));
        assert_eq!(path("file://localhost/no-such-folder/a"), Some("/no-such-folder/a".into()));
    }

    #[test]
    fn what_is_no_file_has_no_path() {
        for uri in [
            "untitled:Untitled-1",
            "git:/a/b",
            "file://host/share/a",
            "file:",
            "file:///%",
            "file:///%zz",
            "file:///%00",
            "",
        ] {
            assert_eq!(path(uri), None, "{uri}");
        }
    }
}
