//! The words of JSON Schema in all of its drafts, and those that OpenAPI adds.

/// What a keyword does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Asks something of a value.
    Asks,
    /// Says something about what other keywords ask, or what values are.
    Beside,
    /// Names schemas, or keeps them for others to refer to.
    Names,
    /// Tells people something.
    Tells,
}

/// What a keyword does; `None` for what is none.
pub fn sense(word: &str) -> Option<Sense> {
    KEYWORDS.iter().find(|(known, _)| *known == word).map(|(_, sense)| *sense)
}

const KEYWORDS: &[(&str, Sense)] = &[
    ("$ref", Sense::Asks),
    ("$dynamicRef", Sense::Asks),
    ("$recursiveRef", Sense::Asks),
    ("type", Sense::Asks),
    ("enum", Sense::Asks),
    ("const", Sense::Asks),
    ("properties", Sense::Asks),
    ("patternProperties", Sense::Asks),
    ("additionalProperties", Sense::Asks),
    ("required", Sense::Asks),
    ("propertyNames", Sense::Asks),
    ("minProperties", Sense::Asks),
    ("maxProperties", Sense::Asks),
    ("dependencies", Sense::Asks),
    ("dependentRequired", Sense::Asks),
    ("dependentSchemas", Sense::Asks),
    ("items", Sense::Asks),
    ("prefixItems", Sense::Asks),
    ("additionalItems", Sense::Asks),
    ("contains", Sense::Asks),
    ("minContains", Sense::Asks),
    ("maxContains", Sense::Asks),
    ("minItems", Sense::Asks),
    ("maxItems", Sense::Asks),
    ("uniqueItems", Sense::Asks),
    ("minimum", Sense::Asks),
    ("maximum", Sense::Asks),
    ("exclusiveMinimum", Sense::Asks),
    ("exclusiveMaximum", Sense::Asks),
    ("multipleOf", Sense::Asks),
    ("minLength", Sense::Asks),
    ("maxLength", Sense::Asks),
    ("pattern", Sense::Asks),
    ("format", Sense::Asks),
    ("allOf", Sense::Asks),
    ("anyOf", Sense::Asks),
    ("oneOf", Sense::Asks),
    ("not", Sense::Asks),
    ("if", Sense::Asks),
    ("nullable", Sense::Asks),
    ("unevaluatedItems", Sense::Asks),
    ("unevaluatedProperties", Sense::Asks),
    ("then", Sense::Beside),
    ("else", Sense::Beside),
    ("readOnly", Sense::Beside),
    ("writeOnly", Sense::Beside),
    ("contentEncoding", Sense::Beside),
    ("contentMediaType", Sense::Beside),
    ("contentSchema", Sense::Beside),
    ("discriminator", Sense::Beside),
    ("$schema", Sense::Names),
    ("$id", Sense::Names),
    ("id", Sense::Names),
    ("$anchor", Sense::Names),
    ("$dynamicAnchor", Sense::Names),
    ("$recursiveAnchor", Sense::Names),
    ("$vocabulary", Sense::Names),
    ("$defs", Sense::Names),
    ("definitions", Sense::Names),
    ("$comment", Sense::Tells),
    ("title", Sense::Tells),
    ("description", Sense::Tells),
    ("default", Sense::Tells),
    ("examples", Sense::Tells),
    ("example", Sense::Tells),
    ("deprecated", Sense::Tells),
    ("xml", Sense::Tells),
    ("externalDocs", Sense::Tells),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::compile::meta;
    use std::collections::BTreeSet;

    #[test]
    fn all_words_of_all_drafts_are_known_once() {
        let known: BTreeSet<&str> = KEYWORDS.iter().map(|(word, _)| *word).collect();
        assert_eq!(known.len(), KEYWORDS.len());
        for (uri, text) in meta::DOCUMENTS {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            for word in schema
                .get("properties")
                .and_then(|words| words.as_object())
                .into_iter()
                .flat_map(|words| words.keys())
            {
                assert!(known.contains(word.as_str()), "{word} of {uri}");
            }
        }
    }
}
