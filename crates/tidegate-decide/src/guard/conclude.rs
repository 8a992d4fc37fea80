//! What was found, put together as a decision.

use crate::decision::{Class, Decision, Reason, Record, Verdict};
use crate::decode::Chain;
use crate::json::Item;
use crate::trigger::{self, Trigger};
use crate::unfold::{BESIDE, Found};

/// A decision by record.
pub(super) fn conclude(trigger: Trigger, root: Item<'_>, found: &[Found]) -> Decision {
    let count = trigger::records(trigger, root).max(1);
    let mut records: Vec<Record> =
        (0..count).map(|index| Record { index, verdict: Verdict::Allow, reasons: Vec::new() }).collect();
    let mut nodes: Vec<u32> = found.iter().map(|f| f.node).collect();
    nodes.sort_unstable();
    let pointers = root.pointers_to(&nodes);
    let pointer = |node: u32| {
        if node == BESIDE {
            return "/body".to_owned();
        }
        nodes.binary_search(&node).ok().and_then(|at| pointers.get(at)).cloned().unwrap_or_default()
    };
    for found in found {
        let Some(record) = records.get_mut(found.record as usize) else { continue };
        if found.class != Class::Prompt {
            record.verdict = Verdict::Deny;
        }
        record.reasons.push(Reason {
            class: found.class,
            pointer: pointer(found.node),
            within: found.within.clone(),
            decoded: found.decoded,
            offset: found.offset,
            detail: found.detail.clone(),
        });
    }
    let mut decision = Decision { verdict: Verdict::Allow, trigger, records };
    settle(&mut decision);
    decision
}

/// A flaw of the event itself: it belongs to the record it lies in, or else to all of them.
pub(super) fn refuse(
    decision: &mut Decision,
    root: Item<'_>,
    class: Class,
    offset: usize,
    detail: &'static str,
) {
    let within = trigger::record_at(decision.trigger, root, offset);
    for record in &mut decision.records {
        if within.is_none_or(|index| index == record.index) {
            record.verdict = Verdict::Deny;
            let pointer = String::new();
            record.reasons.push(Reason {
                class,
                pointer,
                within: String::new(),
                decoded: Chain::default(),
                offset,
                detail: detail.into(),
            });
        }
    }
    settle(decision);
}

fn settle(decision: &mut Decision) {
    let denied = decision.records.iter().filter(|r| r.verdict == Verdict::Deny).count();
    decision.verdict = match denied {
        0 => Verdict::Allow,
        n if n == decision.records.len() => Verdict::Deny,
        _ => Verdict::Partial,
    };
}

/// A decision on an event that can't be looked into.
pub(super) fn refused(
    trigger: Option<Trigger>,
    class: Class,
    offset: usize,
    detail: &'static str,
) -> Decision {
    let reason = Reason {
        class,
        pointer: String::new(),
        within: String::new(),
        decoded: Chain::default(),
        offset,
        detail: detail.into(),
    };
    let record = Record { index: 0, verdict: Verdict::Deny, reasons: vec![reason] };
    Decision { verdict: Verdict::Deny, trigger: trigger.unwrap_or(Trigger::Direct), records: vec![record] }
}
