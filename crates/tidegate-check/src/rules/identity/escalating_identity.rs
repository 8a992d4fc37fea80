//! An identity whose policies together make it an administrator.

use crate::Context;
use crate::identity::{Owned, all_statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A user, group or role whose policies, all taken together, allow one of the known ways to administrator rights on
    /// any resource (`Resource: "*"`): writing or attaching policies, making keys or passwords for others, joining
    /// groups, changing whom a role trusts and assuming it, replacing the code of functions, or passing a role to a
    /// function, stack or Glue endpoint. One finding per identity, at the identity.
    ///
    /// ## Why it matters
    /// No single policy looks dangerous, but whoever holds the identity gives himself every right in one or two calls.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Deployers:
    ///     Type: AWS::IAM::Group
    ///     Properties:
    ///       Policies:
    ///         - PolicyName: users
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:PutUserPolicy
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Deployers:
    ///     Type: AWS::IAM::Group
    ///     Properties:
    ///       Policies:
    ///         - PolicyName: users
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: iam:GetUserPolicy
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// Only statements on every resource and without condition count. Policies that AWS manages aren't looked into, and
    /// `Deny` statements aren't weighed. The dangerous statement itself is another rule's matter.
    EscalatingIdentity {
        id: "escalating-identity",
        title: "identity that can make itself administrator",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-016",
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
        profiles: [],
        why: "whoever holds the identity gives himself every right in one or two calls",
    }
}

/// Actions that, held together, lead to administrator rights.
const WAYS: &[&[&str]] = &[
    &["iam:AddUserToGroup"],
    &["iam:AttachGroupPolicy"],
    &["iam:AttachRolePolicy"],
    &["iam:AttachUserPolicy"],
    &["iam:CreateAccessKey"],
    &["iam:CreateLoginProfile"],
    &["iam:CreatePolicyVersion"],
    &["iam:PutGroupPolicy"],
    &["iam:PutRolePolicy"],
    &["iam:PutUserPolicy"],
    &["iam:SetDefaultPolicyVersion"],
    &["iam:UpdateLoginProfile"],
    &["lambda:UpdateFunctionCode"],
    &["glue:UpdateDevEndpoint"],
    &["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"],
    &["iam:PassRole", "cloudformation:CreateStack"],
    &["iam:PassRole", "glue:CreateDevEndpoint"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
];

impl Rule for EscalatingIdentity {
    const ON: &'static [&'static str] = &["AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"];

    fn check(identity: &Resource, cx: &Context<'_>) {
        let wide: Vec<Owned<'_>> = all_statements(cx, identity)
            .into_iter()
            .filter(|owned| {
                let statement = &owned.placed.statement;
                statement.allows() && statement.on_everything() && statement.conditions.is_none()
            })
            .collect();
        let by = |action: &str| wide.iter().find(|owned| owned.placed.statement.covers_action(action));
        for way in WAYS {
            let Some(owned) = way.iter().map(|action| by(action)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let names: Vec<String> = way.iter().map(|action| format!("`{action}`")).collect();
            let message = format!(
                "`{}` can make itself administrator: {} on every resource",
                identity.logical_id,
                names.join(" and ")
            );
            let mut report = cx.finding(identity, message);
            for one in &owned {
                report = report.related(Some(one.placed.statement.span), "allowed here");
            }
            return report.help("name the resources on which these actions are needed").report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EscalatingIdentity;
    use crate::testing::Build;

    const WIDE: &str = r#""Effect": "Allow", "Resource": "*""#;

    fn policy(action: &str) -> String {
        let document = format!(r#"{{"Statement": [{{{WIDE}, "Action": "{action}"}}]}}"#);
        format!(r#"{{"PolicyName": "p", "PolicyDocument": {document}, "Users": [{{"Ref": "User"}}]}}"#)
    }

    #[test]
    fn one_action_is_enough_for_some_ways() {
        let user = format!(r#"{{"Policies": [{}]}}"#, policy("iam:Put*"));
        assert_eq!(
            Build::new().json("User", "AWS::IAM::User", &user).findings::<EscalatingIdentity>(),
            ["User: `User` can make itself administrator: `iam:PutGroupPolicy` on every resource"]
        );
    }

    #[test]
    fn others_need_the_policies_together() {
        let one = Build::new().json("User", "AWS::IAM::User", "{}").json(
            "Pass",
            "AWS::IAM::Policy",
            &policy("iam:PassRole"),
        );
        assert!(one.findings::<EscalatingIdentity>().is_empty());
        let both = one.json("Stacks", "AWS::IAM::Policy", &policy("cloudformation:CreateStack"));
        assert_eq!(both.findings::<EscalatingIdentity>().len(), 1);
    }

    #[test]
    fn named_resources_and_conditions_are_clean() {
        for rest in [
            r#""Resource": "arn:aws:iam::123456789012:user/ci""#,
            r#""Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#,
        ] {
            let user = format!(
                r#"{{"Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement":
                    {{"Effect": "Allow", "Action": "iam:PutUserPolicy", {rest}}}}}}}]}}"#
            );
            let build = Build::new().json("User", "AWS::IAM::User", &user);
            assert!(build.findings::<EscalatingIdentity>().is_empty(), "{rest}");
        }
    }
}
