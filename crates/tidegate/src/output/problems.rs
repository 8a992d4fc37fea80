//! Broken user input, shown like a compiler shows it.

use super::excerpt::Excerpt;
use super::{Base, Look, wrap};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, normalize_untrusted_str};
use tidegate_graph::{Problem, System};

/// All problems of a system, each followed by an empty line.
pub(crate) fn render(system: &System, problems: &[&Problem], base: &Base, look: Look) -> String {
    let mut out = String::new();
    for problem in problems {
        out.push_str(&one(system, problem, base, Level::ERROR.with_name("problem"), look));
        out.push_str("\n\n");
    }
    out
}

/// The same for what is only doubtful.
pub(crate) fn warnings(system: &System, warnings: &[Problem], base: &Base, look: Look) -> String {
    let shown = |problem| one(system, problem, base, Level::WARNING.with_name("warning"), look);
    warnings.iter().map(|problem| format!("{}\n\n", shown(problem))).collect()
}

fn one(system: &System, problem: &Problem, base: &Base, level: Level<'_>, look: Look) -> String {
    let excerpt = problem.span.and_then(|span| Excerpt::new(&system.sources, span, base));
    let path = problem.path.as_ref().map(|p| base.join(p));
    let mut group = Group::with_title(level.primary_title(problem.message.as_str()));
    if let Some(excerpt) = &excerpt {
        group = group.element(excerpt.snippet(AnnotationKind::Primary, None));
    } else if let Some(path) = &path {
        group = group.element(Origin::path(path.as_str()));
    }
    if let Some(help) = &problem.help {
        let help = normalize_untrusted_str(help);
        group = group.element(Level::HELP.message(wrap(&help, look.width.saturating_sub(16))));
    }
    let text = look.renderer().render(&[group]);
    match &excerpt {
        Some(excerpt) => excerpt.correct(text),
        None => text,
    }
}
