//! An identity that can give itself more.

use crate::Context;
use crate::identity::{ATTACHED_TYPES, all_statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;
use tidegate_graph::policy::{Statement, matches};

declare_rule! {
    /// ## What it finds
    /// A role, user, group or permission set whose policies together allow one of the known ways to more
    /// permissions: changing policies, trust or keys of any identity, changing the code of any function, or
    /// passing any role to something that it may create and start.
    ///
    /// ## Why it matters
    /// What breaks into such an identity is administrator a moment later.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:AttachRolePolicy
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:AttachRolePolicy
    ///                 Resource: arn:aws:iam::123456789012:role/team/worker
    /// ```
    ///
    /// ## Limits
    /// A compact list of ways. Permissions on named resources and statements with conditions are left alone,
    /// and so are policies that are administrator already.
    PrivilegeEscalation {
        id: "privilege-escalation",
        title: "identity that can give itself more permissions",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-005",
            "CKV_AWS_110",
            "CKV_AWS_286",
            "kics:8f3c16b3-354d-45db-8ad5-5066778a9485",
            "kics:970ed7a2-0aca-4425-acf1-0453c9ecbca1",
            "kics:70b42736-efee-4bce-80d5-50358ed94990",
            "kics:3dd96caa-0b5f-4a85-b929-acfac4646cc2",
            "kics:db78d14b-10e5-4e6e-84b1-dace6327b1ec",
            "kics:846646e3-2af1-428c-ac5d-271eccfa6faf",
            "kics:04c686f1-e0cd-4812-88e1-4e038410074c",
            "kics:ec49cbfd-fae4-45f3-81b1-860526d66e3f",
            "kics:9b0ffadc-a61f-4c2a-b1e6-68fab60f6267",
            "kics:7d544dad-8a6c-431c-84c1-5f07fe9afc0e",
            "kics:034d0aee-620f-4bf7-b7fb-efdf661fdb9e",
            "kics:e77c89f6-9c85-49ea-b95b-5f960fe5be92",
            "kics:c0c1e744-0f37-445e-924a-1846f0839f69",
            "kics:60263b4a-6801-4587-911d-919c37ed733b",
            "kics:7782d4b3-e23e-432b-9742-d9528432e771",
            "kics:78f1ec6f-5659-41ea-bd48-d0a142dce4f2",
            "kics:ad296c0d-8131-4d6b-b030-1b0e73a99ad3",
            "kics:571254d8-aa6a-432e-9725-535d3ef04d69",
            "kics:eda48c88-2b7d-4e34-b6ca-04c0194aee17",
            "kics:b8a31292-509d-4b61-bc40-13b167db7e9c",
            "kics:f906113d-cdc0-415a-ba60-609cc6daaf4d",
            "kics:f465fff1-0a0f-457d-aa4d-1bddb6f204ff",
            "kics:7c96920c-6fd0-449d-9a52-0aa431b6beaf",
            "kics:5b4d4aee-ac94-4810-9611-833636e5916d",
            "kics:9a205ba3-0dd1-42eb-8d54-2ffec836b51a",
            "kics:ee49557d-750c-4cc1-aa95-94ab36cbefde",
            "kics:be2aa235-bd93-4b68-978a-1cc65d49082f",
            "kics:0a592060-8166-49f5-8e65-99ac6dce9871",
            "kics:fa62ac4f-f5b9-45b9-97c1-625c8b6253ca",
            "kics:d6047119-a0b2-4b59-a4f2-127a36fb685b",
            "kics:eb64f1e9-f67d-4e35-8a3c-3d6a2f9efea7",
            "kics:8f75840d-9ee7-42f3-b203-b40e3979eb12",
            "kics:118281d0-6471-422e-a7c5-051bc667926e",
            "kics:f1173d8c-3264-4148-9fdb-61181e031b51",
            "kics:35ccf766-0e4d-41ed-9ec4-2dab155082b4",
            "kics:c583f0f9-7dfd-476b-a056-f47c62b47b46",
            "kics:9b877bd8-94b4-4c10-a060-8e0436cc09fa",
            "kics:bf9d42c7-c2f9-4dfe-942c-c8cc8249a081",
            "kics:6d23d87e-1c5b-4308-b224-92624300f29b",
            "kics:e227091e-2228-4b40-b046-fc13650d8e88",
            "kics:70cb518c-d990-46f6-bc05-44a5041493d6",
            "kics:113208f2-a886-4526-9ecc-f3218600e12c",
            "kics:0fd7d920-4711-46bd-aff2-d307d82cd8b7",
            "kics:1743f5f1-0bb0-4934-acef-c80baa5dadfa",
            "kics:19ffbe31-9d72-4379-9768-431195eae328",
            "kics:94fbe150-27e3-4eba-9ca6-af32865e4503",
            "kics:8055dec2-efb8-4fe6-8837-d9bed6ff202a",
            "kics:8bfbf7ab-d5e8-4100-8618-798956e101e0",
            "kics:eeb4d37a-3c59-4789-a00c-1509bc3af1e5",
            "kics:0c10d7da-85c4-4d62-b2a8-d6c104f1bd77",
            "kics:43a41523-386a-4cb1-becb-42af6b414433",
            "kics:33627268-1445-4385-988a-318fd9d1a512",
            "kics:6deb34e2-5d9c-499a-801b-ea6d9eda894f",
            "kics:b69247e5-7e73-464e-ba74-ec9b715c6e12",
        ],
        threats: ["T24", "T25"],
        profiles: [Baseline],
        why: "what breaks into it is administrator a moment later",
    }
}

/// Actions that together lead to more.
const WAYS: &[&[&str]] = &[
    &["iam:AttachRolePolicy"],
    &["iam:AttachUserPolicy"],
    &["iam:AttachGroupPolicy"],
    &["iam:PutRolePolicy"],
    &["iam:PutUserPolicy"],
    &["iam:PutGroupPolicy"],
    &["iam:CreatePolicyVersion"],
    &["iam:SetDefaultPolicyVersion"],
    &["iam:AddUserToGroup"],
    &["iam:UpdateAssumeRolePolicy"],
    &["iam:CreateAccessKey"],
    &["iam:CreateLoginProfile"],
    &["iam:UpdateLoginProfile"],
    &["lambda:UpdateFunctionCode"],
    &["glue:UpdateDevEndpoint"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"],
    &["iam:PassRole", "states:CreateStateMachine", "states:StartExecution"],
    &["iam:PassRole", "states:UpdateStateMachine"],
    &["iam:PassRole", "scheduler:CreateSchedule"],
    &["iam:PassRole", "pipes:CreatePipe"],
    &["iam:PassRole", "cloudformation:CreateStack"],
    &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
    &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
    &["iam:PassRole", "ec2:RunInstances"],
    &["iam:PassRole", "glue:CreateDevEndpoint"],
    &["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"],
];

impl Rule for PrivilegeEscalation {
    const ON: &'static [&'static str] = ATTACHED_TYPES;

    fn check(identity: &Resource, cx: &Context<'_>) {
        let all = all_statements(cx, identity);
        let open: Vec<_> = all
            .iter()
            .filter(|o| o.placed.statement.allows() && on_all(&o.placed.statement))
            .filter(|o| o.placed.statement.conditions.is_none())
            .collect();
        if open.iter().any(|o| o.placed.statement.actions.iter().any(|a| a.as_str() == Some("*"))) {
            return;
        }
        let grants = |action: &&&str| {
            open.iter().copied().find(|o| {
                o.placed.statement.actions.iter().filter_map(|a| a.as_str()).any(|a| matches(a, action))
            })
        };
        let ways: Vec<&&[&str]> =
            WAYS.iter().filter(|way| way.iter().all(|action| grants(&action).is_some())).collect();
        let Some(first) = ways.first() else { return };
        let Some(at) = first.iter().find_map(|action| grants(&action)) else { return };
        let names: Vec<String> = first.iter().map(|a| format!("`{a}`")).collect();
        let more = match ways.len() {
            1 => String::new(),
            n => format!(", and in {} more ways", n - 1),
        };
        cx.finding(
            identity,
            format!("`{}` can give itself more with {}{more}", identity.logical_id, names.join(", ")),
        )
        .at_place("escalation", identity.span)
        .related(Some(at.placed.statement.span), format!("`{}` allows it", at.owner.logical_id))
        .help("name the resources, and leave changes of identities and code to the pipeline")
        .report();
    }
}

fn on_all(statement: &Statement<'_>) -> bool {
    let wide = [":role/*", ":user/*", ":policy/*", ":group/*", ":function:*"];
    statement.on_everything()
        || statement.resources.iter().any(|r| wide.iter().any(|end| r.display().ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::PrivilegeEscalation;
    use crate::testing::Build;

    const TRUST: &str = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

    fn findings(statement: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {TRUST}, "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": {statement}}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<PrivilegeEscalation>()
    }

    #[test]
    fn alone_and_together() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": "iam:PutRole*", "Resource": "*"}"#),
            ["Worker: `Worker` can give itself more with `iam:PutRolePolicy`"]
        );
        let together = r#"[{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/*"},
            {"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"}]"#;
        assert_eq!(
            findings(together),
            ["Worker: `Worker` can give itself more with `iam:PassRole`, `scheduler:CreateSchedule`"]
        );
        assert!(findings(r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}"#).is_empty());
    }
}
