//! `init` writes systems that keep every rule, and destroys nothing.

use super::installed::peer;
use super::project::{Project, Ran};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn init(project: &Project, args: &[&str]) -> Ran {
    project.run(&[&["init"], args].concat())
}

/// What is found in a folder: nothing of any kind, but what is accepted there with a reason.
fn is_clean(project: &Project, folder: &str, resources: u64) {
    let ran = project.run(&["check", folder, "--profile", "all", "--fail-on", "info", "--format", "json"]);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["state"] == "accepted" && f["severity"] == "info"), "{}", ran.stdout);
    assert!(findings.len() <= 2, "{}", ran.stdout);
    assert_eq!(report["problems"], Value::Array(Vec::new()), "{}", ran.stdout);
    assert!(report["coverage"]["resources"].as_u64() >= Some(resources), "{}", report["coverage"]);
    assert_eq!(ran.code, Some(0));
    // As the folder's own configuration wants it, too.
    let ran = project.command().current_dir(project.path(folder)).arg("check").output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.contains("profile all") && text.contains("no findings"), "{text}");
}

/// The way of an event, by kind of node.
fn flows(project: &Project, folder: &str) -> Vec<String> {
    let graph = project.run(&["graph", folder, "--format", "json"]).json();
    let nodes = graph["nodes"].as_array().unwrap();
    let kind = |id: &Value| {
        let node = nodes.iter().find(|node| node["id"] == *id).unwrap();
        node["kind"].as_str().unwrap().to_string()
    };
    let edges = graph["edges"].as_array().unwrap().iter();
    edges
        .map(|e| format!("{} {} {}", kind(&e["from"]), e["kind"].as_str().unwrap(), kind(&e["to"])))
        .collect()
}

const WAY: [&str; 4] =
    ["api publishes queue", "queue publishes queue", "queue triggers function", "function writes store"];

fn has_the_whole_way(project: &Project, folder: &str) {
    let flows = flows(project, folder);
    for step in WAY {
        assert!(flows.iter().any(|flow| flow == step), "{step} is missing: {flows:#?}");
    }
}

#[test]
fn sam_keeps_every_rule() {
    let project = Project::new();
    let ran = init(&project, &["orders", "--template", "sam"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(ran.stderr.contains("cd orders\n") && ran.stderr.contains("sam build"), "{}", ran.stderr);
    for path in ran.stdout.lines() {
        let text = project.read(path).unwrap_or_else(|| panic!("{path} was not written"));
        assert!(!text.contains("notes-app"), "{path} has another name");
    }
    is_clean(&project, "orders", 20);
    has_the_whole_way(&project, "orders");
}

#[test]
fn a_new_system_is_watched_until_somebody_says_block() {
    let project = Project::new();
    init(&project, &["--template", "sam"]);
    let mode = |word: &str| {
        let text = project.run(&["contract", "--format", "text"]).stdout;
        assert!(text.contains(word), "{text}");
        text
    };
    let watching = mode(" 0 blocking, ");
    assert!(watching.contains("only watched") && watching.contains("`mode = \"block\"`"), "{watching}");
    let config = project.read("tidegate.toml").unwrap();
    let project = Project::new().file("template.yaml", &project.read("template.yaml").unwrap());
    let project =
        project.file("tidegate.toml", &config.replace("\nmode = \"monitor\"", "\nmode = \"block\""));
    let blocking = project.run(&["contract", "--format", "text"]).stdout;
    assert!(!blocking.contains("only watched") && blocking.contains(" 0 monitoring"), "{blocking}");
}

#[test]
fn terraform_keeps_every_rule() {
    let project = Project::new();
    let ran = init(&project, &["--template", "terraform", "--name", "orders"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(!ran.stderr.contains("cd "), "{}", ran.stderr);
    is_clean(&project, ".", 30);
    has_the_whole_way(&project, ".");
    assert!(project.read("main.tf").unwrap().contains("orders-${var.stage}"));
}

#[test]
fn what_is_weakened_is_found() {
    let project = Project::new();
    init(&project, &["--template", "sam"]);
    let text = project.read("template.yaml").unwrap();
    for (strong, weak, rule) in [
        ("DefaultAuthorizer: People", "EnableIamAuthorizer: false", "operation-without-authorizer"),
        ("      RetentionInDays: 365\n", "", "log-kept-forever"),
        (
            "      RedrivePolicy:\n        deadLetterTargetArn: !GetAtt DeadLetters.Arn\n        maxReceiveCount: 5\n",
            "",
            "queue-without-dead-letters",
        ),
        ("nodejs24.x", "nodejs16.x", "deprecated-runtime"),
    ] {
        assert!(text.contains(strong), "{strong}");
        let weakened = Project::with("template.yaml", &text.replace(strong, weak));
        let ran = weakened.run(&["check", "--profile", "all"]);
        assert!(ran.stdout.contains(rule), "{rule}: {}", ran.all());
    }
}

#[test]
fn nothing_is_written_over() {
    let project = Project::with("README.md", "mine\n").file("tidegate.toml", "").file("other.txt", "mine\n");
    let ran = init(&project, &["--template", "sam"]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.all());
    assert_eq!(project.names(), ["README.md", "other.txt", "tidegate.toml"]);
    assert_eq!(project.read("README.md").as_deref(), Some("mine\n"));

    let ran = init(&project, &["--template", "sam", "--force", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_ne!(project.read("README.md").as_deref(), Some("mine\n"));
    assert_eq!(project.read("other.txt").as_deref(), Some("mine\n"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let project = Project::with("file", "");
    for args in [
        &["--template", "pulumi"][..],
        &[],
        &["--template", "sam", "--name", "Not Good"],
        &["file", "--template", "sam"],
    ] {
        let ran = init(&project, args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.all());
    }
    assert_eq!(project.names(), ["file"]);
}

/// Lays out what `npm install` would.
fn install(project: &Project) -> Option<()> {
    for (package, from) in [
        ("aws-cdk-lib", "aws-cdk-lib"),
        ("constructs", "aws-cdk-lib"),
        ("aws-cdk", "aws-cdk"),
        ("typescript", "typescript"),
        ("@types/node", "@types/node"),
    ] {
        let there = peer(&format!("npm/{from}"))?.join("node_modules").join(package);
        let version = |folder: &Path| {
            let text = std::fs::read_to_string(folder.join("package.json")).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["version"].as_str().unwrap().to_string()
        };
        let wanted = project.read("package.json").unwrap();
        if package != "constructs" {
            let line = format!("\"{package}\": \"{}\"", version(&there));
            assert!(wanted.contains(&line), "the starter wants another {package} than {}", version(&there));
        }
        link(&there, &project.path("node_modules").join(package));
    }
    link(&project.path("node_modules/typescript/bin/tsc"), &project.path("node_modules/.bin/tsc"));
    Some(())
}

fn link(there: &Path, here: &Path) {
    std::fs::create_dir_all(here.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(there, here).unwrap();
}

fn node(project: &Project, args: &[&str]) -> Output {
    Command::new("node")
        .args(args)
        .current_dir(project.path(""))
        .env("CDK_DISABLE_CLI_TELEMETRY", "true")
        .env("HOME", project.path(".home"))
        .output()
        .unwrap()
}

fn succeeds(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn cdk_can_be_synthesised_and_keeps_every_rule() {
    let project = Project::new();
    let ran = init(&project, &["--template", "cdk", "--name", "orders"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let Some(()) = install(&project) else { return };
    succeeds(&node(&project, &["--check", "src/index.mjs"]));
    succeeds(&node(&project, &["node_modules/typescript/bin/tsc", "--noEmit"]));
    assert!(!project.path("dist").exists());
    succeeds(&node(&project, &["node_modules/aws-cdk/bin/cdk", "synth", "--quiet", "--no-notices"]));
    let template: PathBuf = project.path("cdk.out/orders-dev.template.json");
    assert!(template.is_file());
    is_clean(&project, ".", 25);
    has_the_whole_way(&project, ".");
}
