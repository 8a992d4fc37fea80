//! `tidegate iam reach`: from one identity, to targets, and for every function.

use super::formats::validate;
use super::project::Project;

/// `Front` may write to the queue that starts `Back`, which can read the secret.
const TEMPLATE: &str = r"
Resources:
  Work: {Type: AWS::SQS::Queue}
  Side: {Type: AWS::SQS::Queue}
  Keys: {Type: AWS::SecretsManager::Secret}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Back, EventSourceArn: !GetAtt Work.Arn}
  FrontRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: front
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Work.Arn}
  BackRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: back
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], Resource: !GetAtt Work.Arn}
              - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref Keys}
  Front:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt FrontRole.Arn, Handler: a.b, Runtime: python3.12, Code: {ZipFile: x}}
  Back:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt BackRole.Arn, Handler: a.b, Runtime: python3.12, Code: {ZipFile: x}}
";

fn reached(project: &Project, args: &[&str]) -> Vec<String> {
    let ran = project.run(&[&["iam", "reach", "template.yaml", "--format", "json"], args].concat());
    let document = ran.json();
    validate("../../docs/schemas/iam-reach.json", &document);
    let found = document["reachable"].as_array().unwrap();
    found.iter().map(|f| f["to"].as_str().unwrap().rsplit('/').next().unwrap().to_string()).collect()
}

#[test]
fn reach_goes_by_events() {
    let project = Project::with("template.yaml", TEMPLATE);
    insta::assert_snapshot!(
        "reach",
        project.run(&["iam", "reach", "template.yaml", "--from", "FrontRole"]).all()
    );
    assert_eq!(reached(&project, &["--from", "FrontRole"]), ["BackRole", "Work", "Keys"]);
    assert_eq!(reached(&project, &["--from", "Front", "--to", "BackRole"]), ["BackRole"]);
    assert_eq!(reached(&project, &["--from", "Front", "--max-hops", "1", "--crown-jewels", "Ke*"]), [""; 0]);
    assert!(reached(&project, &["--from", "BackRole", "--to", "FrontRole"]).is_empty());
    // Another queue, or a deny: no way.
    for (from, to) in [
        ("'sqs:SendMessage', Resource: !GetAtt Work.Arn", "'sqs:SendMessage', Resource: !GetAtt Side.Arn"),
        ("'sqs:SendMessage', Resource: !GetAtt Work.Arn", "'sqs:ListQueues', Resource: '*'"),
        ("{Effect: Allow, Action: 'sqs:SendMessage'", "{Effect: Deny, Action: 'sqs:SendMessage'"),
    ] {
        let project = Project::with("template.yaml", &TEMPLATE.replace(from, to));
        assert!(reached(&project, &["--from", "FrontRole", "--to", "BackRole"]).is_empty(), "{to}");
    }
}

#[test]
fn reach_says_what_to_take_away() {
    let project = Project::with("template.yaml", TEMPLATE);
    let args = ["iam", "reach", "template.yaml", "--from", "Front", "--crown-jewels", "Keys"];
    insta::assert_snapshot!("reach_cut", project.run(&args).all());
    let document = project.run(&[&args[..], &["--format", "json"]].concat()).json();
    let cut = document["cut"].as_array().unwrap();
    assert_eq!(cut.len(), 1);
    assert_eq!(cut[0]["actions"][0], "sqs:SendMessage");
    assert_eq!(cut[0]["location"]["line"], 20);
}

#[test]
fn every_function_has_a_blast_radius() {
    let project = Project::with("template.yaml", TEMPLATE);
    insta::assert_snapshot!("reach_radius", project.run(&["iam", "reach", "template.yaml"]).all());
    let document = project.run(&["iam", "reach", "template.yaml", "--format", "json"]).json();
    validate("../../docs/schemas/iam-reach.json", &document);
    assert_eq!(document["functions"][0]["blast_radius"], 3);
    assert_eq!(document["functions"][1]["blast_radius"], 2);
}

#[test]
fn a_role_of_another_account_is_possible_and_foreign() {
    let own = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Work.Arn}";
    let other = "arn:aws:iam::444455556666:role/deploy";
    let more =
        format!("{own}\n              - {{Effect: Allow, Action: 'sts:AssumeRole', Resource: '{other}'}}");
    let project = Project::with("template.yaml", &TEMPLATE.replacen(own, &more, 1));
    for target in [&[][..], &["--to", other]] {
        let args = ["iam", "reach", "template.yaml", "--format", "json", "--from", "Front"];
        let document = project.run(&[&args, target].concat()).json();
        validate("../../docs/schemas/iam-reach.json", &document);
        let of = |list: &str| {
            let found = document[list].as_array().unwrap().iter().find(|f| f["to"] == other);
            found.cloned()
        };
        assert_eq!(of("reachable"), None, "its trust policy isn't known");
        let found = of("possible").unwrap();
        assert_eq!(found["kind"], "foreign");
        assert!(found["via"][0]["prerequisites"][0].as_str().unwrap().contains("unknown"), "{found}");
    }
}

#[test]
fn an_administrator_reaches_everything() {
    let export = r#"{"RoleDetailList": [
        {"RoleName": "dev", "Arn": "arn:aws:iam::111122223333:role/dev",
         "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Sid": "Self", "Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::111122223333:role/dev"}]}}]},
        {"RoleName": "other", "Arn": "arn:aws:iam::111122223333:role/other"}]}"#;
    let project = Project::with("export.json", export);
    let args =
        ["iam", "reach", "export.json", "--from", "arn:aws:iam::111122223333:role/dev", "--format", "json"];
    let document = project.run(&args).json();
    validate("../../docs/schemas/iam-reach.json", &document);
    assert_eq!(document["reachable"][0]["to"], "*");
    assert_eq!(document["reachable"][0]["via"][0]["proof"][0]["sid"], "Self");
    let document = project.run(&[&args[..], &["--to", "other"]].concat()).json();
    assert_eq!(document["cut"][0]["sid"], "Self");
    let ran = project.run(&["iam", "reach", "export.json", "--from", "othr"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean `other`?"), "{}", ran.stderr);
}

#[test]
fn service_accounts_are_impersonated() {
    let text = r#"
resource "google_service_account" "weak" { account_id = "weak" }
resource "google_service_account" "strong" { account_id = "strong" }
resource "google_service_account_iam_member" "it" {
  service_account_id = google_service_account.strong.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${google_service_account.weak.email}"
}
"#;
    let project = Project::with("infra/main.tf", text);
    let args = ["iam", "reach", "infra", "--from", "google_service_account.weak"];
    insta::assert_snapshot!("reach_google", project.run(&args).all());
    let document = project.run(&[&args[..], &["--format", "json"]].concat()).json();
    validate("../../docs/schemas/iam-reach.json", &document);
    assert_eq!(document["reachable"].as_array().unwrap().len(), 1);
    let cut = project.run(&[&args[..], &["--to", "strong", "--format", "json"]].concat()).json();
    validate("../../docs/schemas/iam-reach.json", &cut);
    let cut = cut["cut"].as_array().unwrap();
    assert_eq!(cut.len(), 1);
    assert!(cut[0]["policy"].as_str().unwrap().ends_with("google_service_account_iam_member.it"), "{cut:?}");
    let said = project.run(&[&args[..], &["--to", "strong"]].concat()).all();
    assert!(said.contains("1 binding or assignment to take away"), "{said}");
    let project = Project::with("infra/main.tf", &text.replace("TokenCreator", "Viewer"));
    assert_eq!(project.run(&args).code, Some(2), "nothing is said of it");
}

#[test]
fn functions_of_other_clouds_have_a_blast_radius() {
    let text = r#"
resource "google_service_account" "weak" { account_id = "weak" }
resource "google_service_account" "strong" { account_id = "strong" }
resource "google_service_account_iam_member" "it" {
  service_account_id = google_service_account.strong.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${google_service_account.weak.email}"
}
resource "google_cloudfunctions2_function" "front" {
  name = "front"
  service_config { service_account_email = google_service_account.weak.email }
}
resource "google_cloud_run_v2_service" "lonely" { name = "lonely" }
resource "google_storage_bucket" "data" { name = "data" }
resource "google_storage_bucket_iam_member" "read" {
  bucket = google_storage_bucket.data.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.strong.email}"
}
resource "azurerm_storage_account" "files" { name = "files" }
resource "azurerm_user_assigned_identity" "app" { name = "app" }
resource "azurerm_linux_function_app" "app" {
  name = "app"
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }
}
resource "azurerm_role_assignment" "files" {
  scope                = azurerm_storage_account.files.id
  role_definition_name = "Storage Blob Data Owner"
  principal_id         = azurerm_user_assigned_identity.app.principal_id
}
"#;
    let project = Project::with("infra/main.tf", text);
    let document = project.run(&["iam", "reach", "infra", "--format", "json"]).json();
    validate("../../docs/schemas/iam-reach.json", &document);
    let radii: Vec<(String, u64)> = document["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let name = f["function"].as_str().unwrap().rsplit('/').next().unwrap();
            (name.to_string(), f["blast_radius"].as_u64().unwrap())
        })
        .collect();
    let named = |list: &[(&str, u64)]| list.iter().map(|(n, r)| (n.to_string(), *r)).collect::<Vec<_>>();
    assert_eq!(
        radii,
        named(&[
            ("google_cloudfunctions2_function.front", 2),
            ("azurerm_linux_function_app.app", 1),
            ("google_cloud_run_v2_service.lonely", 0),
        ])
    );
    let said = project.run(&["iam", "reach", "infra", "--crown-jewels", "data"]).all();
    assert!(said.contains("google_storage_bucket.data") && !said.contains("account.strong\n"), "{said}");
    assert!(said.contains("front: 1 identity or resource"), "{said}");
}
