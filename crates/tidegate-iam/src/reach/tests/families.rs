//! Families by hand: what AWS documents, not what the tables say.

use super::*;

#[test]
fn a_function_that_is_made_has_to_be_started() {
    let pass = |env: Env| env.may(&["iam:PassRole"], &iam("role/strong"));
    let make = |more: &[&str]| {
        pass(Env::new("lambda.amazonaws.com")).may(&["lambda:CreateFunction"], "*").may(more, "*")
    };
    assert!(make(&["lambda:InvokeFunction"]).reaches());
    assert!(make(&["lambda:AddPermission"]).reaches());
    assert!(make(&["lambda:CreateEventSourceMapping"]).reaches());
    assert!(!make(&["lambda:ListFunctions"]).reaches());
    // Both must be possible for one name.
    let scoped = |invoke: &str| {
        pass(Env::new("lambda.amazonaws.com"))
            .may(&["lambda:CreateFunction"], &arn("lambda", "function:app-*"))
            .may(&["lambda:InvokeFunction"], &arn("lambda", invoke))
    };
    assert!(scoped("function:app-*").reaches());
    assert!(!scoped("function:other-*").reaches());
}

#[test]
fn trust_and_permission_both_count_for_assuming() {
    let env = |principal: Value| {
        let mut env = Env::new("");
        env.trust =
            vec![json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" })];
        env
    };
    let root = json!(iam("root"));
    assert_eq!(
        env(root.clone()).may(&["sts:AssumeRole"], &iam("role/strong")).way("strong"),
        Some(vec!["assume"])
    );
    assert!(!env(root.clone()).reaches(), "the account is trusted, but has not been given it");
    assert!(env(json!(iam("role/me"))).reaches(), "named itself");
    assert!(!env(json!(iam("role/other"))).may(&["sts:AssumeRole"], "*").reaches());
    assert!(!env(root).may(&["sts:AssumeRole"], "*").says(deny("sts:AssumeRole")).reaches());
}

#[test]
fn who_writes_its_own_policy_is_an_administrator_within_its_boundary() {
    let own = Env::new("lightsail.amazonaws.com").may(&["iam:PutRolePolicy"], &iam("role/me"));
    assert_eq!(own.way("*"), Some(vec!["put-role-policy", "administrator"]));
    let other = Env::new("lightsail.amazonaws.com").may(&["iam:PutRolePolicy"], &iam("role/strong"));
    assert!(!other.reaches(), "another role is raised, but not entered");
    let mut bounded = Env::new("lightsail.amazonaws.com").may(&["iam:PutRolePolicy"], &iam("role/me"));
    bounded.boundary = Some(allow(json!(["iam:PutRolePolicy", "s3:*"]), json!("*")));
    assert!(!bounded.reaches());
    let mut freed = Env::new("lightsail.amazonaws.com")
        .may(&["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"], &iam("role/me"));
    freed.boundary = Some(allow(json!("iam:*"), json!(iam("role/me"))));
    assert!(freed.way("*").is_some());
    let denied =
        Env::new("lightsail.amazonaws.com").may(&["iam:PutRolePolicy"], "*").says(deny("iam:PutRolePolicy"));
    assert!(!denied.reaches());
}

#[test]
fn organization_policies_count() {
    let mut env =
        Env::new("lightsail.amazonaws.com").may(&["iam:UpdateAssumeRolePolicy"], &iam("role/strong"));
    assert_eq!(env.way("strong"), Some(vec!["update-trust"]));
    env.more = json!({ "ServiceControlPolicies": [{ "Level": "root", "Policies": [{ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }, deny("iam:UpdateAssumeRolePolicy")] }] }] });
    assert!(!env.reaches());
}

#[test]
fn groups_raise_their_members() {
    let build = |action: &str, group: &str| {
        let mut env = Env::new("lightsail.amazonaws.com")
            .may(&["iam:CreateAccessKey"], &iam("user/ana"))
            .may(&[action], &iam(group));
        env.more = json!({
            "UserDetailList": [{ "UserName": "ana", "Arn": iam("user/ana"), "GroupList": ["team"] }],
            "GroupDetailList": [{ "GroupName": "team", "Arn": iam("group/team") },
                { "GroupName": "admins", "Arn": iam("group/admins"),
                  "AttachedManagedPolicies": [{ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" }] }],
        });
        env
    };
    assert_eq!(
        build("iam:PutGroupPolicy", "group/team").way("*"),
        Some(vec!["create-access-key", "put-group-policy", "administrator"])
    );
    assert!(build("iam:AttachGroupPolicy", "group/team").reaches());
    assert!(!build("iam:PutGroupPolicy", "group/admins").reaches());
    assert!(build("iam:AddUserToGroup", "group/admins").reaches());
    assert!(!build("iam:AddUserToGroup", "group/team").reaches());
}

#[test]
fn who_may_leave_a_denying_group_is_free_of_it() {
    let build = |action: &str, group: &str, inline: Value| {
        let mut env = Env::new("lightsail.amazonaws.com").may(&["iam:CreateAccessKey"], &iam("user/ana"));
        env.trust = vec![
            json!({ "Effect": "Allow", "Principal": { "AWS": iam("user/ana") }, "Action": "sts:AssumeRole" }),
        ];
        let policy = |name: &str, statements: Value| json!([{ "PolicyName": name, "PolicyDocument": { "Version": "2012-10-17", "Statement": statements } }]);
        env.more = json!({
            "UserDetailList": [{ "UserName": "ana", "Arn": iam("user/ana"), "GroupList": ["watched"],
                "UserPolicyList": policy("own", json!([inline, allow(json!([action]), json!(iam(group)))])) }],
            "GroupDetailList": [{ "GroupName": "watched", "Arn": iam("group/watched"),
                "GroupPolicyList": policy("stop", json!([deny("sts:AssumeRole"), allow(json!("sts:AssumeRole"), json!("*"))])) }],
        });
        env
    };
    let enter = || allow(json!("sts:AssumeRole"), json!(iam("role/strong")));
    let way = build("iam:RemoveUserFromGroup", "group/watched", enter()).way("strong").unwrap();
    assert!(way.contains(&"leave-group"), "{way:?}");
    assert_eq!(build("iam:RemoveUserFromGroup", "group/other", enter()).way("strong"), None);
    assert_eq!(build("iam:GetGroup", "group/watched", enter()).way("strong"), None);
    // With the group goes what it allows.
    let nothing = allow(json!("s3:ListAllMyBuckets"), json!("*"));
    let mut trusted = build("iam:RemoveUserFromGroup", "group/watched", nothing);
    trusted.trust =
        vec![json!({ "Effect": "Allow", "Principal": { "AWS": iam("root") }, "Action": "sts:AssumeRole" })];
    assert_eq!(trusted.way("strong"), None);
}

#[test]
fn managed_policies_raise_who_has_them() {
    let build = |action: &str, policy: &str, old: Value| {
        let mut env = Env::new("lightsail.amazonaws.com")
            .may(&["iam:CreateAccessKey"], &iam("user/ana"))
            .may(&[action], &iam(policy));
        env.more = json!({
            "UserDetailList": [{ "UserName": "ana", "Arn": iam("user/ana"),
                "AttachedManagedPolicies": [{ "PolicyArn": iam("policy/hers") }] }],
            "Policies": [{ "PolicyName": "hers", "Arn": iam("policy/hers"), "DefaultVersionId": "v2", "PolicyVersionList": [
                { "VersionId": "v1", "Document": { "Statement": [allow(old, json!("*"))] } },
                { "VersionId": "v2", "Document": { "Statement": [allow(json!("s3:GetObject"), json!("*"))] } }] },
                { "PolicyName": "nobody", "Arn": iam("policy/nobody"), "PolicyVersionList": [
                { "VersionId": "v1", "Document": { "Statement": [] } }] }],
        });
        env
    };
    assert!(build("iam:CreatePolicyVersion", "policy/hers", json!("s3:*")).reaches());
    assert!(!build("iam:CreatePolicyVersion", "policy/nobody", json!("s3:*")).reaches());
    assert!(build("iam:SetDefaultPolicyVersion", "policy/hers", json!("*")).reaches());
    assert!(
        !build("iam:SetDefaultPolicyVersion", "policy/hers", json!("s3:*")).reaches(),
        "no version is worth it"
    );
}

#[test]
fn what_hangs_on_an_unknown_condition_is_possible() {
    let env = Env::new("lightsail.amazonaws.com").says(json!({ "Effect": "Allow",
        "Action": "iam:UpdateAssumeRolePolicy", "Resource": "*",
        "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } }));
    assert!(!env.reaches());
    let found = env.found();
    assert_eq!(found.len(), 1);
    assert!(!found[0].certain && found[0].via[0].proofs[0].conditions[0].contains("SourceIp"));
}

#[test]
fn attaching_only_a_harmless_policy_is_nothing() {
    let env = Env::new("lightsail.amazonaws.com").says(
        json!({ "Effect": "Allow", "Action": "iam:AttachRolePolicy",
        "Resource": iam("role/me"),
        "Condition": { "ArnEquals": { "iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess" } } }),
    );
    assert!(env.found().is_empty());
}

#[test]
fn a_role_of_a_service_is_neither_passed_nor_changed() {
    let mut env = Env::new("lightsail.amazonaws.com")
        .may(&["iam:UpdateAssumeRolePolicy", "iam:PassRole", "lambda:*"], "*");
    env.more = json!({ "RoleDetailList": [{ "RoleName": "AWSServiceRoleForX",
        "Arn": iam("role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForX"),
        "AssumeRolePolicyDocument": { "Statement": [
            { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] } }] });
    assert!(env.way("strong").is_some());
    assert!(env.way("AWSServiceRoleForX").is_none());
}

#[test]
fn hops_are_counted_and_cut() {
    let mut env = Env::new("").may(&["sts:AssumeRole"], &iam("role/strong"));
    env.trust =
        vec![json!({ "Effect": "Allow", "Principal": { "AWS": iam("root") }, "Action": "sts:AssumeRole" })];
    env.strong = vec![allow(json!("iam:UpdateAssumeRolePolicy"), json!(iam("role/last")))];
    env.more = json!({ "RoleDetailList": [{ "RoleName": "last", "Arn": iam("role/last") }] });
    assert_eq!(env.way("last"), Some(vec!["assume", "update-trust"]));
    let account = env.account();
    let last = Target::Identity(account.identities.iter().position(|i| i.name == "last").unwrap());
    let short = Reach::new(&account, Options { max_hops: 1, data: false });
    assert!(!short.targets(0).contains(&last));
    let reach = Reach::new(&account, Options::default());
    let targets = BTreeSet::from([last]);
    let cut = reach.cut(0, &targets).unwrap();
    assert_eq!(cut.len(), 1);
    assert_eq!(cut[0].actions, ["sts:AssumeRole"]);
}

#[test]
fn a_cut_covers_statements_that_say_the_same() {
    let mut env = Env::new("lightsail.amazonaws.com")
        .may(&["iam:UpdateAssumeRolePolicy"], "*")
        .may(&["iam:UpdateAssumeRolePolicy"], &iam("role/strong"));
    env.strong = vec![];
    let account = env.account();
    let reach = Reach::new(&account, Options::default());
    let cut = reach.cut(0, &BTreeSet::from([Target::Identity(1)])).unwrap();
    assert_eq!(cut.iter().map(|c| c.statement).collect::<Vec<_>>(), [0, 1]);
}
