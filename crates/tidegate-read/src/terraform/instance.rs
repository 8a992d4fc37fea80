//! What the evaluator hands to lowering.

use tidegate_graph::{Cond, Map, Span, Str};

/// One evaluated instance of a `resource` block (or of an impure `data` block).
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// `<stack>/<address>`.
    pub(crate) id: Str,
    /// `module.m.aws_sqs_queue.q["k"]`.
    pub(crate) address: Str,
    /// `aws_sqs_queue`.
    pub(crate) ty: Str,
    /// `q`.
    #[allow(dead_code, reason = "part of what lowering may ask for")]
    pub(crate) name: Str,
    /// Evaluated; a block type within is a list of maps, one for each block. Null attributes are left out.
    pub(crate) attributes: Map,
    /// Set when its count hangs on something unknown.
    pub(crate) condition: Option<Cond>,
    /// The block's header: from the keyword to the closing quote of its labels.
    pub(crate) span: Span,
    /// True for `data` blocks.
    pub(crate) data: bool,
}
