//! Container tasks of the fargate plugin.

use super::functions::renamed;
use super::service::Service;
use super::{names, raw};
use tidegate_graph::{Field, Map, Span, Str, Value};

const CLUSTER: &str = "FargateTasksCluster";
const TASK_ROLE: &str = "FargateIamTaskRole";
const EXECUTION_ROLE: &str = "FargateIamExecutionRole";

/// Makes the tasks, if the service has any.
pub(super) fn compile(service: &mut Service) {
    if !service.has_plugin("serverless-fargate") {
        return;
    }
    let Some(section) = service.config.get("fargate").cloned() else { return };
    let tasks = raw::merged(section.get("tasks"));
    if tasks.is_empty() {
        return;
    }
    let span = section.span;
    let name = section.get("clusterName").map(|name| ("ClusterName", name.clone()));
    service.add(CLUSTER, "AWS::ECS::Cluster", None, name, span);
    roles(service, &section);
    for (key, field) in tasks.fields() {
        task(service, &section, key, field);
    }
}

fn roles(service: &mut Service, section: &Value) {
    let span = section.span;
    let trust = || ("AssumeRolePolicyDocument", raw::trust("ecs-tasks.amazonaws.com", span));
    let managed = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let managed = Value::list(vec![raw::sub(managed, span)], span);
    service.add(EXECUTION_ROLE, "AWS::IAM::Role", None, [trust(), ("ManagedPolicyArns", managed)], span);
    let mut properties = vec![trust()];
    if let Some(statements) = section.get("iamRoleStatements") {
        let policy = raw::policy(statements.items().to_vec(), statements.span);
        let policy = Value::object(
            [("PolicyName", Value::text("fargate-task", span)), ("PolicyDocument", policy)],
            span,
        );
        properties.push(("Policies", Value::list(vec![policy], span)));
    }
    properties.extend(section.get("iamManagedPolicies").map(|m| ("ManagedPolicyArns", m.clone())));
    service.add(TASK_ROLE, "AWS::IAM::Role", None, properties, span);
}

fn task(service: &mut Service, section: &Value, key: &Str, field: &Field) {
    let span = field.key;
    let config = &field.value;
    let part = |key: &str| config.get(key).or_else(|| section.get(key)).cloned();
    let prefix = names::function(key);
    let id = format!("{prefix}Task");
    let name = part("name").unwrap_or_else(|| Value::text(key.clone(), span));
    let image = config.get("image").cloned().unwrap_or_else(|| Value::text(key.clone(), span));
    let mut container = vec![("Name", name), ("Image", image)];
    container.extend(["command", "entryPoint"].into_iter().filter_map(|key| {
        let name = if key == "command" { "Command" } else { "EntryPoint" };
        Some((name, config.get(key)?.clone()))
    }));
    container.extend(environment(section, config).map(|e| ("Environment", e)));
    let role = part("taskRoleArn").unwrap_or_else(|| raw::attribute(TASK_ROLE, "Arn", span));
    let execution = part("executionRoleArn").unwrap_or_else(|| raw::attribute(EXECUTION_ROLE, "Arn", span));
    let mut properties = vec![
        ("ContainerDefinitions", Value::list(vec![Value::object(container, span)], span)),
        ("Family", Value::text(format!("{}-{}-{key}", service.name, service.stage), span)),
        ("NetworkMode", Value::text("awsvpc", span)),
        ("RequiresCompatibilities", Value::list(vec![Value::text("FARGATE", span)], span)),
        ("TaskRoleArn", role),
        ("ExecutionRoleArn", execution),
    ];
    properties.extend(part("cpu").map(|cpu| ("Cpu", cpu)));
    properties.extend(part("memory").map(|memory| ("Memory", memory)));
    service.add(id.clone(), "AWS::ECS::TaskDefinition", None, properties, span);
    let network = part("vpc").map(|vpc| network(&vpc));
    let made_from = Str::from(id.as_str());
    match config.get("schedule") {
        Some(schedule) => scheduled(service, &prefix, &made_from, schedule, network, span),
        None => {
            let settings = config.get("service");
            let count = settings.and_then(|s| s.get("desiredCount")).cloned();
            let mut properties = vec![
                ("Cluster", raw::refer(CLUSTER, span)),
                ("TaskDefinition", raw::refer(&made_from, span)),
                ("LaunchType", Value::text("FARGATE", span)),
                ("DesiredCount", count.unwrap_or_else(|| Value::number(1, span))),
            ];
            properties.extend(network.map(|n| ("NetworkConfiguration", n)));
            service.add(format!("{prefix}Service"), "AWS::ECS::Service", Some(&made_from), properties, span);
        }
    }
}

fn environment(section: &Value, config: &Value) -> Option<Value> {
    let shared = section.get("environment");
    let own = config.get("environment");
    let mut all = Map::new();
    for map in [shared, own].into_iter().flatten().filter_map(Value::as_map) {
        for (key, field) in map.fields() {
            all.insert_field(key.clone(), field.clone());
        }
    }
    let span = own.or(shared)?.span;
    let one = |(name, value): (&Str, &Value)| {
        Value::object([("Name", Value::text(name.clone(), value.span)), ("Value", value.clone())], value.span)
    };
    Some(Value::list(all.iter().map(one).collect(), span))
}

fn network(vpc: &Value) -> Value {
    let mut fields = renamed(vpc, &[("securityGroupIds", "SecurityGroups"), ("subnetIds", "Subnets")]);
    if let Some(assign) = vpc.get("assignPublicIp") {
        let word = if assign.as_bool() == Some(true) { "ENABLED" } else { "DISABLED" };
        if let Some(map) = fields.as_map_mut() {
            map.insert("AssignPublicIp", Value::text(word, assign.span));
        }
    }
    Value::object([("AwsvpcConfiguration", fields)], vpc.span)
}

fn scheduled(
    service: &mut Service,
    prefix: &str,
    task: &Str,
    schedule: &Value,
    network: Option<Value>,
    span: Span,
) {
    let role = format!("{prefix}ScheduledRole");
    let run = raw::allow(&["ecs:RunTask"], raw::refer(task, span), span);
    let roles = [TASK_ROLE, EXECUTION_ROLE].map(|id| raw::attribute(id, "Arn", span));
    let pass = raw::allow(&["iam:PassRole"], Value::list(roles.to_vec(), span), span);
    let policy = Value::object(
        [
            ("PolicyName", Value::text("run-task", span)),
            ("PolicyDocument", raw::policy(vec![run, pass], span)),
        ],
        span,
    );
    let properties = [
        ("AssumeRolePolicyDocument", raw::trust("events.amazonaws.com", span)),
        ("Policies", Value::list(vec![policy], span)),
    ];
    service.add(role.clone(), "AWS::IAM::Role", Some(task), properties, span);
    let mut parameters =
        vec![("TaskDefinitionArn", raw::refer(task, span)), ("LaunchType", Value::text("FARGATE", span))];
    parameters.extend(network.map(|n| ("NetworkConfiguration", n)));
    let target = [
        ("Arn", raw::attribute(CLUSTER, "Arn", span)),
        ("Id", Value::text(task.clone(), span)),
        ("RoleArn", raw::attribute(&role, "Arn", span)),
        ("EcsParameters", Value::object(parameters, span)),
    ];
    let expression = schedule.get("rate").unwrap_or(schedule).clone();
    let properties = [
        ("ScheduleExpression", expression),
        ("State", Value::text("ENABLED", span)),
        ("Targets", Value::list(vec![Value::object(target, span)], span)),
    ];
    service.add(format!("{prefix}ScheduledRule"), "AWS::Events::Rule", Some(task), properties, span);
}
