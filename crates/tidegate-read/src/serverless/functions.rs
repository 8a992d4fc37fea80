//! Functions and layers.

use super::service::{Function, Service};
use super::{events, names, raw, roles};
use tidegate_graph::{Data, Map, Str, Value};

/// Makes the resources of all functions and layers.
pub(super) fn compile(service: &mut Service) {
    let section = service.config.get("functions").cloned();
    let sections = section.as_ref().map(Value::items).unwrap_or_default().iter().enumerate();
    for (number, unknown) in sections.filter(|(_, s)| matches!(s.data, Data::Unknown(_))) {
        // Functions that aren't known are still there.
        let id = if number == 0 { "Functions".to_owned() } else { format!("Functions{number}") };
        let properties = [("Code", unknown.clone()), ("Role", unknown.clone())];
        service.add(id, "AWS::Lambda::Function", None, properties, unknown.span);
    }
    let functions = raw::merged(section.as_ref());
    service.declare(&functions);
    for (key, field) in functions.fields() {
        if matches!(field.value.data, Data::Map(_) | Data::Unknown(_)) {
            let span = field.key;
            let prefix = names::function(key);
            let id = Str::from(format!("{prefix}LambdaFunction"));
            let target = raw::attribute(&id, "Arn", span);
            let config = field.value.clone();
            function(service, Function { key: key.clone(), prefix, id, config, span, target });
        }
    }
    layers(service);
}

fn function(service: &mut Service, mut function: Function) {
    let span = function.span;
    let name = function
        .get("name")
        .cloned()
        .unwrap_or_else(|| Value::text(format!("{}-{}-{}", service.name, service.stage, function.key), span));
    let mut statements = Vec::new();
    let properties = properties(service, &function, &name, &mut statements);
    let vpc = properties.iter().any(|(key, _)| *key == "VpcConfig");
    service.add(function.id.clone(), "AWS::Lambda::Function", None, properties, span);
    log_group(service, &function, &name);
    versions(service, &mut function);
    url(service, &function);
    invoke_config(service, &function, &mut statements);
    for event in function.get("events").map(Value::items).unwrap_or_default().to_vec() {
        events::compile(service, &function, &event, &mut statements);
    }
    let role = roles::of(service, &function, statements, vpc);
    if let Some(map) = service
        .resources
        .get_mut(&function.id)
        .and_then(Value::as_map_mut)
        .and_then(|m| m.get_mut("Properties")?.as_map_mut())
    {
        map.insert("Role", role);
    }
}

fn properties(
    service: &Service,
    function: &Function,
    name: &Value,
    statements: &mut Vec<Value>,
) -> Vec<(&'static str, Value)> {
    let span = function.span;
    let own = |key: &str| function.get(key).cloned();
    let either = |key: &str| own(key).or_else(|| service.provider(&[key]).cloned());
    let mut out = vec![("FunctionName", name.clone())];
    let mut set = |key: &'static str, value: Option<Value>| out.extend(value.map(|v| (key, v)));
    match own("image") {
        Some(image) => {
            let uri = match image.get("uri").or_else(|| image.get("name")) {
                Some(uri) => uri.clone(),
                None => image.clone(),
            };
            set("PackageType", Some(Value::text("Image", span)));
            set("Code", Some(Value::object([("ImageUri", uri)], span)));
        }
        None if matches!(function.config.data, Data::Unknown(_)) => {
            set("Code", Some(function.config.clone()));
        }
        None => {
            let artifact = raw::at(&function.config, &["package", "artifact"]).cloned();
            // As a template has it before it is packaged: a path beside the service.
            set("Code", Some(artifact.unwrap_or_else(|| Value::text("./", span))));
            set("Handler", own("handler"));
            set("Runtime", either("runtime"));
        }
    }
    set("Description", own("description"));
    set("MemorySize", Some(either("memorySize").unwrap_or_else(|| Value::number(1024, span))));
    set("Timeout", Some(either("timeout").unwrap_or_else(|| Value::number(6, span))));
    set("ReservedConcurrentExecutions", own("reservedConcurrency"));
    set("KmsKeyArn", either("kmsKeyArn"));
    set("Layers", either("layers"));
    set("Environment", environment(service, function));
    let architecture = either("architecture").map(|a| Value::list(vec![a.clone()], a.span));
    set("Architectures", architecture);
    let storage = own("ephemeralStorageSize").map(|size| Value::object([("Size", size)], span));
    set("EphemeralStorage", storage);
    set("VpcConfig", vpc(service, function));
    set("TracingConfig", tracing(service, function, statements));
    set("Tags", tags(service, function));
    if let Some(target) = own("onError") {
        statements.push(raw::allow(&["sns:Publish"], target.clone(), target.span));
        set("DeadLetterConfig", Some(Value::object([("TargetArn", target)], span)));
    }
    if let Some(system) = own("fileSystemConfig") {
        let arn = system.get("arn").cloned();
        let actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"];
        statements.extend(arn.clone().map(|arn| raw::allow(&actions, arn, span)));
        let fields = [("Arn", arn), ("LocalMountPath", system.get("localMountPath").cloned())];
        let system = Value::object(fields.into_iter().filter_map(|(k, v)| Some((k, v?))), span);
        set("FileSystemConfigs", Some(Value::list(vec![system], span)));
    }
    let snap = own("snapStart").filter(|s| s.as_bool() == Some(true));
    set(
        "SnapStart",
        snap.map(|s| Value::object([("ApplyOn", Value::text("PublishedVersions", s.span))], s.span)),
    );
    out
}

fn environment(service: &Service, function: &Function) -> Option<Value> {
    let shared = service.provider(&["environment"]).cloned();
    let own = function.get("environment").cloned();
    let variables = match (shared, own) {
        (Some(mut shared), Some(own)) if shared.as_map().is_some() && own.as_map().is_some() => {
            let over = own.as_map().cloned().unwrap_or_default();
            for (key, field) in over.into_fields() {
                shared.as_map_mut()?.insert_field(key, field);
            }
            shared
        }
        (shared, own) => own.or(shared)?,
    };
    let span = variables.span;
    Some(Value::object([("Variables", variables)], span))
}

/// The tags of the stack, of all functions and of this one, as CloudFormation lists them.
fn tags(service: &Service, function: &Function) -> Option<Value> {
    let places = [
        service.provider(&["stackTags"]).cloned(),
        service.provider(&["tags"]).cloned(),
        function.get("tags").cloned(),
    ];
    let mut all: Vec<Value> = Vec::new();
    let mut place = None;
    for tags in places.into_iter().flatten() {
        let span = tags.span;
        place.get_or_insert(span);
        match tags.as_map().filter(|_| !raw::is_intrinsic(&tags)).cloned() {
            Some(map) => all.extend(map.into_fields().map(|(key, field)| {
                let key = Value::text(key, field.key);
                Value::object([("Key", key), ("Value", field.value)], span)
            })),
            None => all.push(tags),
        }
    }
    Some(Value::list(all, place?))
}

fn vpc(service: &Service, function: &Function) -> Option<Value> {
    let vpc = function.get("vpc").or_else(|| service.provider(&["vpc"]))?;
    if vpc.as_map().is_none() || raw::is_intrinsic(vpc) {
        return matches!(vpc.data, Data::Unknown(_)).then(|| vpc.clone());
    }
    let part = |key: &str| vpc.get(key).cloned();
    let fields = [("SecurityGroupIds", part("securityGroupIds")), ("SubnetIds", part("subnetIds"))];
    let fields: Vec<_> = fields.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
    (!fields.is_empty()).then(|| Value::object(fields, vpc.span))
}

fn tracing(service: &Service, function: &Function, statements: &mut Vec<Value>) -> Option<Value> {
    let tracing = function.get("tracing").or_else(|| service.provider(&["tracing", "lambda"]))?;
    let mode = match tracing.as_bool() {
        Some(true) => Value::text("Active", tracing.span),
        Some(false) => return None,
        None => tracing.clone(),
    };
    let actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
    statements.push(raw::allow(&actions, Value::text("*", tracing.span), tracing.span));
    Some(Value::object([("Mode", mode)], tracing.span))
}

fn log_group(service: &mut Service, function: &Function, name: &Value) {
    if function.get("disableLogs").and_then(Value::as_bool) == Some(true) {
        return;
    }
    let span = function.span;
    let group = match name.as_text() {
        Some(name) => Value::text(format!("/aws/lambda/{name}"), span),
        None => raw::sub_with("/aws/lambda/${Name}", "Name", name.clone(), span),
    };
    let retention =
        function.get("logRetentionInDays").or_else(|| service.provider(&["logRetentionInDays"])).cloned();
    let mut properties = vec![("LogGroupName", group)];
    properties.extend(retention.map(|days| ("RetentionInDays", days)));
    let id = format!("{}LogGroup", function.prefix);
    service.add(id, "AWS::Logs::LogGroup", Some(&function.id), properties, span);
}

/// A version and an alias, where provisioned concurrency needs them; events go to the alias then.
fn versions(service: &mut Service, function: &mut Function) {
    let Some(concurrency) = function.get("provisionedConcurrency").cloned() else { return };
    let span = concurrency.span;
    let version = format!("{}LambdaVersion", function.prefix);
    let name = [("FunctionName", raw::refer(&function.id, span))];
    service.add(version.clone(), "AWS::Lambda::Version", Some(&function.id), name, span);
    let amount = Value::object([("ProvisionedConcurrentExecutions", concurrency)], span);
    let alias = format!("{}ProvConcLambdaAlias", function.prefix);
    let properties = [
        ("FunctionName", raw::refer(&function.id, span)),
        ("FunctionVersion", raw::attribute(&version, "Version", span)),
        ("Name", Value::text("provisioned", span)),
        ("ProvisionedConcurrencyConfig", amount),
    ];
    service.add(alias.clone(), "AWS::Lambda::Alias", Some(&function.id), properties, span);
    function.target = raw::refer(&alias, span);
}

fn url(service: &mut Service, function: &Function) {
    let Some(url) = function.get("url").filter(|u| u.as_bool() != Some(false)) else { return };
    let span = url.span;
    let authorizer = url.get("authorizer").and_then(Value::as_text);
    let open = authorizer.as_deref() != Some("aws_iam");
    let kind = Value::text(if open { "NONE" } else { "AWS_IAM" }, span);
    let mut properties = vec![("AuthType", kind.clone()), ("TargetFunctionArn", function.target.clone())];
    match url.get("cors") {
        Some(cors) if cors.as_bool() == Some(true) => {
            let all = |items: &[&'static str]| {
                Value::list(items.iter().map(|i| Value::text(*i, cors.span)).collect(), cors.span)
            };
            let headers =
                ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token"];
            let cors = Value::object(
                [
                    ("AllowOrigins", all(&["*"])),
                    ("AllowHeaders", all(&headers)),
                    ("AllowMethods", all(&["*"])),
                ],
                cors.span,
            );
            properties.push(("Cors", cors));
        }
        Some(cors) => {
            let keys = [
                ("allowedOrigins", "AllowOrigins"),
                ("allowedHeaders", "AllowHeaders"),
                ("allowedMethods", "AllowMethods"),
                ("allowCredentials", "AllowCredentials"),
                ("exposedResponseHeaders", "ExposeHeaders"),
                ("maxAge", "MaxAge"),
            ];
            properties.push(("Cors", renamed(cors, &keys)));
        }
        None => {}
    }
    properties.extend(url.get("invokeMode").cloned().map(|mode| ("InvokeMode", mode)));
    let id = format!("{}LambdaFunctionUrl", function.prefix);
    service.add(id, "AWS::Lambda::Url", Some(&function.id), properties, span);
    if open {
        let properties = [
            ("FunctionName", function.target.clone()),
            ("Action", Value::text("lambda:InvokeFunctionUrl", span)),
            ("Principal", Value::text("*", span)),
            ("FunctionUrlAuthType", kind),
        ];
        let id = format!("{}LambdaPermissionFnUrl", function.prefix);
        service.add(id, "AWS::Lambda::Permission", Some(&function.id), properties, span);
    }
}

/// The keys of a map under other names; keys without one are left out.
pub(super) fn renamed(value: &Value, names: &[(&str, &'static str)]) -> Value {
    let fields = names.iter().filter_map(|(from, to)| Some((*to, value.get(from)?.clone())));
    Value::object(fields, value.span)
}

fn invoke_config(service: &mut Service, function: &Function, statements: &mut Vec<Value>) {
    let destinations = function.get("destinations").cloned();
    let age = function.get("maximumEventAge").cloned();
    let retries = function.get("maximumRetryAttempts").cloned();
    if destinations.is_none() && age.is_none() && retries.is_none() {
        return;
    }
    let span = destinations.as_ref().map_or(function.span, |d| d.span);
    let mut sides = Vec::new();
    for (key, name) in [("onSuccess", "OnSuccess"), ("onFailure", "OnFailure")] {
        let Some(target) = destinations.as_ref().and_then(|d| d.get(key)) else { continue };
        let arn = service.arn_of_function(target.get("arn").unwrap_or(target));
        statements.push(destination_statement(service, target, &arn));
        sides.push((name, Value::object([("Destination", arn)], target.span)));
    }
    let mut properties =
        vec![("FunctionName", raw::refer(&function.id, span)), ("Qualifier", Value::text("$LATEST", span))];
    if !sides.is_empty() {
        properties.push(("DestinationConfig", Value::object(sides, span)));
    }
    properties.extend(age.map(|age| ("MaximumEventAgeInSeconds", age)));
    properties.extend(retries.map(|retries| ("MaximumRetryAttempts", retries)));
    let id = format!("{}LambdaEvConf", function.prefix);
    service.add(id, "AWS::Lambda::EventInvokeConfig", Some(&function.id), properties, span);
}

fn destination_statement(service: &Service, target: &Value, arn: &Value) -> Value {
    let text = arn.pieces().iter().map(tidegate_graph::Piece::display).collect::<String>();
    let kind = match target.get("type").and_then(Value::as_text) {
        Some(kind) => kind,
        None => text.split(':').nth(2).unwrap_or_default().into(),
    };
    let is_function = target.as_str().is_some_and(|key| service.function_key(key));
    let actions: &[&str] = match kind.as_str() {
        _ if is_function => &["lambda:InvokeFunction"],
        "function" | "lambda" => &["lambda:InvokeFunction"],
        "sqs" => &["sqs:SendMessage"],
        "eventBus" | "events" => &["events:PutEvents"],
        _ => &["sns:Publish"],
    };
    raw::allow(actions, arn.clone(), arn.span)
}

fn layers(service: &mut Service) {
    let layers = raw::merged(service.config.get("layers"));
    for (key, field) in layers.fields() {
        let span = field.key;
        let layer = &field.value;
        let id = format!("{}LambdaLayer", names::function(key));
        let name = layer.get("name").cloned().unwrap_or_else(|| Value::text(key.clone(), span));
        let mut properties = vec![("LayerName", name)];
        let content = raw::at(layer, &["package", "artifact"]).or_else(|| layer.get("path")).cloned();
        properties.extend(content.map(|content| ("Content", content)));
        let keys = [
            ("compatibleRuntimes", "CompatibleRuntimes"),
            ("description", "Description"),
            ("licenseInfo", "LicenseInfo"),
        ];
        properties.extend(keys.into_iter().filter_map(|(from, to)| Some((to, layer.get(from)?.clone()))));
        service.add(id.clone(), "AWS::Lambda::LayerVersion", None, properties, span);
        for account in layer.get("allowedAccounts").map(Value::items).unwrap_or_default() {
            let suffix = match account.as_text().as_deref() {
                Some("*") => "Wild".into(),
                Some(account) => names::alphanumeric(account),
                None => service.count(id.clone()).to_string(),
            };
            let permission = format!("{id}Permission{suffix}");
            let properties = [
                ("Action", Value::text("lambda:GetLayerVersion", account.span)),
                ("LayerVersionArn", raw::refer(&id, account.span)),
                ("Principal", account.clone()),
            ];
            let made_from = Str::from(id.as_str());
            service.add(
                permission,
                "AWS::Lambda::LayerVersionPermission",
                Some(&made_from),
                properties,
                account.span,
            );
        }
    }
}

/// A section's map, as the events hand their parts through.
pub(super) fn pick(map: &Map, keys: &[(&str, &'static str)]) -> Vec<(&'static str, Value)> {
    keys.iter().filter_map(|(from, to)| Some((*to, map.get(from)?.clone()))).collect()
}
