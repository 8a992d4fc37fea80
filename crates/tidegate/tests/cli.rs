//! The real binary, as people and other tools meet it.

// The attribute tells clippy that helpers are tests, too.
#[cfg(test)]
mod cli {
    mod baseline;
    mod broken_schemas;
    mod check;
    mod conditions;
    mod config;
    mod contract;
    mod declared_schemas;
    mod digests;
    mod editor;
    mod enforced;
    mod events;
    mod fix;
    mod formats;
    mod gate;
    mod graph;
    mod guard;
    mod iam;
    mod iam_lint;
    mod iam_reach;
    mod init;
    mod installed;
    mod learned;
    mod limits;
    mod output;
    mod own_rules;
    mod parameters;
    mod peers;
    mod pipelines;
    mod project;
    mod protobuf;
    mod refusals;
    mod registered_schemas;
    mod registry;
    mod schema_versions;
    mod schemas;
    mod suppress;
    mod usage;
}
