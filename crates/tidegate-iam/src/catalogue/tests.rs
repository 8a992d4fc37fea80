use super::*;

fn own() -> Catalogue {
    Catalogue::read(Catalogue::built_in()).unwrap()
}

#[test]
fn the_built_in_catalogue_is_whole() {
    let own = own();
    assert!(own.file.verify().is_ok());
    assert!(Catalogue::built_in().len() < 800_000, "{} bytes", Catalogue::built_in().len());
    assert!(own.services().count() > 400);
    assert!(own.services().map(|s| s.actions().len()).sum::<usize>() > 20_000);
    assert_eq!(own.sources().len(), 5);
    assert_eq!(own.date().len(), 10);
    for service in own.services() {
        let names: Vec<String> = service.actions().iter().map(|a| a.name.to_ascii_lowercase()).collect();
        assert!(names.is_sorted(), "{}", service.prefix);
        assert!(service.actions().iter().flat_map(|a| service.types_of(a)).all(|(_, ty)| !ty.arn.is_empty()));
    }
}

#[test]
fn an_action_with_all_that_is_known_of_it() {
    let own = own();
    let sqs = own.service("SQS").unwrap();
    let send = own.action("sqs:sendmessage").unwrap();
    assert_eq!((send.name.as_str(), send.access), ("SendMessage", Access::Write));
    let types: Vec<&str> = sqs.types_of(send).map(|(_, ty)| ty.arn.as_str()).collect();
    assert_eq!(types, ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]);
    let create = own.action("lambda:CreateFunction").unwrap();
    assert!(create.dependents.iter().any(|d| d == "iam:PassRole"));
    let lambda = own.service("lambda").unwrap();
    assert!(lambda.keys_of(create).any(|k| k.name == "lambda:Layer" && k.many));
    assert!(own.action("s3:GetObjcet").is_none() && own.action("s3").is_none());
    assert!(own.action("iam:PutRolePolicy").unwrap().access == Access::Permissions);
    assert!(sqs.rcp && !own.service("lambda").unwrap().rcp);
}

#[test]
fn patterns_are_expanded() {
    let own = own();
    let names: Vec<String> =
        own.expand("sqs:Send*").map(|(s, a)| format!("{}:{}", s.prefix, a.name)).collect();
    assert_eq!(names, ["sqs:SendMessage"]);
    assert!(own.expand("*").count() > 20_000);
    assert_eq!(own.expand("sqs:SendMessage").count(), 1);
    assert_eq!(own.expand("s*:SendMessage").count() + own.expand("Send").count() + own.expand("").count(), 0);
}

#[test]
fn keys_of_every_service() {
    let own = own();
    assert!(own.global_key("aws:sourcearn").is_some_and(|k| k.kind == KeyKind::Arn));
    assert!(own.global_key("aws:PrincipalTag/team").is_some());
    assert!(own.global_key("aws:PrincipalTag/").is_none());
    assert!(own.global_key("aws:TagKeys").is_some_and(|k| k.many));
    assert!(own.global_key("aws:SorceArn").is_none());
    assert!(
        own.is_provider_key("token.actions.githubusercontent.com:sub") && own.is_provider_key("saml:aud")
    );
    let s3 = own.service("s3").unwrap();
    assert!(s3.key("s3:ExistingObjectTag/team").is_some() && s3.key("s3:existingobjecttag").is_none());
}

#[test]
fn managed_policies() {
    let own = own();
    let basic =
        own.managed_policy("arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").unwrap();
    assert_eq!(basic.path, "/service-role/");
    assert!(basic.document.contains("logs:PutLogEvents"));
    assert!(own.managed_policy("AdministratorAccess").is_some());
    assert!(own.managed_policy("arn:aws:iam::123456789012:policy/AdministratorAccess").is_none());
    assert!(own.managed_policies().count() > 1_500);
    assert!(own.service_principals().any(|p| p == "lambda.amazonaws.com"));
}

#[test]
fn other_names_of_services_and_operations() {
    let own = own();
    for (name, prefix) in [
        ("Step Functions", "states"),
        ("SFN", "states"),
        ("stepfunctions", "states"),
        ("monitoring.amazonaws.com", "cloudwatch"),
        ("SQS", "sqs"),
        ("CloudWatch Logs", "logs"),
        ("elbv2", "elasticloadbalancing"),
        ("DynamoDB", "dynamodb"),
        ("acm-pca", "acm-pca"),
    ] {
        assert_eq!(own.prefix_of(name), Some(prefix), "{name}");
    }
    assert_eq!(own.prefix_of("nothing"), None);
    let sdk = |service: &str, operation: &str| own.action_for_sdk(service, operation).join(" ");
    assert_eq!(sdk("Lambda", "Invoke"), "lambda:InvokeFunction");
    assert_eq!(sdk("sqs", "SendMessageBatch"), "sqs:SendMessage");
    assert_eq!(sdk("sqs", "sendMessage"), "sqs:SendMessage");
    assert_eq!(sdk("s3", "ListObjectsV2"), "s3:ListBucket");
    assert_eq!(sdk("s3", "Nothing"), "");
    let event = |source: &str, name: &str| own.action_for_cloudtrail(source, name).join(" ");
    assert_eq!(event("lambda.amazonaws.com", "CreateFunction20150331"), "lambda:CreateFunction iam:PassRole");
    assert_eq!(event("lambda.amazonaws.com", "UpdateFunctionCode20150331v2"), "lambda:UpdateFunctionCode");
    assert_eq!(event("lambda.amazonaws.com", "Invoke"), "lambda:InvokeFunction");
    assert_eq!(event("monitoring.amazonaws.com", "PutMetricData"), "cloudwatch:PutMetricData");
}

#[test]
fn versions_behind_names() {
    assert_eq!(names::without_version("GetLayerVersion20181031"), "GetLayerVersion");
    assert_eq!(names::without_version("AddPermission20150331v2"), "AddPermission");
    assert_eq!(names::without_version("CreateDistribution2020_05_31"), "CreateDistribution2020_05_31");
    assert_eq!(names::without_version("ListObjectsV2"), "ListObjectsV2");
    assert_eq!(names::without_version("v20150331"), "v");
}
