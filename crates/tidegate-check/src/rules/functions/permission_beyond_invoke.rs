//! A permission to do more than call.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function permission whose action is not one that invokes: `lambda:*`, `*`, or any other single action.
    ///
    /// ## Why it matters
    /// Who is let in to call the function may then change its code or read it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Allow:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:*
    ///       Principal: "123456789012"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Allow:
    ///     Type: AWS::Lambda::Permission
    ///     Properties:
    ///       FunctionName: orders
    ///       Action: lambda:InvokeFunction
    ///       Principal: "123456789012"
    /// ```
    ///
    /// ## Limits
    /// A deployment pipeline of another account that updates the function is reported: a role to assume does it better.
    PermissionBeyondInvoke {
        id: "permission-beyond-invoke",
        title: "function permission beyond invoking",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-014",
            "kics:9b83114b-b2a1-4534-990d-06da015e47aa",
            "kics:75ec6890-83af-4bf1-9f16-e83726df0bd0",
            "cfn-lint-serverless:WS1003",
            "guard:lambda_permission_invoke_function_action"],
        threats: ["T25"],
        profiles: [],
        why: "who should only call the function may change it",
    }
}

impl Rule for PermissionBeyondInvoke {
    const ON: &'static [&'static str] = &["AWS::Lambda::Permission"];

    fn check(permission: &Resource, cx: &Context<'_>) {
        const INVOKE: [&str; 3] = ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync"];
        let Some(action) = cx.get(permission, &["Action"]) else { return };
        let Some(text) = action.as_str() else {
            return cx.unknown(permission, action, "the action");
        };
        if !INVOKE.iter().any(|invoke| invoke.eq_ignore_ascii_case(text)) {
            cx.finding(permission, format!("the permission allows `{text}`, not just calls"))
                .at(&["Action"])
                .help("allow `lambda:InvokeFunction` only")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PermissionBeyondInvoke;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("R", "AWS::Lambda::Permission", properties)
            .findings::<PermissionBeyondInvoke>()
            .len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"Action": "lambda:*"}"##,
            r##"{"Action": "*"}"##,
            r##"{"Action": "lambda:UpdateFunctionCode"}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [
            r##"{"Action": "lambda:InvokeFunction"}"##,
            r##"{"Action": "lambda:invokefunctionurl"}"##,
            r##"{}"##,
        ] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
