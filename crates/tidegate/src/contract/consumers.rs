//! What a function may hand its payload to, as far as its permissions and its entries say.

use std::collections::HashSet;
use tidegate_graph::contract::Consumer;
use tidegate_graph::{EdgeKind, Graph, Resource, Str, System, Value, World, policy};

/// What no edge says, looked up once.
pub(super) struct Consumers {
    /// Roles with a policy that spells out an action of `PartiQL`: an edge names one permission, and a table that is asked
    /// in `PartiQL` is asked in other ways, too.
    partiql: HashSet<Str>,
    /// Functions behind a method that declares a page as its answer.
    pages: HashSet<Str>,
}

impl Consumers {
    pub(super) fn of(system: &System) -> Self {
        let mut partiql = HashSet::new();
        for role in system.of_type("AWS::IAM::Role") {
            let own = role.property("Policies").into_iter().flat_map(Value::items);
            if own.filter_map(|policy| policy.get("PolicyDocument")).any(grants_partiql) {
                partiql.insert(role.id.clone());
            }
        }
        let attached = ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"];
        for policy in attached.into_iter().flat_map(|ty| system.of_type(ty)) {
            if policy.property("PolicyDocument").is_some_and(grants_partiql) {
                let roles = policy.property("Roles").or_else(|| policy.property("RoleName"));
                partiql.extend(named(roles));
            }
        }
        let methods = system.of_type("AWS::ApiGateway::Method").filter(|method| answers_pages(method));
        let uris = methods.filter_map(|method| method.property("Integration")?.get("Uri"));
        Self { partiql, pages: uris.flat_map(|uri| named(Some(uri))).collect() }
    }

    /// The kinds of consumers of the function at `index`, in order.
    pub(super) fn of_function(&self, graph: &Graph, index: usize) -> Vec<Consumer> {
        let mut kinds = Vec::new();
        let (mut tables, mut partiql) = (false, false);
        // Queries that only read are edges towards the function.
        let reads = graph.incoming(index).filter(|e| e.kind == EdgeKind::Reads).map(|e| (e.from, e));
        for (other, edge) in graph.outgoing(index).map(|e| (e.to, e)).chain(reads) {
            let Some(node) = graph.node(other) else { continue };
            if edge.kind == EdgeKind::Assumes {
                partiql |= self.partiql.contains(&node.id);
                continue;
            }
            // `rds-data:executestatement in OrdersPolicy`
            let granted = edge.evidence.split_once(" in ").map(|(action, _)| action);
            let (service, action) = granted.and_then(|a| a.split_once(':')).unwrap_or((&node.service, ""));
            kinds.extend(Consumer::of(service, action).or_else(|| Consumer::of(&node.service, action)));
            tables |= node.service == "dynamodb";
        }
        if tables && partiql {
            kinds.push(Consumer::Partiql);
        }
        if graph.node(index).is_some_and(|function| self.pages.contains(&function.id)) {
            kinds.push(Consumer::Page);
        }
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// Resources that a value refers to.
fn named(value: Option<&Value>) -> Vec<Str> {
    value.into_iter().flat_map(Value::references).map(|(reference, _)| reference.target.clone()).collect()
}

fn grants_partiql(document: &Value) -> bool {
    policy::statements(&World::default(), document).iter().any(|statement| {
        let spelled = |action: &&Value| {
            action.as_text().is_some_and(|a| a.to_ascii_lowercase().starts_with("dynamodb:partiql"))
        };
        statement.allows() && statement.actions.iter().any(spelled)
    })
}

fn answers_pages(method: &Resource) -> bool {
    let responses = method.property("MethodResponses").into_iter().flat_map(Value::items);
    let mut models = responses.filter_map(|r| r.get("ResponseModels")).filter_map(Value::as_map);
    models.any(|models| models.contains_key("text/html"))
}
