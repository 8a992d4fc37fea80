//! Runs rules over resources, once for each world, and joins what they report.

use crate::context::{Draft, Reported};
use crate::index::Index;
use crate::rule::Entry;
use crate::{Context, Guardrails, Metadata, Outcome, Profile, Selection, Unknown, registry};
use std::collections::{HashMap, HashSet};
use tidegate_graph::{Finding, FindingState, Graph, System, World};

pub(crate) fn run(system: &System, graph: &Graph, selection: &Selection) -> Outcome {
    let guardrails = &selection.guardrails;
    run_rules(system, graph, guardrails, registry::RULES.iter().filter(|rule| selection.holds(rule.metadata)))
}

pub(crate) fn run_rules<'r>(
    system: &System,
    graph: &Graph,
    guardrails: &Guardrails,
    rules: impl Iterator<Item = &'r Entry>,
) -> Outcome {
    let index = Index::within(system, guardrails.clone());
    let mut outcome = Outcome::default();
    for rule in rules {
        for resource in rule.on.iter().flat_map(|ty| index.of_type(ty)) {
            // Where the resource doesn't exist nothing can fail, and nothing pass either.
            let run = |cx: &Context<'_>| cx.exists(resource).then(|| (rule.check)(resource, cx));
            explore(rule.metadata, run, system, graph, &index, &mut outcome);
        }
        let run = |cx: &Context<'_>| {
            (rule.check_system)(cx);
            Some(())
        };
        explore(rule.metadata, run, system, graph, &index, &mut outcome);
    }
    sort(system, &mut outcome);
    outcome
}

/// The worst last, then by place.
pub(crate) fn sort(system: &System, outcome: &mut Outcome) {
    let place = |f: &Finding| {
        (f.severity, system.sources.source(f.span.file).map(|s| s.path().clone()), f.span.start)
    };
    outcome.findings.sort_by_cached_key(|f| (place(f), f.rule, f.resource.clone(), f.fingerprint.clone()));
}

impl Selection {
    /// True if the rule is to be run.
    pub fn holds(&self, rule: &Metadata) -> bool {
        let named = |names: &[String]| names.iter().any(|name| rule.is_called(name));
        let in_profile = |profile: &Profile| *profile == Profile::All || rule.profiles.contains(profile);
        let wanted = match (self.only.is_empty(), self.profiles.is_empty()) {
            (false, _) => named(&self.only),
            (true, true) => in_profile(&Profile::Baseline),
            (true, false) => self.profiles.iter().any(in_profile),
        };
        wanted && !named(&self.without)
    }
}

/// Runs once in each world that the run can tell apart; `None` leaves a world out.
fn explore(
    rule: &'static Metadata,
    run: impl Fn(&Context<'_>) -> Option<()>,
    system: &System,
    graph: &Graph,
    index: &Index<'_>,
    outcome: &mut Outcome,
) {
    let worlds = World::explore(&system.variables, |world| {
        let cx = Context::new(system, graph, index, world, rule);
        run(&cx).map(|()| cx.into_reported())
    });
    let named = worlds.into_iter().filter_map(|(w, r)| Some((w.describe(&system.variables), r?)));
    join(rule, named.collect(), outcome);
}

/// Findings with the same fingerprint in several worlds are one finding, which says when it fails.
pub(crate) fn join(rule: &'static Metadata, worlds: Vec<(String, Reported)>, outcome: &mut Outcome) {
    struct Joined {
        draft: Draft,
        fingerprint: String,
        fails_in: Vec<usize>,
    }
    let mut joined: Vec<Joined> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut unknown: HashSet<String> = HashSet::new();
    let mut names = Vec::with_capacity(worlds.len());
    for (n, (world, reported)) in worlds.into_iter().enumerate() {
        names.push(world);
        let mut ordinals: HashMap<String, usize> = HashMap::new();
        for draft in reported.drafts {
            let ordinal = ordinals.entry(format!("{}\n{}", draft.resource, draft.key)).or_default();
            let fingerprint = draft.fingerprint(rule.id, *ordinal);
            *ordinal += 1;
            match known.get(&fingerprint).and_then(|at| joined.get_mut(*at)) {
                Some(earlier) => {
                    earlier.fails_in.push(n);
                    if draft.severity > earlier.draft.severity {
                        earlier.draft = draft;
                    }
                }
                None => {
                    known.insert(fingerprint.clone(), joined.len());
                    joined.push(Joined { draft, fingerprint, fails_in: vec![n] });
                }
            }
        }
        outcome
            .unknown
            .extend(reported.unknown.into_iter().filter(|u: &Unknown| unknown.insert(u.why.clone())));
    }
    for Joined { draft, fingerprint, fails_in } in joined {
        let fails_when =
            if fails_in.len() == names.len() { Vec::new() } else { described(&names, &fails_in) };
        outcome.findings.push(Finding {
            rule: rule.id,
            severity: draft.severity,
            confidence: draft.confidence,
            title: rule.title,
            aliases: rule.aliases.iter().copied().filter(|a| !draft.unlike.contains(a)).collect(),
            message: with_worlds(draft.message, &fails_when),
            resource: draft.resource,
            span: draft.span,
            related: draft.related,
            path: draft.path,
            fails_when,
            help: draft.help,
            fix: draft.fix,
            state: FindingState::Open,
            fingerprint,
        });
    }
}

fn described(names: &[String], fails_in: &[usize]) -> Vec<String> {
    let mut out: Vec<String> =
        fails_in.iter().filter_map(|n| names.get(*n)).filter(|n| !n.is_empty()).cloned().collect();
    out.dedup();
    out
}

fn with_worlds(message: String, fails_when: &[String]) -> String {
    // More than a few worlds make no sentence; the list has them all.
    const SHOWN: usize = 3;
    let shown = fails_when.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", or ");
    match fails_when.len() {
        0 => message,
        n if n > SHOWN => format!("{message}; fails when {shown}, or in {} more cases", n - SHOWN),
        _ => format!("{message}; fails when {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::queues::queue_encryption_off::QueueEncryptionOff;
    use crate::testing::{Build, text};
    use tidegate_graph::{Cond, Severity};

    fn selection(profiles: &[Profile], only: &[&str], without: &[&str]) -> Selection {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Selection {
            profiles: profiles.to_vec(),
            only: names(only),
            without: names(without),
            ..Selection::default()
        }
    }

    fn rule(id: &str) -> &'static Metadata {
        crate::rules().iter().find(|r| r.id == id).unwrap()
    }

    #[test]
    fn selection_by_profile_id_and_alias() {
        let (url, role) = (rule("function-url-without-auth"), rule("shared-role"));
        assert!(selection(&[], &[], &[]).holds(url));
        assert!(!selection(&[], &[], &[]).holds(role));
        assert!(selection(&[Profile::All], &[], &[]).holds(role));
        assert!(selection(&[], &["tg-fn-028"], &[]).holds(role));
        assert!(!selection(&[], &["tg-fn-028"], &[]).holds(url));
        assert!(!selection(&[], &[], &["CKV_AWS_258"]).holds(url));
        assert!(!selection(&[Profile::DenialOfWallet], &[], &[]).holds(url));
    }

    #[test]
    fn nothing_fails_where_the_resource_is_absent() {
        let off = [("SqsManagedSseEnabled", text("false"))];
        let ty = "AWS::SQS::Queue";
        let build = Build::new().add_if(Some(Cond::Constant(false)), "Never", ty, &off).add_if(
            Some(Cond::Free("IsProd".into())),
            "Sometimes",
            ty,
            &off,
        );
        // Wherever it exists it fails, so there is nothing to add about worlds.
        assert_eq!(
            build.findings::<QueueEncryptionOff>(),
            ["Sometimes: the queue keeps its messages unencrypted"]
        );
    }

    #[test]
    fn the_worst_comes_last() {
        let open = r#"{"PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}}}"#;
        let build = Build::new()
            .json("Policy", "AWS::SQS::QueuePolicy", open)
            .json("Url", "AWS::Lambda::Url", r#"{"AuthType": "NONE"}"#)
            .json("Queue", "AWS::SQS::Queue", r#"{"SqsManagedSseEnabled": false}"#);
        let findings = run(&build.system(), &Graph::new(), &Selection::default()).findings;
        let severities: Vec<_> = findings.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Medium, Severity::High, Severity::Critical]);
    }

    #[test]
    fn few_worlds_make_a_sentence_and_many_are_counted() {
        let worlds = |n: usize| (0..n).map(|i| format!("E={i}")).collect::<Vec<_>>();
        assert_eq!(with_worlds("m".into(), &worlds(0)), "m");
        assert_eq!(with_worlds("m".into(), &worlds(2)), "m; fails when E=0, or E=1");
        assert_eq!(
            with_worlds("m".into(), &worlds(5)),
            "m; fails when E=0, or E=1, or E=2, or in 2 more cases"
        );
    }
}
