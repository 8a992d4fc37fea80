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
