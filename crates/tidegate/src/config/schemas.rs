//! The tables `contract.schemas`: what payloads have to be.

use super::authenticate::Asked;
use super::{Complaint, Glob, Reader};
use std::ops::Range;
use tidegate_decide::schema::compile::Draft;
use tidegate_graph::contract::schema::When;
use toml::Spanned;
use toml::de::DeValue;

/// A file that holds a schema, and what it is held against.
#[derive(Clone, Debug)]
pub(crate) struct SchemaFile {
    /// With a JSON pointer as fragment if it isn't all of the file.
    pub(crate) file: String,
    /// Where that was written.
    pub(crate) span: Range<usize>,
    /// What the compiled schema's digest has to be.
    pub(crate) digest: Option<(String, Range<usize>)>,
    /// Files that it refers to by their `$id`.
    pub(crate) with: Vec<(String, Range<usize>)>,
    pub(crate) when: When,
    pub(crate) whole: bool,
    pub(crate) optional: bool,
    /// Nothing passes that a file of protocol buffers doesn't name.
    pub(crate) closed: bool,
    pub(crate) draft: Draft,
    pub(crate) formats: bool,
}

const DRAFTS: [(&str, Draft); 6] = [
    ("4", Draft::Draft4),
    ("6", Draft::Draft6),
    ("7", Draft::Draft7),
    ("2019-09", Draft::Draft201909),
    ("2020-12", Draft::Draft202012),
    ("openapi-3.0", Draft::OpenApi30),
];

impl Reader {
    pub(super) fn schemas(&mut self, value: &Spanned<DeValue<'_>>) {
        for (table, at) in self.tables("contract.schemas", value) {
            let (mut edges, mut named, mut closed) = (Vec::new(), String::new(), None);
            let mut schema = SchemaFile {
                file: String::new(),
                span: at.clone(),
                digest: None,
                with: Vec::new(),
                when: When::default(),
                whole: false,
                optional: false,
                closed: false,
                draft: Draft::Draft202012,
                formats: false,
            };
            for (key, value) in table {
                let name = key.get_ref().as_ref();
                let full = format!("contract.schemas.{name}");
                match name {
                    "edges" => {
                        let texts = self.plain(&full, value);
                        edges = texts.iter().map(|t| Glob::new(t)).collect();
                        named = texts.join(", ");
                    }
                    "file" => {
                        if let Some((file, span)) = self.text(&full, value) {
                            (schema.file, schema.span) = (file, span);
                        }
                    }
                    "digest" => {
                        schema.digest = self.text(&full, value);
                        if let Some((digest, span)) = schema.digest.clone().filter(|(d, _)| !is_digest(d)) {
                            let complaint = Complaint::new(span, format!("`{digest}` is no digest"));
                            self.complaints.push(complaint.label("expected `sha256:` and 64 hex digits"));
                        }
                    }
                    "with" => schema.with = self.texts(&full, value),
                    "route" => schema.when.route = self.text(&full, value).map(|(t, _)| t),
                    "source" => schema.when.source = self.text(&full, value).map(|(t, _)| t),
                    "detail-type" => schema.when.detail_type = self.text(&full, value).map(|(t, _)| t),
                    "whole" => schema.whole = self.flag(&full, value),
                    "optional" => schema.optional = self.flag(&full, value),
                    "closed" => {
                        schema.closed = self.flag(&full, value);
                        closed = Some(key.span());
                    }
                    "formats" => schema.formats = self.flag(&full, value),
                    "draft" => {
                        let Some((word, span)) = self.text(&full, value) else { continue };
                        match DRAFTS.into_iter().find(|(name, _)| *name == word) {
                            Some((_, draft)) => schema.draft = draft,
                            None => self.unknown_word(span, "draft", &word, &DRAFTS.map(|(name, _)| name)),
                        }
                    }
                    name => self.unknown_key(key.span(), name, "contract.schemas."),
                }
            }
            if edges.is_empty() || schema.file.is_empty() {
                let complaint = Complaint::new(at, "`contract.schemas` needs `edges` and `file`");
                self.complaints.push(complaint.label("`file` is seen from the folder of this file"));
                continue;
            }
            let proto =
                schema.file.split_once('#').map_or(&*schema.file, |(file, _)| file).ends_with(".proto");
            if let Some(span) = closed.filter(|_| !proto) {
                let complaint = Complaint::new(span, "`closed` is for `.proto` files");
                let help = "a JSON Schema says itself what it lets pass (`additionalProperties`), and Avro lets nothing else pass";
                self.complaints.push(complaint.label("this schema is none").help(help));
                continue;
            }
            self.config.contract.schemas.push(Asked { edges, named, what: Some(schema) });
        }
    }

    pub(super) fn flag(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> bool {
        match value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            _ => {
                self.wrong(key, value, "a boolean");
                false
            }
        }
    }
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_tables_are_read_and_what_is_wrong_is_said() {
        let read = |text: &str| {
            let text = format!("[[contract.schemas]]\n{text}\n");
            parse(Path::new("tidegate.toml"), &text, &[]).map(|c| c.contract.schemas)
        };
        let good =
            read("edges = '*'\nfile = 'a.json#/x'\ndraft = '7'\nroute = 'POST /a'\nwhole = true").unwrap();
        let schema = good[0].what.as_ref().unwrap();
        assert_eq!((schema.file.as_str(), schema.draft, schema.whole), ("a.json#/x", Draft::Draft7, true));
        assert_eq!(schema.when.route.as_deref(), Some("POST /a"));
        let proto = read("edges = '*'\nfile = 'a.proto#shop.Order'\nclosed = true").unwrap();
        assert!(proto[0].what.as_ref().unwrap().closed);
        for wrong in [
            "edges = '*'",
            "file = 'a.json'",
            "edges = '*'\nfile = 'a.json'\ndraft = '5'",
            "edges = '*'\nfile = 'a.json'\ndigest = 'sha256:0'",
            "edges = '*'\nfile = 'a.json'\nwhole = 'yes'",
            "edges = '*'\nfile = 'a.json'\nfiles = 'b'",
            "edges = '*'\nfile = 'a.json'\nclosed = true",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
