//! Amazon States Language: which resources a state machine calls.

mod integration;

use integration::{Integration, targets};
use tidegate_graph::{Data, Map, Piece, Span, Str, Value};

/// Parallel and Map states within each other. Step Functions itself takes definitions of 1 MB.
const MAX_DEPTH: usize = 32;
/// Calls of one state machine.
const MAX_CALLS: usize = 20_000;

/// One call of a state: what is called, and which resource it names.
///
/// A state that names several resources (entries for two buses, a transaction over three tables) makes one call each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Name of the state; unique within the machine.
    pub(crate) state: Str,
    /// IAM prefix: `lambda`, `sqs`, `states`, `events`; `http` for HTTP endpoints, `execute-api` for API Gateway.
    pub(crate) service: Str,
    /// Action as IAM knows it: `SendMessage`, `PutItem`, `InvokeFunction`; `Invoke` for `http` and `execute-api`.
    pub(crate) action: Str,
    /// The value that names the resource: `FunctionName`, `QueueUrl`, `EventBusName` of an entry (`default` when it has
    /// none), `ApiEndpoint` ..., or the ARN itself for a task whose `Resource` is one. Such an ARN that is a reference may
    /// belong to an activity as well as to a function: the referenced resource decides.
    pub(crate) target: Option<Value>,
    /// True when the resource is chosen at run time, from the input; `target` is then the expression.
    pub(crate) dynamic: bool,
    /// Empty, `sync`, `sync:2` or `waitForTaskToken`.
    pub(crate) pattern: Str,
    /// The state's `Resource`.
    pub(crate) span: Span,
}

/// Every call that the states of a definition make, in the order in which they are written.
pub(crate) fn calls(definition: &Value) -> Vec<Call> {
    let mut out = Vec::new();
    machine(definition, 0, &mut out);
    out
}

fn machine(definition: &Value, depth: usize, out: &mut Vec<Call>) {
    if depth > MAX_DEPTH {
        return;
    }
    let states = maps(Some(definition)).flat_map(|m| maps(m.get("States")));
    for (name, value) in states.flat_map(Map::iter) {
        for map in maps(Some(value)) {
            state(name, map, depth, out);
        }
    }
}

fn state(name: &Str, map: &Map, depth: usize, out: &mut Vec<Call>) {
    call(name, map, out);
    for part in ["ItemReader", "ResultWriter"] {
        maps(map.get(part)).for_each(|part| call(name, part, out));
    }
    for part in ["ItemProcessor", "Iterator"] {
        map.get(part).into_iter().for_each(|inner| machine(inner, depth + 1, out));
    }
    for branch in map.get("Branches").into_iter().flat_map(Value::branches).flat_map(Value::items) {
        machine(branch, depth + 1, out);
    }
}

/// The calls of a map that has a `Resource` and its arguments: a Task state, or the reader or writer of a Map state.
fn call(state: &Str, map: &Map, out: &mut Vec<Call>) {
    for resource in map.get("Resource").into_iter().flat_map(Value::branches) {
        let Some(integration) = Integration::of(resource) else { continue };
        let arguments = map.get("Arguments").or_else(|| map.get("Parameters"));
        for (target, dynamic) in targets(&integration, resource, arguments) {
            if out.len() >= MAX_CALLS {
                return;
            }
            out.push(Call {
                state: state.clone(),
                service: integration.service.clone(),
                action: integration.action.clone(),
                target,
                dynamic,
                pattern: integration.pattern.clone(),
                span: resource.span,
            });
        }
    }
}

/// The maps that a value can be, one for each branch.
fn maps(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    value.into_iter().flat_map(Value::branches).filter_map(Value::as_map)
}

/// A string with a stand-in for everything in it that isn't literal text; intrinsics of a definition that is still to be
/// evaluated too.
fn skeleton(value: &Value) -> Option<String> {
    const HOLE: &str = "\u{fffc}";
    match &value.data {
        Data::Text(_) | Data::Template(_) | Data::Unknown(_) => Some(
            value
                .pieces()
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.as_str(),
                    _ => HOLE,
                })
                .collect(),
        ),
        Data::Map(map) => match map.only()? {
            (name, argument) if name == "Fn::Sub" => {
                argument.items().first().and_then(Value::as_text).map(|text| text.replace("${AWS::", HOLE))
            }
            (name, _) if name == "Ref" || name.starts_with("Fn::") => Some(HOLE.to_owned()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use tidegate_graph::{Reference, Symbol, Why};

    fn show(text: &str) -> Vec<String> {
        let definition = document::parse(&[Piece::Text(text.into())], Span::default()).unwrap();
        calls(&definition).iter().map(line).collect()
    }

    fn line(call: &Call) -> String {
        let target = call.target.as_ref().map_or("-".into(), Value::display);
        let dynamic = if call.dynamic { " dynamic" } else { "" };
        let pattern = if call.pattern.is_empty() { String::new() } else { format!(" {}", call.pattern) };
        format!("{}: {}:{} {target}{dynamic}{pattern}", call.state, call.service, call.action)
    }

    #[test]
    fn optimised_integrations_name_their_resource() {
        let text = r#"
            States:
              Send: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters: {QueueUrl: "https://q"}}
              Run: {Type: Task, Resource: "arn:aws:states:::states:startExecution.sync:2", Parameters: {StateMachineArn: "arn:m"}}
              Put: {Type: Task, Resource: "arn:aws-cn:states:::dynamodb:putItem", Parameters: {TableName: T}}
              Call: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Arguments: {FunctionName: f}}
              Ask: {Type: Task, Resource: "arn:aws:states:::http:invoke", Parameters: {ApiEndpoint: "https://x", Method: GET}}
              Done: {Type: Succeed}
        "#;
        assert_eq!(
            show(text),
            [
                "Send: sqs:SendMessage https://q waitForTaskToken",
                "Run: states:StartExecution arn:m sync:2",
                "Put: dynamodb:PutItem T",
                "Call: lambda:InvokeFunction f",
                "Ask: http:Invoke https://x",
            ]
        );
    }

    #[test]
    fn sdk_names_become_iam_names() {
        let text = r#"
            States:
              A: {Type: Task, Resource: "arn:aws:states:::aws-sdk:sfn:startSyncExecution", Parameters: {StateMachineArn: m}}
              B: {Type: Task, Resource: "arn:aws:states:::aws-sdk:bedrockruntime:invokeModel", Parameters: {ModelId: x}}
              C: {Type: Task, Resource: "arn:aws:states:::aws-sdk:s3:listObjectsV2", Parameters: {Bucket: b}}
              D: {Type: Task, Resource: "arn:aws:states:::aws-sdk:sesv2:sendEmail", Parameters: {}}
              E: {Type: Task, Resource: "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken", Parameters: {QueueUrl: q}}
        "#;
        assert_eq!(
            show(text),
            [
                "A: states:StartSyncExecution m",
                "B: bedrock:InvokeModel x",
                "C: s3:ListBucket b",
                "D: ses:SendEmail -",
                "E: sqs:SendMessage q waitForTaskToken",
            ]
        );
    }

    #[test]
    fn direct_arns_are_functions_or_activities() {
        let text = r#"
            States:
              F: {Type: Task, Resource: "arn:aws:lambda:eu-west-1:123456789012:function:f"}
              A: {Type: Task, Resource: "arn:aws:states:eu-west-1:123456789012:activity:a"}
        "#;
        assert_eq!(
            show(text),
            [
                "F: lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f",
                "A: states:GetActivityTask arn:aws:states:eu-west-1:123456789012:activity:a",
            ]
        );
    }

    #[test]
    fn values_from_the_input_are_dynamic() {
        let text = r#"
            QueryLanguage: JSONata
            States:
              P: {Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {"QueueUrl.$": "$.queue"}}
              N: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Arguments: {FunctionName: "{% $states.input.f %}"}}
              W: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Arguments: "{% $states.input %}"}
              L: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Arguments: {FunctionName: "{% 'f' %}"}}
        "#;
        assert_eq!(
            show(text),
            [
                "P: sqs:SendMessage $.queue dynamic",
                "N: lambda:InvokeFunction {% $states.input.f %} dynamic",
                "W: lambda:InvokeFunction {% $states.input %} dynamic",
                "L: lambda:InvokeFunction f",
            ]
        );
    }

    #[test]
    fn each_bus_and_table_is_a_call_of_its_own() {
        let text = r#"
            States:
              E:
                Type: Task
                Resource: arn:aws:states:::events:putEvents
                Parameters: {Entries: [{EventBusName: one}, {EventBusName: one}, {Source: x}, {"EventBusName.$": $.b}]}
              J: {Type: Task, Resource: "arn:aws:states:::events:putEvents", Arguments: {Entries: "{% $map(1) %}"}}
              T:
                Type: Task
                Resource: arn:aws:states:::aws-sdk:dynamodb:transactWriteItems
                Parameters: {TransactItems: [{Put: {TableName: A}}, {Delete: {TableName: B}}]}
              W: {Type: Task, Resource: "arn:aws:states:::aws-sdk:dynamodb:batchWriteItem", Parameters: {RequestItems: {C: [], D: []}}}
        "#;
        assert_eq!(
            show(text),
            [
                "E: events:PutEvents one",
                "E: events:PutEvents default",
                "E: events:PutEvents $.b dynamic",
                "J: events:PutEvents {% $map(1) %} dynamic",
                "T: dynamodb:TransactWriteItems A",
                "T: dynamodb:TransactWriteItems B",
                "W: dynamodb:BatchWriteItem C",
                "W: dynamodb:BatchWriteItem D",
            ]
        );
    }

    #[test]
    fn nested_states_readers_and_writers_call_too() {
        let text = r#"
            States:
              Both:
                Type: Parallel
                Branches:
                  - {States: {X: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Parameters: {FunctionName: x}}}}
                  - {States: {Y: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Parameters: {FunctionName: y}}}}
              Each:
                Type: Map
                ItemReader: {Resource: "arn:aws:states:::s3:getObject", Parameters: {Bucket: in, "Key.$": $.key}}
                ItemProcessor: {States: {Z: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Parameters: {FunctionName: z}}}}
                ResultWriter: {Resource: "arn:aws:states:::s3:putObject", Parameters: {Bucket: out}}
        "#;
        assert_eq!(
            show(text),
            [
                "X: lambda:InvokeFunction x",
                "Y: lambda:InvokeFunction y",
                "Each: s3:GetObject in",
                "Each: s3:PutObject out",
                "Z: lambda:InvokeFunction z",
            ]
        );
    }

    #[test]
    fn holes_stay_references() {
        let span = Span::default();
        let function = Reference::attribute("s/F", "Arn");
        let partition = Piece::Symbol(Symbol::new("AWS::Partition", Why::Pseudo));
        let arn = Value::template(
            [Piece::Text("arn:".into()), partition, Piece::Text(":states:::lambda:invoke".into())],
            span,
        );
        let task = Value::object(
            [
                ("Resource", arn),
                (
                    "Parameters",
                    Value::object([("FunctionName", Value::reference(function.clone(), span))], span),
                ),
            ],
            span,
        );
        let direct = Value::object([("Resource", Value::reference(function.clone(), span))], span);
        let definition = Value::object([("States", Value::object([("A", task), ("B", direct)], span))], span);
        let calls = calls(&definition);
        assert_eq!(calls.len(), 2);
        for call in calls {
            assert_eq!((call.service.as_str(), call.dynamic), ("lambda", false));
            assert_eq!(call.target.unwrap().as_reference(), Some(&function));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let span = Span::default();
        let mut value = Value::object::<&str>([], span);
        for _ in 0..2_000 {
            let state = Value::object([("Branches", Value::list(vec![value], span))], span);
            value = Value::object([("States", Value::object([("S", state)], span))], span);
        }
        assert!(calls(&value).is_empty());
    }
}
