//! The picture as SVG: real text, no scripts, nothing from elsewhere, light and dark by the reader's choice.
//!
//! Kinds differ by dash pattern and arrow head as well as by colour, and a legend names those that occur.

mod glyph;
mod link;
mod style;

use super::layout::{DETAIL_SIZE, Layout, NAME_MARGIN, NAME_SIZE, Point, Rect, layout};
use super::scene::{Glyph, Item, Kinds, Lane, Level, Scene};
use super::words;
use link::{Side, Style, head, links};
use std::fmt::Write;
use tidegate_graph::{Exposure, System};

/// Room for the title and the legend, however small the rest.
const LEAST_WIDTH: f64 = 680.0;
const SIDE: f64 = 28.0;

/// The picture of a scene.
pub(super) fn render(system: &System, scene: &Scene) -> String {
    let layout = layout(scene);
    let mut out = String::with_capacity(8_192 + scene.items.len() * 900 + scene.links.len() * 400);
    let width = layout.width.max(LEAST_WIDTH);
    let shift = ((width - layout.width) / 2.0).round();
    let mut foot = String::new();
    let height = footer(&mut foot, system, scene, width, layout.height);

    let title = title(scene);
    let summary = summary(scene);
    let _ = write!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title summary">
<title id="title">{}</title>
<desc id="summary">{}</desc>
<style>{}</style>
<rect class="paper" width="{width}" height="{height}"/>
<text class="title" x="{SIDE}" y="46">{}</text>
<text class="summary" x="{SIDE}" y="68">{}</text>
"#,
        escape(&format!("Event graph of {title}")),
        escape(&describe(scene)),
        style::CSS,
        escape(&words::fit(&title, (width - 2.0 * SIDE) / 20.0)),
        escape(&words::fit(&summary, (width - 2.0 * SIDE) / 12.0)),
    );
    let _ = writeln!(out, r#"<g transform="translate({shift} 0)">"#);
    bands(&mut out, scene, &layout);
    boundaries(&mut out, &layout);
    links(&mut out, scene, &layout);
    for (item, area) in scene.items.iter().zip(&layout.boxes) {
        node(&mut out, item, *area);
    }
    out.push_str("</g>\n");
    out.push_str(&foot);
    out.push_str("</svg>\n");
    out
}

fn title(scene: &Scene) -> String {
    let stacks: std::collections::BTreeSet<&str> =
        scene.groups.iter().map(tidegate_graph::Str::as_str).collect();
    match (stacks.len(), stacks.first()) {
        (1, Some(name)) => (*name).to_owned(),
        (0, _) if scene.items.iter().any(|i| i.lane == Lane::Stack) => {
            words::count(scene.items.iter().filter(|i| i.lane == Lane::Stack).count(), "stack")
        }
        (n, _) => words::count(n, "stack"),
    }
}

fn summary(scene: &Scene) -> String {
    let mut kinds: Vec<_> = scene.kinds.iter().filter(|(_, n)| **n > 0).collect();
    kinds.sort_by_key(|(kind, n)| (std::cmp::Reverse(**n), **kind));
    let mut parts: Vec<String> =
        kinds.iter().take(6).map(|(kind, n)| words::count(**n, kind.word())).collect();
    parts.push(words::count(scene.edges, "edge"));
    if scene.anonymous > 0 {
        parts.push(format!("{} open to anyone", scene.anonymous));
    }
    parts.join(" · ")
}

/// The picture in words, for who can't see it.
fn describe(scene: &Scene) -> String {
    let mut out = format!("{}.", summary(scene));
    let name = |i: usize| scene.items.get(i).map_or("", |i| i.name.as_str());
    for link in scene.links.iter().take(60) {
        let say = |kinds: Kinds| kinds.iter().map(words::verb).collect::<Vec<_>>().join(" and ");
        match link.entry {
            Some(exposure) => {
                let open = if name(link.a).eq_ignore_ascii_case("internet") { link.b } else { link.a };
                let _ = write!(out, " {} is reachable from the Internet ({}).", name(open), exposure.word());
                continue;
            }
            None if !link.forward.is_empty() => {
                let _ = write!(out, " {} {} {}.", name(link.a), say(link.forward), name(link.b));
            }
            None => {}
        }
        if !link.backward.is_empty() {
            let _ = write!(out, " {} {} {}.", name(link.b), say(link.backward), name(link.a));
        }
    }
    out
}

fn bands(out: &mut String, scene: &Scene, layout: &Layout) {
    let (top, bottom) = (88.0, layout.height);
    for (index, band) in layout.lanes.iter().enumerate() {
        if band.lane == Lane::Stack {
            continue;
        }
        let class = if index % 2 == 0 { "band even" } else { "band" };
        let _ = writeln!(
            out,
            r#"<rect class="{class}" x="{}" y="{top}" width="{}" height="{}" rx="14"/><text class="lane" x="{}" y="{}">{}</text>"#,
            round(band.x + 3.0),
            round(band.width - 6.0),
            round(bottom - top),
            round(band.x + band.width / 2.0),
            top + 22.0,
            caption(scene, band.lane)
        );
    }
}

/// The first lane holds the Internet, other senders, or both.
fn caption(scene: &Scene, lane: Lane) -> &'static str {
    let has =
        |internet| scene.items.iter().any(|i| i.lane == lane && (i.glyph == Glyph::Internet) == internet);
    match lane {
        Lane::Internet if !has(true) => Lane::Outside.title(),
        Lane::Internet if has(false) => "Internet, outside",
        lane => lane.title(),
    }
}

fn boundaries(out: &mut String, layout: &Layout) {
    for boundary in &layout.boundaries {
        let area = boundary.area;
        let fits = words::fit(&boundary.name, (area.width - 32.0) / 11.5);
        let _ = writeln!(
            out,
            r#"<g class="stack"><title>stack {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="14"/><text x="{}" y="{}">{}</text></g>"#,
            escape(&boundary.name),
            round(area.x),
            round(area.y),
            round(area.width),
            round(area.height),
            round(area.x + 16.0),
            round(area.y + 19.0),
            escape(&fits)
        );
    }
}

fn node(out: &mut String, item: &Item, area: Rect) {
    let text = area.width - NAME_MARGIN;
    let family = match item.glyph {
        Glyph::Internet => "internet",
        Glyph::Stack => "stacks",
        Glyph::Kind(_) => match item.lane {
            Lane::Edge => "edge",
            Lane::Compute => "compute",
            Lane::Bus => "bus",
            Lane::Data => "data",
            Lane::Identity => "who",
            _ => "outside",
        },
    };
    let radius = if item.glyph == Glyph::Internet { area.height / 2.0 } else { 10.0 };
    let (w, h) = (area.width, area.height);
    let _ = write!(
        out,
        r#"<g class="node {family}" data-id="{}" transform="translate({} {})"><title>{}</title>"#,
        escape(&item.id),
        round(area.x),
        round(area.y),
        escape(&item.tip)
    );
    if item.count > 1 {
        let _ =
            write!(out, r#"<rect class="box" x="6" y="5" width="{}" height="{h}" rx="{radius}"/>"#, w - 12.0);
    }
    let _ = write!(
        out,
        r#"<rect class="box" width="{w}" height="{h}" rx="{radius}"/><g transform="translate(10 10)"><rect class="tile" width="28" height="28" rx="{}"/><g class="glyph" transform="translate(4 4)">{}</g></g>"#,
        if item.glyph == Glyph::Internet { 14 } else { 7 },
        glyph::shapes(item.glyph),
    );
    let _ = write!(
        out,
        r#"<text class="name" x="46" y="21">{}</text><text class="detail" x="46" y="36">{}</text>"#,
        escape(&words::fit(&item.name, text / NAME_SIZE)),
        escape(&words::fit(&item.detail, text / DETAIL_SIZE)),
    );
    if item.exposure > Exposure::Account && item.glyph != Glyph::Internet {
        let word = item.exposure.word();
        let pill = (words::width(word) * 9.5 + 14.0).round();
        let _ = write!(
            out,
            r#"<g class="badge {word}" transform="translate({} -8)"><rect width="{pill}" height="16" rx="8"/><text x="{}" y="11.5">{word}</text></g>"#,
            w - pill - 10.0,
            pill / 2.0
        );
    }
    out.push_str("</g>\n");
}

/// Legend and captions. Returns the height of the whole picture.
fn footer(out: &mut String, system: &System, scene: &Scene, width: f64, top: f64) -> f64 {
    let mut y = top + 30.0;
    let mut x = SIDE;
    for style in Style::ALL {
        if !scene.links.iter().any(|l| Style::of(l) == style) {
            continue;
        }
        let needed = 44.0 + words::width(style.caption()) * 11.5 + 22.0;
        if x + needed > width - SIDE && x > SIDE {
            x = SIDE;
            y += 22.0;
        }
        let _ = write!(
            out,
            r#"<g class="link {}"><path d="M{} {}H{}"/>"#,
            style.class(),
            round(x),
            y - 4.0,
            round(x + 30.0)
        );
        head(out, Point { x: x + 36.0, y: y - 4.0 }, Side::Right, style);
        if style == Style::Both {
            head(out, Point { x: x - 2.0, y: y - 4.0 }, Side::Left, style);
        }
        let _ = writeln!(
            out,
            r#"</g><text class="legend" x="{}" y="{y}">{}</text>"#,
            round(x + 44.0),
            style.caption()
        );
        x += needed;
    }
    for line in notes(system, scene) {
        y += 22.0;
        let _ = writeln!(
            out,
            r#"<text class="note" x="{SIDE}" y="{y}">{}</text>"#,
            escape(&words::fit(&line, (width - 2.0 * SIDE) / 11.0))
        );
    }
    y + 26.0
}

/// What the picture doesn't show.
fn notes(system: &System, scene: &Scene) -> Vec<String> {
    let mut out = Vec::new();
    let drawn = match scene.level {
        Level::Nodes => None,
        Level::Kinds => Some("one box for the nodes of a kind in a stack"),
        Level::Stacks => Some("one box for each stack"),
        Level::Folders => Some("one box for the stacks of a folder"),
    };
    if let Some(drawn) = drawn {
        out.push(format!(
            "{} nodes and {} edges: {drawn}; thicker lines stand for more edges",
            scene.nodes, scene.edges
        ));
    }
    if scene.hidden_links > 0 {
        out.push(format!(
            "{} with the Internet and outside services are not drawn",
            words::count(scene.hidden_links, "link")
        ));
    }
    if scene.hidden_identities > 0 {
        let verb = if scene.hidden_identities == 1 {
            "carries only grants and is"
        } else {
            "carry only grants and are"
        };
        out.push(format!("{} {verb} not drawn", words::count(scene.hidden_identities, "identity")));
    }
    let unknown = system.unknown_values().len();
    if unknown > 0 {
        out.push(format!(
            "{} not known before deployment: edges may be missing",
            words::count(unknown, "value")
        ));
    }
    if !system.problems.is_empty() {
        out.push(format!(
            "{} while reading: parts of the system may be missing",
            words::count(system.problems.len(), "problem")
        ));
    }
    out
}

/// Two decimals at most: a picture of a thousand nodes shouldn't be half digits.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Text for XML; characters that XML doesn't know are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            // Not in XML, or made to turn the direction of what follows.
            '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples::{self, Sample};
    use std::time::{Duration, Instant};
    use tidegate_graph::{Graph, NodeKind, Sources};

    fn draw(graph: &Graph) -> String {
        render(&System::default(), &Scene::new(&Sources::default(), graph))
    }

    #[test]
    fn an_order_system() {
        insta::assert_snapshot!(draw(&samples::orders()));
    }

    #[test]
    fn hostile_names_stay_text() {
        let name = "</text><script>alert(1)</script>\"'&\u{1}\u{ffff}";
        let graph =
            Sample::default().stack(name).exposed(NodeKind::Api, name, name, Exposure::Anonymous).graph;
        let svg = draw(&graph);
        assert!(!svg.contains("<script") && !svg.contains('\u{1}') && !svg.contains('\u{ffff}'), "{svg}");
        assert!(svg.contains("&lt;script&gt;"), "{svg}");
    }

    #[test]
    fn it_can_be_read_without_eyes_and_without_the_network() {
        let svg = draw(&samples::orders());
        assert!(svg.contains(r#"role="img""#) && svg.contains("<title id=") && svg.contains("<desc id="));
        assert!(svg.contains("OrdersApi is reachable from the Internet (anonymous)."), "{svg}");
        let elsewhere = svg.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http") && !elsewhere.contains("url(") && !elsewhere.contains("@import"));
    }

    #[test]
    fn what_is_hidden_is_counted() {
        let svg = draw(&samples::orders());
        assert!(svg.contains("2 identities carry only grants and are not drawn"));
        assert!(svg.contains("PartnerRole"), "a role that a bucket lets in is drawn");
        assert!(!svg.contains("CreateRole"));
    }

    #[test]
    fn every_style_has_a_pattern_or_a_head_of_its_own() {
        let dash = |style: Style| {
            let rules = style::CSS.lines().filter(|l| l.contains(&format!(".{}{{", style.class())));
            rules
                .filter_map(|l| l.split("stroke-dasharray:").nth(1)?.split('}').next().map(str::to_owned))
                .next()
        };
        let width = |style: Style| style::CSS.contains(&format!("link.{}{{stroke-width", style.class()));
        let all: std::collections::BTreeSet<_> = Style::ALL
            .map(|s| format!("{:?} {} {} {}", dash(s), s.is_open(), width(s), s == Style::Both))
            .into();
        assert_eq!(all.len(), Style::ALL.len(), "{all:?}");
    }

    #[test]
    fn large_graphs_are_drawn_by_stack_in_no_time() {
        let graph = samples::many(20_000, 25);
        let start = Instant::now();
        let svg = draw(&graph);
        // Unoptimised builds on busy machines included; a release build needs some 20 ms.
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(svg.contains("20000 nodes"), "the caption says how many nodes there are");
        assert!(svg.matches(r#"<g class="node"#).count() <= 152);
    }
}
