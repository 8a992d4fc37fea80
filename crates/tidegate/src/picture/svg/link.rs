//! Links: which style, which way, which arrow heads.

use super::{escape, round};
use crate::picture::layout::{Layout, Point, Route};
use crate::picture::scene::{Kinds, Level, Link, Scene};
use std::fmt::Write;
use tidegate_graph::{EdgeKind, Exposure};

/// Length of an arrow head.
const HEAD: f64 = 7.0;

/// How a link is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    Anonymous,
    Authenticated,
    Triggers,
    Publishes,
    Invokes,
    Writes,
    Both,
    Reads,
    Egress,
    Identity,
}

impl Style {
    pub(super) const ALL: [Self; 10] = [
        Self::Anonymous,
        Self::Authenticated,
        Self::Triggers,
        Self::Publishes,
        Self::Invokes,
        Self::Writes,
        Self::Both,
        Self::Reads,
        Self::Egress,
        Self::Identity,
    ];

    /// The style of a link: that of the strongest of its kinds.
    pub(super) fn of(link: &Link) -> Self {
        let kinds = link.forward.union(link.backward);
        match link.entry {
            Some(Exposure::Anonymous) => return Self::Anonymous,
            Some(_) => return Self::Authenticated,
            None => {}
        }
        let order = [
            (EdgeKind::Triggers, Self::Triggers),
            (EdgeKind::Publishes, Self::Publishes),
            (EdgeKind::Invokes, Self::Invokes),
            (EdgeKind::Egress, Self::Egress),
            (EdgeKind::Writes, Self::Writes),
            (EdgeKind::Reads, Self::Reads),
        ];
        if let Some((_, Self::Writes)) = order.iter().find(|(kind, _)| kinds.contains(*kind))
            && kinds.contains(EdgeKind::Reads)
        {
            return Self::Both;
        }
        order.iter().find(|(kind, _)| kinds.contains(*kind)).map_or(Self::Identity, |(_, style)| *style)
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Authenticated => "authenticated",
            Self::Triggers => "triggers",
            Self::Publishes => "publishes",
            Self::Invokes => "invokes",
            Self::Writes | Self::Both => "writes",
            Self::Reads => "reads",
            Self::Egress => "egress",
            Self::Identity => "identity",
        }
    }

    pub(super) fn caption(self) -> &'static str {
        match self {
            Self::Anonymous => "open to anyone",
            Self::Authenticated => "open after log-in",
            Self::Both => "reads and writes",
            Self::Identity => "assumes, trusts, passes",
            other => other.class(),
        }
    }

    /// Data at rest has an open arrow head, everything else a filled one.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Writes | Self::Both | Self::Reads | Self::Identity)
    }
}

/// Every link of the scene.
pub(super) fn links(out: &mut String, scene: &Scene, layout: &Layout) {
    let mut order: Vec<(Style, &Link, &Route)> =
        scene.links.iter().zip(&layout.routes).map(|(link, route)| (Style::of(link), link, route)).collect();
    // What matters most is drawn last, on top.
    order.sort_by_key(|(style, _, _)| std::cmp::Reverse(*style));
    for (style, link, route) in order {
        let right = if route.from == link.a { link.forward } else { link.backward };
        let left = if route.from == link.a { link.backward } else { link.forward };
        let (at_start, at_end) = heads(right, left);
        let both = !at_start && !at_end;
        let _ = write!(out, r#"<g class="link {}""#, style.class());
        if scene.level != Level::Nodes && link.count > 1 {
            let _ =
                write!(out, r#" style="stroke-width:{}""#, round(1.4 + (link.count as f64).ln().min(4.0)));
        }
        let _ = write!(
            out,
            r#"><title>{}</title><path d="{}"/>"#,
            escape(&tip(scene, link)),
            path(route, at_start, at_end || both)
        );
        if let (Some(start), Some(end)) = (route.points.first(), route.points.last()) {
            if at_start {
                head(out, *start, Side::Left, style);
            }
            if at_end || both {
                head(out, *end, if route.beside { Side::Left } else { Side::Right }, style);
            }
        }
        out.push_str("</g>\n");
    }
}

/// Whether an arrow stands at the start and at the end of a route whose kinds run `right` and `left`. A self-loop
/// has its arrow at the end.
fn heads(right: Kinds, left: Kinds) -> (bool, bool) {
    (!left.is_empty(), !right.is_empty())
}

#[derive(Clone, Copy)]
pub(super) enum Side {
    Right,
    Left,
}

/// An arrow head whose tip touches the box, pointing to that side.
pub(super) fn head(out: &mut String, tip: Point, to: Side, style: Style) {
    let back = match to {
        Side::Right => tip.x - HEAD,
        Side::Left => tip.x + HEAD,
    };
    let class = if style.is_open() { "open" } else { "filled" };
    let close = if style.is_open() { "" } else { "Z" };
    let half = HEAD / 2.0 + 0.5;
    let _ = write!(
        out,
        r#"<path class="head {class}" d="M{} {}L{} {}L{} {}{close}"/>"#,
        round(back),
        round(tip.y - half),
        round(tip.x),
        round(tip.y),
        round(back),
        round(tip.y + half)
    );
}

fn path(route: &Route, at_start: bool, at_end: bool) -> String {
    let mut out = String::new();
    let mut points = route.points.clone();
    if route.beside {
        if let [a, b] = points.as_slice() {
            let bulge = 30.0 + (a.y - b.y).abs() / 20.0;
            let end = b.x + if at_end { HEAD - 1.0 } else { 0.0 };
            let start = a.x + if at_start { HEAD - 1.0 } else { 0.0 };
            let _ = write!(
                out,
                "M{} {}C{} {} {} {} {} {}",
                round(start),
                round(a.y),
                round(a.x + bulge),
                round(a.y),
                round(b.x + bulge),
                round(b.y),
                round(end),
                round(b.y)
            );
        }
        return out;
    }
    // The line ends within its arrow head, not behind it.
    if let Some(first) = points.first_mut().filter(|_| at_start) {
        first.x += HEAD - 1.0;
    }
    if let Some(last) = points.last_mut().filter(|_| at_end) {
        last.x -= HEAD - 1.0;
    }
    let mut before: Option<Point> = None;
    for (index, point) in points.iter().enumerate() {
        match before {
            None => {
                let _ = write!(out, "M{} {}", round(point.x), round(point.y));
            }
            Some(from) if index % 2 == 1 && (from.y - point.y).abs() > 0.5 => {
                let bend = (point.x - from.x) * 0.5;
                let _ = write!(
                    out,
                    "C{} {} {} {} {} {}",
                    round(from.x + bend),
                    round(from.y),
                    round(point.x - bend),
                    round(point.y),
                    round(point.x),
                    round(point.y)
                );
            }
            Some(_) => {
                let _ = write!(out, "L{} {}", round(point.x), round(point.y));
            }
        }
        before = Some(*point);
    }
    out
}

fn tip(scene: &Scene, link: &Link) -> String {
    let name = |i: usize| scene.items.get(i).map_or("", |i| i.name.as_str());
    let arrow = match (link.forward.is_empty(), link.backward.is_empty()) {
        (false, false) => "↔",
        (true, false) => "←",
        _ => "→",
    };
    let more = if link.count > 12 { format!("\n… {} edges", link.count) } else { String::new() };
    format!("{} {arrow} {}\n{}{more}", name(link.a), name(link.b), link.tip)
}
