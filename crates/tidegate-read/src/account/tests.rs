use super::*;
use crate::{Options, read};
use tidegate_iam::Verdict;

fn account_of(template: &str) -> Account {
    account_in("template.yaml", template)
}

fn account_in(file: &str, template: &str) -> Account {
    let folder =
        std::env::temp_dir().join(format!("tidegate-account-{}-{}", std::process::id(), template.len()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(file), template).unwrap();
    let system = read(&folder, &Options::default());
    let _ = std::fs::remove_dir_all(&folder);
    account(&system, &|_| None)
}

const TEMPLATE: &str = r"
Resources:
  Orders: {Type: AWS::SQS::Queue}
  Named: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
  Open:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Named]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: 'sns:Publish', Resource: !Ref Named}]
  Sender:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: send
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Orders.Arn}
              - {Effect: Allow, Action: 'sns:Publish', Resource: !Sub 'arn:aws:sns:${AWS::Region}:${AWS::AccountId}:news'}
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      Roles: [!Ref Sender]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Deny, Action: 'sns:*', Resource: '*'}]
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Sender.Arn, Handler: a.b, Runtime: python3.12, Code: {ZipFile: x}}
  Invoke:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: sns.amazonaws.com
      SourceArn: !Ref Named
";

#[test]
fn a_template_is_an_account() {
    let account = account_of(TEMPLATE);
    let sender = account.find("Sender").unwrap();
    let arn = |id: &str| account.resources.iter().find(|r| r.name == id).unwrap().arn.clone();
    let decide = |action: &str, arn: &str| account.decide(sender, action, arn).verdict;
    assert_eq!(decide("sqs:SendMessage", &arn("Orders")), Verdict::Allowed);
    assert_eq!(decide("sqs:DeleteQueue", &arn("Orders")), Verdict::ImplicitlyDenied);
    assert_eq!(decide("sns:Publish", &arn("news")), Verdict::ExplicitlyDenied);
    let function = account.resources.iter().find(|r| r.ty == "AWS::Lambda::Function").unwrap();
    assert_eq!(function.roles.as_slice(), std::slice::from_ref(&sender.arn));
}

#[test]
fn resource_policies_find_their_owners() {
    let account = account_of(TEMPLATE);
    let topic = account.resources.iter().find(|r| r.name == "news").unwrap();
    let who: Vec<_> =
        account.who_can("sns:Publish", &topic.arn).iter().map(|g| g.principal.clone()).collect();
    assert_eq!(who, ["s3.amazonaws.com"]);
    let function = account.resources.iter().find(|r| r.ty == "AWS::Lambda::Function").unwrap();
    let who = account.who_can("lambda:InvokeFunction", &function.arn);
    // Only for that topic, which is not known of a request.
    let found: Vec<_> = who.iter().map(|g| (g.principal.as_str(), g.decision.verdict)).collect();
    assert_eq!(found, [("sns.amazonaws.com", Verdict::Unknown)]);
}

#[test]
fn a_managed_policy_that_is_not_known_may_allow_anything() {
    let account = account_of(
        r"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/SomethingNew]
  Bounded:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]
      PermissionsBoundary: !ImportValue boundary
",
    );
    for name in ["Role", "Bounded"] {
        let role = account.find(name).unwrap();
        assert_eq!(
            account.decide(role, "s3:GetObject", "arn:aws:s3:::b/k").verdict,
            Verdict::Unknown,
            "{name}"
        );
    }
}

#[test]
fn policies_of_the_organization_are_attached_in_terraform() {
    let text = |target: &str| {
        format!(
            r#"
data "aws_caller_identity" "current" {{}}
resource "aws_organizations_organization" "all" {{}}
resource "aws_organizations_account" "other" {{
  name  = "other"
  email = "other@example.com"
}}
resource "aws_organizations_policy" "queues" {{
  name    = "queues"
  content = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Deny", Action = "sqs:*", Resource = "*" }}]
  }})
}}
resource "aws_organizations_policy_attachment" "queues" {{
  policy_id = aws_organizations_policy.queues.id
  target_id = {target}
}}
resource "aws_iam_role" "sender" {{
  name               = "sender"
  assume_role_policy = "{{}}"
}}
"#
        )
    };
    let levels = |target: &str| account_in("main.tf", &text(target)).scps.len();
    assert_eq!(levels("aws_organizations_organization.all.roots[0].id"), 1);
    assert_eq!(levels("data.aws_caller_identity.current.account_id"), 1);
    assert_eq!(levels("\"r-ab12\""), 1);
    assert_eq!(levels("aws_organizations_account.other.id"), 0);
    assert_eq!(levels("\"ou-ab12-11111111\""), 0);
}
