//! The place of each event in a trace.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_decide::limit::{next_tracestate, of_lineage};
use tidegate_decide::trace::{Causes, Context};

/// What an event is part of.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Ours: what the function does for the event comes from here.
    pub(crate) own: Context,
    /// The `tracestate` that goes with it: what came, and one hop more.
    pub(crate) state: String,
    /// The span that caused it, where there is one alone.
    pub(crate) parent: Option<u64>,
    /// The event is a batch.
    pub(crate) batch: bool,
    /// Who caused each record, where the event is a batch.
    pub(crate) links: Vec<(u32, Context)>,
}

/// Makes ids that nobody can foresee; keys come from the system.
#[derive(Debug)]
pub(crate) struct Ids {
    keys: RandomState,
    count: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { keys: RandomState::new(), count: AtomicU64::new(0) }
    }
}

impl Ids {
    fn span(&self) -> u64 {
        let mut hasher = self.keys.build_hasher();
        hasher.write_u64(self.count.fetch_add(1, Ordering::Relaxed));
        hasher.finish().max(1)
    }

    /// The place of an event with what it claims, and the trace header that Lambda gave. One event goes on
    /// with its context. A batch has as many as it has messages: it belongs to Lambda's trace, and links to them.
    pub(crate) fn place(&self, causes: &Causes, batch: bool, header: &str) -> Place {
        let contexts = causes.contexts.as_slice();
        let alone = if batch { None } else { contexts.first().copied().flatten() };
        let cause = alone.or_else(|| Context::of_xray(header));
        let trace =
            cause.map_or_else(|| u128::from(self.span()) << 64 | u128::from(self.span()), |c| c.trace);
        let own = Context { trace, span: self.span(), sampled: cause.is_none_or(|c| c.sampled) };
        // Of many messages none speaks for the others: their count of hops alone goes on.
        let state = if alone.is_some() { causes.state.as_str() } else { "" };
        let state = next_tracestate(state, causes.hops.max(of_lineage(header)));
        let numbered = (0..).zip(contexts).filter(|_| batch);
        let links = numbered.filter_map(|(index, context)| Some((index, (*context)?))).collect();
        Place { own, state, parent: cause.map(|c| c.span), batch, links }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_and_many_are_linked() {
        let ids = Ids::default();
        let context = Context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap();
        let of = |contexts: &[Option<Context>]| Causes {
            contexts: contexts.to_vec(),
            state: "tidegate=hops:2,vendor=x".into(),
            hops: 2,
        };
        let one = ids.place(&of(&[Some(context)]), false, "");
        assert_eq!(one.state, "tidegate=hops:3,vendor=x");
        assert_eq!((one.own.trace, one.parent, one.own.sampled), (context.trace, Some(context.span), false));
        assert!(one.own.span != context.span && one.links.is_empty());
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let many = ids.place(&of(&[None, Some(context), None]), true, header);
        assert_eq!(many.state, "tidegate=hops:3");
        assert_eq!(many.links, [(1, context)]);
        assert_eq!(many.own.trace, Context::of_xray(header).unwrap().trace);
        let (a, b) = (ids.place(&Causes::default(), false, ""), ids.place(&Causes::default(), false, ""));
        assert!(a.own.trace != b.own.trace && a.own.trace != 0 && a.parent.is_none() && a.own.sampled);
        assert_eq!(a.state, "tidegate=hops:1");
    }
}
