//! What a comment says: our own words, and those of the tools that people come from.

use super::Tool;
use crate::date::Date;

/// What a comment wants to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What it stands on or above.
    Here,
    /// The whole resource that it stands in.
    Resource,
    /// The line below it alone.
    NextLine,
    /// The file at whose head it stands.
    File,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) tool: Tool,
    /// Ids as they were written; empty for every rule that the tool has, too.
    pub(super) names: Vec<String>,
    pub(super) reach: Reach,
    pub(super) reason: Option<String>,
    pub(super) until: Option<Date>,
    /// Why it can't count.
    pub(super) broken: Option<String>,
}

/// True if the text may hold a comment that counts.
pub(super) fn may_hold(text: &str) -> bool {
    ["tidegate:", ":skip=", "trivy:ignore:", "tfsec:ignore:", "kics-scan"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// All requests of a comment, given with the sign that begins it.
pub(super) fn parse(comment: &str) -> Vec<Directive> {
    let text = comment.trim_start_matches(['#', '/', '*']).trim_end_matches("*/").trim();
    if let Some(rest) = text.strip_prefix("tidegate:") {
        return own(rest).into_iter().collect();
    }
    if let Some(rest) = text.strip_prefix("kics-scan") {
        return kics(rest.trim()).into_iter().collect();
    }
    let mut out = Vec::new();
    for mark in ["checkov:skip=", "bridgecrew:skip=", "cortex:skip="] {
        if let Some((_, rest)) = text.split_once(mark) {
            out.extend(checkov(rest));
        }
    }
    for mark in ["trivy:ignore:", "tfsec:ignore:"] {
        out.extend(text.split(mark).skip(1).map(trivy));
    }
    out
}

impl Directive {
    fn new(tool: Tool, names: Vec<String>, reach: Reach) -> Self {
        Self { tool, names, reach, reason: None, until: None, broken: None }
    }
}

/// `allow RULE[, RULE] [until=2027-01-31] [reason="..."]`
fn own(rest: &str) -> Option<Directive> {
    let rest = rest.trim_start();
    let (word, mut rest) = rest.split_at_checked(rest.find(char::is_whitespace).unwrap_or(rest.len()))?;
    let mut out = Directive::new(Tool::Tidegate, Vec::new(), Reach::Here);
    if word != "allow" {
        // Prose may begin with our name; a word that wants the same must not pass in silence.
        const MEANT: [&str; 8] =
            ["ignore", "skip", "disable", "suppress", "accept", "allowed", "allow:", "off"];
        let meant = MEANT.contains(&word) || word.starts_with("ignore") || word.starts_with("skip");
        return meant.then(|| Directive {
            broken: Some(format!("there is no `tidegate: {word}`, only `tidegate: allow RULE`")),
            ..out
        });
    }
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        if let Some(value) = rest.strip_prefix("reason=") {
            let (reason, after) = quoted(value);
            out.reason = Some(reason).filter(|r| !r.trim().is_empty());
            rest = after;
            continue;
        }
        let end = rest.find([' ', '\t', ',']).unwrap_or(rest.len());
        let (token, after) = rest.split_at_checked(end)?;
        rest = after;
        match token.split_once('=') {
            Some(("until", day)) => match day.trim_matches(['"', '\'']).parse() {
                Ok(day) => out.until = Some(day),
                Err(wrong) => out.broken = Some(format!("`{day}` is no day: {wrong}")),
            },
            Some((key, _)) => {
                out.broken =
                    Some(format!("there is no `{key}=`: `until=` and `reason=` may follow the rules"));
            }
            None => out.names.push(token.to_string()),
        }
    }
    if out.names.is_empty() && out.broken.is_none() {
        out.broken = Some("it names no rule".to_string());
    }
    Some(out)
}

/// A text in quotes, and what stands behind it; without quotes all of it.
fn quoted(text: &str) -> (String, &str) {
    let mut letters = text.char_indices();
    let sign = match letters.next() {
        Some((_, c @ ('"' | '\''))) => c,
        _ => return (text.trim().to_string(), ""),
    };
    let mut out = String::new();
    let mut escaped = false;
    for (at, c) in letters {
        match c {
            _ if escaped => {
                out.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == sign => return (out, text.get(at + 1..).unwrap_or_default()),
            _ => out.push(c),
        }
    }
    (out, "")
}

/// `CKV_AWS_18:reason`, `CKV_AWS_18,CKV_AWS_21:reason`
fn checkov(rest: &str) -> Option<Directive> {
    let (ids, reason) = rest.trim_start().split_once(':').unwrap_or((rest, ""));
    let names: Vec<String> =
        ids.split(',').filter_map(|id| id.split_whitespace().next()).map(str::to_string).collect();
    let reason = Some(reason.trim().to_string()).filter(|r| !r.is_empty());
    (!names.is_empty()).then(|| Directive { reason, ..Directive::new(Tool::Checkov, names, Reach::Resource) })
}

/// `AVD-AWS-0086`, `aws-s3-enable-versioning:exp:2027-01-31`, `*`
fn trivy(rest: &str) -> Directive {
    let text = rest.split(char::is_whitespace).next().unwrap_or_default();
    let mut parts = text.split(':');
    let id = parts.next().unwrap_or_default();
    let mut out = Directive::new(Tool::Trivy, Vec::new(), Reach::Here);
    match id.trim_matches(['#', ',']) {
        "*" => {}
        "" => out.broken = Some("it names no check".to_string()),
        id if id.contains('[') => {
            out.broken = Some("its condition in brackets is not understood".to_string());
        }
        id => out.names.push(id.to_string()),
    }
    while let Some(key) = parts.next() {
        match (key, parts.next().map(str::parse::<Date>)) {
            ("exp", Some(Ok(day))) => out.until = Some(day),
            ("exp", _) => out.broken = Some("its expiry is no day such as `2027-01-31`".to_string()),
            ("ws", _) => {
                out.broken =
                    Some("it counts in one workspace only, and which one this is isn't known".to_string());
            }
            _ => {}
        }
    }
    out
}

/// `ignore`, `ignore-line`, `ignore-block`, `disable=ID,ID`
fn kics(rest: &str) -> Option<Directive> {
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let make = |names, reach| Some(Directive::new(Tool::Kics, names, reach));
    match word {
        "ignore" => make(Vec::new(), Reach::File),
        "ignore-line" => make(Vec::new(), Reach::NextLine),
        "ignore-block" => make(Vec::new(), Reach::Here),
        _ => {
            let ids = rest.strip_prefix("disable=")?.split(',').map(|id| id.trim().to_string());
            make(ids.filter(|id| !id.is_empty()).collect(), Reach::File).filter(|d| !d.names.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(comment: &str) -> Directive {
        let mut all = parse(comment);
        assert_eq!(all.len(), 1, "{comment}: {all:?}");
        all.remove(0)
    }

    fn names(comment: &str) -> Vec<String> {
        one(comment).names
    }

    #[test]
    fn our_own_words() {
        let d = one("# tidegate: allow a-rule, TG-FN-001 until=2027-01-31 reason=\"the \\\"old\\\" one\"");
        assert_eq!(d.names, ["a-rule", "TG-FN-001"]);
        assert_eq!(d.reason.as_deref(), Some("the \"old\" one"));
        assert_eq!(d.until, "2027-01-31".parse().ok());
        assert_eq!((d.tool, d.reach, d.broken), (Tool::Tidegate, Reach::Here, None));
        assert_eq!(
            one("// tidegate:allow a reason=all of the rest").reason.as_deref(),
            Some("all of the rest")
        );
        assert_eq!(names("/* tidegate: allow a */"), ["a"]);
        assert_eq!(one("# tidegate: allow a reason='' until=\"2027-01-31\"").reason, None);
    }

    #[test]
    fn what_is_wrong_with_it_is_said() {
        for broken in [
            "# tidegate: allow",
            "# tidegate: allow a until=soon",
            "# tidegate: allow a untill=2027-01-31",
            "# tidegate: ignore a",
            "# tidegate: allow reason=\"x\"",
            "# trivy:ignore:AVD-AWS-0086:exp:soon",
            "# trivy:ignore:AVD-AWS-0086:ws:dev",
            "# trivy:ignore:aws-s3-x[name=y]",
        ] {
            assert!(one(broken).broken.is_some(), "{broken}");
        }
        assert!(parse("# tidegate: see the docs").is_empty());
        assert!(parse("# we use tidegate: allow nothing").is_empty());
    }

    #[test]
    fn the_words_of_others() {
        assert_eq!(names("#checkov:skip=CKV_AWS_18:we log elsewhere"), ["CKV_AWS_18"]);
        assert_eq!(one("# checkov:skip=CKV_AWS_18,CKV2_AWS_6: a, b: c").names, ["CKV_AWS_18", "CKV2_AWS_6"]);
        assert_eq!(one("# checkov:skip=CKV_AWS_18,CKV2_AWS_6: a, b: c").reason.as_deref(), Some("a, b: c"));
        assert_eq!(one("# bridgecrew:skip=CKV_AWS_18").reason, None);
        assert_eq!(names("#trivy:ignore:AVD-AWS-0086"), ["AVD-AWS-0086"]);
        assert_eq!(one("# tfsec:ignore:aws-s3-x:exp:2027-01-31").until, "2027-01-31".parse().ok());
        assert_eq!(parse("# trivy:ignore:AVD-AWS-0086 trivy:ignore:AVD-AWS-0087").len(), 2);
        assert!(names("# trivy:ignore:*").is_empty());
        assert_eq!(one("# kics-scan ignore-line").reach, Reach::NextLine);
        assert_eq!(one("# kics-scan ignore-block").reach, Reach::Here);
        assert_eq!(names("# kics-scan disable=b03a, c11d"), ["b03a", "c11d"]);
        assert_eq!(one("# kics-scan ignore").reach, Reach::File);
        assert!(parse("# kics-scan enable=b03a").is_empty());
    }
}
