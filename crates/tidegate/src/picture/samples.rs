//! Graphs for the tests of this folder.

use tidegate_graph::{Edge, EdgeKind, Exposure, Graph, Node, NodeKind, Problem, System};

/// A graph that is written down by name.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) graph: Graph,
    stack: String,
}

impl Sample {
    pub(super) fn stack(mut self, name: &str) -> Self {
        self.stack = name.into();
        self
    }

    pub(super) fn node(self, kind: NodeKind, ty: &str, name: &str) -> Self {
        self.exposed(kind, ty, name, Exposure::Internal)
    }

    pub(super) fn exposed(mut self, kind: NodeKind, ty: &str, name: &str, exposure: Exposure) -> Self {
        let service = ty.split("::").nth(1).unwrap_or(ty).to_lowercase();
        let id =
            if self.stack.is_empty() { format!("external/{name}") } else { format!("{}/{name}", self.stack) };
        let (name, stack) = (name.into(), self.stack.as_str().into());
        self.graph.add_node(Node {
            id: id.into(),
            kind,
            ty: ty.into(),
            service: service.into(),
            name,
            stack,
            exposure,
            span: None,
        });
        self
    }

    /// `edge("Api", Triggers, "Create")`, by the names of nodes.
    pub(super) fn edge(mut self, from: &str, kind: EdgeKind, to: &str) -> Self {
        let find = |name: &str| {
            let full = self.graph.index(name);
            full.or_else(|| self.graph.nodes().iter().position(|n| n.name == name)).expect(name)
        };
        let (from, to) = (find(from), find(to));
        self.graph.add_edge(Edge {
            from,
            to,
            kind,
            evidence: format!("{} in a test", kind.word()),
            span: None,
        });
        self
    }
}

/// A small order system: an API, functions, a bus, queues with dead-letter queues, a stream, stores, a state machine.
pub(super) fn orders() -> Graph {
    use EdgeKind::{Assumes, Egress, Grants, Invokes, Publishes, Reads, Triggers, Trusts, Writes};
    use NodeKind::{
        Api, Bus, External, Function, Identity, Log, Queue, Rule, Secret, Store, Stream, Workflow,
    };
    Sample::default()
        .stack("orders")
        .exposed(Api, "AWS::ApiGatewayV2::Api", "OrdersApi", Exposure::Anonymous)
        .node(Function, "AWS::Lambda::Function", "OrdersCreate")
        .node(Function, "AWS::Lambda::Function", "OrdersRead")
        .node(Function, "AWS::Lambda::Function", "ShipmentRequestHandlerFunction")
        .node(Function, "AWS::Lambda::Function", "Audit")
        .node(Bus, "AWS::Events::EventBus", "OrdersBus")
        .node(Rule, "AWS::Events::Rule", "OrderCreatedRule")
        .node(Rule, "AWS::Events::Rule", "OrderAuditRule")
        .node(Queue, "AWS::SQS::Queue", "ShipmentQueue")
        .node(Queue, "AWS::SQS::Queue", "ShipmentDlq")
        .node(Queue, "AWS::SQS::Queue", "AuditDlq")
        .node(Stream, "AWS::Kinesis::Stream", "AuditStream")
        .exposed(Store, "AWS::S3::Bucket", "InvoicesBucket", Exposure::CrossAccount)
        .node(Store, "AWS::DynamoDB::Table", "OrdersTable")
        .node(Secret, "AWS::SecretsManager::Secret", "PaymentKey")
        .node(Workflow, "AWS::StepFunctions::StateMachine", "Fulfilment")
        .node(Log, "AWS::Logs::LogGroup", "FulfilmentLog")
        .node(Identity, "AWS::IAM::Role", "CreateRole")
        .node(Identity, "AWS::IAM::Role", "ReadRole")
        .exposed(Identity, "AWS::IAM::Role", "PartnerRole", Exposure::CrossAccount)
        .stack("")
        .node(External, "", "payments.example.com")
        .edge("OrdersApi", Triggers, "OrdersCreate")
        .edge("OrdersApi", Triggers, "OrdersRead")
        .edge("OrdersCreate", Writes, "OrdersTable")
        .edge("OrdersTable", Reads, "OrdersRead")
        .edge("OrdersTable", Reads, "OrdersCreate")
        .edge("PaymentKey", Reads, "OrdersCreate")
        .edge("OrdersCreate", Egress, "payments.example.com")
        .edge("OrdersCreate", Publishes, "OrdersBus")
        .edge("OrdersBus", Triggers, "OrderCreatedRule")
        .edge("OrdersBus", Triggers, "OrderAuditRule")
        .edge("OrderCreatedRule", Publishes, "ShipmentQueue")
        .edge("OrderAuditRule", Publishes, "AuditStream")
        .edge("ShipmentQueue", Publishes, "ShipmentDlq")
        .edge("ShipmentQueue", Triggers, "ShipmentRequestHandlerFunction")
        .edge("ShipmentRequestHandlerFunction", Invokes, "Fulfilment")
        .edge("Fulfilment", Writes, "FulfilmentLog")
        .edge("Fulfilment", Writes, "OrdersTable")
        .edge("AuditStream", Triggers, "Audit")
        .edge("Audit", Writes, "InvoicesBucket")
        .edge("Audit", Publishes, "AuditDlq")
        .edge("OrdersCreate", Assumes, "CreateRole")
        .edge("CreateRole", Grants, "OrdersTable")
        .edge("OrdersRead", Assumes, "ReadRole")
        .edge("InvoicesBucket", Trusts, "PartnerRole")
        .graph
}

/// `count` nodes in stacks of some 25, with flows within and between them, the same each time.
pub(super) fn many(count: usize, per_stack: usize) -> Graph {
    let mut graph = Graph::new();
    let mut seed = 7_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let kinds = [
        (NodeKind::Api, "AWS::ApiGatewayV2::Api", 1),
        (NodeKind::Function, "AWS::Lambda::Function", 9),
        (NodeKind::Queue, "AWS::SQS::Queue", 4),
        (NodeKind::Rule, "AWS::Events::Rule", 3),
        (NodeKind::Store, "AWS::DynamoDB::Table", 4),
        (NodeKind::Topic, "AWS::SNS::Topic", 1),
        (NodeKind::Secret, "AWS::SecretsManager::Secret", 1),
        (NodeKind::Log, "AWS::Logs::LogGroup", 2),
    ];
    let deck: Vec<(NodeKind, &str)> =
        kinds.iter().flat_map(|(k, ty, n)| std::iter::repeat_n((*k, *ty), *n)).collect();
    for index in 0..count {
        let (kind, ty) = deck[index % deck.len()];
        let stack = format!("team-{}/service-{}", index / per_stack / 4, index / per_stack);
        let exposure =
            if kind == NodeKind::Api && index % 2 == 0 { Exposure::Anonymous } else { Exposure::Internal };
        let name = format!("{}{index}", ty.rsplit("::").next().unwrap_or_default());
        let service = ty.split("::").nth(1).unwrap_or_default().to_lowercase();
        graph.add_node(Node {
            id: format!("{stack}/{name}").into(),
            kind,
            ty: ty.into(),
            service: service.into(),
            name: name.into(),
            stack: stack.into(),
            exposure,
            span: None,
        });
    }
    for from in 0..count {
        let home = from / per_stack * per_stack;
        for _ in 0..2 {
            let to = if random(12) == 0 { random(count) } else { (home + random(per_stack)).min(count - 1) };
            let (a, b) = (graph.nodes()[from].kind, graph.nodes()[to].kind);
            let kind = match (a, b) {
                (NodeKind::Api | NodeKind::Queue | NodeKind::Rule | NodeKind::Topic, NodeKind::Function) => {
                    EdgeKind::Triggers
                }
                (NodeKind::Function, NodeKind::Queue | NodeKind::Topic) => EdgeKind::Publishes,
                (NodeKind::Rule | NodeKind::Topic, NodeKind::Queue) => EdgeKind::Publishes,
                (NodeKind::Function, NodeKind::Store | NodeKind::Log) => EdgeKind::Writes,
                (NodeKind::Store | NodeKind::Secret, NodeKind::Function) => EdgeKind::Reads,
                (NodeKind::Function, NodeKind::Function) if random(4) == 0 => EdgeKind::Invokes,
                _ => continue,
            };
            graph.add_edge(Edge { from, to, kind, evidence: "a policy".into(), span: None });
        }
    }
    graph
}

/// A system in which nothing but a problem was read.
pub(super) fn system() -> System {
    let mut system = System::default();
    system.problems.push(Problem::file("broken.yaml", "not well-formed").help("mend it"));
    system
}
