//! Data sources whose value follows from the code alone.

mod policy;

use super::eval::{Evaluator, fields, unknown_of};
use tidegate_graph::{Data, Map, Piece, Span, Str, Symbol, Value, Why};

/// True for data sources that are evaluated here and are no resources of their own.
pub(super) fn is_pure(ty: &str) -> bool {
    matches!(
        ty,
        "aws_iam_policy_document"
            | "aws_caller_identity"
            | "aws_region"
            | "aws_partition"
            | "aws_availability_zones"
            | "aws_arn"
            | "aws_default_tags"
            | "aws_service_principal"
            | "template_file"
            | "template_cloudinit_config"
            | "cloudinit_config"
            | "archive_file"
            | "local_file"
            | "null_data_source"
            | "google_client_config"
            | "google_project"
            | "google_iam_policy"
            | "azurerm_client_config"
            | "azurerm_subscription"
    )
}

/// The attribute that is configured and that `id` repeats.
pub(super) fn id_attribute(ty: &str) -> Option<&'static str> {
    Some(match ty {
        "aws_s3_bucket" => "bucket",
        "aws_lambda_function" => "function_name",
        "aws_dynamodb_table"
        | "aws_iam_role"
        | "aws_iam_user"
        | "aws_iam_group"
        | "aws_cloudwatch_log_group"
        | "aws_cloudwatch_event_bus"
        | "aws_cloudwatch_event_rule"
        | "aws_ssm_parameter"
        | "aws_iam_instance_profile" => "name",
        "terraform_data" => "input",
        _ => return None,
    })
}

/// The value of a pure data source with these arguments.
pub(super) fn evaluate(evaluator: &mut Evaluator<'_>, ty: &str, mut arguments: Map, span: Span) -> Value {
    let pseudo = |name: &'static str| Value::unknown(name, Why::Pseudo, span);
    let lookup = |name: &'static str| Value::unknown(name, Why::Lookup, span);
    let text = |text: &str| Value::text(text, span);
    let mut computed = match ty {
        "aws_iam_policy_document" => {
            return policy::document(&arguments, span, &mut |source| {
                evaluator.configured_text(source.clone())
            });
        }
        "google_iam_policy" => return policy::google(&arguments, span),
        "aws_caller_identity" => fields(
            [
                ("account_id", pseudo("AWS::AccountId")),
                ("id", pseudo("AWS::AccountId")),
                ("arn", lookup("the caller's ARN")),
                ("user_id", lookup("the caller's id")),
            ],
            span,
        ),
        // A region that is named is just that.
        "aws_region" => {
            let given = arguments.get("region").or_else(|| arguments.get("name")).cloned();
            let region = given.unwrap_or_else(|| pseudo("AWS::Region"));
            let endpoint = joined(&[&text("ec2."), &region, &text(".amazonaws.com")], span);
            fields(
                [
                    ("name", region.clone()),
                    ("region", region.clone()),
                    ("id", region),
                    ("endpoint", endpoint),
                    ("description", lookup("the region's description")),
                ],
                span,
            )
        }
        "aws_partition" => fields(
            [
                ("partition", pseudo("AWS::Partition")),
                ("id", pseudo("AWS::Partition")),
                ("dns_suffix", pseudo("AWS::URLSuffix")),
                ("reverse_dns_prefix", text("com.amazonaws")),
            ],
            span,
        ),
        "aws_availability_zones" => {
            let zone = |letter: &str| joined(&[&pseudo("AWS::Region"), &text(letter)], span);
            let names = Value::list(["a", "b", "c"].map(zone).to_vec(), span);
            let ids = Value::list(
                (1..=3)
                    .map(|i| Value::unknown(format!("availability zone {i}"), Why::Pseudo, span))
                    .collect(),
                span,
            );
            fields([("names", names), ("zone_ids", ids), ("id", pseudo("AWS::Region"))], span)
        }
        "aws_service_principal" => {
            let name = arguments.get("service_name").cloned().unwrap_or_else(|| lookup("a service"));
            fields(
                [
                    ("name", joined(&[&name, &text(".amazonaws.com")], span)),
                    ("suffix", text("amazonaws.com")),
                ],
                span,
            )
        }
        "aws_default_tags" => fields([("tags", Value::map(Map::new(), span))], span),
        "aws_arn" => arn(&arguments, span),
        "template_file" => {
            let empty = Value::map(Map::new(), span);
            let variables = arguments.get("vars").cloned().unwrap_or(empty);
            let rendered = match arguments.get("template").and_then(Value::as_text) {
                Some(template) => evaluator.render_text(&template, &variables, span),
                None => unknown_of("template_file", &arguments.values().cloned().collect::<Vec<_>>(), span),
            };
            fields([("rendered", rendered)], span)
        }
        "template_cloudinit_config" | "cloudinit_config" => {
            fields([("rendered", lookup("a cloud-init document"))], span)
        }
        "archive_file" => fields(
            [
                ("output_base64sha256", lookup("the archive's digest")),
                ("output_sha256", lookup("the archive's digest")),
                ("output_sha", lookup("the archive's digest")),
                ("output_sha512", lookup("the archive's digest")),
                ("output_base64sha512", lookup("the archive's digest")),
                ("output_md5", lookup("the archive's digest")),
                ("output_size", lookup("the archive's size")),
                ("id", lookup("the archive's digest")),
            ],
            span,
        ),
        "local_file" => {
            let name = arguments.get("filename").cloned().unwrap_or_else(|| text(""));
            let content = evaluator.apply_function("file", vec![name], span);
            fields([("content", content)], span)
        }
        "null_data_source" => {
            let inputs = arguments.get("inputs").cloned().unwrap_or_else(|| Value::map(Map::new(), span));
            fields([("outputs", inputs)], span)
        }
        "google_client_config" => fields(
            [
                ("project", pseudo("GCP::Project")),
                ("region", pseudo("GCP::Region")),
                ("zone", pseudo("GCP::Zone")),
                ("access_token", lookup("an access token")),
            ],
            span,
        ),
        "google_project" => fields(
            [
                (
                    "project_id",
                    arguments.get("project_id").cloned().unwrap_or_else(|| pseudo("GCP::Project")),
                ),
                ("number", pseudo("GCP::ProjectNumber")),
                ("id", joined(&[&text("projects/"), &pseudo("GCP::Project")], span)),
            ],
            span,
        ),
        "azurerm_client_config" => fields(
            [
                ("tenant_id", pseudo("Azure::Tenant")),
                ("subscription_id", pseudo("Azure::Subscription")),
                ("client_id", lookup("the client's id")),
                ("object_id", lookup("the client's object id")),
            ],
            span,
        ),
        "azurerm_subscription" => {
            let given = arguments.get("subscription_id").cloned();
            let id = given.unwrap_or_else(|| pseudo("Azure::Subscription"));
            fields(
                [
                    ("id", joined(&[&text("/subscriptions/"), &id], span)),
                    ("subscription_id", id),
                    ("tenant_id", pseudo("Azure::Tenant")),
                    ("display_name", lookup("the subscription's name")),
                ],
                span,
            )
        }
        _ => Value::map(Map::new(), span),
    };
    // What was given stands beside what follows from it.
    if let Data::Map(map) = &mut computed.data {
        for (key, field) in std::mem::take(&mut arguments).into_fields() {
            if !map.contains_key(&key) {
                map.insert_field(key, field);
            }
        }
    }
    computed
}

/// The attributes of an `aws_iam_policy_document` whose arguments stand for themselves.
pub(super) fn policy_document(arguments: &Map, span: Span) -> Value {
    policy::document(arguments, span, &mut Value::clone)
}

fn arn(arguments: &Map, span: Span) -> Value {
    let names = ["partition", "service", "region", "account", "resource"];
    let parts = arguments.get("arn").map(Value::pieces).unwrap_or_default();
    let mut values: Vec<Vec<Piece>> = vec![Vec::new()];
    if parts.iter().any(|p| matches!(p, Piece::Reference(_))) {
        let unknown = |name: &'static str| {
            (Str::new_static(name), Value::unknown(format!("{name} of an ARN"), Why::Attribute, span))
        };
        return Value::object(names.map(unknown), span);
    }
    for piece in parts {
        let Piece::Text(text) = &piece else {
            values.last_mut().into_iter().for_each(|v| v.push(piece.clone()));
            continue;
        };
        let mut rest = text.as_str();
        while values.len() < 6 {
            let Some((before, after)) = rest.split_once(':') else { break };
            values.last_mut().into_iter().for_each(|v| v.push(Piece::Text(before.into())));
            values.push(Vec::new());
            rest = after;
        }
        values.last_mut().into_iter().for_each(|v| v.push(Piece::Text(rest.into())));
    }
    Value::object(
        names.into_iter().zip(values.into_iter().skip(1).map(|pieces| Value::template(pieces, span))),
        span,
    )
}

/// A string of several values.
pub(super) fn joined(values: &[&Value], span: Span) -> Value {
    let pieces = values.iter().flat_map(|value| {
        super::eval::string_pieces(value)
            .unwrap_or_else(|| vec![Piece::Symbol(Symbol::new(value.display(), Why::Function))])
    });
    Value::template(pieces.collect::<Vec<_>>(), span)
}
