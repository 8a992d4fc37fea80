//! Where everything stands.
//!
//! The picture is layered and reads from left to right. Lanes are columns, in the order of an event's way: Internet, edge,
//! bus and queue, compute, data, identity, outside. A flow that comes back to a lane opens it once more further right
//! (`compute, bus, compute`), so that events run to the right and what is read or sent back runs to the left; folding
//! all functions into one column would turn every second hop around. Each stack is a horizontal band, so that boundaries
//! never overlap; wide pictures let stores and queues share a column where nothing runs between them; and links that pass a column have a place of their own there, so that none runs through a box.
//!
//! Pure and deterministic: the same scene gives the same picture.

mod order;
mod place;
mod rank;
mod route;

use super::scene::{Item, Lane, Scene};
use super::words;
use order::Web;
use place::Heights;
use rank::Ranks;

/// Height of every box, and what its width keeps to. All boxes of a picture are equally wide.
const BOX_HEIGHT: f64 = 48.0;
const LEAST_WIDTH: f64 = 168.0;
const MOST_WIDTH: f64 = 220.0;
/// Room beside a name in its box, and the sizes of its font and of the one below.
pub(super) const NAME_MARGIN: f64 = 56.0;
pub(super) const NAME_SIZE: f64 = 12.5;
pub(super) const DETAIL_SIZE: f64 = 10.5;

/// Space around everything, above the first band (title and lane captions), and between two bands.
const MARGIN: f64 = 28.0;
const HEAD: f64 = 128.0;
const BETWEEN: f64 = 74.0;
/// Space between boxes and their boundary; above there is the caption too.
const PADDING: f64 = 16.0;
const CAPTION: f64 = 30.0;

/// A point, from the top left.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Neighbouring columns of one lane.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(super) struct Band {
    pub(super) lane: Lane,
    pub(super) x: f64,
    pub(super) width: f64,
}

/// The outline of a stack.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Boundary {
    pub(super) name: String,
    pub(super) area: Rect,
}

/// The way of a link: curves between two columns, straight lines through a column.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Route {
    /// The item at the first point: the left one.
    pub(super) from: usize,
    /// The item at the last point.
    pub(super) to: usize,
    /// Start, then entry and exit of every column that is passed, then end.
    pub(super) points: Vec<Point>,
    /// True if both ends are on the right side of their boxes, in one column.
    pub(super) beside: bool,
}

/// A picture in numbers.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Layout {
    pub(super) width: f64,
    /// Bottom of what is drawn; a legend may follow.
    pub(super) height: f64,
    pub(super) lanes: Vec<Band>,
    pub(super) boundaries: Vec<Boundary>,
    /// One per item, in the scene's order.
    pub(super) boxes: Vec<Rect>,
    /// One per link, in the scene's order.
    pub(super) routes: Vec<Route>,
}

/// Lays a scene out.
pub(super) fn layout(scene: &Scene) -> Layout {
    let ranks = rank::rank(scene);
    let band_of_group = arrange(scene);
    let web = Web::new(scene, &ranks, &band_of_group);
    let heights = place::place(&web, &ranks.margin, HEAD + CAPTION, BETWEEN);
    let box_width = box_width(scene);
    let (x, width) = columns(&ranks, &web, &heights, box_width);
    let boxes: Vec<Rect> = (0..scene.items.len())
        .map(|i| Rect {
            x: at(&x, at(&ranks.column, i)),
            y: at(&heights.middle, i) - BOX_HEIGHT / 2.0,
            width: box_width,
            height: BOX_HEIGHT,
        })
        .collect();
    let routes = route::route(scene, &web, &heights, &x, box_width);
    let boundaries = boundaries(scene, &boxes, &heights, &band_of_group);
    Layout {
        width,
        height: heights.bottom + PADDING + MARGIN,
        lanes: lanes(&ranks, &x, box_width),
        boundaries,
        boxes,
        routes,
    }
}

/// Wide enough for four names of five; the rest is shortened.
fn box_width(scene: &Scene) -> f64 {
    let text = |item: &Item| {
        let name = words::width(&item.name) * NAME_SIZE;
        // What is in a group can't be guessed from its name.
        let detail = if item.count > 1 { words::width(&item.detail) * DETAIL_SIZE } else { 0.0 };
        name.max(detail) + NAME_MARGIN
    };
    let mut widths: Vec<f64> = scene.items.iter().map(text).collect();
    widths.sort_by(f64::total_cmp);
    let most = widths.get(widths.len() * 4 / 5).copied().unwrap_or(LEAST_WIDTH);
    (most.clamp(LEAST_WIDTH, MOST_WIDTH) / 4.0).ceil() * 4.0
}

/// Band of each group: stacks that talk to each other stand near each other.
fn arrange(scene: &Scene) -> Vec<usize> {
    let count = scene.groups.len();
    let group = |item: usize| scene.items.get(item).and_then(|i| i.group);
    let pairs: Vec<(usize, usize)> =
        scene.links.iter().filter_map(|l| Some((group(l.a)?, group(l.b)?))).filter(|(a, b)| a != b).collect();
    let mut order: Vec<usize> = (0..count).collect();
    let mut band: Vec<usize> = (0..count).collect();
    let length =
        |band: &[usize]| pairs.iter().map(|(a, b)| at(band, *a).abs_diff(at(band, *b))).sum::<usize>();
    let mut best = (length(&band), band.clone());
    for _ in 0..12 {
        let mut sums = vec![(0.0, 0.0); count];
        for (a, b) in &pairs {
            for (one, other) in [(*a, *b), (*b, *a)] {
                if let Some(sum) = sums.get_mut(one) {
                    sum.0 += at(&band, other) as f64;
                    sum.1 += 1.0;
                }
            }
        }
        let wish = |g: usize| -> f64 {
            let own = at(&band, g) as f64;
            match sums.get(g) {
                Some((sum, n)) if *n > 0.0 => (own + sum) / (n + 1.0),
                _ => own,
            }
        };
        order.sort_by(|a, b| wish(*a).total_cmp(&wish(*b)).then(a.cmp(b)));
        let mut next = vec![0; count];
        for (place, group) in order.iter().enumerate() {
            if let Some(slot) = next.get_mut(*group) {
                *slot = place;
            }
        }
        band = next;
        let total = length(&band);
        if total < best.0 {
            best = (total, band.clone());
        }
    }
    best.1
}

/// Left side of each column, and the width of everything. Gutters are wider where many or steep links share them.
fn columns(ranks: &Ranks, web: &Web, heights: &Heights, box_width: f64) -> (Vec<f64>, f64) {
    let mut count = vec![0_usize; web.columns];
    let mut steepest = vec![0.0_f64; web.columns];
    for (index, vertex) in web.vertices.iter().enumerate() {
        for other in &vertex.right {
            let rise = (at(&heights.middle, index) - at(&heights.middle, *other)).abs();
            if let Some(n) = count.get_mut(vertex.column) {
                *n += usize::from(rise > 1.0);
            }
            if let Some(s) = steepest.get_mut(vertex.column) {
                *s = s.max(rise);
            }
        }
    }
    let mut x = Vec::with_capacity(web.columns);
    let mut next = MARGIN + PADDING;
    for column in 0..web.columns {
        x.push(next);
        let links = (at(&count, column) as f64 * 2.0).min(44.0);
        let steep = (at(&steepest, column) / 14.0).min(32.0);
        // A lane of its own begins behind this column: its captions need air.
        let border = if ranks.lanes.get(column) == ranks.lanes.get(column + 1) { 0.0 } else { 8.0 };
        next += box_width + (46.0 + links + steep + border).round();
    }
    let right = x.last().map_or(MARGIN, |x| x + box_width);
    (x, right + PADDING + MARGIN)
}

fn lanes(ranks: &Ranks, x: &[f64], box_width: f64) -> Vec<Band> {
    let mut out: Vec<Band> = Vec::new();
    for (column, (lane, left)) in ranks.lanes.iter().zip(x).enumerate() {
        let before = column.checked_sub(1).and_then(|c| x.get(c));
        let start = before.map_or(left - PADDING - 8.0, |b| (b + box_width + left) / 2.0);
        let end =
            x.get(column + 1).map_or(left + box_width + PADDING + 8.0, |n| (left + box_width + n) / 2.0);
        match out.last_mut() {
            Some(last) if last.lane == *lane => last.width = end - last.x,
            _ => out.push(Band { lane: *lane, x: start, width: end - start }),
        }
    }
    out
}

fn boundaries(scene: &Scene, boxes: &[Rect], heights: &Heights, band_of_group: &[usize]) -> Vec<Boundary> {
    let mut sides: Vec<Option<(f64, f64)>> = vec![None; scene.groups.len()];
    for (item, area) in scene.items.iter().zip(boxes) {
        let Some(slot) = item.group.and_then(|g| sides.get_mut(g)) else { continue };
        let (left, right) = slot.unwrap_or((f64::MAX, f64::MIN));
        *slot = Some((left.min(area.x), right.max(area.x + area.width)));
    }
    let mut out = Vec::new();
    for (group, (name, sides)) in scene.groups.iter().zip(sides).enumerate() {
        let band = heights.bands.get(at(band_of_group, group)).copied().flatten();
        let (Some((top, bottom)), Some((left, right))) = (band, sides) else { continue };
        let area = Rect {
            x: left - PADDING,
            y: top - CAPTION,
            width: right - left + 2.0 * PADDING,
            height: bottom - top + CAPTION + PADDING,
        };
        out.push(Boundary { name: name.to_string(), area });
    }
    out
}

/// The value at an index, or the default: every index here was made from the same scene.
fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples::{self, Sample};
    use tidegate_graph::{EdgeKind, Exposure, Graph, NodeKind, Sources};

    fn scenes() -> Vec<(&'static str, Scene)> {
        let sources = Sources::default();
        vec![
            ("orders", Scene::new(&sources, &samples::orders())),
            ("40 nodes", Scene::new(&sources, &samples::many(40, 20))),
            ("150 nodes", Scene::new(&sources, &samples::many(150, 25))),
            ("150 nodes, small stacks", Scene::new(&sources, &samples::many(150, 4))),
            ("1,000 nodes, every one", Scene::whole(&sources, &samples::many(1_000, 25))),
            ("1,000 nodes", Scene::new(&sources, &samples::many(1_000, 25))),
            ("300 nodes in one stack", Scene::new(&sources, &samples::many(300, 300))),
            ("nothing", Scene::new(&sources, &Graph::new())),
        ]
    }

    fn overlap(a: &Rect, b: &Rect) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    fn within(inner: &Rect, outer: &Rect) -> bool {
        inner.x >= outer.x
            && inner.y >= outer.y
            && inner.x + inner.width <= outer.x + outer.width
            && inner.y + inner.height <= outer.y + outer.height
    }

    #[test]
    fn boxes_do_not_overlap() {
        for (name, scene) in scenes() {
            let layout = layout(&scene);
            assert_eq!(layout.boxes.len(), scene.items.len());
            for (i, a) in layout.boxes.iter().enumerate() {
                for (j, b) in layout.boxes.iter().enumerate().skip(i + 1) {
                    assert!(!overlap(a, b), "{name}: {} and {}", scene.items[i].id, scene.items[j].id);
                }
            }
        }
    }

    #[test]
    fn boxes_lie_within_their_boundary_and_in_no_other() {
        for (name, scene) in scenes() {
            let layout = layout(&scene);
            let page = Rect { x: 0.0, y: 0.0, width: layout.width, height: layout.height };
            for (item, area) in scene.items.iter().zip(&layout.boxes) {
                assert!(within(area, &page), "{name}: {} is off the page", item.id);
                for boundary in &layout.boundaries {
                    let own = item.group.is_some_and(|g| *scene.groups[g] == *boundary.name);
                    if own {
                        assert!(
                            within(area, &boundary.area),
                            "{name}: {} outside of {}",
                            item.id,
                            boundary.name
                        );
                    } else {
                        assert!(!overlap(area, &boundary.area), "{name}: {} in {}", item.id, boundary.name);
                    }
                }
            }
            for (i, a) in layout.boundaries.iter().enumerate() {
                for b in layout.boundaries.iter().skip(i + 1) {
                    assert!(!overlap(&a.area, &b.area), "{name}: {} and {}", a.name, b.name);
                }
            }
        }
    }

    #[test]
    fn links_start_and_end_on_their_boxes_and_run_through_no_other() {
        for (name, scene) in scenes() {
            let layout = layout(&scene);
            for (link, route) in scene.links.iter().zip(&layout.routes) {
                let mut ends = [route.from, route.to];
                ends.sort_unstable();
                assert_eq!(ends, [link.a, link.b], "{name}");
                let (from, to) = (layout.boxes[route.from], layout.boxes[route.to]);
                let (first, last) = (route.points[0], *route.points.last().unwrap());
                assert!(
                    first.x == from.x + from.width && first.y >= from.y && first.y <= from.y + from.height,
                    "{name}"
                );
                let end = if route.beside { to.x + to.width } else { to.x };
                assert!(last.x == end && last.y >= to.y && last.y <= to.y + to.height, "{name}");
                // Straight parts are the ones that pass columns.
                for pass in route.points[1..].chunks_exact(2).filter(|_| !route.beside) {
                    let [a, b] = pass else { continue };
                    if a.x == last.x {
                        continue;
                    }
                    assert_eq!(a.y, b.y, "{name}");
                    let line = Rect { x: a.x, y: a.y, width: b.x - a.x, height: 0.5 };
                    assert!(
                        layout.boxes.iter().all(|area| !overlap(&line, area)),
                        "{name}: a link through a box"
                    );
                }
            }
        }
    }

    #[test]
    fn lanes_cover_their_boxes_and_do_not_overlap() {
        for (name, scene) in scenes() {
            let layout = layout(&scene);
            for pair in layout.lanes.windows(2) {
                assert!(pair[0].x + pair[0].width <= pair[1].x + 0.01, "{name}");
                assert_ne!(pair[0].lane, pair[1].lane, "{name}");
            }
            for (item, area) in scene.items.iter().zip(&layout.boxes) {
                let home =
                    layout.lanes.iter().find(|b| b.x <= area.x && area.x + area.width <= b.x + b.width);
                let lane = home.map(|b| b.lane);
                let shared = lane == Some(Lane::BusAndData) && matches!(item.lane, Lane::Bus | Lane::Data);
                assert!(shared || lane == Some(item.lane), "{name}: {} in {lane:?}", item.id);
            }
        }
    }

    #[test]
    fn the_same_graph_gives_the_same_picture() {
        let scene = || Scene::new(&Sources::default(), &samples::many(150, 25));
        assert_eq!(layout(&scene()), layout(&scene()));
    }

    /// Left side of the box of a node.
    fn column(graph: &Graph, name: &str) -> f64 {
        let scene = Scene::new(&Sources::default(), graph);
        let index = scene.items.iter().position(|i| i.name == name).unwrap();
        layout(&scene).boxes[index].x
    }

    #[test]
    fn events_run_to_the_right_through_lanes_that_open_again() {
        let graph = samples::orders();
        let way = [
            "Internet",
            "OrdersApi",
            "OrdersCreate",
            "OrdersBus",
            "OrderCreatedRule",
            "ShipmentQueue",
            "Fulfilment",
            "OrdersTable",
        ];
        for pair in way.windows(2) {
            assert!(column(&graph, pair[0]) < column(&graph, pair[1]), "{pair:?}");
        }
        assert_eq!(
            column(&graph, "ShipmentDlq"),
            column(&graph, "ShipmentQueue"),
            "a dead-letter queue needs no column"
        );
    }

    #[test]
    fn a_circle_is_drawn_in_lanes_too() {
        let graph = Sample::default()
            .stack("s")
            .exposed(NodeKind::Api, "AWS::ApiGateway::RestApi", "Api", Exposure::Anonymous)
            .node(NodeKind::Function, "AWS::Lambda::Function", "Work")
            .node(NodeKind::Queue, "AWS::SQS::Queue", "Retry")
            .edge("Api", EdgeKind::Triggers, "Work")
            .edge("Work", EdgeKind::Publishes, "Retry")
            .edge("Retry", EdgeKind::Triggers, "Work")
            .edge("Work", EdgeKind::Invokes, "Work")
            .graph;
        let scene = Scene::new(&Sources::default(), &graph);
        let layout = layout(&scene);
        assert_eq!(
            layout.routes.len(),
            4,
            "the Internet, the API, queue and function as one, the function itself"
        );
        assert!(column(&graph, "Api") < column(&graph, "Work"));
        assert_eq!(layout.routes.iter().filter(|r| r.beside).count(), 1);
    }

    #[test]
    fn parts_that_are_not_joined_leave_no_holes() {
        // A tall part, and one whose only link passes below it.
        let mut sample = Sample::default().stack("s");
        for n in 0..6 {
            sample = sample.node(NodeKind::Queue, "AWS::SQS::Queue", &format!("q{n}"));
        }
        let graph = sample
            .node(NodeKind::Function, "AWS::Lambda::Function", "f")
            .node(NodeKind::Queue, "AWS::SQS::Queue", "loose")
            .edge("q0", EdgeKind::Triggers, "f")
            .edge("q5", EdgeKind::Triggers, "f")
            .graph;
        let layout = layout(&Scene::new(&Sources::default(), &graph));
        let mut tops: Vec<f64> = layout.boxes.iter().map(|b| b.y).collect();
        tops.sort_by(f64::total_cmp);
        assert!(tops.windows(2).all(|pair| pair[1] - pair[0] <= 80.0), "{tops:?}");
    }

    #[test]
    fn a_workflow_stands_before_the_function_that_it_invokes_and_that_starts_it() {
        let graph = Sample::default()
            .stack("s")
            .node(NodeKind::Function, "AWS::Lambda::Function", "Step")
            .node(NodeKind::Workflow, "AWS::StepFunctions::StateMachine", "Machine")
            .edge("Step", EdgeKind::Invokes, "Machine")
            .edge("Machine", EdgeKind::Invokes, "Step")
            .graph;
        assert!(column(&graph, "Machine") < column(&graph, "Step"));
    }

    #[test]
    fn a_long_chain_is_laid_out_without_recursion() {
        let mut sample = Sample::default().stack("s");
        for n in 0..3_000 {
            sample = sample.node(NodeKind::Function, "AWS::Lambda::Function", &format!("f{n}"));
            if n > 0 {
                sample = sample.edge(&format!("s/f{}", n - 1), EdgeKind::Invokes, &format!("s/f{n}"));
            }
        }
        let layout = layout(&Scene::whole(&Sources::default(), &sample.graph));
        assert_eq!(layout.routes.len(), 2_999);
    }

    #[test]
    fn a_thousand_boxes_are_no_trouble() {
        let scene = Scene::whole(&Sources::default(), &samples::many(1_000, 25));
        let start = std::time::Instant::now();
        let layout = layout(&scene);
        println!("{} boxes, {} links: {:?}", layout.boxes.len(), layout.routes.len(), start.elapsed());
        // Unoptimised and on a busy machine; quadratic work would take minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[test]
    fn sorting_takes_out_crossings() {
        // Two by two, joined crosswise: the order of declaration crosses, the picture doesn't.
        let graph = Sample::default()
            .stack("s")
            .node(NodeKind::Queue, "AWS::SQS::Queue", "a")
            .node(NodeKind::Queue, "AWS::SQS::Queue", "b")
            .node(NodeKind::Function, "AWS::Lambda::Function", "for-b")
            .node(NodeKind::Function, "AWS::Lambda::Function", "for-a")
            .edge("a", EdgeKind::Triggers, "for-a")
            .edge("b", EdgeKind::Triggers, "for-b")
            .graph;
        let scene = Scene::new(&Sources::default(), &graph);
        let ranks = rank::rank(&scene);
        assert_eq!(Web::new(&scene, &ranks, &arrange(&scene)).crossings(), 0);
    }
}
