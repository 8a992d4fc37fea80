//! Where links run: from a port on the one box to a port on the other, straight through every column between.

use super::order::Web;
use super::place::Heights;
use super::{BOX_HEIGHT, Point, Route, at};
use crate::picture::scene::Scene;
use std::collections::BTreeMap;

/// Most space between two ports, and least space above the first.
const PORT_GAP: f64 = 10.0;
const PORT_MARGIN: f64 = 9.0;

/// Routes every link. `x` is the left side of each column.
pub(super) fn route(scene: &Scene, web: &Web, heights: &Heights, x: &[f64], box_width: f64) -> Vec<Route> {
    let ports = ports(web, heights);
    let middle = |v: usize| at(&heights.middle, v);
    let side = |v: usize| web.vertices.get(v).map_or(0.0, |v| at(x, v.column));
    let mut beside: BTreeMap<usize, usize> = BTreeMap::new();
    scene
        .links
        .iter()
        .zip(&web.chains)
        .enumerate()
        .map(|(index, (link, chain))| {
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
                let turn = beside.entry(link.a).or_default();
                *turn += 1;
                return around(link.a, link.b, *turn, middle, |v| side(v) + box_width);
            };
            let port =
                |end: usize, right: bool| ports.get(&(index, right)).copied().unwrap_or_else(|| middle(end));
            let mut points = vec![Point { x: side(*first) + box_width, y: port(*first, false) }];
            for bend in chain.iter().skip(1).take(chain.len().saturating_sub(2)) {
                points.push(Point { x: side(*bend), y: middle(*bend) });
                points.push(Point { x: side(*bend) + box_width, y: middle(*bend) });
            }
            points.push(Point { x: side(*last), y: port(*last, true) });
            Route { from: *first, to: *last, points, beside: false }
        })
        .collect()
}

/// A link within a column: it leaves to the right and comes back from there.
fn around(
    a: usize,
    b: usize,
    turn: usize,
    middle: impl Fn(usize) -> f64,
    side: impl Fn(usize) -> f64,
) -> Route {
    let offset = (turn as f64 * 4.0).min(BOX_HEIGHT / 2.0 - PORT_MARGIN);
    let (start, end) = match middle(a).total_cmp(&middle(b)) {
        std::cmp::Ordering::Less => (middle(a) + offset, middle(b) - offset),
        _ => (middle(a) - offset, middle(b) + offset),
    };
    let points = vec![Point { x: side(a), y: start }, Point { x: side(b), y: end }];
    Route { from: a, to: b, points, beside: true }
}

/// Heights at which links touch their boxes, by link and end: sorted by where they lead, so that they don't cross there.
fn ports(web: &Web, heights: &Heights) -> BTreeMap<(usize, bool), f64> {
    // By box and side: where the link leads, the link.
    let mut sides: BTreeMap<(usize, bool), Vec<(f64, usize)>> = BTreeMap::new();
    for (index, chain) in web.chains.iter().enumerate() {
        let ends = (
            chain.first(),
            chain.get(1),
            chain.len().checked_sub(2).and_then(|i| chain.get(i)),
            chain.last(),
        );
        let (Some(first), Some(second), Some(before), Some(last)) = ends else { continue };
        sides.entry((*first, false)).or_default().push((at(&heights.middle, *second), index));
        sides.entry((*last, true)).or_default().push((at(&heights.middle, *before), index));
    }
    let mut out = BTreeMap::new();
    for ((vertex, right), mut links) in sides {
        links.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let middle = at(&heights.middle, vertex);
        let room = BOX_HEIGHT - 2.0 * PORT_MARGIN;
        let gap = (room / (links.len().max(2) - 1) as f64).min(PORT_GAP);
        let first = middle - gap * (links.len().saturating_sub(1)) as f64 / 2.0;
        for (place, (_, link)) in links.into_iter().enumerate() {
            out.insert((link, right), first + gap * place as f64);
        }
    }
    out
}
