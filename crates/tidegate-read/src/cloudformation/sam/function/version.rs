//! Versions and aliases.

use super::super::make::{attribute, digest, is_intrinsic, map_of, reference, truthy, value};
use super::super::{Made, Res, Source, Transform};
use tidegate_graph::{Map, Value};

/// Publishes a version under an alias.
pub(super) fn publish(
    run: &Transform<'_>,
    source: &Source,
    function: &mut Made,
    alias: &Value,
) -> Res<(Made, Made)> {
    let resolved = run.known.resolve(alias);
    let span = alias.span;
    let Some(name) = resolved.as_str() else {
        let said = "`AutoPublishAlias` should be a string, or refer to a parameter with a default";
        return Err(source.fault("AutoPublishAlias", said));
    };
    if name.is_empty() {
        return Err(source.fault("AutoPublishAlias", "`AutoPublishAlias` should not be empty"));
    }
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !letters || name.chars().all(|c| c.is_ascii_digit()) {
        let said = format!(
            "`AutoPublishAlias` is `{name}`, but takes letters, digits, `-` and `_`, and not digits alone"
        );
        return Err(source.fault("AutoPublishAlias", said));
    }
    let hash = code_hash(run, source, function)?;
    let id = format!("{}Version{}", source.id, hash.unwrap_or_else(|| content_hash(run, source, function)));
    let mut version = source.beside(id, "AWS::Lambda::Version", span);
    if !version.attributes.contains_key("DeletionPolicy") {
        let policy = source.get("VersionDeletionPolicy").cloned().unwrap_or_else(|| {
            let managed = source.get("CapacityProviderConfig").is_some();
            Value::text(if managed { "Delete" } else { "Retain" }, span)
        });
        version.attributes.insert("DeletionPolicy", policy);
    }
    version.set("FunctionName", reference(&source.id, span));
    version.set_opt("Description", source.get("VersionDescription"));
    if source.get("CapacityProviderConfig").is_some() {
        version.set_opt("FunctionScalingConfig", source.get("FunctionScalingConfig"));
    }
    let plain = name.replace('-', "D").replace('_', "U");
    let mut named = source.beside(format!("{}Alias{plain}", source.id), "AWS::Lambda::Alias", span);
    named.set("Name", name);
    named.set("FunctionName", reference(&source.id, span));
    named.set("FunctionVersion", attribute(&version.id, "Version", span));
    named.set_opt("ProvisionedConcurrencyConfig", source.some("ProvisionedConcurrencyConfig"));
    Ok((version, named))
}

/// The first digits of the hash that the user gives, which also goes into the description.
fn code_hash(run: &Transform<'_>, source: &Source, function: &mut Made) -> Res<Option<String>> {
    let Some(given) = source.some("AutoPublishCodeSha256") else { return Ok(None) };
    let resolved = run.known.resolve(given);
    let Some(hash) = resolved.as_str().filter(|_| !is_intrinsic(&resolved)) else {
        return Err(source.fault("AutoPublishCodeSha256", "`AutoPublishCodeSha256` should be a string"));
    };
    let description = run.known.resolve_opt(source.some("Description"));
    match description {
        None => function.set("Description", hash),
        Some(text) if text.as_str().is_some() => {
            function.set("Description", format!("{} {hash}", text.as_str().unwrap_or_default()));
        }
        Some(other) => {
            let span = given.span;
            function.set("Description", value!(span, { "Fn::Join": [" ", [(other), (hash)]] }));
        }
    }
    Ok(Some(hash.chars().take(10).collect()))
}

fn content_hash(run: &Transform<'_>, source: &Source, function: &Made) -> String {
    let span = source.span;
    if truthy(source.get("AutoPublishAliasAllProperties")) {
        let layers = source.get("Layers").map(Value::items).unwrap_or_default();
        let published = layers.iter().filter_map(|layer| {
            let properties = run.properties_of(&super::super::make::logical_id(layer)?)?;
            truthy(properties.get("PublishLambdaVersion")).then(|| Value::map(properties.clone(), span))
        });
        let published = Value::list(published.collect(), span);
        return digest(&[&Value::map(function.properties.clone(), span), &published]);
    }
    let mut content = Map::new();
    if let Some(code) = function.properties.get("Code") {
        content.insert("Code", run.known.resolve(code));
    }
    for name in ["Environment", "MemorySize", "SnapStart"] {
        super::super::make::set_opt(&mut content, name, function.properties.get(name));
    }
    let snaps =
        content.get("SnapStart").and_then(map_of).and_then(|m| m.get("ApplyOn")).and_then(Value::as_str);
    if matches!(snaps, None | Some("None")) {
        content.remove("SnapStart");
    }
    digest(&[&Value::map(content, span)])
}
