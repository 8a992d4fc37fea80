//! How high everything stands.
//!
//! Each column is laid out against its neighbours by least squares: every vertex as near as possible to the middle of
//! what it is joined to, in the order that is fixed already and with the space that it needs. Pooling adjacent violators
//! solves that exactly and in linear time.

use super::order::Web;
use super::{BOX_HEIGHT, at};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Space between two boxes, two bends, and a box and a bend.
const BOX_GAP: f64 = 24.0;
const BEND_GAP: f64 = 12.0;
const MIXED_GAP: f64 = 14.0;

/// Middle of every vertex and top and bottom of every band.
#[derive(Debug, Default)]
pub(super) struct Heights {
    pub(super) middle: Vec<f64>,
    /// From the top of the topmost box to the bottom of the lowest; `None` for a band without vertices.
    pub(super) bands: Vec<Option<(f64, f64)>>,
    /// Bottom of everything.
    pub(super) bottom: f64,
}

/// Places the vertices from `top` downwards. Between two bands lies `between`, for captions and air.
pub(super) fn place(web: &Web, margin: &[bool], top: f64, between: f64) -> Heights {
    let mut heights =
        Heights { middle: vec![0.0; web.vertices.len()], bands: vec![None; web.bands], bottom: top };
    let free = web.bands.saturating_sub(1);
    let rounds = if web.vertices.len() <= 4_000 { 32 } else { 8 };
    let mut next = top;
    for band in 0..web.bands {
        let columns: Vec<&[usize]> = (0..web.columns)
            .filter(|column| band != free || !at(margin, *column))
            .filter_map(|column| web.cells.get(web.cell(column, band)).map(Vec::as_slice))
            .filter(|list| !list.is_empty())
            .collect();
        if columns.is_empty() {
            continue;
        }
        relax(web, &columns, band, rounds, &mut heights.middle);
        let (first, last) = squeeze(web, &columns, band, next, &mut heights.middle);
        straighten(web, &columns, (first, last), &mut heights.middle);
        if let Some(slot) = heights.bands.get_mut(band) {
            *slot = Some((first, last));
        }
        heights.bottom = last;
        next = last + between;
    }
    margins(web, margin, free, top, &mut heights);
    heights
}

/// Height that a vertex takes.
fn size(web: &Web, vertex: usize) -> f64 {
    if web.vertices.get(vertex).is_some_and(|v| v.item.is_some()) { BOX_HEIGHT } else { 0.0 }
}

/// Least distance between the middles of two vertices, one right above the other.
fn distance(web: &Web, upper: usize, lower: usize) -> f64 {
    let (a, b) = (size(web, upper), size(web, lower));
    let gap = match (a > 0.0, b > 0.0) {
        (true, true) => BOX_GAP,
        (false, false) => BEND_GAP,
        _ => MIXED_GAP,
    };
    (a + b) / 2.0 + gap
}

fn relax(web: &Web, columns: &[&[usize]], band: usize, rounds: usize, middle: &mut [f64]) {
    for list in columns {
        let mut y = 0.0;
        for (place, vertex) in list.iter().enumerate() {
            if let Some(above) = place.checked_sub(1).and_then(|p| list.get(p)) {
                y += distance(web, *above, *vertex);
            }
            set(middle, *vertex, y);
        }
    }
    for round in 0..rounds {
        let to_right = round % 2 == 0;
        // The last rounds look both ways, so that neither side wins.
        let both = round + 4 >= rounds;
        let mut order: Vec<&&[usize]> = columns.iter().collect();
        if !to_right {
            order.reverse();
        }
        for list in order {
            let wishes: Vec<(f64, f64)> =
                list.iter().map(|v| wish(web, *v, band, to_right, both, middle)).collect();
            settle(web, list, &wishes, middle);
        }
    }
}

/// Where a vertex wants to be, and how much.
fn wish(web: &Web, index: usize, band: usize, to_right: bool, both: bool, middle: &[f64]) -> (f64, f64) {
    let stay = (at(middle, index), 0.02);
    let Some(vertex) = web.vertices.get(index) else { return stay };
    if let Some(host) = vertex.under {
        return (at(middle, host) + distance(web, host, index), 1.0);
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    let sides = [(to_right || both, &vertex.left), (!to_right || both, &vertex.right)];
    for neighbour in sides.iter().filter(|(on, _)| *on).flat_map(|(_, list)| list.iter()) {
        let Some(other) = web.vertices.get(*neighbour) else { continue };
        if other.band != band {
            continue;
        }
        // Long links should run straight before short ones do.
        let w = match (vertex.item, other.item) {
            (None, None) => 8.0,
            (Some(_), Some(_)) => 1.0,
            _ => 2.0,
        };
        sum += at(middle, *neighbour) * w;
        weight += w;
    }
    if weight > 0.0 { (sum / weight, weight) } else { stay }
}

/// Moves a column's vertices as near to their wishes as order and space allow.
fn settle(web: &Web, list: &[usize], wishes: &[(f64, f64)], middle: &mut [f64]) {
    // Blocks of vertices that touch: sum of weighted wishes, weight, members.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(list.len());
    let mut offsets = Vec::with_capacity(list.len());
    let mut offset = 0.0;
    for (place, (vertex, (y, w))) in list.iter().zip(wishes).enumerate() {
        if let Some(above) = place.checked_sub(1).and_then(|p| list.get(p)) {
            offset += distance(web, *above, *vertex);
        }
        offsets.push(offset);
        blocks.push(((y - offset) * w, *w, 1));
        while let [.., a, b] = blocks.as_slice() {
            if a.0 / a.1 <= b.0 / b.1 {
                break;
            }
            let joined = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    let starts = blocks.iter().flat_map(|(sum, weight, n)| std::iter::repeat_n(sum / weight, *n));
    for ((vertex, start), offset) in list.iter().zip(starts).zip(offsets) {
        set(middle, *vertex, start + offset);
    }
}

/// Moves a band below `top` and every part of it that hangs together as far up as it goes. Returns its first and last
/// line.
fn squeeze(web: &Web, columns: &[&[usize]], band: usize, top: f64, middle: &mut [f64]) -> (f64, f64) {
    let parts = parts(web, columns, band);
    let above: BTreeMap<usize, usize> =
        columns.iter().flat_map(|list| list.iter().skip(1).copied().zip(list.iter().copied())).collect();
    let all = || columns.iter().flat_map(|list| list.iter().copied());
    let start = all().map(|v| at(middle, v) - size(web, v) / 2.0).fold(f64::MAX, f64::min);
    for vertex in all() {
        let y = at(middle, vertex);
        set(middle, vertex, y - start + top);
    }
    let shifts = shifts(web, &parts, &above, top, middle);
    for (part, shift) in parts.iter().zip(shifts) {
        for vertex in part {
            let y = at(middle, *vertex);
            set(middle, *vertex, y - shift);
        }
    }
    let mut bottom = top;
    for vertex in all() {
        let y = at(middle, vertex).round();
        set(middle, vertex, y);
        bottom = bottom.max(y + size(web, vertex) / 2.0);
    }
    (top, bottom)
}

/// A difference in height that looks like a mistake.
const NEARLY: f64 = 10.0;

/// Makes links straight that are so but for a few pixels, where there is room.
fn straighten(web: &Web, columns: &[&[usize]], (top, bottom): (f64, f64), middle: &mut [f64]) {
    for list in columns {
        for (place, index) in list.iter().enumerate() {
            let Some(vertex) = web.vertices.get(*index) else { continue };
            let y = at(middle, *index);
            let half = size(web, *index) / 2.0;
            let near = |n: &usize| web.vertices.get(*n).is_some_and(|v| v.band == vertex.band);
            let goal = vertex.left.iter().filter(|n| near(n)).map(|n| at(middle, *n));
            let Some(goal) = goal.min_by(|a, b| (a - y).abs().total_cmp(&(b - y).abs())) else { continue };
            let above = place.checked_sub(1).and_then(|p| list.get(p));
            let free_above = above.map_or(top + half, |v| at(middle, *v) + distance(web, *v, *index));
            let free_below =
                list.get(place + 1).map_or(bottom - half, |v| at(middle, *v) - distance(web, *index, *v));
            if (goal - y).abs() <= NEARLY && goal >= free_above && goal <= free_below {
                set(middle, *index, goal);
            }
        }
    }
}

/// How far up each part goes: as far as the top and the parts above it let it, which go up themselves. A part may stand
/// above another one in one column and below it in the next, so this is a shortest path.
fn shifts(
    web: &Web,
    parts: &[Vec<usize>],
    above: &BTreeMap<usize, usize>,
    top: f64,
    middle: &[f64],
) -> Vec<f64> {
    // Sixteenths of a pixel, rounded down: whole numbers can be sorted.
    let whole = |room: f64| (room.max(0.0) * 16.0).floor() as u64;
    let mut part_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        part_of.extend(part.iter().map(|vertex| (*vertex, number)));
    }
    let mut best: Vec<u64> = Vec::with_capacity(parts.len());
    // Per part those below it, with the room between.
    let mut below: Vec<Vec<(usize, u64)>> = vec![Vec::new(); parts.len()];
    for (number, part) in parts.iter().enumerate() {
        let mut most = u64::MAX;
        for vertex in part {
            let y = at(middle, *vertex);
            most = most.min(whole(y - size(web, *vertex) / 2.0 - top));
            let Some(upper) = above.get(vertex) else { continue };
            let Some(other) = part_of.get(upper).copied().filter(|o| *o != number) else { continue };
            if let Some(list) = below.get_mut(other) {
                list.push((number, whole(y - at(middle, *upper) - distance(web, *upper, *vertex))));
            }
        }
        best.push(most);
    }
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> =
        best.iter().enumerate().map(|(n, s)| Reverse((*s, n))).collect();
    while let Some(Reverse((shift, number))) = heap.pop() {
        if best.get(number).is_some_and(|known| *known < shift) {
            continue;
        }
        for (other, room) in below.get(number).into_iter().flatten() {
            let through = shift.saturating_add(*room);
            if let Some(known) = best.get_mut(*other).filter(|known| **known > through) {
                *known = through;
                heap.push(Reverse((through, *other)));
            }
        }
    }
    best.into_iter().map(|s| if s == u64::MAX { 0.0 } else { s as f64 / 16.0 }).collect()
}

/// The vertices of a band that hang together within it, the topmost part first, each sorted.
fn parts(web: &Web, columns: &[&[usize]], band: usize) -> Vec<Vec<usize>> {
    let mut guests: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, vertex) in web.vertices.iter().enumerate() {
        if let Some(host) = vertex.under {
            guests.entry(host).or_default().push(index);
        }
    }
    // Everything else counts as met.
    let mut met = vec![true; web.vertices.len()];
    for vertex in columns.iter().flat_map(|list| list.iter()) {
        if let Some(slot) = met.get_mut(*vertex) {
            *slot = false;
        }
    }
    let mut out = Vec::new();
    // Row by row, so that parts come roughly from top to bottom.
    let rows = columns.iter().map(|list| list.len()).max().unwrap_or(0);
    for root in (0..rows).flat_map(|row| columns.iter().filter_map(move |list| list.get(row).copied())) {
        let mut part = Vec::new();
        let mut todo = vec![root];
        while let Some(index) = todo.pop() {
            let Some(vertex) = web.vertices.get(index).filter(|v| v.band == band) else { continue };
            if at(&met, index) {
                continue;
            }
            set_flag(&mut met, index);
            part.push(index);
            todo.extend(vertex.left.iter().chain(&vertex.right).chain(&vertex.under));
            todo.extend(guests.get(&index).into_iter().flatten());
        }
        if !part.is_empty() {
            part.sort_unstable();
            out.push(part);
        }
    }
    out
}

fn set_flag(list: &mut [bool], index: usize) {
    if let Some(slot) = list.get_mut(index) {
        *slot = true;
    }
}

/// Places what stands outside of every boundary next to what it is joined to.
fn margins(web: &Web, margin: &[bool], free: usize, top: f64, heights: &mut Heights) {
    for column in (0..web.columns).filter(|c| at(margin, *c)) {
        let Some(list) = web.cells.get(web.cell(column, free)) else { continue };
        let near = |index: usize| -> Option<f64> {
            let vertex = web.vertices.get(index)?;
            let ends: Vec<f64> =
                vertex.left.iter().chain(&vertex.right).map(|n| at(&heights.middle, *n)).collect();
            (!ends.is_empty()).then(|| ends.iter().sum::<f64>() / ends.len() as f64)
        };
        let mut keyed: Vec<(f64, usize)> = list.iter().map(|v| (near(*v).unwrap_or(f64::MAX), *v)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let sorted: Vec<usize> = keyed.iter().map(|(_, v)| *v).collect();
        let fallback = heights.bottom + BOX_HEIGHT;
        let wishes: Vec<(f64, f64)> =
            keyed.iter().map(|(y, _)| if *y == f64::MAX { (fallback, 0.1) } else { (*y, 1.0) }).collect();
        settle(web, &sorted, &wishes, &mut heights.middle);
        let first = sorted.first().map_or(0.0, |v| at(&heights.middle, *v) - size(web, *v) / 2.0);
        let down = (top - first).max(0.0);
        let mut below = f64::MIN;
        for vertex in &sorted {
            let y = (at(&heights.middle, *vertex) + down).round();
            set(&mut heights.middle, *vertex, y);
            below = below.max(y + size(web, *vertex) / 2.0);
        }
        heights.bottom = heights.bottom.max(below);
    }
}

fn set(list: &mut [f64], index: usize, value: f64) {
    if let Some(slot) = list.get_mut(index) {
        *slot = value;
    }
}
