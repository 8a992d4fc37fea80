//! Wrong command lines, and input that isn't there.

use super::project::{CLOSED_URL, OPEN_URL, Project};
use insta::assert_snapshot;

#[test]
fn without_a_command_the_help_is_shown() {
    let ran = Project::new().run::<&str>(&[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: tidegate"), "{}", ran.stderr);
}

#[test]
fn help_names_every_exit_code() {
    let ran = Project::new().run(&["--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(ran.stdout);
}

#[test]
fn help_of_check() {
    assert_snapshot!(Project::new().run(&["check", "--help"]).stdout);
}

#[test]
fn version() {
    let ran = Project::new().run(&["--version"]);
    let short = format!("tidegate {}\n", env!("CARGO_PKG_VERSION"));
    let (first, day) = ran.stdout.split_once("catalogue of AWS's actions: ").unwrap();
    assert_eq!((first, day.trim().len()), (short.as_str(), "2026-09-26".len()));
    assert_eq!(Project::new().run(&["-V"]).stdout, short);
}

#[test]
fn an_empty_folder() {
    assert_snapshot!(Project::new().run(&["check"]).all());
}

#[test]
fn a_folder_without_anything_to_read_is_told_without_made_up_ones() {
    let ran = Project::with("notes.txt", "x").run(&["contract"]);
    assert_eq!(ran.code, Some(3), "{}", ran.all());
    assert!(ran.stderr.ends_with("help: name the folder that holds one of them\n"), "{}", ran.stderr);
}

#[test]
fn a_cdk_project_that_was_not_synthesized() {
    let ran = Project::with("cdk.json", "{\"app\": \"npx cdk\"}").run(&["graph"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("run `cdk synth`"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_no_template() {
    let ran = Project::with("notes.txt", "hello\n").run(&["check", "notes.txt"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("`notes.txt` is nothing that Tidegate reads"), "{}", ran.stderr);
}

#[test]
fn a_missing_path() {
    let project = Project::with("template.yaml", CLOSED_URL);
    assert_snapshot!(project.run(&["check", "tempalte.yaml"]).all());
    assert_snapshot!(project.run(&["check", "elsewhere"]).all());
}

#[test]
fn a_wrong_flag() {
    assert_snapshot!(Project::new().run(&["check", "--formt", "json"]).all());
}

#[test]
fn a_wrong_command() {
    assert_snapshot!(Project::new().run(&["chekc"]).all());
}

#[test]
fn a_wrong_format() {
    assert_snapshot!(Project::new().run(&["check", "--format", "jsno"]).all());
}

#[test]
fn a_wrong_profile() {
    assert_snapshot!(Project::new().run(&["check", "--profile", "baseline,regulatd"]).all());
}

#[test]
fn a_wrong_severity() {
    assert_snapshot!(Project::new().run(&["check", "--fail-on", "hihg"]).all());
}

#[test]
fn a_wrong_rule() {
    let project = Project::with("template.yaml", OPEN_URL);
    assert_snapshot!(project.run(&["check", "--rule", "function-url-without-auht"]).all());
    for args in [["--without", "zzz"], ["--explain", "zzz"]] {
        let ran = project.run(&[&["check"][..], &args].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
        assert!(ran.stderr.starts_with("error: there is no rule `zzz`\n"), "{}", ran.stderr);
    }
}

#[test]
fn a_parameter_without_a_value() {
    let ran = Project::new().run(&["check", "--param", "Env"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("expected NAME=VALUE"), "{}", ran.stderr);
}

#[test]
fn completions_and_manual() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = project.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.stdout.contains("completions") && ran.stdout.contains("fail-on"), "{shell}");
        assert!(ran.stderr.is_empty());
    }
    assert!(project.run(&["man"]).stdout.contains(".TH tidegate 1"));
    assert_eq!(project.run(&["man", "pages"]).code, Some(0));
    let check = project.read("pages/tidegate-check.1").unwrap();
    assert!(check.contains("fail\\-on"), "{check}");
    // One page for each command that the help names.
    let help = project.run(&["--help"]).stdout;
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let commands: Vec<_> =
        commands.filter(|l| !l.starts_with("    ")).filter_map(|l| l.split_whitespace().next()).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands.into_iter().filter(|c| *c != "help") {
        assert!(project.read(&format!("pages/tidegate-{command}.1")).is_some(), "{command}");
    }
}

#[test]
fn the_reference_is_written_from_the_code() {
    let project = Project::new();
    assert_eq!(project.run(&["reference", "docs"]).code, Some(0));
    let page = project.read("docs/rules/function-url-without-auth.md").unwrap();
    assert!(page.contains("\n## Why it matters\n") && page.contains("| Severity | high |"), "{page}");
    assert!(!page.contains("yaml,finding"), "{page}");
    assert!(project.read("docs/rules/README.md").unwrap().contains("(function-url-without-auth.md)"));
    assert!(project.read("docs/reference/config.md").unwrap().contains("## `rules.off`"));
    assert!(project.read("docs/reference/cli.md").unwrap().contains("## `tidegate check`"));
    let before = std::fs::metadata(project.path("docs/reference/cli.md")).unwrap().modified().unwrap();
    assert_eq!(project.run(&["reference", "docs"]).code, Some(0));
    assert_eq!(std::fs::metadata(project.path("docs/reference/cli.md")).unwrap().modified().unwrap(), before);
}
