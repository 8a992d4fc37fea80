//! What was there before: baselines and changes.

use super::formats::validate;
use super::project::{CLOSED_URL, OPEN_URL, Project, Ran};
use serde_json::Value;
use std::process::Command;

const RULE: [&str; 3] = ["check", "--rule", "function-url-without-auth"];

fn check(project: &Project, more: &[&str]) -> Ran {
    project.run(&[&RULE, more].concat())
}

fn resources(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["resource"].as_str().unwrap().to_string())
        .collect()
}

fn git(project: &Project, args: &[&str]) {
    let output = Command::new("git")
        .current_dir(project.path(""))
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn commit(project: &Project, message: &str) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-q", "--allow-empty", "-m", message]);
}

fn repository(path: &str, text: &str) -> Project {
    let project = Project::with(path, text);
    std::fs::remove_dir(project.path(".git")).unwrap();
    git(&project, &["init", "-q", "-b", "main"]);
    commit(&project, "one");
    project
}

#[test]
fn only_what_is_new_counts() {
    let project = Project::with("template.yaml", OPEN_URL);
    let ran = check(&project, &["--write-baseline", "ci/baseline.json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "wrote 1 finding to `ci/baseline.json`\n"));
    let written: Value = serde_json::from_str(&project.read("ci/baseline.json").unwrap()).unwrap();
    validate("../../docs/schemas/baseline.json", &written);
    assert_eq!(
        (&written["version"], &written["findings"][0]["resource"]),
        (&1.into(), &"template/HandlerUrl".into())
    );

    let ran = check(&project, &["--baseline", "ci/baseline.json"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("1 finding in the baseline not shown\nno new findings"), "{}", ran.stdout);

    let project = project.file("second.yaml", OPEN_URL);
    let ran = check(&project, &["--baseline", "ci/baseline.json", "--format", "json"]);
    assert_eq!((ran.code, resources(&ran)), (Some(10), vec!["second/HandlerUrl".to_string()]));
    assert_eq!(ran.json()["summary"]["baseline"], 1);
}

#[test]
fn fingerprints_survive_moved_lines_and_renamed_folders() {
    let old = Project::with("a/infra/template.yaml", OPEN_URL).file("a/tf/main.tf", TERRAFORM);
    check(&old, &["a", "--write-baseline", "b.json"]);
    let moved = Project::with(
        "elsewhere/b/infra/template.yaml",
        &format!("# one\n\n# two\nDescription: x\n{OPEN_URL}"),
    )
    .file("elsewhere/b/tf/other-name.tf", &format!("\n\n{TERRAFORM}"))
    .file("b.json", &old.read("b.json").unwrap());
    let ran = check(&moved, &["elsewhere/b", "--baseline", "b.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("2 findings in the baseline"), "{}", ran.stdout);
    // The folder itself may have another name, too.
    let terraform = Project::with("x/main.tf", TERRAFORM);
    check(&terraform, &["x", "--write-baseline", "b.json"]);
    let renamed = Project::with("y/main.tf", TERRAFORM).file("b.json", &terraform.read("b.json").unwrap());
    assert_eq!(check(&renamed, &["y", "--baseline", "b.json"]).code, Some(0));
}

const TERRAFORM: &str = "\
resource \"aws_lambda_function_url\" \"open\" {
  function_name      = \"f\"
  authorization_type = \"NONE\"
}
";

#[test]
fn what_is_no_baseline_is_refused() {
    let project = Project::with("template.yaml", OPEN_URL)
        .file("text.json", "no")
        .file("later.json", "{\"version\": 2, \"findings\": []}")
        .file("none.json", "{\"version\": 1}")
        .file("odd.json", "{\"version\": 1, \"findings\": [{}]}");
    for (file, why) in [
        ("missing.json", "there is no file"),
        ("text.json", "it is no JSON"),
        ("later.json", "its version is 2"),
        ("none.json", "it has no `findings`"),
        ("odd.json", "a finding has no `fingerprint`"),
    ] {
        let ran = check(&project, &["--baseline", file]);
        assert_eq!(ran.code, Some(2), "{file}");
        assert!(ran.stderr.contains(why), "{file}: {}", ran.stderr);
    }
}

#[test]
fn a_change_shows_what_it_adds() {
    let project = repository("infra/template.yaml", OPEN_URL);
    // Lines move, a second finding comes, and the work tree holds a third.
    let project = project
        .file("infra/template.yaml", &format!("# moved\n{OPEN_URL}"))
        .file("infra/second.yaml", OPEN_URL);
    commit(&project, "two");
    let project = project.file("infra/third.yaml", OPEN_URL);
    let added = |range: &str| {
        let mut found = resources(&check(&project, &["infra", "--diff", range, "--format", "json"]));
        found.sort();
        found
    };
    assert_eq!(added("HEAD~1..HEAD"), ["second/HandlerUrl"]);
    assert_eq!(added("HEAD~1..."), ["second/HandlerUrl"]);
    assert_eq!(added("HEAD~1"), ["second/HandlerUrl", "third/HandlerUrl"]);
    assert_eq!(added("HEAD"), ["third/HandlerUrl"]);
    assert_eq!(added("HEAD..HEAD"), Vec::<String>::new());
    let ran = check(&project, &["infra", "--diff", "HEAD~1..HEAD"]);
    assert_eq!(ran.code, Some(10));
    assert!(
        ran.stdout.contains("infra/second.yaml:") && !ran.stdout.contains("tidegate-diff"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("1 finding that the change does not add not shown"), "{}", ran.stdout);
    // Nothing of the user's was touched.
    let status =
        Command::new("git").current_dir(project.path("")).args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(String::from_utf8(status.stdout).unwrap(), "?? infra/third.yaml\n");
    let worktrees =
        Command::new("git").current_dir(project.path("")).args(["worktree", "list"]).output().unwrap();
    assert_eq!(String::from_utf8(worktrees.stdout).unwrap().lines().count(), 1);
}

#[test]
fn a_change_may_begin_with_nothing() {
    let project = repository("README.md", "x").file("infra/template.yaml", OPEN_URL);
    commit(&project, "two");
    let ran = check(&project, &["infra", "--diff", "HEAD~1..HEAD", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(10), ""));
    assert_eq!(resources(&ran), ["template/HandlerUrl"]);
}

#[test]
fn one_more_of_the_same_is_more() {
    let project = repository("template.yaml", CLOSED_URL).file("template.yaml", OPEN_URL);
    assert_eq!(resources(&check(&project, &["--diff", "HEAD", "--format", "json"])), ["template/HandlerUrl"]);
}

#[test]
fn a_suppression_that_ends_is_a_change() {
    let words = "      # tidegate: allow function-url-without-auth reason=\"x\"\n      AuthType: NONE";
    let project = repository("template.yaml", &OPEN_URL.replace("      AuthType: NONE", words))
        .file("template.yaml", OPEN_URL);
    assert_eq!(resources(&check(&project, &["--diff", "HEAD", "--format", "json"])), ["template/HandlerUrl"]);
}

#[test]
fn revisions_that_are_none() {
    let project = repository("template.yaml", OPEN_URL);
    for range in ["nope", "HEAD..nope", "--output=x", "nope...HEAD", ".."] {
        let ran = check(&project, &["--diff", range]);
        assert_eq!(ran.code, Some(2), "{range}: {}", ran.all());
    }
    let ran = check(&Project::with("template.yaml", OPEN_URL), &["--diff", "HEAD"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no git work tree"), "{}", ran.stderr);
}
