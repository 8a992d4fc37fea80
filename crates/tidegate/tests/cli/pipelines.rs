//! Formats for pipelines and pages: their structure, and that nothing of the user's breaks out of them.

use super::formats::validate;
use super::project::{OPEN_URL, Project};
use roxmltree::{Document, Node};
use serde_json::Value;
use std::collections::HashSet;

/// Two findings, an accepted one, a warning, a problem, and names that are up to no good.
pub(super) fn hostile() -> Project {
    let bad = "\
Resources:
  Handler<img src=x onerror=alert(1)>|@team::error::[x](http://e.example):
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: \"arn:aws:lambda:eu-west-1:123456789012:function:</script><script>]]>\"
      AuthType: NONE
  Accepted:
    Type: AWS::Lambda::Url
    # tidegate: allow function-url-without-auth until=2027-06-30 reason=\"<b>signed & checked</b>\"
    Properties: {TargetFunctionArn: a, AuthType: NONE}
  Noted:
    Type: AWS::Lambda::Url
    # tidegate: allow function-url-without-authh
    Properties: {TargetFunctionArn: a, AuthType: NONE}
";
    Project::with("in fra/a,b:c%.yaml", bad)
        .file("in fra/template.yaml", OPEN_URL)
        .file("in fra/broken.yaml", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  - nonsense: [\n")
}

const OPEN: usize = 3;

pub(super) fn run(project: &Project, format: &str) -> String {
    let ran = project.run(&[
        "check",
        "in fra",
        "--rule",
        "function-url-without-auth",
        "--today",
        "2027-01-01",
        "--format",
        format,
    ]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(10), ""), "{format}");
    ran.stdout
}

pub(super) fn clean(format: &str) -> String {
    let project = Project::with("template.yaml", "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n");
    let ran = project.run(&["check", "--rule", "function-url-without-auth", "--format", format]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{format}");
    ran.stdout
}

fn named<'a>(node: Node<'a, 'a>, name: &str) -> Vec<Node<'a, 'a>> {
    node.descendants().filter(|n| n.has_tag_name(name)).collect()
}

#[test]
fn junit_has_the_structure_that_servers_read() {
    for (text, failures, skipped, errors) in
        [(run(&hostile(), "junit"), OPEN, 1, 1), (clean("junit"), 0, 0, 0)]
    {
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name("testsuites"));
        let number = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
        let mut cases = 0;
        for suite in root.children().filter(Node::is_element) {
            assert!(suite.has_tag_name("testsuite") && !suite.attribute("name").unwrap().is_empty());
            let of = named(suite, "testcase");
            assert_eq!(number(suite, "tests"), of.len());
            assert_eq!(number(suite, "failures"), named(suite, "failure").len());
            assert_eq!(number(suite, "errors"), named(suite, "error").len());
            assert_eq!(number(suite, "skipped"), named(suite, "skipped").len());
            for case in of {
                assert!(case.attribute("name").is_some() && case.attribute("classname").is_some());
                let inner: Vec<_> = case.children().filter(Node::is_element).collect();
                assert!(inner.len() <= 1, "one result for each case");
                assert!(inner.iter().all(|n| ["failure", "error", "skipped"].contains(&n.tag_name().name())));
            }
            cases += number(suite, "tests");
        }
        assert!(cases > 0, "an empty report would be taken for a mistake");
        assert_eq!(
            (number(root, "tests"), number(root, "failures"), number(root, "errors")),
            (cases, failures, errors)
        );
        assert_eq!(named(root, "skipped").len(), skipped);
    }
    let text = run(&hostile(), "junit");
    let document = Document::parse(&text).unwrap();
    let skipped = named(document.root_element(), "skipped")[0].text().unwrap();
    assert_eq!(skipped, "accepted: <b>signed & checked</b> (until 2027-06-30)");
}

#[test]
fn github_has_one_command_a_line() {
    let text = run(&hostile(), "github");
    let commands: Vec<&str> = text.lines().filter(|l| l.starts_with("::")).collect();
    assert_eq!(commands.iter().filter(|c| c.starts_with("::error ")).count(), OPEN);
    assert_eq!(
        commands.iter().filter(|c| c.starts_with("::warning ")).count(),
        2,
        "a problem and a warning: {text}"
    );
    assert_eq!(commands.len(), OPEN + 2);
    for command in &commands {
        let (head, message) = command.trim_start_matches("::").split_once("::").unwrap();
        assert!(!message.is_empty());
        let (_, properties) = head.split_once(' ').unwrap();
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(
                ["file", "line", "endLine", "col", "title"].contains(&name) && !value.is_empty(),
                "{property}"
            );
        }
    }
    assert!(text.contains("file=in fra/a%2Cb%3Ac%25.yaml,line="), "{text}");
    assert!(text.ends_with("3 findings: 3 high\n"), "{text}");
    assert!(!clean("github").contains("::"));
}

#[test]
fn gitlab_keeps_to_its_schema() {
    for text in [run(&hostile(), "gitlab"), clean("gitlab")] {
        let report: Value = serde_json::from_str(&text).unwrap();
        validate("tests/schemas/gitlab-code-quality.json", &report);
    }
    let report: Value = serde_json::from_str(&run(&hostile(), "gitlab")).unwrap();
    let issues = report.as_array().unwrap();
    assert_eq!(issues.len(), OPEN, "what is accepted is no issue");
    let prints: HashSet<&str> = issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), OPEN);
    assert_eq!(clean("gitlab"), "[]\n");
}

#[test]
fn markdown_stays_a_table() {
    let text = run(&hostile(), "markdown");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ")).collect();
    assert_eq!(rows.len(), OPEN + 2);
    assert!(rows.iter().all(|row| row.matches('|').count() == 5), "{text}");
    for wrong in ["<img", "@team", "](", "<script", "</script", "://"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
    assert_eq!(text.matches("<details>").count(), OPEN);
    assert!(text.contains("1 finding accepted"), "{text}");
    assert!(clean("markdown").starts_with("### Tidegate: no findings\n"));
}

#[test]
fn a_long_comment_is_cut_and_says_so() {
    let mut many = "Resources:\n".to_string();
    for n in 0..700 {
        many.push_str(&format!("  Url{n}:\n    Type: AWS::Lambda::Url\n    Properties: {{TargetFunctionArn: a, AuthType: NONE}}\n"));
    }
    let ran = Project::with("template.yaml", &many).run(&["check", "--format", "markdown"]);
    let length = ran.stdout.chars().count();
    assert!((30_000..=60_000).contains(&length), "{length}");
    assert!(ran.stdout.contains("### Tidegate: ") && ran.stdout.contains("**Cut:**"), "{}", ran.stdout);
    assert!(ran.stdout.contains("with details") && ran.stdout.contains("in the table"));
    assert_eq!(ran.stdout.matches("<details>").count(), ran.stdout.matches("</details>").count());
    let rows = ran.stdout.lines().filter(|l| l.starts_with("| high")).count();
    assert!(
        ran.stdout.contains(&format!("{} findings more would not fit in the table", 700 - rows)),
        "{rows}"
    );
}

#[test]
fn the_page_needs_nothing_else() {
    for text in [run(&hostile(), "html"), clean("html")] {
        // All but the doctype and the void elements is XML, so that it can be read back.
        let body = text.strip_prefix("<!DOCTYPE html>\n").unwrap();
        let mut xml = body.replace("<wbr>", "<wbr/>");
        for line in body.lines().filter(|l| l.starts_with("<meta")) {
            xml = xml.replace(line, &line.replace('>', "/>"));
        }
        let document = Document::parse(&xml).unwrap_or_else(|e| panic!("{e}\n{xml}"));
        let mut ids = HashSet::new();
        for node in document.descendants().filter(Node::is_element) {
            let name = node.tag_name().name();
            assert!(
                !["script", "link", "img", "iframe", "object", "embed", "form", "base"].contains(&name),
                "{name}"
            );
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "{attribute:?}");
                let outside = ["src", "href", "action"].contains(&attribute.name())
                    && !attribute.value().starts_with('#');
                assert!(!outside, "{attribute:?}");
                if attribute.name() == "id" {
                    assert!(ids.insert(attribute.value().to_string()), "{attribute:?} is there twice");
                }
            }
        }
        assert!(!text.contains("url(") && !text.contains("@import"));
        assert!(text.contains("default-src 'none'") && text.contains("<html lang=\"en\">"));
        assert_eq!(named(document.root_element(), "h1").len(), 1);
    }
    let text = run(&hostile(), "html");
    assert_eq!(text.matches("<details>").count(), OPEN + 1, "open and accepted ones");
    assert!(text.contains("&lt;b&gt;signed &amp; checked&lt;/b&gt;") && text.contains("<svg "));
}

#[test]
fn formats_of_findings_are_none_of_rules() {
    for format in ["junit", "github", "gitlab", "markdown", "html"] {
        for more in [&["--list-rules"][..], &["--explain", "TG-FN-009"]] {
            let ran = Project::new().run(&[&["check", "--format", format], more].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{format}");
        }
    }
}
