//! Functions that keep each other going over a bus.

use crate::Context;
use crate::identity;
use crate::pattern;
use crate::rule::{Rule, declare_rule};
use std::collections::{BTreeMap, VecDeque};
use tidegate_graph::{Confidence, EdgeKind, NodeKind, Resource, Severity, Str, Value};

declare_rule! {
    /// ## What it finds
    /// A function, or several in a circle, started by a rule of a bus and putting events on it that meet the pattern of
    /// that rule.
    ///
    /// Which events a function puts is read from the condition on `events:source` and `events:detail-type` of its
    /// permission (high), or, where there is none, from an environment variable whose name says that it is the source
    /// (`EVENT_SOURCE`; medium, and unsure).
    ///
    /// ## Why it matters
    /// Each event makes the next one, at the speed of the bus. Lambda, which notices loops over queues and topics, does
    /// not notice this one.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Reserved:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [shop.stock]}
    ///       Targets: [{Id: stock, Arn: !GetAtt Stock.Arn}]
    ///   Stock:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: events
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: events:PutEvents
    ///                 Resource: !GetAtt Orders.Arn
    ///                 Condition:
    ///                   StringEquals: {events:source: shop.stock}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "reserved" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["shop.stock"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "stock" {
    ///   rule           = aws_cloudwatch_event_rule.reserved.name
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   arn            = aws_lambda_function.stock.arn
    /// }
    ///
    /// resource "aws_lambda_function" "stock" {
    ///   function_name = "stock"
    ///   role          = aws_iam_role.stock.arn
    /// }
    ///
    /// resource "aws_iam_role" "stock" {
    ///   assume_role_policy = jsonencode({})
    /// }
    ///
    /// resource "aws_iam_role_policy" "stock" {
    ///   role = aws_iam_role.stock.id
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Action    = "events:PutEvents"
    ///       Resource  = aws_cloudwatch_event_bus.orders.arn
    ///       Condition = { StringEquals = { "events:source" = "shop.stock" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Events::EventBus
    ///     Properties:
    ///       Name: orders
    ///   Reserved:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventBusName: !Ref Orders
    ///       EventPattern: {source: [shop.orders]}
    ///       Targets: [{Id: stock, Arn: !GetAtt Stock.Arn}]
    ///   Stock:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: 'exports.handler = async () => {}'}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: events
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: events:PutEvents
    ///                 Resource: !GetAtt Orders.Arn
    ///                 Condition:
    ///                   StringEquals: {events:source: shop.stock}
    /// ```
    ///
    /// ```hcl,clean
    /// resource "aws_cloudwatch_event_bus" "orders" {
    ///   name = "orders"
    /// }
    ///
    /// resource "aws_cloudwatch_event_rule" "reserved" {
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   event_pattern  = jsonencode({ source = ["shop.orders"] })
    /// }
    ///
    /// resource "aws_cloudwatch_event_target" "stock" {
    ///   rule           = aws_cloudwatch_event_rule.reserved.name
    ///   event_bus_name = aws_cloudwatch_event_bus.orders.name
    ///   arn            = aws_lambda_function.stock.arn
    /// }
    ///
    /// resource "aws_lambda_function" "stock" {
    ///   function_name = "stock"
    ///   role          = aws_iam_role.stock.arn
    /// }
    ///
    /// resource "aws_iam_role" "stock" {
    ///   assume_role_policy = jsonencode({})
    /// }
    ///
    /// resource "aws_iam_role_policy" "stock" {
    ///   role = aws_iam_role.stock.id
    ///   policy = jsonencode({
    ///     Statement = [{
    ///       Effect    = "Allow"
    ///       Action    = "events:PutEvents"
    ///       Resource  = aws_cloudwatch_event_bus.orders.arn
    ///       Condition = { StringEquals = { "events:source" = "shop.stock" } }
    ///     }]
    ///   })
    /// }
    /// ```
    ///
    /// ## Limits
    /// Where neither condition nor variable says which events a function puts, nothing is reported. A condition on the
    /// content (`detail`) is taken for the way out of the loop. A rule without `source` and `detail-type` is
    /// `recursive-loop`. The circle is followed through 8 functions at most.
    EventLoop {
        id: "event-loop",
        title: "functions that keep each other going over a bus",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-EVB-010"],
        threats: ["T41"],
        profiles: [Baseline, DenialOfWallet],
        why: "each event makes the next one, until somebody notices the bill",
    }
}

impl Rule for EventLoop {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some((way, sure)) = circle(function, cx) else { return };
        // Every function of the circle finds it; the first speaks.
        if way.iter().any(|step| step.function < function.id) {
            return;
        }
        let Some(last) = way.last() else { return };
        let name = |id: &Str| cx.system.resource(id).map_or(id.clone(), |r| r.logical_id.clone());
        let message = match way.as_slice() {
            [_] => format!("`{}` is started by the events that it puts itself", function.logical_id),
            several => {
                let names: Vec<String> =
                    several.iter().map(|step| format!("`{}`", name(&step.function))).collect();
                format!("each starts the next by its events: {}", names.join(", then "))
            }
        };
        let (severity, confidence) =
            if sure { (Severity::High, Confidence::Medium) } else { (Severity::Medium, Confidence::Low) };
        let path = way.iter().flat_map(|step| [step.bus.clone(), step.rule.clone(), step.function.clone()]);
        cx.finding(function, message)
            .at(&[])
            .severity(severity)
            .confidence(confidence)
            .related(
                cx.system.resource(&last.rule).map(|r| r.key_span("EventPattern")),
                "lets the events through",
            )
            .path(std::iter::once(function.id.clone()).chain(path))
            .help("let it put events of another source than those that start it, or narrow the pattern")
            .report();
    }
}

/// From a function over a bus to the next.
#[derive(Clone)]
struct Step {
    bus: Str,
    rule: Str,
    function: Str,
}

/// The shortest way from a function's events back to it, and whether every step of it is sure.
fn circle(start: &Resource, cx: &Context<'_>) -> Option<(Vec<Step>, bool)> {
    const MOST_STEPS: usize = 2_048;
    const LONGEST: usize = 8;
    let mut seen: BTreeMap<Str, ()> = BTreeMap::new();
    let mut todo: VecDeque<(Str, Vec<Step>, bool)> = VecDeque::from([(start.id.clone(), Vec::new(), true)]);
    let mut steps = 0;
    while let Some((at, way, sure)) = todo.pop_front() {
        let Some(function) = cx.system.resource(&at) else { continue };
        for (_, bus) in cx.outgoing(function, EdgeKind::Publishes) {
            if bus.kind != NodeKind::Bus {
                continue;
            }
            let Some(sent) = sent(function, cx) else { continue };
            for rule in rules(&bus.id, cx) {
                steps += 1;
                if steps > MOST_STEPS {
                    return None;
                }
                if !sent.meets(rule, cx) {
                    continue;
                }
                for (edge, target) in cx.outgoing(rule, EdgeKind::Triggers) {
                    if target.kind != NodeKind::Function || edge.evidence.contains("dead-letter") {
                        continue;
                    }
                    let step =
                        Step { bus: bus.id.clone(), rule: rule.id.clone(), function: target.id.clone() };
                    let way: Vec<Step> = way.iter().cloned().chain([step]).collect();
                    if target.id == start.id {
                        return Some((way, sure && sent.sure));
                    }
                    if way.len() < LONGEST && seen.insert(target.id.clone(), ()).is_none() {
                        todo.push_back((target.id.clone(), way, sure && sent.sure));
                    }
                }
            }
        }
    }
    None
}

/// Rules that listen on a bus.
fn rules<'a>(bus: &str, cx: &Context<'a>) -> Vec<&'a Resource> {
    let Some(bus) = cx.graph.index(bus) else { return Vec::new() };
    let edges = cx.graph.outgoing(bus).filter(|edge| edge.kind == EdgeKind::Triggers);
    let rules = edges.filter_map(|edge| cx.system.resource(&cx.graph.node(edge.to)?.id));
    rules.filter(|r| r.ty == "AWS::Events::Rule" && cx.exists(r)).collect()
}

/// What is known of the events that a function puts.
struct Sent {
    sources: Vec<String>,
    detail_types: Vec<String>,
    sure: bool,
}

impl Sent {
    /// True if a rule lets one of the events through.
    fn meets(&self, rule: &Resource, cx: &Context<'_>) -> bool {
        let Some(pattern) = cx.get(rule, &["EventPattern"]).filter(|p| p.as_map().is_some()) else {
            return false;
        };
        let through = |field: &str, texts: &[String]| {
            texts.iter().any(|text| pattern::lets_through(cx, pattern, field, text) == Some(true))
        };
        // A detail type that isn't known may be any of those that the rule asks for, where the source fits.
        let kind = self.detail_types.is_empty() || through("detail-type", &self.detail_types);
        cx.child(pattern, "source").is_some()
            && through("source", &self.sources)
            && kind
            && !pattern::narrows(cx, pattern, "detail")
            && !pattern::narrows(cx, pattern, "resources")
    }
}

fn sent(function: &Resource, cx: &Context<'_>) -> Option<Sent> {
    const PUT: &str = "events:PutEvents";
    let role = cx.get(function, &["Role"]).and_then(|role| cx.target(function, role, "AWS::IAM::Role"));
    let (mut sources, mut detail_types) = (Vec::new(), Vec::new());
    let mut open = false;
    for owned in role.map(|role| identity::all_statements(cx, role)).unwrap_or_default() {
        let statement = &owned.placed.statement;
        if !statement.allows() || !statement.covers_action(PUT) {
            continue;
        }
        let texts = |name: &str| -> Vec<String> {
            let keys = statement.condition_keys(cx.world);
            let keys = keys.into_iter().filter(|(operator, key, _)| {
                let operator =
                    operator.trim_start_matches("ForAllValues:").trim_start_matches("ForAnyValue:");
                operator.eq_ignore_ascii_case("StringEquals") && key.eq_ignore_ascii_case(name)
            });
            let values = keys.flat_map(|(_, _, value)| cx.world.items(value));
            values.filter_map(Value::as_text).map(|text| text.to_string()).collect()
        };
        let named = texts("events:source");
        open |= named.is_empty();
        sources.extend(named);
        detail_types.extend(texts("events:detail-type"));
    }
    if !sources.is_empty() && !open {
        return Some(Sent { sources, detail_types, sure: true });
    }
    let variables = cx.get(function, &["Environment", "Variables"]).and_then(Value::as_map)?;
    let says_source = |name: &str| {
        let name = name.to_ascii_uppercase();
        name == "SOURCE" || name.ends_with("EVENT_SOURCE") || name.ends_with("EVENTSOURCE")
    };
    let named = variables.iter().filter(|(name, _)| says_source(name));
    let sources: Vec<String> = named
        .filter_map(|(_, value)| cx.world.resolve(value)?.as_text())
        .map(|text| text.to_string())
        .collect();
    (!sources.is_empty()).then(|| Sent { sources, detail_types: Vec::new(), sure: false })
}

#[cfg(test)]
mod tests {
    use super::EventLoop;
    use crate::testing::Build;
    use tidegate_graph::EdgeKind::{Publishes, Triggers};
    use tidegate_graph::{Exposure, NodeKind, Severity};

    fn function(build: Build, name: &str, puts: &str, pattern: &str) -> Build {
        let (role, rule) = (format!("{name}Role"), format!("{name}Rule"));
        let policies = format!(
            r#"{{"Policies": [{{"PolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"{puts}}}}}}}]}}"#
        );
        let properties = format!(r#"{{"Role": {{"Fn::GetAtt": ["{role}", "Arn"]}}}}"#);
        build
            .json(name, "AWS::Lambda::Function", &properties)
            .json(&role, "AWS::IAM::Role", &policies)
            .json(&rule, "AWS::Events::Rule", &format!(r#"{{"EventPattern": {pattern}}}"#))
            .edge(name, Publishes, "Bus")
            .edge("Bus", Triggers, &rule)
            .edge(&rule, Triggers, name)
            .exposed(name, NodeKind::Function, Exposure::Internal)
            .exposed("Bus", NodeKind::Bus, Exposure::Account)
    }

    fn puts(source: &str) -> String {
        format!(r#", "Condition": {{"StringEquals": {{"events:source": "{source}"}}}}"#)
    }

    fn bus() -> Build {
        Build::new().add("Bus", "AWS::Events::EventBus", &[])
    }

    #[test]
    fn its_own_events() {
        let build = function(bus(), "Stock", &puts("stock"), r#"{"source": [{"prefix": "sto"}]}"#);
        assert_eq!(
            build.findings::<EventLoop>(),
            ["Stock: `Stock` is started by the events that it puts itself"]
        );
    }

    #[test]
    fn two_in_a_circle_are_one_finding() {
        let build = function(bus(), "Billing", &puts("billing"), r#"{"source": ["stock"]}"#);
        let build = function(build, "Stock", &puts("stock"), r#"{"source": ["billing"]}"#);
        assert_eq!(
            build.findings::<EventLoop>(),
            ["Billing: each starts the next by its events: `Stock`, then `Billing`"]
        );
    }

    #[test]
    fn other_events_or_nobody_knows() {
        let other = function(bus(), "Stock", &puts("stock"), r#"{"source": ["orders"]}"#);
        assert!(other.findings::<EventLoop>().is_empty());
        let detail = function(
            bus(),
            "Stock",
            &puts("stock"),
            r#"{"source": ["stock"], "detail": {"state": ["new"]}}"#,
        );
        assert!(detail.findings::<EventLoop>().is_empty());
        let nobody = function(bus(), "Stock", "", r#"{"source": ["stock"]}"#);
        assert!(nobody.findings::<EventLoop>().is_empty());
    }

    #[test]
    fn by_a_variable_it_is_unsure() {
        let build = bus()
            .json(
                "Stock",
                "AWS::Lambda::Function",
                r#"{"Environment": {"Variables": {"EVENT_SOURCE": "stock"}}}"#,
            )
            .json("Rule", "AWS::Events::Rule", r#"{"EventPattern": {"source": ["stock"]}}"#)
            .edge("Stock", Publishes, "Bus")
            .edge("Bus", Triggers, "Rule")
            .edge("Rule", Triggers, "Stock")
            .exposed("Stock", NodeKind::Function, Exposure::Internal)
            .exposed("Bus", NodeKind::Bus, Exposure::Account);
        let outcome = build.run::<EventLoop>();
        assert_eq!(outcome.findings.first().map(|f| f.severity), Some(Severity::Medium));
    }
}
