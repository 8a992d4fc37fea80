//! Documents that registries hand out, with the schema as a text in them: `aws schemas describe-schema` and
//! `export-schema`, `aws glue get-schema-version`, and a version of Confluent's interface.

use serde_json::Value;

/// The schema in such a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) text: String,
    pub(crate) is_avro: bool,
}

/// The schema in a text that is such a document; `None` when it is none. The error says why its schema can't be taken.
pub(crate) fn exported(text: &str) -> Result<Option<Exported>, String> {
    let text = text.trim_start();
    if !text.starts_with('{') {
        return Ok(None);
    }
    let Ok(Value::Object(document)) = serde_json::from_str::<Value>(text) else { return Ok(None) };
    let said = |key: &str| document.get(key).and_then(Value::as_str);
    let (text, language) = match (said("Content"), said("SchemaDefinition"), said("schema")) {
        (Some(content), _, _) if said("SchemaName").is_some() || said("SchemaArn").is_some() => {
            (content, said("Type").unwrap_or("JSONSchemaDraft4"))
        }
        (_, Some(definition), _) if said("SchemaVersionId").is_some() || said("SchemaArn").is_some() => {
            // Answers of older versions of the interface don't say it.
            (definition, said("DataFormat").unwrap_or("AVRO"))
        }
        (_, _, Some(schema)) if document.contains_key("id") && document.contains_key("version") => {
            (schema, said("schemaType").unwrap_or("AVRO"))
        }
        _ => return Ok(None),
    };
    if document.get("references").and_then(Value::as_array).is_some_and(|all| !all.is_empty()) {
        return Err(
            "it refers to other schemas of its registry; `tidegate contract schema pull` fetches them".into(),
        );
    }
    let is_avro = match language {
        "AVRO" => true,
        "JSON" | "OpenApi3" | "JSONSchemaDraft4" => false,
        other => return Err(format!("its schema is in {other}")),
    };
    Ok(Some(Exported { text: text.to_string(), is_avro }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_registries_are_known_by_their_members() {
        let of = |text: &str| exported(text).map(|e| e.map(|e| (e.text, e.is_avro)));
        let json = Ok(Some(("{}".to_string(), false)));
        let avro = Ok(Some(("{}".to_string(), true)));
        assert_eq!(of(r#"{"Content": "{}", "SchemaName": "a", "Type": "OpenApi3"}"#), json);
        assert_eq!(of(r#"{"Content": "{}", "SchemaArn": "a"}"#), json);
        assert_eq!(of(r#"{"SchemaVersionId": "1", "SchemaDefinition": "{}", "DataFormat": "JSON"}"#), json);
        assert_eq!(of(r#"{"SchemaVersionId": "1", "SchemaDefinition": "{}", "DataFormat": "AVRO"}"#), avro);
        assert_eq!(of(r#"{"subject": "a", "id": 1, "version": 1, "schema": "{}"}"#), avro);
        for none in
            ["{}", "[]", "type: object", r#"{"type": "object", "schema": "x"}"#, r#"{"Content": "{}"}"#]
        {
            assert_eq!(of(none), Ok(None), "{none}");
        }
        assert!(of(r#"{"id": 1, "version": 1, "schema": "", "schemaType": "XSD"}"#).is_err());
        assert!(of(r#"{"id": 1, "version": 1, "schema": "", "references": [{"name": "a"}]}"#).is_err());
    }
}
