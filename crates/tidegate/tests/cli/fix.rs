//! `check --fix` edits files, and only what it must.

use super::project::{OPEN_URL, Project};

/// The rules that these tests are about.
const RULES: [&str; 3] = ["check", "--rule", "function-url-without-auth,queue-encryption-off"];

const QUEUE: &str = "\
# keep me
Resources:
  Queue:   # and me
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: 'false'  # why
";

#[test]
fn safe_fixes_alone_unless_all_are_asked_for() {
    let project = Project::with("url.yaml", OPEN_URL).file("queue.yaml", QUEUE);
    let ran = project.run(&[&RULES[..], &["--fix"]].concat());
    assert!(ran.stderr.contains("fixed 1 finding in 1 file"), "{}", ran.stderr);
    assert_eq!(project.read("url.yaml").as_deref(), Some(OPEN_URL));
    assert_eq!(project.read("queue.yaml"), Some(QUEUE.replace("'false'", "'true'")));
    assert_eq!(ran.code, Some(10), "what is left counts");

    let ran = project.run(&[&RULES[..], &["--fix=unsafe"]].concat());
    assert!(ran.stderr.contains("fixed 1 finding in 1 file"), "{}", ran.stderr);
    assert_eq!(project.read("url.yaml"), Some(OPEN_URL.replace("AuthType: NONE", "AuthType: AWS_IAM")));
    assert_eq!(ran.code, Some(0));

    let ran = project.run(&[&RULES[..], &["--fix=unsafe"]].concat());
    assert!(ran.stderr.contains("nothing was fixed"), "{}", ran.stderr);
    assert_eq!(project.names(), ["queue.yaml", "url.yaml"], "nothing is left behind");
}

#[test]
fn line_breaks_and_marks_stay() {
    let text = format!("\u{feff}{}", QUEUE.replace('\n', "\r\n"));
    let project = Project::with("queue.yaml", &text);
    project.run(&[&RULES[..], &["--fix"]].concat());
    assert_eq!(project.read("queue.yaml"), Some(text.replace("'false'", "'true'")));
}

#[test]
fn what_is_accepted_stays() {
    let text =
        QUEUE.replace("# why", "# tidegate: allow queue-encryption-off reason=\"only test data in it\"");
    let project = Project::with("queue.yaml", &text);
    let ran = project.run(&[&RULES[..], &["--fix"]].concat());
    assert!(ran.stderr.contains("nothing was fixed"), "{}", ran.stderr);
    assert_eq!(project.read("queue.yaml"), Some(text));
}

#[test]
fn generated_files_stay_and_are_named() {
    let project = Project::with("cdk.out/app.template.json", "{\"Resources\": {\"Queue\": {\"Type\": \"AWS::SQS::Queue\", \"Properties\": {\"SqsManagedSseEnabled\": false}}}}")
        .file("cdk.out/manifest.json", "{\"version\": \"36.0.0\", \"artifacts\": {\"app\": {\"type\": \"aws:cloudformation:stack\", \"properties\": {\"templateFile\": \"app.template.json\"}}}}");
    let before = project.read("cdk.out/app.template.json");
    let ran = project.run(&[&RULES[..], &["--fix", "--format", "json"]].concat());
    assert!(ran.stderr.contains("in generated files not fixed"), "{}", ran.stderr);
    assert!(ran.json()["findings"][0]["fix"].is_null());
    assert_eq!(project.read("cdk.out/app.template.json"), before);
}

#[test]
fn programs_get_the_edits() {
    let project = Project::with("url.yaml", OPEN_URL);
    let fix = &project.run(&[&RULES[..], &["--format", "json"]].concat()).json()["findings"][0]["fix"];
    assert_eq!(fix["safety"], "unsafe");
    let edit = &fix["edits"][0];
    assert_eq!((&edit["file"], &edit["replacement"]), (&"url.yaml".into(), &"AWS_IAM".into()));
    assert_eq!((&edit["start"]["line"], &edit["start"]["column"]), (&13.into(), &17.into()));
    assert_eq!(edit["end"]["column"], 21);
    let log = project.run(&[&RULES[..], &["--format", "sarif"]].concat()).json();
    let replacement = &log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "AWS_IAM");
    assert_eq!(replacement["deletedRegion"]["endColumn"], 21);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_left_alone() {
    let outside = Project::with("queue.yaml", QUEUE);
    let project = Project::new();
    std::fs::create_dir_all(project.path("in")).unwrap();
    let shared = project.path("shared.yaml");
    std::fs::write(&shared, QUEUE).unwrap();
    std::os::unix::fs::symlink(&shared, project.path("in/queue.yaml")).unwrap();
    let ran = project.run(&["check", "in", "--fix"]);
    assert!(ran.stderr.contains("outside of the folder"), "{}", ran.stderr);
    assert_eq!(project.read("shared.yaml").as_deref(), Some(QUEUE));
    assert_eq!(outside.read("queue.yaml").as_deref(), Some(QUEUE));
}
