//! Conditions of `tidegate.toml` that can't be what somebody meant.

use super::project::Project;
use super::schemas::SHOP;

#[test]
fn a_condition_that_fits_no_event_is_refused_at_its_place() {
    for (when, at, parts) in [
        (
            "1 + 1",
            "tidegate.toml:3:9",
            &["`when` is no condition: this is a number, never true or false"][..],
        ),
        ("event.body.n > 0 && \"yes\"", "tidegate.toml:3:29", &["this is a string"]),
        ("event.a === 1", "tidegate.toml:3:17", &["there is no `===` in CEL, equal is `==`"]),
    ] {
        let config = format!("[[contract.condition]]\nedges = '*/Place:sqs'\nwhen = '{when}'\n");
        let ran = Project::with("template.yaml", SHOP).file("tidegate.toml", &config).run(&["contract"]);
        assert_eq!(ran.code, Some(2), "{when}: {}", ran.all());
        let help = "true or false, as `event.body.amount <= 10000`";
        for part in parts.iter().chain(&[at, help]) {
            assert!(ran.stderr.contains(part), "{when}: {part} in {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("IDENTIFIER") && !ran.stderr.contains("token"), "{}", ran.stderr);
    }
}
