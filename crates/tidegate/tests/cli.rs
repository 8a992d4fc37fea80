//! The real binary, as people and other tools meet it.

mod cli {
    mod check;
    mod config;
    mod formats;
    mod graph;
    mod output;
    mod project;
    mod usage;
}
