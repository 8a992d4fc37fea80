//! Which findings a wish is about: from the place of a comment to lines, and from a finding to the wishes that fit it.

use super::comment::{Comment, Language, Lines};
use super::directive::{self, Directive, Reach};
use super::{Allow, Scope, Tool};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_graph::{Data, FileId, Finding, Resource, Source, Span, Str, System};

/// Every wish that a comment of a file holds.
pub(super) fn comments(system: &System) -> Vec<Allow> {
    let mut out = Vec::new();
    let mut headers: Option<HashMap<FileId, BTreeMap<usize, ()>>> = None;
    let mut documents: Option<HashMap<FileId, BTreeSet<usize>>> = None;
    for (file, source) in system.sources.iter() {
        let text = source.text();
        let Some(language) = language(source).filter(|_| directive::may_hold(text)) else { continue };
        // Most runs hold no such comment at all, and never need this.
        let headers = headers.get_or_insert_with(|| {
            let mut all: HashMap<FileId, BTreeMap<usize, ()>> = HashMap::new();
            for resource in system.resources() {
                all.entry(resource.span.file).or_default().insert(header(system, resource), ());
            }
            all
        });
        let empty = BTreeMap::new();
        let mut place = Place {
            file,
            lines: Lines::new(language, text),
            headers: headers.get(&file).unwrap_or(&empty),
            blocks: None,
        };
        for comment in std::mem::take(&mut place.lines.comments) {
            // What stands within a text is a comment where the text is a document that was read.
            if let Some(within) = place.lines.around(comment.line) {
                let known = documents.get_or_insert_with(|| self::documents(system)).get(&file);
                if known.is_none_or(|lines| lines.range(within.clone()).next().is_none()) {
                    continue;
                }
            }
            let shown = text.get(comment.bytes.clone()).unwrap_or_default();
            for directive in directive::parse(shown) {
                let scope = place.scope(&comment, &directive);
                let Directive { tool, names, reason, until, broken, .. } = directive;
                let span = Some(Span::new(file, comment.bytes.start, comment.bytes.end));
                out.push(Allow {
                    tool,
                    names,
                    reason,
                    until,
                    span,
                    line: None,
                    scope,
                    rules: Vec::new(),
                    broken,
                });
            }
        }
    }
    out
}

/// Lines on which documents begin that are written within a text.
fn documents(system: &System) -> HashMap<FileId, BTreeSet<usize>> {
    let mut out: HashMap<FileId, BTreeSet<usize>> = HashMap::new();
    for value in system.resources().iter().flat_map(|resource| resource.properties.values()) {
        value.walk(&mut |value| {
            if let Data::Json(inner) = &value.data {
                out.entry(inner.span.file).or_default().insert(line(system, inner.span));
            }
        });
    }
    out
}

/// The language of a file; JSON has no comments.
pub(super) fn language(source: &Source) -> Option<Language> {
    let path = source.path();
    if path.ends_with(".tf") || path.ends_with(".tofu") {
        return Some(Language::Hcl);
    }
    let yaml = [".yaml", ".yml", ".template"].iter().any(|end| path.ends_with(end));
    (yaml && !source.text().trim_start().starts_with('{')).then_some(Language::Yaml)
}

pub(super) fn line(system: &System, span: Span) -> usize {
    system.sources.source(span.file).map_or(0, |s| s.position(span.start).0.saturating_sub(1) as usize)
}

/// The line on which a resource is declared. What a transform makes often points behind the name, at the body.
pub(super) fn header(system: &System, resource: &Resource) -> usize {
    const MOST: usize = 16;
    let at = line(system, resource.span);
    let Some(source) = system.sources.source(resource.span.file) else { return at };
    let text = |n: usize| u32::try_from(n + 1).map_or("", |n| source.line(n)).trim_start();
    let names = || std::iter::once(&resource.logical_id).chain(&resource.made_from);
    let declares = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        names().any(|name| {
            let rest = line.strip_prefix(name.as_str());
            rest.is_some_and(|r| r.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
        })
    };
    if declares(text(at)) {
        return at;
    }
    let above = (at.saturating_sub(MOST)..at).rev();
    let code = above.into_iter().find(|n| !text(*n).is_empty() && !text(*n).starts_with('#'));
    code.filter(|n| declares(text(*n))).unwrap_or(at)
}

/// A file while its comments are placed.
struct Place<'a> {
    file: FileId,
    lines: Lines<'a>,
    /// Lines on which resources are declared.
    headers: &'a BTreeMap<usize, ()>,
    /// First and last line of each outermost resource.
    blocks: Option<BTreeMap<usize, usize>>,
}

impl Place<'_> {
    fn scope(&mut self, comment: &Comment, directive: &Directive) -> Scope {
        match directive.reach {
            Reach::File if self.lines.is_head(comment.line) => Scope::File(self.file),
            Reach::File => Scope::Nothing,
            Reach::NextLine => {
                let line = comment.line + 1;
                let last = self.lines.with_text(line);
                Scope::Lines { file: self.file, first: line, last, block: false }
            }
            Reach::Resource => match self.enclosing(comment.line) {
                Some(block) => block,
                None => self.here(comment),
            },
            Reach::Here => self.here(comment),
        }
    }

    /// What a comment stands on, right above, or right behind the head of.
    fn here(&mut self, comment: &Comment) -> Scope {
        let head = self.lines.above(comment).filter(|line| self.headers.contains_key(line));
        match head.or_else(|| self.lines.subject(comment)) {
            Some(first) => self.block(first),
            None => Scope::Nothing,
        }
    }

    fn block(&mut self, first: usize) -> Scope {
        let last = self.lines.extent(first);
        // Above `Resources:` it would take in every resource of the file, which nobody means.
        let within = self.headers.range(first + 1..=last.max(first + 1)).take(2).count();
        let last = if within > 1 && !self.headers.contains_key(&first) { first } else { last };
        Scope::Lines { file: self.file, first, last, block: true }
    }

    /// The outermost resource around a line.
    fn enclosing(&mut self, line: usize) -> Option<Scope> {
        if self.blocks.is_none() {
            let mut blocks = BTreeMap::new();
            let mut end = None;
            for first in self.headers.keys().copied() {
                if end.is_none_or(|end| first > end) {
                    let last = self.lines.extent(first);
                    end = Some(last);
                    blocks.insert(first, last);
                }
            }
            self.blocks = Some(blocks);
        }
        let (first, last) = self.blocks.as_ref()?.range(..=line).next_back()?;
        (line <= *last).then_some(Scope::Lines { file: self.file, first: *first, last: *last, block: true })
    }
}

/// Wishes where a finding finds them without looking at all of them.
pub(super) struct Shelf<'a> {
    system: &'a System,
    path: &'a dyn Fn(&str) -> String,
    lines: HashMap<(FileId, &'static str), Vec<Interval>>,
    resources: HashMap<(usize, Str, &'static str), Vec<usize>>,
    stacks: HashMap<(usize, &'static str), Vec<usize>>,
    files: HashMap<(FileId, &'static str), Vec<usize>>,
    patterns: HashMap<&'static str, Vec<usize>>,
    made_by: HashMap<(usize, Str), usize>,
    allows: &'a [Allow],
}

/// Lines of a wish; `reach` is the greatest last line of this one and all that begin before it.
struct Interval {
    first: usize,
    last: usize,
    reach: usize,
    block: bool,
    at: usize,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(system: &'a System, allows: &'a [Allow], path: &'a dyn Fn(&str) -> String) -> Self {
        let mut out = Self {
            system,
            path,
            lines: HashMap::new(),
            resources: HashMap::new(),
            stacks: HashMap::new(),
            files: HashMap::new(),
            patterns: HashMap::new(),
            made_by: HashMap::new(),
            allows,
        };
        for (at, allow) in allows.iter().enumerate().filter(|(_, a)| a.broken.is_none()) {
            for rule in allow.rules.iter().copied() {
                match &allow.scope {
                    Scope::Lines { file, first, last, block } => out
                        .lines
                        .entry((*file, rule))
                        .or_default()
                        .push(Interval { first: *first, last: *last, reach: 0, block: *block, at }),
                    Scope::Resource { stack, logical_id } => {
                        out.resources.entry((*stack, logical_id.clone(), rule)).or_default().push(at);
                    }
                    Scope::Stack { stack, .. } => out.stacks.entry((*stack, rule)).or_default().push(at),
                    Scope::File(file) => out.files.entry((*file, rule)).or_default().push(at),
                    Scope::Patterns { .. } => out.patterns.entry(rule).or_default().push(at),
                    Scope::Nothing => {}
                }
            }
        }
        for intervals in out.lines.values_mut() {
            intervals.sort_by_key(|i| (i.first, i.at));
            let mut reach = 0;
            for interval in intervals {
                reach = reach.max(interval.last);
                interval.reach = reach;
            }
        }
        if !out.lines.is_empty() {
            for (at, resource) in system.resources().iter().enumerate() {
                out.made_by.entry((resource.stack, resource.logical_id.clone())).or_insert(at);
            }
        }
        out
    }

    /// The wishes that fit a finding, in the order in which they were found.
    pub(super) fn fitting(&self, finding: &Finding) -> Vec<usize> {
        let mut out = Vec::new();
        let rule = finding.rule;
        let resource = self.system.resource(&finding.resource);
        let spot = (finding.span.file, line(self.system, finding.span));
        self.around(rule, spot, false, &mut out);
        if let Some(resource) = resource {
            for header in self.headers(resource) {
                self.around(rule, header, true, &mut out);
            }
            let names = std::iter::once(&resource.logical_id).chain(&resource.made_from);
            for name in names {
                out.extend(self.resources.get(&(resource.stack, name.clone(), rule)).into_iter().flatten());
            }
            for at in self.stacks.get(&(resource.stack, rule)).into_iter().flatten() {
                let scope = self.allows.get(*at).map(|allow| &allow.scope);
                let Some(Scope::Stack { resource: pattern, .. }) = scope else { continue };
                let names = || std::iter::once(&resource.logical_id).chain(&resource.made_from);
                if pattern.as_ref().is_none_or(|glob| names().any(|name| glob.fits(name))) {
                    out.push(*at);
                }
            }
        }
        out.extend(self.files.get(&(finding.span.file, rule)).into_iter().flatten());
        for at in self.patterns.get(rule).into_iter().flatten() {
            if self.allows.get(*at).is_some_and(|allow| self.fits(allow, finding, resource)) {
                out.push(*at);
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Lines on which the finding's resource, or the one that it was made from, is declared.
    fn headers(&self, resource: &Resource) -> Vec<(FileId, usize)> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let origin =
            resource.made_from.as_ref().and_then(|name| self.made_by.get(&(resource.stack, name.clone())));
        let origin = origin.and_then(|at| self.system.resources().get(*at));
        let both = std::iter::once(resource).chain(origin);
        both.map(|r| (r.span.file, header(self.system, r))).collect()
    }

    /// Wishes whose lines hold the spot; with `first` those that begin on it.
    fn around(&self, rule: &'static str, (file, spot): (FileId, usize), first: bool, out: &mut Vec<usize>) {
        let Some(intervals) = self.lines.get(&(file, rule)) else { return };
        let behind = intervals.partition_point(|i| i.first <= spot);
        for interval in intervals.iter().take(behind).rev() {
            if interval.reach < spot || first && interval.first < spot {
                break;
            }
            if interval.last >= spot && (interval.block || !first) {
                out.push(interval.at);
            }
        }
    }

    fn fits(&self, allow: &Allow, finding: &Finding, resource: Option<&Resource>) -> bool {
        let Scope::Patterns { resource: names, path } = &allow.scope else { return false };
        let named = names.as_ref().is_none_or(|glob| {
            glob.fits(&finding.resource) || resource.is_some_and(|r| glob.fits(&r.logical_id))
        });
        let placed = path.as_ref().is_none_or(|glob| {
            let file = self.system.sources.source(finding.span.file);
            file.is_some_and(|source| glob.fits(&(self.path)(source.path())))
        });
        named && placed
    }
}

/// What a wish of the configuration is about.
pub(crate) fn patterns(resource: Option<&str>, path: Option<&str>) -> Scope {
    use crate::config::Glob;
    Scope::Patterns { resource: resource.map(Glob::new), path: path.map(Glob::new) }
}

impl Allow {
    /// A wish of the configuration.
    pub(crate) fn configured(
        names: Vec<String>,
        resource: Option<&str>,
        path: Option<&str>,
        line: usize,
    ) -> Self {
        Self {
            tool: Tool::Tidegate,
            names,
            reason: None,
            until: None,
            span: None,
            line: Some(line),
            scope: patterns(resource, path),
            rules: Vec::new(),
            broken: None,
        }
    }
}
