//! What a template's values come to.

use crate::scratch::Scratch;
use tidegate_graph::{System, Value, World};
use tidegate_read::Options;

/// Reads the files and shows a property of a resource as people would write it.
fn check(files: &[(&str, &str)], resource: &str, property: &str, expect: &str) {
    let system = read(files);
    assert_eq!(show(&system, resource, property), expect, "problems: {:?}", system.problems);
}

fn read(files: &[(&str, &str)]) -> System {
    tidegate_read::read(Scratch::new(files).path(), &Options::default())
}

fn show(system: &System, resource: &str, property: &str) -> String {
    let Some(resource) = system.resource(resource) else {
        panic!("no {resource} among {:?}", system.resources().iter().map(|r| &r.id).collect::<Vec<_>>())
    };
    let parts: Vec<&str> = property.split('.').collect();
    resource.path(&parts).map_or("absent".into(), Value::display)
}

/// A queue whose name is the expression.
fn name(expression: &str, expect: &str) {
    let template = format!(
        "Parameters:
  Env: {{Type: String, Default: dev}}
  Free: {{Type: String}}
  List: {{Type: CommaDelimitedList, Default: 'a, b'}}
Mappings:
  Sizes: {{dev: {{Size: small}}, prod: {{Size: large}}}}
  Regions: {{us-east-1: {{X: same}}, eu-west-1: {{X: same}}}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {expression}}}}}
"
    );
    check(&[("t.yaml", &template)], "t/Q", "QueueName", expect);
}

#[test]
fn intrinsics() {
    name("!Ref Env", "dev");
    name("!Ref Free", "${Free}");
    name("!Ref Topic", "${Topic}");
    name("!GetAtt Topic.TopicName", "${Topic.TopicName}");
    name(
        "!Sub 'x-${Env}-${Topic.TopicName}-${AWS::Region}-${!literal}'",
        "x-dev-${Topic.TopicName}-${AWS::Region}-${literal}",
    );
    name("!Sub ['${A}-${Env}', {A: !Ref Topic}]", "${Topic}-dev");
    name("!Join ['-', [a, !Ref Env, !Ref Free]]", "a-dev-${Free}");
    name("!Select [1, !Ref List]", "b");
    name("!Select [5, !Ref List]", "${Fn::Select}");
    name("!Select [2, !Split ['-', !Sub 'a-b-${Topic}']]", "${Topic}");
    name("!FindInMap [Sizes, !Ref Env, Size]", "small");
    name("!FindInMap [Regions, !Ref 'AWS::Region', X]", "same");
    name("!FindInMap [Sizes, nothing, Size, {DefaultValue: d}]", "d");
    name("!Base64 abc", "YWJj");
    name("!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", "10.0.1.0/24");
    name("'{{resolve:ssm:/x}}'", "${ssm:/x}");
    name("{'Fn::Length': !Ref List}", "2");
    name("!Ref Nobody", "${Nobody}");
}

#[test]
fn misshapen_intrinsics_are_problems_and_the_rest_is_read() {
    let template = "Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !If [a]
      DelaySeconds: 3
  R: {Typ: x}
";
    let system = read(&[("t.yaml", template)]);
    assert_eq!(show(&system, "t/Q", "DelaySeconds"), "3");
    let messages: Vec<_> = system.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        messages,
        ["`Fn::If` needs a condition and two values, found `[a]`", "resource `R` has no `Type`"]
    );
}

#[test]
fn both_branches_of_a_free_condition_are_kept() {
    let template = "Parameters: {Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}}
Conditions: {IsProd: !Equals [!Ref Env, prod], IsDev: !Not [!Condition IsProd]}
Resources:
  Q:
    Type: AWS::SQS::Queue
    Condition: IsDev
    Properties: {QueueName: !If [IsProd, !Sub 'p-${AWS::Region}', !Ref AWS::NoValue]}
";
    let system = read(&[("t.yaml", template)]);
    let queue = system.resource("t/Q").unwrap();
    let name = queue.property("QueueName").unwrap();
    let worlds = World::explore(&system.variables, |w| w.resolve(name).map(Value::display));
    let seen: Vec<_> = worlds.iter().map(|(w, v)| (w.describe(&system.variables), v.clone())).collect();
    assert_eq!(seen, [("Env=dev".into(), None), ("Env=prod".into(), Some("p-${AWS::Region}".into()))]);
    assert!(queue.condition.is_some());
}

#[test]
fn further_templates_of_a_file_are_read() {
    let queue = |id: &str, name: &str| {
        format!("Resources:\n  {id}:\n    Type: AWS::SQS::Queue\n    Properties: {{QueueName: {name}}}\n")
    };
    let text =
        format!("{}---\n{}---\nkind: Pod\n---\n{}", queue("A", "a"), queue("B", "b"), queue("A", "later"));
    let system = read(&[("t.yaml", &text)]);
    assert_eq!(show(&system, "t/A", "QueueName"), "a");
    assert_eq!(show(&system, "t/B", "QueueName"), "b");
    assert_eq!(system.sources.location(system.resource("t/B").unwrap().span).line, 7);
}

#[test]
fn a_parameter_file_decides() {
    let template = "Parameters: {Env: {Type: String}}
Conditions: {P: !Equals [!Ref Env, prod]}
Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [P, a, b]}}}
";
    let parameters = "[{\"ParameterKey\": \"Env\", \"ParameterValue\": \"prod\"}]";
    check(&[("t.yaml", template), ("parameters.json", parameters)], "t/Q", "QueueName", "a");
}

#[test]
fn loops_make_one_resource_for_each_value() {
    let template = "Transform: AWS::LanguageExtensions
Resources:
  'Fn::ForEach::Queues':
    - Name
    - [One, Two]
    - 'Queue${Name}': {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'q-${Name}'}}
";
    let system = read(&[("t.yaml", template)]);
    assert_eq!(show(&system, "t/QueueTwo", "QueueName"), "q-Two");
    assert_eq!(system.resources().len(), 2);
}

#[test]
fn imports_and_nested_stacks_are_followed() {
    let exporting = "Resources: {Q: {Type: AWS::SQS::Queue}}
Outputs: {A: {Value: !GetAtt Q.Arn, Export: {Name: queue-arn}}}
";
    let importing = "Resources:
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub ['x-${A}', {A: !ImportValue queue-arn}]}}
";
    check(&[("a.yaml", exporting), ("b.yaml", importing)], "b/T", "TopicName", "x-${Q.Arn}");

    let parent = "Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml, Parameters: {Name: orders}}}
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt Child.Outputs.Queue}}
";
    let child = "Parameters: {Name: {Type: String}}
Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}}
Outputs: {Queue: {Value: !GetAtt Q.QueueName}}
";
    let files = [("parent.yaml", parent), ("child.yaml", child)];
    check(&files, "parent/Child/Q", "QueueName", "orders");
    check(&files, "parent/T", "TopicName", "${Q.QueueName}");
    assert!(read(&files).resource("child/Q").is_none(), "a nested stack isn't read on its own");
}

#[test]
fn local_includes_are_put_in_place() {
    let template = "Resources:
  'Fn::Transform': {Name: AWS::Include, Parameters: {Location: more.yaml}}
  T: {Type: AWS::SNS::Topic}
";
    let more = "Q: {Type: AWS::SQS::Queue, Properties: {QueueName: x}}\n";
    check(&[("t.yaml", template), ("more.yaml", more)], "t/Q", "QueueName", "x");
}

#[test]
fn includes_that_are_not_here_are_told_where_resources_are_missing() {
    let told = |template: &str| {
        let system = read(&[("t.yaml", template)]);
        assert!(system.resource("t/T").is_some(), "{template}");
        system.problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>()
    };
    let resources = |location: &str| {
        format!(
            "Resources:\n  'Fn::Transform': {{Name: AWS::Include, Parameters: {{Location: {location}}}}}\n  T: {{Type: AWS::SNS::Topic}}\n"
        )
    };
    let lost = "failed to include `more.yaml`: there is no such file";
    assert_eq!(told(&resources("more.yaml")), [lost]);
    let elsewhere = "what is included here isn't known before deployment";
    assert_eq!(told(&resources("s3://bucket/more.yaml")), [elsewhere]);
    let top = |location: &str| {
        format!(
            "Transform: {{Name: AWS::Include, Parameters: {{Location: {location}}}}}\nResources: {{T: {{Type: AWS::SNS::Topic}}}}\n"
        )
    };
    assert_eq!(told(&top("more.yaml")), [lost]);
    assert_eq!(told(&top("s3://bucket/more.yaml")), Vec::<String>::new());
}

#[test]
fn circles_end() {
    let circle = "Conditions: {A: !Condition B, B: !Condition A}
Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [A, x, y]}}}
";
    assert_eq!(read(&[("t.yaml", circle)]).resources().len(), 1);
    let own_child =
        "Resources: {C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./t.yaml}}}\n";
    read(&[("t.yaml", own_child)]);
}

#[test]
fn loops_within_loops_are_bounded() {
    let mut body = "{'Q${A}${B}${C}${D}${E}${F}': {Type: AWS::SQS::Queue}}".to_string();
    for id in ["F", "E", "D", "C", "B", "A"] {
        body = format!("{{'Fn::ForEach::{id}': [{id}, [a,b,c,d,e,f,g,h,i,j], {body}]}}");
    }
    let system = read(&[("t.yaml", &format!("Transform: AWS::LanguageExtensions\nResources: {body}\n"))]);
    assert!(
        system.problems.iter().any(|p| p.message.contains("loops make more than")),
        "{:?}",
        system.problems
    );
    assert!(system.resources().len() <= 100_000);
}

#[test]
fn misshapen_sections_are_problems() {
    let list = read(&[("t.yaml", "Resources: [1, 2]\nAWSTemplateFormatVersion: '2010-09-09'\n")]);
    assert_eq!(list.problems.len(), 1);
    let text = read(&[(
        "t.json",
        "{\"Resources\": {\"A\": {\"Type\": \"AWS::SQS::Queue\", \"Properties\": \"x\"}}}",
    )]);
    assert_eq!((text.problems.len(), text.resources().len()), (1, 1));
}
