//! What may stand in the file, for its errors and for its reference page.

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// With its table: `rules.off`.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) takes: &'static str,
    /// What it does.
    pub(crate) does: &'static str,
    /// One line to copy.
    pub(crate) example: &'static str,
    /// The option that says the same on the command line, and wins over it.
    pub(crate) option: &'static str,
}

/// All keys.
pub(crate) const KEYS: [Key; 8] = [
    Key {
        name: "profile",
        takes: "a profile or a list of profiles: `baseline`, `denial-of-wallet`, `regulated`, `all`",
        does: "Sets of rules to run. Without it: `baseline`.",
        example: "profile = [\"baseline\", \"denial-of-wallet\"]",
        option: "--profile",
    },
    Key {
        name: "fail-on",
        takes: "a severity (`info`, `low`, `medium`, `high`, `critical`) or `never`",
        does: "From which severity on findings end the run with exit code 10. Without it: `high`.",
        example: "fail-on = \"medium\"",
        option: "--fail-on",
    },
    Key {
        name: "exclude",
        takes: "a pattern or a list of patterns, relative to the file's folder; `*`, `**` and `?` are wildcards",
        does: "Files whose findings and problems are not shown. They are still read, because others may refer to them; \
               the text output says how many findings this hides.",
        example: "exclude = [\"vendor\", \"**/testdata\"]",
        option: "",
    },
    Key {
        name: "stage",
        takes: "a string",
        does: "Stage of Serverless Framework services. Without it: `dev`.",
        example: "stage = \"prod\"",
        option: "--stage",
    },
    Key {
        name: "rules",
        takes: "a table",
        does: "Which rules run, beyond the profiles.",
        example: "[rules]",
        option: "",
    },
    Key {
        name: "rules.off",
        takes: "a list of rule ids or aliases",
        does: "Rules that don't run.",
        example: "off = [\"TG-FN-001\"]",
        option: "--without",
    },
    Key {
        name: "rules.only",
        takes: "a list of rule ids or aliases",
        does: "The only rules that run, whatever the profile.",
        example: "only = [\"TG-FN-001\"]",
        option: "--rule",
    },
    Key {
        name: "parameters",
        takes: "a table of strings, numbers and booleans",
        does: "Values of template parameters and of Terraform variables. Without one, the default counts; without a \
               default every value that makes a difference is tried.",
        example: "[parameters]\nEnv = \"prod\"",
        option: "--param",
    },
];
