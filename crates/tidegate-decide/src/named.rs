//! What the name of a value says of it.
//!
//! A page reports where it was seen, a log has its colours, an issue quotes code: the same text under another name would be
//! fetched, obeyed or run. Names are given by whoever sends the event, so they never excuse more than what such a value
//! always has, and what a schema or a consumer says goes first.

use crate::json::Item;
use crate::trigger::{Leaf, Place};
use std::cell::OnceCell;
use std::ops::Range;

/// Where a value stands that has a name of its own.
pub(crate) fn place(name: &[u8]) -> Option<Place> {
    let mut letters = [0; LONGEST];
    let mut length = 0;
    for byte in name.iter().filter(|b| !matches!(b, b'$' | b'_' | b'-' | b'.')) {
        *letters.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    let name = letters.get(..length)?;
    if SEEN.contains(&name) {
        return Some(Place::Seen);
    }
    if LOGGED.contains(&name) {
        return Some(Place::Logged);
    }
    if [&b"host"[..], b"hostname"].iter().any(|end| name.ends_with(end)) {
        return Some(Place::Host);
    }
    let target = [&b"url"[..], b"uri", b"webhook", b"callback", b"endpoint"];
    target.iter().any(|end| name.ends_with(end)).then_some(Place::Target)
}

/// Where the value of a parameter stands: an address that a browser is sent back to is compared with those of the client, as
/// names of parties are, and on a desktop it is the machine itself (RFC 8252).
pub(crate) fn parameter(name: &[u8]) -> Place {
    if matches!(name, b"redirect_uri" | b"post_logout_redirect_uri") || is_callback(name) {
        Place::Claim
    } else {
        match place(name) {
            // `page=http://...` is how an attacker has one included, too.
            Some(Place::Seen) if name != b"page" => Place::SeenParameter,
            Some(Place::Target) => Place::TargetParameter,
            Some(Place::Host) => Place::HostParameter,
            _ => Place::Parameter,
        }
    }
}

/// The cookie in which NextAuth keeps where it sends a browser back to, which it compares with its own address.
pub(crate) fn is_callback(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"__Secure-").unwrap_or(name);
    matches!(name, b"next-auth.callback-url" | b"authjs.callback-url")
}

/// The longest name that says anything, without what parts its words.
const LONGEST: usize = 32;

/// Where somebody was, as browsers, their scripts and monitors report it.
const SEEN: &[&[u8]] = &[
    b"page",
    b"pageurl",
    b"pageuri",
    b"pagelocation",
    b"currentpage",
    b"currenturl",
    b"currentlocation",
    b"initialcurrenturl",
    b"sessionentryurl",
    b"landingpage",
    b"entrypage",
    b"exitpage",
    b"prevpage",
    b"previouspage",
    b"locationhref",
    b"referrer",
    b"referer",
    b"initialreferrer",
    b"documentreferrer",
    b"sessionentryreferrer",
    b"pagereferrer",
    b"httpreferrer",
    b"httpreferer",
    b"httprequestheaderreferer",
    b"origin",
    // Measurements of pages.
    b"dl",
    b"dr",
    // Spans.
    b"httpurl",
    b"httptarget",
    b"urlfull",
    // Alerts.
    b"generatorurl",
    b"externalurl",
    b"silenceurl",
    b"dashboardurl",
    b"panelurl",
    // Reports of policies.
    b"documenturi",
    b"documenturl",
    b"blockeduri",
    b"blockedurl",
    // Frames of a stack.
    b"abspath",
];

/// What a program wrote.
const LOGGED: &[&[u8]] =
    &[b"log", b"logs", b"logline", b"logmessage", b"line", b"stdout", b"stderr", b"output", b"rawlog"];

/// A log's entry calls its text so, and so do many other things.
const MESSAGES: &[&[u8]] = &[b"message", b"msg", b"text", b"body"];

/// The names of a document, which are asked in its order.
pub(crate) struct Names<'a> {
    root: Item<'a>,
    key: Option<Item<'a>>,
    /// The value before, and the last one that names the value beside it.
    before: Option<Item<'a>>,
    attribute: Option<Item<'a>>,
    reported: OnceCell<Option<u32>>,
    logs: OnceCell<bool>,
    posts: OnceCell<Vec<u32>>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(root: Item<'a>) -> Self {
        Self {
            root,
            key: None,
            before: None,
            attribute: None,
            reported: OnceCell::new(),
            logs: OnceCell::new(),
            posts: OnceCell::new(),
        }
    }

    /// Where a string of the document stands.
    pub(crate) fn place(&mut self, item: Item<'a>, key: bool) -> Place {
        if key {
            self.key = Some(item);
            return Place::Key;
        }
        let before = self.before.replace(item);
        let own = self.key.filter(|key| key.index() + 1 == item.index()).map(Item::raw);
        if matches!(own, Some(b"key" | b"name")) {
            self.attribute = Some(item);
        }
        // No address, no escape and no block of code: nothing that a name could say anything of.
        let raw = item.raw();
        if memchr::memchr3(b':', b'\\', b'`', raw).is_none() {
            return Place::Field;
        }
        if memchr::memchr(b'`', raw).is_some() && self.is_post(item) {
            return Place::Post;
        }
        self.named(item, own, before).unwrap_or(Place::Field)
    }

    fn named(&self, item: Item<'a>, own: Option<&[u8]>, before: Option<Item<'a>>) -> Option<Place> {
        match own {
            Some(b"value" | b"stringValue") => {
                let attribute = self.attribute.filter(|name| item.index() - name.index() <= 4);
                match attribute {
                    Some(name) => place(name.raw()),
                    None => (own == Some(b"stringValue") && self.is_log(item)).then_some(Place::Logged),
                }
            }
            Some(b"url") if self.reported() == Some(item.index()) => Some(Place::Seen),
            Some(b"filename") if self.reported().is_some() => Some(Place::Seen),
            Some(name) if MESSAGES.contains(&name) => self.is_log(item).then_some(Place::Logged),
            Some(name) => place(name),
            // `["Referer", "http://..."]`
            None => {
                let name = before.filter(|before| before.index() + 1 == item.index())?;
                place(name.raw()).filter(|place| *place == Place::Seen)
            }
        }
    }

    /// The address in a report of an error, as Sentry's clients send them.
    fn reported(&self) -> Option<u32> {
        *self.reported.get_or_init(|| {
            let has = |key| self.root.field(key).is_some();
            if !has("event_id") || !has("platform") {
                return None;
            }
            // Without a request the root stands for it, which is no value.
            let url = self.root.field("request").and_then(|request| request.field("url"));
            Some(url.map_or(self.root.index(), Item::index))
        })
    }

    /// It has the escape of a terminal, in a document of a log.
    fn is_log(&self, item: Item<'_>) -> bool {
        let escape = |escape: &[u8]| memchr::memmem::find(item.raw(), escape).is_some();
        (escape(b"\\u001b") || escape(b"\\u001B"))
            && *self.logs.get_or_init(|| {
                ["level", "severity", "lvl", "logger", "logEvents", "logs", "resourceLogs"]
                    .iter()
                    .any(|key| self.root.field(key).is_some())
            })
    }

    /// What somebody wrote in an issue, a comment or a review, in an event of who keeps the code.
    fn is_post(&self, item: Item<'_>) -> bool {
        let posts = self.posts.get_or_init(|| {
            let has = |key| self.root.field(key).is_some();
            let (holders, texts): (&[&str], &[&str]) = if has("action") && has("repository") {
                (&["issue", "comment", "pull_request", "review", "discussion", "release"], &["body"])
            } else if has("object_kind") && has("project") {
                (&["object_attributes", "issue", "merge_request"], &["description", "note"])
            } else {
                return Vec::new();
            };
            let held = holders.iter().filter_map(|holder| self.root.field(holder));
            held.flat_map(|holder| texts.iter().filter_map(move |text| holder.field(text)))
                .map(Item::index)
                .collect()
        });
        posts.contains(&item.index())
    }
}

/// Where the strings of a leaf of the event stand, which are asked in its order.
pub(crate) struct Places<'a> {
    leaf: Place,
    /// Of the parameter whose name came last.
    value: Place,
    names: Names<'a>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(leaf: &Leaf<'a>) -> Self {
        Self { leaf: leaf.place, value: leaf.place, names: Names::of(leaf.item) }
    }

    pub(crate) fn place(&mut self, item: Item<'a>, key: bool) -> Place {
        match self.leaf {
            Place::Field => return self.names.place(item, key),
            Place::Parameter if key => self.value = parameter(item.raw()),
            _ => {}
        }
        if key { Place::Key } else { self.value }
    }
}

/// Blocks of code in Markdown, each with the lines that open and close it. Where readers of Markdown could take something
/// else for the end of one (it stays open, stands in a list, a quote or markup, or has other marks), there is none.
pub(crate) fn fences(text: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut open, mut markup, mut at) = (Vec::new(), None, None, 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_ascii_end();
        let indent = bare.iter().take_while(|b| **b == b' ').count();
        let inside = bare.get(indent..).unwrap_or_default();
        let ticks = inside.iter().take_while(|b| **b == b'`').count();
        let info = inside.get(ticks..).unwrap_or_default();
        if let Some(Fence { from, indent: own, ticks: own_ticks }) = open {
            // Whatever stands further out ends the list in which the block stands.
            if indent < own && !inside.is_empty() {
                return found;
            }
            if indent < own + 4 && ticks >= own_ticks && info.is_empty() {
                // In a list it ends the block, and nowhere else.
                if indent > 3 {
                    return found;
                }
                found.push(from..at);
                open = None;
            }
            continue;
        }
        markup = Markup::goes_on(markup, inside);
        let marked = inside.starts_with(b"~~~") || memchr::memmem::find(inside, b"```").is_some();
        if !marked {
            continue;
        }
        if indent > 3 || ticks < 3 || memchr::memchr(b'`', info).is_some() || markup.is_some() {
            return found;
        }
        open = Some(Fence { from: start, indent, ticks });
    }
    found
}

#[derive(Clone, Copy)]
struct Fence {
    from: usize,
    indent: usize,
    ticks: usize,
}

/// Markup that a line belongs to, in which nothing is a block of code.
#[derive(Clone, Copy)]
enum Markup {
    /// It ends with the next blank line.
    Lines,
    /// It ends with the line in which this stands.
    Until(&'static [u8]),
}

impl Markup {
    fn goes_on(before: Option<Self>, line: &[u8]) -> Option<Self> {
        const OPENS: &[(&[u8], &[u8])] = &[
            (b"<!--", b"-->"),
            (b"<?", b"?>"),
            (b"<!", b">"),
            (b"<pre", b"</"),
            (b"<script", b"</"),
            (b"<style", b"</"),
            (b"<textarea", b"</"),
        ];
        let now = before.or_else(|| {
            let lower = line.get(..12).unwrap_or(line).to_ascii_lowercase();
            let long = OPENS.iter().find(|(start, _)| lower.starts_with(start));
            match long {
                Some((_, end)) => Some(Self::Until(end)),
                None => line.starts_with(b"<").then_some(Self::Lines),
            }
        })?;
        let over = match now {
            Self::Lines => line.is_empty(),
            Self::Until(end) => memchr::memmem::find(line, end).is_some(),
        };
        (!over).then_some(now)
    }
}

#[cfg(test)]
mod tests;
