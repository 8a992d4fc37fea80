//! `AWS::Serverless::Function`

mod invoke;
mod url;
mod version;

use super::make::{
    allow, argument, attribute, conditional, if_parts, is_no_value, map_of, reference, trust, truthy, value,
};
use super::role::{self, managed, sam_tags};
use super::shape::{self, Property, Type, opt, req};
use super::{Made, Res, Source, Transform, deployment, events, propagate_tags, s3_location, tables};
use tidegate_graph::{Map, Problem, Value};

/// Properties that the function takes over under their own names.
const SAME: &[&str] = &[
    "FunctionName",
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "VpcConfig",
    "Role",
    "Environment",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "PackageType",
    "Architectures",
    "SnapStart",
    "EphemeralStorage",
    "CodeSigningConfigArn",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "TenancyConfig",
    "RecursiveLoop",
    "DurableConfig",
    "FunctionScalingConfig",
    "PublishToLatestPublished",
];

const CAPACITY: &[Property] = &[
    req("Arn", Type::OneOf(&[Type::Str, Type::Number, Type::Bool, Type::Map])),
    opt("PerExecutionEnvironmentMaxConcurrency", Type::Number),
    opt("ExecutionEnvironmentMemoryGiBPerVCpu", Type::Number),
];

/// What events point to: a function, its alias, or a state machine.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Id of the resource.
    pub(super) id: String,
    pub(super) arn: Value,
    /// What permissions and mappings name it by.
    pub(super) name: Value,
    /// Attributes for what is made for its events.
    pub(super) passed: Map,
}

impl Target {
    pub(super) fn condition(&self) -> Option<&str> {
        self.passed.get("Condition").and_then(Value::as_str)
    }
}

/// Makes the function and everything beside it.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    run.check(source, tables::FUNCTION);
    exclusive(run, source);
    let dead_letters = run.tried(dead_letters(source)).flatten();
    tenancy(run, source);

    let mut function = function(run, source);
    let mut made = Vec::new();
    let mut alias = None;
    if let Some(name) = source.some("AutoPublishAlias") {
        let result = version::publish(run, source, &mut function, name);
        if let Some((version, named)) = run.tried(result) {
            made.push(version);
            alias = Some(named);
        }
    } else if source.some("ProvisionedConcurrencyConfig").is_some() {
        let said = "`ProvisionedConcurrencyConfig` needs `AutoPublishAlias`";
        run.problems.push(source.fault("ProvisionedConcurrencyConfig", said));
    }
    let target = match &alias {
        Some(alias) => {
            let arn = reference(&alias.id, source.span);
            Target { id: alias.id.to_string(), name: arn.clone(), arn, passed: source.passed() }
        }
        None => Target {
            id: source.id.to_string(),
            arn: attribute(&source.id, "Arn", source.span),
            name: reference(&source.id, source.span),
            passed: source.passed(),
        },
    };
    if let Some(config) = source.some("FunctionUrlConfig") {
        url::make(run, source, &target, config, &mut made);
    }
    let result = deployment::add(run, source, alias.as_mut());
    run.tried(result);
    let mut grants = Vec::new();
    if let Some(config) = source.some("EventInvokeConfig") {
        let result = invoke::make(run, source, alias.as_ref(), config, &mut grants, &mut made);
        run.tried(result);
    }
    let mut role = execution_role(run, source, dead_letters, grants);
    let keep_role = role_of(run, &mut function, &mut role);
    events::of_function(run, source, &target, &mut role, &mut made);
    made.push(function);
    made.extend(alias);
    if keep_role {
        made.push(role);
    }
    propagate_tags(&mut made, source.get("Tags"), truthy(source.get("PropagateTags")));
    made
}

/// Properties that exclude or need one another.
fn exclusive(run: &mut Transform<'_>, source: &Source) {
    for other in ["ProvisionedConcurrencyConfig", "VpcConfig"] {
        if source.get("CapacityProviderConfig").is_some() && source.get(other).is_some() {
            let said = format!("`CapacityProviderConfig` and `{other}` exclude each other");
            run.problems.push(source.fault("CapacityProviderConfig", said));
        }
    }
    for (name, needed) in
        [("FunctionScalingConfig", "CapacityProviderConfig"), ("VersionDeletionPolicy", "AutoPublishAlias")]
    {
        if source.get(name).is_some() && source.get(needed).is_none() {
            run.problems.push(source.fault(name, format!("`{name}` needs `{needed}`")));
        }
    }
}

/// The action that the role needs for its dead letters, and their target.
fn dead_letters(source: &Source) -> Res<Option<(&'static str, Value)>> {
    let Some(queue) = source.some("DeadLetterQueue").and_then(map_of) else { return Ok(None) };
    let (kind, target) = (queue.get("Type"), queue.get("TargetArn"));
    let (Some(kind), Some(target)) = (kind.filter(|v| truthy(Some(v))), target.filter(|v| truthy(Some(v))))
    else {
        return Err(source.fault("DeadLetterQueue", "`DeadLetterQueue` should have `Type` and `TargetArn`"));
    };
    match kind.as_str() {
        Some("SQS") => Ok(Some(("sqs:SendMessage", target.clone()))),
        Some("SNS") => Ok(Some(("sns:Publish", target.clone()))),
        _ => Err(source.fault("DeadLetterQueue", "`Type` of `DeadLetterQueue` should be `SQS` or `SNS`")),
    }
}

fn tenancy(run: &mut Transform<'_>, source: &Source) {
    if source.some("TenancyConfig").is_none() {
        return;
    }
    for name in ["ProvisionedConcurrencyConfig", "FunctionUrlConfig", "SnapStart"] {
        if source.some(name).is_some() {
            let said = format!("`{name}` doesn't go with `TenancyConfig`");
            run.problems.push(source.fault(name, said));
        }
    }
    for (name, event) in source.get("Events").and_then(map_of).iter().flat_map(|events| events.iter()) {
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "Api" | "HttpApi") {
            let said =
                format!("event `{name}` of type `{kind}` doesn't go with `TenancyConfig` of `{}`", source.id);
            run.problems.push(Problem::at(event.span, said).help("use `Api` or `HttpApi`"));
        }
    }
}

fn function(run: &mut Transform<'_>, source: &Source) -> Made {
    let mut function = source.main("AWS::Lambda::Function");
    function.copy(source, SAME);
    let result = code(run, source);
    if let Some(code) = run.tried(result).flatten() {
        function.set("Code", code);
    }
    function.set("Tags", sam_tags("lambda:createdBy", source.get("Tags"), source.span));
    if let Some(tracing) = source.some("Tracing").filter(|_| traced(run, source)) {
        function.set("TracingConfig", value!(tracing.span, { "Mode": (tracing) }));
    }
    if let Some(target) = source.get("DeadLetterQueue").and_then(|q| q.get("TargetArn")) {
        function.set("DeadLetterConfig", value!(target.span, { "TargetArn": (target) }));
    }
    if let Some(config) = source.some("CapacityProviderConfig").and_then(map_of) {
        let span = source.at("CapacityProviderConfig");
        let mut out = Map::new();
        for (from, to) in [
            ("Arn", "CapacityProviderArn"),
            ("PerExecutionEnvironmentMaxConcurrency", "PerExecutionEnvironmentMaxConcurrency"),
            ("ExecutionEnvironmentMemoryGiBPerVCpu", "ExecutionEnvironmentMemoryGiBPerVCpu"),
        ] {
            super::make::set_opt(&mut out, to, config.get(from));
        }
        let what = format!("`CapacityProviderConfig` of `{}`", source.id);
        shape::check(&what, span, config, &[CAPACITY], &mut run.problems);
        let out = Value::map(out, span);
        function.set(
            "CapacityProviderConfig",
            value!(span, { "LambdaManagedInstancesCapacityProviderConfig": (out) }),
        );
    }
    let result = package(source);
    run.tried(result);
    function
}

/// True unless tracing is off.
fn traced(run: &Transform<'_>, source: &Source) -> bool {
    let tracing = source.some("Tracing");
    tracing.is_some_and(|tracing| run.known.resolve(tracing).as_str() != Some("Disabled"))
}

/// Where the code is.
fn code(run: &Transform<'_>, source: &Source) -> Res<Option<Value>> {
    let kind = source.some("PackageType").map(|kind| run.known.resolve(kind));
    match kind.as_ref().map(|v| v.as_str()) {
        None | Some(Some("Zip")) => {
            if let Some(inline) = source.get("InlineCode") {
                return Ok(Some(value!(inline.span, { "ZipFile": (inline) })));
            }
            let Some(uri) = source.get("CodeUri") else {
                return Err(source.fault("CodeUri", "one of `CodeUri` and `InlineCode` should be set"));
            };
            let found = s3_location(source, "CodeUri", ["S3Bucket", "S3Key", "S3ObjectVersion"])?;
            let mut code = found.unwrap_or_else(|| uri.clone());
            if let (Some(key), Some(map)) = (source.get("SourceKMSKeyArn"), code.as_map_mut()) {
                map.insert("SourceKMSKeyArn", key.clone());
            }
            Ok(Some(code))
        }
        Some(Some("Image")) => match source.some("ImageUri") {
            Some(image) => Ok(Some(value!(image.span, { "ImageUri": (image) }))),
            // The command line builds it from a Dockerfile.
            None if source.attributes.get("Metadata").is_some_and(|m| m.get("DockerContext").is_some()) => {
                Ok(None)
            }
            None => Err(source.fault("ImageUri", "a function of `PackageType: Image` needs `ImageUri`")),
        },
        Some(_) => Err(source.fault("PackageType", "`PackageType` should be `Zip` or `Image`")),
    }
}

/// Properties that go with the kind of package.
fn package(source: &Source) -> Res {
    if source.get("PackageType").and_then(Value::as_str) == Some("Image") {
        for name in ["Handler", "Runtime", "Layers"] {
            if source.some(name).is_some() {
                return Err(source.fault(name, format!("`{name}` doesn't go with `PackageType: Image`")));
            }
        }
        return Ok(());
    }
    if matches!(source.get("PackageType").map(Value::as_str), None | Some(Some("Zip"))) {
        for name in ["Runtime", "Handler"] {
            if source.some(name).is_none() {
                return Err(source.fault(name, format!("a function with a zip package needs `{name}`")));
            }
        }
        if source.some("ImageConfig").is_some() {
            return Err(source.fault("ImageConfig", "`ImageConfig` needs `PackageType: Image`"));
        }
    }
    Ok(())
}

fn execution_role(
    run: &mut Transform<'_>,
    source: &Source,
    dead_letters: Option<(&'static str, Value)>,
    grants: Vec<Value>,
) -> Made {
    let span = source.span;
    let basic = match source.some("DurableConfig") {
        Some(_) => "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
        None => "service-role/AWSLambdaBasicExecutionRole",
    };
    let mut parts = role::Parts {
        trust: Some(
            source
                .get("AssumeRolePolicyDocument")
                .cloned()
                .unwrap_or_else(|| trust("lambda.amazonaws.com", span)),
        ),
        managed: vec![managed(basic, span)],
        inline: Vec::new(),
        tags: sam_tags("lambda:createdBy", source.get("Tags"), span),
    };
    if traced(run, source) {
        parts.managed.push(managed("AWSXrayWriteOnlyAccess", source.at("Tracing")));
    }
    if source.some("VpcConfig").is_some() {
        parts.managed.push(managed("service-role/AWSLambdaVPCAccessExecutionRole", source.at("VpcConfig")));
    }
    parts.inline.extend(dead_letters.map(|(action, target)| allow("DeadLetterQueuePolicy", action, target)));
    parts.inline.extend(grants);
    role::role(source, parts, source.get("Policies"), &mut run.problems)
}

/// Points the function to its role. True if the role is to be made.
fn role_of(run: &mut Transform<'_>, function: &mut Made, role: &mut Made) -> bool {
    let arn = attribute(&role.id, "Arn", function.span);
    let Some(given) = function.properties.get("Role").cloned() else {
        function.set("Role", arn);
        return true;
    };
    if argument(&given, "Fn::If").is_none() {
        return false;
    }
    let resolved = run.known.resolve(&given);
    let Some((condition, then, otherwise)) = if_parts(&resolved) else {
        run.problems.push(Problem::at(given.span, "`Fn::If` takes three arguments"));
        return false;
    };
    let span = given.span;
    let name = condition.as_str().unwrap_or_default();
    match (is_no_value(then), is_no_value(otherwise)) {
        (true, true) => function.set("Role", arn),
        (true, false) => {
            function.set("Role", value!(span, { "Fn::If": [(name), (arn), (otherwise)] }));
            role.attributes.insert("Condition", Value::text(name, span));
        }
        (false, true) => {
            function.set("Role", value!(span, { "Fn::If": [(name), (then), (arn)] }));
            let not = format!("NOT{name}");
            run.conditions.insert(not.as_str(), value!(span, { "Fn::Not": [{ "Condition": (name) }] }));
            role.attributes.insert("Condition", Value::text(not, span));
        }
        (false, false) => return false,
    }
    true
}

/// The value under the condition of a target, if it has one.
pub(super) fn under_condition(target: &Target, value: Value) -> Value {
    match target.condition() {
        Some(condition) => conditional(condition, value),
        None => value,
    }
}
