//! Finds what looks like a secret in a line of source, so that an excerpt doesn't spread it.

use std::ops::Range;

/// How a secret's place is shown.
pub(super) const MASK: &str = "****";

/// Byte ranges of a line that are better not shown, in order and without overlaps.
///
/// `above` are the lines before it, nearest first, and `below` those behind it: the value of a line is secret, too, when
/// the entry it belongs to has a secret's name (`Name: DB_PASSWORD` beside `Value: ...`).
pub(super) fn secrets<'a>(
    line: &str,
    above: impl Iterator<Item = &'a str>,
    below: impl Iterator<Item = &'a str>,
) -> Vec<Range<usize>> {
    let context = owner_is_secret(line, above, below);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = line.get(at..).and_then(|rest| rest.find([':', '='])) {
        let separator = at + found;
        at = separator + 1;
        let key = key_before(line, separator);
        let neutral =
            matches!(squeeze(key).as_str(), "value" | "default" | "parametervalue" | "secretstring");
        if (looks_secret(key) || (neutral && (context || entry_is_secret(line, separator))))
            && let Some(range) = value_after(line, separator + 1)
        {
            at = range.end.max(at);
            out.push(range);
        }
    }
    // A line of a block of text below a secret's key is all secret.
    if out.is_empty() && context && !line.contains([':', '=']) {
        let start = line.len() - line.trim_start().len();
        let end = line.trim_end().len();
        if start < end && !is_reference(line.trim()) {
            out.push(start..end);
        }
    }
    out.extend(tokens(line));
    merge(out)
}

/// True if a key's name says that its value is secret.
fn looks_secret(key: &str) -> bool {
    const ENDINGS: [&str; 22] = [
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secretstring",
        "secretkey",
        "secretaccesskey",
        "accesskey",
        "token",
        "apikey",
        "authkey",
        "privatekey",
        "credential",
        "credentials",
        "clientsecret",
        "signingkey",
        "encryptionkey",
        "connectionstring",
        "passcode",
        "masteruserpassword",
        "authorization",
    ];
    let key = squeeze(key);
    ENDINGS.iter().any(|ending| key.ends_with(ending))
}

/// Lower case, letters and digits alone.
fn squeeze(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The name that stands before a separator: `"DbPassword" :`.
fn key_before(line: &str, separator: usize) -> &str {
    const MAX_KEY: usize = 80;
    let before = line.get(..separator).unwrap_or_default().trim_end().trim_end_matches(['"', '\'']);
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length =
        before.chars().rev().take(MAX_KEY).take_while(|c| part(*c)).map(char::len_utf8).sum::<usize>();
    before.get(before.len() - length..).unwrap_or_default()
}

/// The literal that stands behind a separator; `None` for nothing, references, flags and nested values.
fn value_after(line: &str, from: usize) -> Option<Range<usize>> {
    let rest = line.get(from..)?;
    let start = from + (rest.len() - rest.trim_start().len());
    let rest = line.get(start..)?;
    let quote = rest.chars().next()?;
    let range = if matches!(quote, '"' | '\'') {
        let inner = start + 1;
        let mut escaped = false;
        let closing = line.get(inner..)?.char_indices().find(|(_, c)| {
            let closes = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        inner..closing.map_or(line.len(), |(i, _)| inner + i)
    } else {
        let inline = line.get(..from).is_some_and(|before| before.contains(['{', '[', '"', '\'']));
        let stops: &[char] = if inline { &[',', '}', ']', '"', '\'', ' '] } else { &[] };
        let stop = rest.find(stops).filter(|_| inline).or_else(|| rest.find(" #")).unwrap_or(rest.len());
        start..start + rest.get(..stop)?.trim_end().len()
    };
    let value = line.get(range.clone())?.trim();
    (!value.is_empty() && !is_reference(value)).then_some(range)
}

/// True for what names a secret without being one, and for what holds none.
fn is_reference(value: &str) -> bool {
    const STARTS: [&str; 15] =
        ["!", "${", "{{", "{", "[", "|", ">", "&", "*", "arn:", "var.", "local.", "data.", "module.", "aws_"];
    const WORDS: [&str; 6] = ["true", "false", "null", "none", "~", "string"];
    STARTS.iter().any(|s| value.starts_with(s)) || WORDS.iter().any(|w| value.eq_ignore_ascii_case(w))
}

/// True if a line says that something has a secret's name: `Name: DB_PASSWORD`.
fn names_a_secret(line: &str) -> bool {
    let Some(separator) = line.find([':', '=']) else { return false };
    let value = line.get(separator + 1..).unwrap_or_default().trim().trim_matches(['"', '\'', ',']);
    matches!(squeeze(key_before(line, separator)).as_str(), "name" | "key" | "parameterkey")
        && looks_secret(value)
}

/// True if the braces around a separator name a secret: `{Name: DB_PASSWORD, Value: ...}`.
fn entry_is_secret(line: &str, separator: usize) -> bool {
    const MAX_ENTRY: usize = 512;
    let before: String = line
        .get(..separator)
        .unwrap_or_default()
        .chars()
        .rev()
        .take(MAX_ENTRY)
        .take_while(|c| *c != '{')
        .collect();
    let before: String = before.chars().rev().collect();
    let after: String =
        line.get(separator..).unwrap_or_default().chars().take(MAX_ENTRY).take_while(|c| *c != '}').collect();
    before.split(',').chain(after.split(',').skip(1)).any(names_a_secret)
}

/// True if the entry that this line is part of has a secret's name.
fn owner_is_secret<'a>(
    line: &str,
    above: impl Iterator<Item = &'a str>,
    below: impl Iterator<Item = &'a str>,
) -> bool {
    const REACH: usize = 30;
    let own = indent(line);
    for other in above.take(REACH).filter(|l| !l.trim().is_empty()) {
        if indent(other) < own {
            // The header of the block: `DbPassword:`, `variable "db_password" {`.
            let header = other.trim().trim_end_matches(['{', '[', '|', '>', '-', '=', ' ', ':']).trim_end();
            return looks_secret(header.trim_end_matches(['"', '\'']));
        }
        if indent(other) == own && names_a_secret(other) {
            return true;
        }
        if other.trim_start().starts_with("- ") {
            return false;
        }
    }
    below.take(3).take_while(|l| indent(l) == own && !l.trim_start().starts_with("- ")).any(names_a_secret)
}

/// Columns before the text; a list item's text begins behind its dash.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, ' ' | '\t' | '-')).count()
}

/// Secrets that are recognised by their own look, whatever they are called.
fn tokens(line: &str) -> Vec<Range<usize>> {
    const PREFIXES: [(&str, usize); 12] = [
        ("AKIA", 20),
        ("ASIA", 20),
        ("ghp_", 36),
        ("gho_", 36),
        ("github_pat_", 40),
        ("xoxb-", 20),
        ("xoxp-", 20),
        ("sk_live_", 20),
        ("rk_live_", 20),
        ("eyJ", 40),
        ("glpat-", 20),
        ("AIza", 35),
    ];
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = line.get(at..).and_then(|rest| rest.find(part)).map(|i| at + i) {
        let word = line.get(start..).map_or("", |rest| rest.split(|c| !part(c)).next().unwrap_or(""));
        at = start + word.len().max(1);
        if PREFIXES.iter().any(|(prefix, length)| word.starts_with(prefix) && word.len() >= *length) {
            out.push(start..start + word.len());
        }
    }
    if let Some(start) = line.find("-----BEGIN ").filter(|_| line.contains("PRIVATE KEY")) {
        out.push(start..line.len());
    }
    out.extend(in_urls(line));
    out
}

/// Passwords in URLs: `postgres://user:password@host`.
fn in_urls(line: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = line.get(at..).and_then(|rest| rest.find("://")) {
        let start = at + found + 3;
        at = start;
        let authority = line.get(start..).map_or("", |r| r.split(['/', '"', '\'', ' ']).next().unwrap_or(""));
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((name, password)) = user.split_once(':')
            && !password.is_empty()
            && !is_reference(password)
        {
            let from = start + name.len() + 1;
            out.push(from..from + password.len());
            at = from + password.len();
        }
    }
    out
}

fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let n = lines.iter().position(|l| l.contains("hunter")).unwrap_or(lines.len() - 1);
        let above = lines[..n].iter().rev().copied();
        let mut line = lines[n].to_string();
        for range in secrets(lines[n], above, lines[n + 1..].iter().copied()).into_iter().rev() {
            line.replace_range(range, MASK);
        }
        line
    }

    #[test]
    fn values_of_secret_keys_are_masked() {
        assert_eq!(masked("  MasterUserPassword: hunter2, or so # old"), "  MasterUserPassword: **** # old");
        assert_eq!(masked(r#""db_password": "hunter\"2", "n": 1"#), r#""db_password": "****", "n": 1"#);
        assert_eq!(masked("password = \"hunter2\""), "password = \"****\"");
        assert_eq!(masked("Env: {TOKEN: hunter2, STAGE: x}"), "Env: {TOKEN: ****, STAGE: x}");
        assert_eq!(masked("  Url: postgres://app:hunter2@db/x"), "  Url: postgres://app:****@db/x");
        assert_eq!(masked("  Key: AKIAABCDEFGHIJKLMNOP"), "  Key: ****");
    }

    #[test]
    fn references_and_flags_stay() {
        for line in [
            "Password: !Ref DbPassword",
            "Password: '{{resolve:secretsmanager:x}}'",
            "password = var.password",
            "SecretArn: arn:aws:secretsmanager:x",
            "ResetPassword: true",
            "Secret:",
            "Runtime: nodejs20.x",
        ] {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn entries_in_braces_decide_too() {
        assert_eq!(masked("- {Name: DB_PASSWORD, Value: hunter2}"), "- {Name: DB_PASSWORD, Value: ****}");
        assert_eq!(
            masked(r#"[{"Value":"hunter2","Name":"API_TOKEN"},{"Name":"STAGE","Value":"x"}]"#),
            r#"[{"Value":"****","Name":"API_TOKEN"},{"Name":"STAGE","Value":"x"}]"#
        );
        assert_eq!(masked("- {Name: STAGE, Value: hunter2}"), "- {Name: STAGE, Value: hunter2}");
    }

    #[test]
    fn the_entry_decides_for_neutral_keys() {
        assert_eq!(masked("- Name: DB_PASSWORD\n  Value: hunter2"), "  Value: ****");
        assert_eq!(masked("- Value: hunter2\n  Name: DB_PASSWORD"), "- Value: ****");
        assert_eq!(masked("- Name: STAGE\n  Value: hunter2"), "  Value: hunter2");
        assert_eq!(
            masked("- Name: DB_PASSWORD\n  Value: x\n- Name: A\n  Value: hunter2"),
            "  Value: hunter2"
        );
        assert_eq!(masked("variable \"db_password\" {\n  default = \"hunter2\"\n}"), "  default = \"****\"");
        assert_eq!(masked("DbPassword:\n  Type: String\n  Default: hunter2"), "  Default: ****");
        assert_eq!(masked("PrivateKey: |\n  hunter2"), "  ****");
    }
}
