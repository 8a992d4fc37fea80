//! Commands that reach nothing but what lies beside them, as people build, test and tidy up with.

/// `rm -rf dist`, `node server.js`: a tool that changes or runs files, and each of them lies below the folder it is in.
pub(super) fn stays(name: &[u8], argument: &[u8]) -> bool {
    let runs =
        matches!(name, b"node" | b"python" | b"python3" | b"php" | b"ruby" | b"perl" | b"bash" | b"sh");
    // Where a shell is doesn't matter until it does something there.
    if name == b"cd" {
        return !matches!(argument.first(), Some(b'/' | b'~' | b'$' | b'\\'))
            && argument.get(1) != Some(&b':');
    }
    if !runs
        && !matches!(
            name,
            b"rm"
                | b"cp"
                | b"mv"
                | b"touch"
                | b"chmod"
                | b"ln"
                | b"rsync"
                | b"make"
                | b"tar"
                | b"zip"
                | b"unzip"
                | b"gzip"
        )
    {
        return false;
    }
    let line = argument.get(..256).unwrap_or(argument);
    let mut words = line
        .split(|b| matches!(b, b';' | b'|' | b'&' | b'\n' | b'`' | b')'))
        .next()
        .unwrap_or_default()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    // An option of what runs programs may be one; a tool without a file does nothing.
    words.all(|word| match word {
        [b'-', b'-', ..] => true,
        [b'-', ..] => !runs,
        _ => is_below(word),
    })
}

/// `dist/app.js`, `./x`, `../x`: a path that leads to no root, and one step up at most.
fn is_below(word: &[u8]) -> bool {
    let path = word.strip_prefix(b"./").or_else(|| word.strip_prefix(b"../")).unwrap_or(word);
    path.first().is_none_or(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'@'))
        && path
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'*' | b',' | b'@'))
        && memchr::memmem::find(path, b"..").is_none()
}

/// `grep -v x`, `head -5`: reads what it is given, and names no file.
pub(super) fn only_filters(command: &[u8]) -> bool {
    let line = command.get(..256).unwrap_or(command);
    let line = line.split(|b| matches!(b, b';' | b'|' | b'&' | b'\n')).next().unwrap_or_default();
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let tool = words.next().unwrap_or_default();
    matches!(tool, b"grep" | b"sort" | b"uniq" | b"head" | b"tail" | b"cut" | b"less" | b"more")
        && !line.iter().any(|b| matches!(b, b'/' | b'\\' | b'~' | b'$' | b'`' | b'<' | b'>' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_and_what_does_not() {
        for (name, argument) in [
            ("rm", "-rf dist && npm ci"),
            ("node", "dist/index.js"),
            ("cp", "-r src/assets ./dist/"),
            ("rm", "-rf` in"),
        ] {
            assert!(stays(name.as_bytes(), argument.as_bytes()), "{name} {argument}");
        }
        for (name, argument) in [
            ("rm", "-rf /"),
            ("rm", "-rf *"),
            ("cp", "a ../../b"),
            ("python", "-c 'x'"),
            ("sh", "$0"),
            ("cat", "x.txt"),
            ("cp", "x ~/y"),
        ] {
            assert!(!stays(name.as_bytes(), argument.as_bytes()), "{name} {argument}");
        }
        assert!(only_filters(b"grep -v running") && only_filters(b"head -5 shows | x"));
        assert!(!only_filters(b"head /etc/passwd") && !only_filters(b"tee -a x"));
    }
}
