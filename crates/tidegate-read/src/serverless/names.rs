//! Logical ids as the framework makes them; templates refer to them.

use tidegate_graph::{Piece, Value};

/// First letter upper.
pub(super) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Of a function: `my-fn_1` is `MyDashfnUnderscore1`.
pub(super) fn function(key: &str) -> String {
    upper_first(&key.replace('-', "Dash").replace('_', "Underscore"))
}

/// Letters and digits alone.
pub(super) fn alphanumeric(name: &str) -> String {
    let kept: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    upper_first(&kept)
}

/// Of a path: `users/{id}` is `UsersIdVar`.
pub(super) fn path(path: &str) -> String {
    path.split(['/', ' ']).filter(|p| !p.is_empty()).map(path_part).collect()
}

fn path_part(part: &str) -> String {
    let part = part.replace('-', "Dash");
    let part = match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(name) => format!("{name}Var"),
        None => part,
    };
    alphanumeric(&part)
}

/// Of an HTTP method: `GET` is `Get`.
pub(super) fn method(method: &str) -> String {
    upper_first(&method.to_ascii_lowercase())
}

/// The name that an ARN, or an intrinsic in the place of one, ends in; the `part` of its path where it has one.
pub(super) fn of_arn(arn: &Value, part: usize) -> String {
    match arn.as_map().and_then(|m| m.only()) {
        Some((key, argument)) if key == "Fn::GetAtt" || key == "Fn::Split" || key == "Fn::Select" => {
            let first = argument.items().first().map(Value::display).unwrap_or_default();
            alphanumeric(first.split('.').next().unwrap_or_default())
        }
        Some((key, argument)) if key == "Fn::Join" => {
            let last = argument.items().get(1).and_then(|parts| parts.items().last()).cloned();
            last.map_or_else(String::new, |last| of_arn(&last, part))
        }
        Some((key, argument)) if key == "Fn::Sub" => {
            argument.items().first().map_or_else(String::new, |text| of_arn(text, part))
        }
        Some((_, argument)) => alphanumeric(&argument.display()),
        None => {
            let text: String = arn.pieces().iter().map(Piece::display).collect();
            let last = text.rsplit(':').next().unwrap_or_default();
            let name = last.split('/').nth(part).unwrap_or(last);
            alphanumeric(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::Span;

    #[test]
    fn ids_are_those_of_the_framework() {
        assert_eq!(function("my-fn_1"), "MyDashfnUnderscore1");
        assert_eq!(path("/users/{id}/sub-path/{proxy+}"), "UsersIdVarSubDashpathProxyVar");
        assert_eq!(method("GET"), "Get");
        let arn = |text: &str| Value::text(text, Span::default());
        assert_eq!(of_arn(&arn("arn:aws:sqs:eu-west-1:1:my-queue"), 0), "Myqueue");
        assert_eq!(of_arn(&arn("arn:aws:dynamodb:eu-west-1:1:table/Orders/stream/2020"), 1), "Orders");
        assert_eq!(of_arn(&crate::serverless::raw::attribute("Queue", "Arn", Span::default()), 0), "Queue");
    }
}
