//! Which item stands above which.
//!
//! Links become chains with a bend in every column that they pass. Columns are then sorted by where the neighbours of
//! each vertex stand, to and fro, and neighbours change places while that saves crossings; the best order seen is kept.
//! A stack is a band of its own: its vertices stay together in every column.

use super::at;
use super::rank::Ranks;
use crate::picture::scene::Scene;
use std::collections::BTreeMap;

/// An item or the bend of a link.
#[derive(Clone, Debug, Default)]
pub(super) struct Vertex {
    /// The item; `None` for a bend.
    pub(super) item: Option<usize>,
    pub(super) column: usize,
    pub(super) band: usize,
    /// The vertex that it stands under.
    pub(super) under: Option<usize>,
    /// Neighbours in the column before.
    pub(super) left: Vec<usize>,
    /// Neighbours in the column behind.
    pub(super) right: Vec<usize>,
}

/// Items, bends and their order.
#[derive(Debug, Default)]
pub(super) struct Web {
    /// Items first, in the scene's order.
    pub(super) vertices: Vec<Vertex>,
    /// Per link the vertices from left to right; empty for links within a column.
    pub(super) chains: Vec<Vec<usize>>,
    /// Per column and band (see [`Web::cell`]) the vertices from top to bottom.
    pub(super) cells: Vec<Vec<usize>>,
    pub(super) columns: usize,
    /// One per group, and the last for items without.
    pub(super) bands: usize,
}

/// Bends in all; links beyond it run straight. No picture with as many is legible.
const MOST_BENDS: usize = 60_000;
/// Up to this many vertices neighbours are tried the other way round.
const MOST_TO_SWAP: usize = 1_200;

impl Web {
    /// Sorts a scene whose items have their columns and groups their bands.
    pub(super) fn new(scene: &Scene, ranks: &Ranks, band_of_group: &[usize]) -> Self {
        let mut web = Self { columns: ranks.lanes.len(), bands: scene.groups.len() + 1, ..Self::default() };
        let free = scene.groups.len();
        web.vertices = scene
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| Vertex {
                item: Some(index),
                column: at(&ranks.column, index),
                under: at(&ranks.under, index),
                band: item.group.map_or(free, |g| at(band_of_group, g)),
                ..Vertex::default()
            })
            .collect();
        for link in &scene.links {
            web.chain(link.a, link.b, free);
        }
        web.start();
        web.improve();
        web
    }

    /// Index into [`Web::cells`].
    pub(super) fn cell(&self, column: usize, band: usize) -> usize {
        column * self.bands + band
    }

    fn chain(&mut self, a: usize, b: usize, free: usize) {
        let end = |i: usize| self.vertices.get(i).map_or((0, free), |v| (v.column, v.band));
        let ((ca, ba), (cb, bb)) = (end(a), end(b));
        let (from, to, start, stop) = if ca <= cb { (a, b, ca, cb) } else { (b, a, cb, ca) };
        if start == stop {
            self.chains.push(Vec::new());
            return;
        }
        let left_band = if from == a { ba } else { bb };
        let right_band = if from == a { bb } else { ba };
        let band = if left_band == free { right_band } else { left_band };
        let mut chain = vec![from];
        if self.vertices.len() + (stop - start) <= MOST_BENDS {
            for column in start + 1..stop {
                chain.push(self.vertices.len());
                self.vertices.push(Vertex { column, band, ..Vertex::default() });
            }
        }
        chain.push(to);
        for (one, other) in chain.iter().zip(chain.iter().skip(1)) {
            let next = self.vertices.get(*other).map_or(0, |v| v.column);
            let beside = self.vertices.get(*one).is_some_and(|v| v.column + 1 == next);
            if !beside {
                continue;
            }
            if let Some(v) = self.vertices.get_mut(*one) {
                v.right.push(*other);
            }
            if let Some(v) = self.vertices.get_mut(*other) {
                v.left.push(*one);
            }
        }
        self.chains.push(chain);
    }

    /// First order: as a walk from the left meets the vertices, so that what hangs together stands together.
    fn start(&mut self) {
        self.cells = vec![Vec::new(); self.columns * self.bands];
        let mut met = vec![false; self.vertices.len()];
        let mut roots: Vec<usize> = (0..self.vertices.len()).collect();
        // Loose ones last: they stand below what is connected.
        roots.sort_by_key(|i| {
            self.vertices
                .get(*i)
                .map_or((true, 0, *i), |v| (v.left.is_empty() && v.right.is_empty(), v.column, *i))
        });
        for root in roots {
            let mut todo = vec![root];
            while let Some(index) = todo.pop() {
                let Some(seen) = met.get_mut(index) else { continue };
                if std::mem::replace(seen, true) {
                    continue;
                }
                let Some(vertex) = self.vertices.get(index) else { continue };
                let cell = self.cell(vertex.column, vertex.band);
                todo.extend(vertex.left.iter().rev());
                todo.extend(vertex.right.iter().rev());
                if let Some(list) = self.cells.get_mut(cell) {
                    list.push(index);
                }
            }
        }
    }

    fn improve(&mut self) {
        let rounds = if self.vertices.len() <= 4_000 { 24 } else { 6 };
        let mut best = self.cells.clone();
        let mut fewest = self.crossings();
        for round in 0..rounds {
            if fewest == 0 {
                break;
            }
            let to_right = round % 2 == 0;
            let mut positions = self.positions();
            for step in 0..self.columns {
                let column = if to_right { step } else { self.columns - 1 - step };
                self.sort(column, to_right, &mut positions);
            }
            if self.vertices.len() <= MOST_TO_SWAP {
                self.swap();
            }
            let crossings = self.crossings();
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&self.cells);
            }
        }
        self.cells = best;
        for cell in &mut self.cells.clone().into_iter().enumerate() {
            let (index, list) = cell;
            let tucked = self.tuck(list.into_iter().map(|v| (0.0, v)).collect());
            if let Some(slot) = self.cells.get_mut(index) {
                *slot = tucked.into_iter().map(|(_, v)| v).collect();
            }
        }
    }

    /// Where each vertex stands in its column: the band, then the place within, from 0 to 1.
    fn positions(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.vertices.len()];
        for (index, list) in self.cells.iter().enumerate() {
            let band = (index % self.bands.max(1)) as f64;
            for (place, vertex) in list.iter().enumerate() {
                if let Some(slot) = out.get_mut(*vertex) {
                    *slot = band + (place as f64 + 0.5) / list.len() as f64;
                }
            }
        }
        out
    }

    fn sort(&mut self, column: usize, by_left: bool, positions: &mut [f64]) {
        for band in 0..self.bands {
            let cell = self.cell(column, band);
            let Some(list) = self.cells.get(cell) else { continue };
            let count = list.len() as f64;
            let mut keyed: Vec<(f64, usize)> = list
                .iter()
                .enumerate()
                .map(|(place, index)| {
                    let vertex = self.vertices.get(*index);
                    let beside = vertex.map(|v| if by_left { &v.left } else { &v.right });
                    let sum: f64 = beside.into_iter().flatten().map(|n| at(positions, *n)).sum();
                    let n = beside.map_or(0, Vec::len);
                    // What is joined to nothing stands below the rest.
                    let loose =
                        vertex.is_some_and(|v| v.left.is_empty() && v.right.is_empty() && v.under.is_none());
                    let stay = if loose { f64::MAX } else { band as f64 + (place as f64 + 0.5) / count };
                    (if n == 0 { stay } else { sum / n as f64 }, *index)
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            let keyed = self.tuck(keyed);
            for (place, (_, index)) in keyed.iter().enumerate() {
                if let Some(position) = positions.get_mut(*index) {
                    *position = band as f64 + (place as f64 + 0.5) / count;
                }
            }
            if let Some(list) = self.cells.get_mut(cell) {
                *list = keyed.into_iter().map(|(_, index)| index).collect();
            }
        }
    }

    /// Brings what stands under something else there.
    fn tuck(&self, sorted: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
        let host = |index: usize| self.vertices.get(index).and_then(|v| v.under);
        if sorted.iter().all(|(_, index)| host(*index).is_none()) {
            return sorted;
        }
        let mut guests: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
        let mut out = Vec::with_capacity(sorted.len());
        for entry in &sorted {
            if let Some(host) = host(entry.1) {
                guests.entry(host).or_default().push(*entry);
            }
        }
        for entry in sorted {
            if host(entry.1).is_none() {
                out.push(entry);
                out.extend(guests.remove(&entry.1).unwrap_or_default());
            }
        }
        out.extend(guests.into_values().flatten());
        out
    }

    /// Changes the places of neighbours while that saves crossings.
    fn swap(&mut self) {
        let mut positions = self.positions();
        for cell in 0..self.cells.len() {
            for place in 1..self.cells.get(cell).map_or(0, Vec::len) {
                let pair = self.cells.get(cell).and_then(|l| Some((*l.get(place - 1)?, *l.get(place)?)));
                let Some((upper, lower)) = pair else { continue };
                let (Some(u), Some(l)) = (self.vertices.get(upper), self.vertices.get(lower)) else {
                    continue;
                };
                let cost = |a: &[usize], b: &[usize]| -> (usize, usize) {
                    let (mut now, mut then) = (0, 0);
                    // Hubs have hundreds of neighbours; a sample of them is enough to say which way is better.
                    for x in a.iter().take(48) {
                        for y in b.iter().take(48) {
                            let (x, y) = (at(&positions, *x), at(&positions, *y));
                            now += usize::from(x > y);
                            then += usize::from(x < y);
                        }
                    }
                    (now, then)
                };
                let (left, right) = (cost(&u.left, &l.left), cost(&u.right, &l.right));
                if left.1 + right.1 < left.0 + right.0 {
                    if let Some(list) = self.cells.get_mut(cell) {
                        list.swap(place - 1, place);
                    }
                    let (a, b) = (at(&positions, upper), at(&positions, lower));
                    if let Some(p) = positions.get_mut(upper) {
                        *p = b;
                    }
                    if let Some(p) = positions.get_mut(lower) {
                        *p = a;
                    }
                }
            }
        }
    }

    /// Pairs of links that cross between two columns, all columns together.
    pub(super) fn crossings(&self) -> usize {
        let mut place = vec![0_usize; self.vertices.len()];
        let mut total = 0;
        let mut columns: Vec<Vec<usize>> = Vec::new();
        for column in 0..self.columns {
            let mut order = Vec::new();
            for band in 0..self.bands {
                order.extend(self.cells.get(self.cell(column, band)).into_iter().flatten().copied());
            }
            for (index, vertex) in order.iter().enumerate() {
                if let Some(slot) = place.get_mut(*vertex) {
                    *slot = index + 1;
                }
            }
            columns.push(order);
        }
        for (column, order) in columns.iter().enumerate() {
            let size = columns.get(column + 1).map_or(0, Vec::len);
            // Fenwick tree over the places in the next column: how many ends lie above.
            let mut tree = vec![0_usize; size + 1];
            let mut seen = 0;
            for vertex in order {
                let mut ends: Vec<usize> = self
                    .vertices
                    .get(*vertex)
                    .into_iter()
                    .flat_map(|v| &v.right)
                    .map(|n| at(&place, *n))
                    .collect();
                ends.sort_unstable();
                for end in &ends {
                    let (mut i, mut above) = (*end, 0);
                    while i > 0 {
                        above += at(&tree, i);
                        i &= i - 1;
                    }
                    total += seen - above;
                }
                for end in ends {
                    let mut i = end;
                    while i <= size && i > 0 {
                        if let Some(n) = tree.get_mut(i) {
                            *n += 1;
                        }
                        i += i & i.wrapping_neg();
                    }
                    seen += 1;
                }
            }
        }
        total
    }
}
