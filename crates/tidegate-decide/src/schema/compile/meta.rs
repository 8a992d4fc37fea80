//! The schemas of schemas, which every schema may refer to.

use super::Draft;

/// Names of the drafts' own.
pub(super) const DRAFT_4: &str = "http://json-schema.org/draft-04/schema";
pub(super) const DRAFT_6: &str = "http://json-schema.org/draft-06/schema";
pub(super) const DRAFT_7: &str = "http://json-schema.org/draft-07/schema";
pub(super) const DRAFT_2019_09: &str = "https://json-schema.org/draft/2019-09/schema";
pub(super) const DRAFT_2020_12: &str = "https://json-schema.org/draft/2020-12/schema";

macro_rules! documents {
    ($($uri:literal $file:literal),* $(,)?) => {
        &[$(($uri, include_str!(concat!("../../../data/metaschemas/", $file)))),*]
    };
}

pub(super) const DOCUMENTS: &[(&str, &str)] = documents! {
    "http://json-schema.org/draft-04/schema" "draft4.json",
    "http://json-schema.org/draft-06/schema" "draft6.json",
    "http://json-schema.org/draft-07/schema" "draft7.json",
    "https://json-schema.org/draft/2019-09/schema" "draft2019-09/schema.json",
    "https://json-schema.org/draft/2019-09/meta/core" "draft2019-09/meta/core.json",
    "https://json-schema.org/draft/2019-09/meta/applicator" "draft2019-09/meta/applicator.json",
    "https://json-schema.org/draft/2019-09/meta/validation" "draft2019-09/meta/validation.json",
    "https://json-schema.org/draft/2019-09/meta/meta-data" "draft2019-09/meta/meta-data.json",
    "https://json-schema.org/draft/2019-09/meta/format" "draft2019-09/meta/format.json",
    "https://json-schema.org/draft/2019-09/meta/content" "draft2019-09/meta/content.json",
    "https://json-schema.org/draft/2020-12/schema" "draft2020-12/schema.json",
    "https://json-schema.org/draft/2020-12/meta/core" "draft2020-12/meta/core.json",
    "https://json-schema.org/draft/2020-12/meta/applicator" "draft2020-12/meta/applicator.json",
    "https://json-schema.org/draft/2020-12/meta/unevaluated" "draft2020-12/meta/unevaluated.json",
    "https://json-schema.org/draft/2020-12/meta/validation" "draft2020-12/meta/validation.json",
    "https://json-schema.org/draft/2020-12/meta/meta-data" "draft2020-12/meta/meta-data.json",
    "https://json-schema.org/draft/2020-12/meta/format-annotation" "draft2020-12/meta/format-annotation.json",
    "https://json-schema.org/draft/2020-12/meta/format-assertion" "draft2020-12/meta/format-assertion.json",
    "https://json-schema.org/draft/2020-12/meta/content" "draft2020-12/meta/content.json",
};

/// The text of a schema of schemas.
pub(super) fn document(uri: &str) -> Option<&'static str> {
    DOCUMENTS.iter().find(|(known, _)| *known == uri).map(|(_, text)| *text)
}

/// What `$schema` may be, for people.
pub(super) fn known() -> String {
    let names = [DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019_09, DRAFT_2020_12];
    names.map(|name| format!("`{name}`")).join(", ")
}

/// The draft that a `$schema` names.
pub(super) fn draft(schema: &str) -> Option<Draft> {
    let schema = schema.trim_end_matches('#');
    let schema = schema.strip_prefix("https://").or_else(|| schema.strip_prefix("http://"))?;
    Some(match schema {
        "json-schema.org/draft-04/schema" => Draft::Draft4,
        "json-schema.org/draft-06/schema" => Draft::Draft6,
        "json-schema.org/draft-07/schema" => Draft::Draft7,
        "json-schema.org/draft/2019-09/schema" => Draft::Draft201909,
        "json-schema.org/draft/2020-12/schema" | "spec.openapis.org/oas/3.1/dialect/base" => {
            Draft::Draft202012
        }
        _ => return None,
    })
}
