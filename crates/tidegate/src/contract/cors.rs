//! Whose pages may read the answers of an entry, as the entry declares it.

use tidegate_graph::contract::Cors;
use tidegate_graph::{Resource, Value};

/// What an HTTP API, in its properties or its OpenAPI document, or a function URL declares. Origins that aren't known are
/// left out: no page of theirs reads a refusal.
pub(super) fn of(entry: &Resource) -> Option<Cors> {
    let (cors, origins, credentials) = match entry.ty.as_str() {
        "AWS::ApiGatewayV2::Api" => match entry.property("CorsConfiguration") {
            Some(cors) => (cors, "AllowOrigins", "AllowCredentials"),
            None => {
                let body = entry.property("Body")?.as_map()?;
                (body.get("x-amazon-apigateway-cors")?, "allowOrigins", "allowCredentials")
            }
        },
        "AWS::Lambda::Url" => (entry.property("Cors")?, "AllowOrigins", "AllowCredentials"),
        _ => return None,
    };
    let cors = cors.as_map()?;
    let declared = cors.get(origins).map(Value::items).unwrap_or_default();
    let origins: Vec<String> = declared.iter().filter_map(|o| o.as_str()).map(str::to_string).collect();
    let credentials = cors.get(credentials).and_then(Value::as_bool).unwrap_or_default();
    (!origins.is_empty()).then_some(Cors { origins, credentials })
}
