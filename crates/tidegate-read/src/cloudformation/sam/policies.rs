//! Policy templates: named policies with parameters.

use super::make::{argument, map_of, respan};
use crate::yaml;
use std::sync::OnceLock;
use tidegate_graph::{Data, FileId, Map, Span, Value};

/// Templates by name: their parameters, and the document in which `Ref` stands for one.
const TEMPLATES: &str = include_str!("../../../data/sam-policy-templates.json");

/// Parameters of a template; `None` when there is no such template.
pub(super) fn parameters(name: &str) -> Option<Vec<&'static str>> {
    let template = templates().get(name)?;
    Some(
        template
            .get("parameters")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .collect(),
    )
}

/// The document of a template with its parameters filled in.
pub(super) fn document(name: &str, values: &Map, span: Span) -> Value {
    let definition = templates().get(name).and_then(|template| template.get("definition"));
    let parameters = parameters(name).unwrap_or_default();
    definition.map_or_else(
        || Value::map(Map::new(), span),
        |definition| filled(respan(definition.clone(), span), &parameters, values),
    )
}

fn filled(value: Value, parameters: &[&str], values: &Map) -> Value {
    if let Some(name) =
        argument(&value, "Ref").and_then(Value::as_str).filter(|name| parameters.contains(name))
    {
        return values.get(name).cloned().unwrap_or(value);
    }
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|v| filled(v, parameters, values)).collect()),
        Data::Map(map) => {
            let fields = map.into_fields().map(|(key, mut field)| {
                field.value = filled(field.value, parameters, values);
                (key, field)
            });
            Data::Map(fields.collect())
        }
        data => data,
    };
    Value::new(data, value.span)
}

fn templates() -> &'static Map {
    static PARSED: OnceLock<Map> = OnceLock::new();
    PARSED.get_or_init(|| {
        let (value, _) = yaml::parse_one(FileId::default(), TEMPLATES);
        value.as_ref().and_then(map_of).cloned().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::make::value;
    use super::*;

    #[test]
    fn every_template_has_a_document() {
        assert_eq!(templates().len(), 81);
        for (name, template) in templates().iter() {
            assert!(template.get("definition").and_then(|d| d.get("Statement")).is_some(), "{name}");
        }
    }

    #[test]
    fn parameters_are_filled_in() {
        let s = Span { start: 7, ..Span::default() };
        assert_eq!(parameters("SQSPollerPolicy"), Some(vec!["QueueName"]));
        let values = value!(s, { "QueueName": "orders" });
        let document = document("SQSPollerPolicy", values.as_map().unwrap(), s);
        let mut found = 0;
        document.walk(&mut |v| {
            assert_eq!(v.span, s);
            found += usize::from(v.as_str() == Some("orders"));
        });
        assert_eq!(found, 1);
    }
}
