//! `tidegate graph`.

use super::project::{OPEN_URL, Project};

#[test]
fn nodes_and_edges_come_with_their_places() {
    let ran = Project::with("template.yaml", OPEN_URL).run(&["graph", "--format", "json", "--resources"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let graph = ran.json();
    let function = graph["nodes"].as_array().unwrap().iter().find(|n| n["kind"] == "function").unwrap();
    assert_eq!(function["type"], "AWS::Lambda::Function");
    assert_eq!(function["location"]["file"], "template.yaml");
    let ids: Vec<_> =
        graph["resources"].as_array().unwrap().iter().map(|r| r["logical_id"].clone()).collect();
    assert_eq!(ids, ["Handler", "HandlerUrl"]);
}

#[test]
fn resources_are_listed_on_demand_alone() {
    let graph = Project::with("template.yaml", OPEN_URL).run(&["graph", "--format", "json"]).json();
    assert_eq!(graph.get("resources"), None);
}

#[test]
fn every_format_has_its_look() {
    let project = Project::with("template.yaml", OPEN_URL);
    let start = |format: &str| {
        let ran = project.run(&["graph", "--format", format]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{format}");
        assert!(ran.stdout.ends_with('\n') && ran.stdout.contains("Handler"), "{format}: {}", ran.stdout);
        ran.stdout
    };
    assert!(start("svg").starts_with("<svg"));
    assert!(start("mermaid").starts_with("flowchart"));
    assert!(start("dot").starts_with("digraph"));
    assert_eq!(project.run(&["graph"]).stdout, start("text"), "text is the default");
}

#[test]
fn problems_go_to_stderr_where_the_picture_has_no_place_for_them() {
    let project = Project::with("template.yaml", OPEN_URL)
        .file("broken.yaml", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  - nonsense: [\n");
    let svg = project.run(&["graph", "--format", "svg"]);
    assert_eq!(svg.code, Some(0));
    assert!(svg.stderr.starts_with("problem: ") && svg.stderr.contains("broken.yaml:"), "{}", svg.stderr);
    let json = project.run(&["graph", "--format", "json"]);
    assert_eq!(json.stderr, "");
    assert_eq!(json.json()["problems"].as_array().unwrap().len(), 1);
}
