//! URLs of functions.

use super::super::make::{is_intrinsic, map_of, truthy};
use super::super::shape::Type;
use super::super::{Made, Source, Transform};
use super::Target;
use tidegate_graph::{Map, Problem, Value};

const CORS: [(&str, Type); 6] = [
    ("AllowOrigins", Type::List),
    ("AllowMethods", Type::List),
    ("AllowCredentials", Type::Bool),
    ("AllowHeaders", Type::List),
    ("ExposeHeaders", Type::List),
    ("MaxAge", Type::Int),
];

/// Makes the URL, and the permissions that open it to everyone when it has no authorization.
pub(super) fn make(
    run: &mut Transform<'_>,
    source: &Source,
    target: &Target,
    config: &Value,
    made: &mut Vec<Made>,
) {
    let Some(settings) = map_of(config) else { return };
    let literal = !is_intrinsic(config);
    if literal {
        check(source, settings, &mut run.problems);
    }
    let span = config.span;
    let mut url = source.beside(format!("{}Url", source.id), "AWS::Lambda::Url", span);
    url.set_opt("Cors", settings.get("Cors").filter(|v| truthy(Some(v))));
    url.set_opt("AuthType", settings.get("AuthType"));
    url.set("TargetFunctionArn", &target.name);
    url.set_opt("InvokeMode", settings.get("InvokeMode"));
    made.push(url);
    let Some(kind) = settings.get("AuthType").filter(|v| literal && v.as_str() == Some("NONE")) else {
        return;
    };
    let id = format!("{}UrlPublicPermissions", source.id);
    let mut open = source.beside(id, "AWS::Lambda::Permission", kind.span);
    open.set("Action", "lambda:InvokeFunctionUrl");
    open.set("FunctionName", &target.name);
    open.set("Principal", "*");
    open.set("FunctionUrlAuthType", kind);
    made.push(open);
    let id = format!("{}URLInvokeAllowPublicAccess", source.id);
    let mut invoke = source.beside(id, "AWS::Lambda::Permission", kind.span);
    invoke.set("Action", "lambda:InvokeFunction");
    invoke.set("FunctionName", &target.name);
    invoke.set("Principal", "*");
    invoke.set("InvokedViaFunctionUrl", true);
    made.push(invoke);
}

fn check(source: &Source, settings: &Map, problems: &mut Vec<Problem>) {
    let kind = settings.get("AuthType");
    let known = kind.is_some_and(|v| is_intrinsic(v) || matches!(v.as_str(), Some("AWS_IAM" | "NONE")));
    if !known {
        let said = "`AuthType` of `FunctionUrlConfig` should be `AWS_IAM` or `NONE`";
        problems.push(source.fault("FunctionUrlConfig", said));
    }
    let Some(cors) = settings.get("Cors").filter(|v| truthy(Some(v)) && !is_intrinsic(v)) else { return };
    let Some(map) = map_of(cors) else {
        problems
            .push(Problem::at(cors.span, format!("`Cors` of the URL of `{}` should be a map", source.id)));
        return;
    };
    for (name, field) in map.fields() {
        match CORS.iter().find(|(known, _)| name == known) {
            None => {
                problems.push(Problem::at(
                    field.key,
                    format!("`Cors` of the URL of `{}` doesn't take `{name}`", source.id),
                ));
            }
            Some((_, of)) if is_intrinsic(&field.value) || of.fits(&field.value) => {}
            Some((_, of)) => {
                let said = format!("`Cors.{name}` of the URL of `{}` should be {}", source.id, of.phrase());
                problems.push(Problem::at(field.value.span, said));
            }
        }
    }
}
