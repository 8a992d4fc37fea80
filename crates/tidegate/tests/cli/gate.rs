//! `tidegate guard http`: what keeps a gate from starting.

use super::project::{Project, Ran};

/// A gate that can't start.
fn refused(args: &[&str]) -> Ran {
    let ran = Project::new().run(&[&["guard", "http"], args].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {}", ran.stderr);
    ran
}

#[test]
fn a_gate_is_not_its_own_upstream() {
    let refused = refused(&["--listen", "0.0.0.0:18080", "--upstream", "http://localhost:18080"]);
    assert!(
        refused.stderr.starts_with("error: the upstream is the address `0.0.0.0:18080`"),
        "{}",
        refused.stderr
    );
}
