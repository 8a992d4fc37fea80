//! Traces of scanners: names that their probes carry, hosts that their call-backs go to.
//!
//! A scanner's request is no harm by itself, but nobody who means well sends one through a queue.

use super::marks::{self, Group};
use super::{Hit, Text};
use crate::decision::Class;
use crate::trigger::Place;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    if !text.marks.has(Group::Scanners) {
        return None;
    }
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Scanner, at, why: why.into() });
    let agent = text.place == Place::Header && text.label.eq_ignore_ascii_case(b"user-agent");
    for (at, word) in marks::find(lower, 0, Group::Scanners) {
        let after = lower.get(at + word.len()..).unwrap_or_default();
        if word.first() == Some(&b'.') {
            // A host's end, with a name in front that tells one probe from another: no mention in a sentence.
            let ended = after.first().is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_'));
            let label = lower.get(..at).unwrap_or_default().iter().rev().take(64);
            let label = label.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
            if ended && label >= 6 {
                return hit(at, "a host that scanners have called back");
            }
        } else if agent && matches!(after.first(), None | Some(b'/' | b' ' | b';' | b')' | b'-' | b'#')) {
            return hit(at, "a scanner that names itself");
        }
    }
    None
}

/// Hosts of call-backs begin with a dot; the others are names in the header of the user's agent.
pub(super) const WORDS: &[&[u8]] = &[
    b".oast.pro",
    b".oast.live",
    b".oast.site",
    b".oast.online",
    b".oast.fun",
    b".oast.me",
    b".oastify.com",
    b".interact.sh",
    b".interactsh.com",
    b".burpcollaborator.net",
    b".dnslog.cn",
    b".ceye.io",
    b".bxss.me",
    b".xss.ht",
    b".canarytokens.com",
    b"nuclei",
    b"ffuf",
    b"fuzz faster u fool",
    b"sqlmap",
    b"nikto",
    b"acunetix",
    b"nessus",
    b"openvas",
    b"wpscan",
    b"gobuster",
    b"dirbuster",
    b"feroxbuster",
    b"masscan",
    b"zgrab",
    b"w3af",
    b"arachni",
    b"havij",
    b"whatweb",
    b"netsparker",
    b"commix",
    b"nmap scripting engine",
    b"xsser",
    b"wfuzz",
    b"jaeles",
    b"dalfox",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{ByteSet, sample};

    fn agent(raw: &str) -> bool {
        let lower = raw.to_ascii_lowercase();
        let bytes = ByteSet::of(raw.as_bytes());
        detect(&Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Header, b"User-Agent")).is_some()
    }

    #[test]
    fn probes() {
        assert!(agent("sqlmap/1.8.2#stable (https://sqlmap.example)"));
        assert!(agent("Mozilla/5.00 (Nikto/2.1.6) (Evasions:None)"));
        assert!(agent("Mozilla/5.0 (compatible; Nmap Scripting Engine; x)"));
        assert!(sample(detect, "http://c8k2j3q1p0.oast.pro/x"));
        assert!(sample(detect, "a0b1c2d3e4f5.oastify.com"));
    }

    #[test]
    fn talk_about_scanners() {
        assert!(!agent("Mozilla/5.0 (X11; Linux x86_64)"));
        assert!(!agent("nucleic-acid-client/2"));
        assert!(!sample(detect, "we ran nikto and sqlmap last week"));
        assert!(!sample(detect, "see www.oast.pro for the tool"));
        assert!(!sample(detect, "results are at roast.me"));
    }
}
