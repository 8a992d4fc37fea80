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
pub(crate) const KEYS: &[Key] = &[
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
        does: "Files and folders that are not looked for. What another file draws in from there (a module, a nested stack) is \
               read still, without its findings and problems being shown; the text output says how many findings.",
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
        name: "rules.load",
        takes: "a list of folders and files, relative to the file's folder",
        does: "Rules of your own, in YAML, Rego or Guard. They are not read as templates. docs/guides/your-own-rules.md \
               says how to write them.",
        example: "load = [\"policies\"]",
        option: "--rules",
    },
    Key {
        name: "packs",
        takes: "tables by the name of a pack",
        does: "What is decided about a pack of rules that `rules.load` finds.",
        example: "[packs.acme]",
        option: "",
    },
    Key {
        name: "packs.off",
        takes: "a boolean",
        does: "Leaves the whole pack out.",
        example: "off = true",
        option: "",
    },
    Key {
        name: "packs.profile",
        takes: "a profile or a list of profiles",
        does: "The profiles that hold the pack's rules, whatever the pack says.",
        example: "profile = \"regulated\"",
        option: "",
    },
    Key {
        name: "packs.severity",
        takes: "a table of severities by rule id",
        does: "The severity of rules of the pack, whatever the pack says.",
        example: "severity = { queue-without-owner = \"high\" }",
        option: "",
    },
    Key {
        name: "parameters",
        takes: "a table of strings, numbers and booleans",
        does: "Values of template parameters and of Terraform variables. Without one, the default counts; without a \
               default every value that makes a difference is tried.",
        example: "[parameters]\nEnv = \"prod\"",
        option: "--param",
    },
    Key {
        name: "iam",
        takes: "a table",
        does: "What no access policy may say. `broken-guardrail` finds what does.",
        example: "[iam]",
        option: "",
    },
    Key {
        name: "iam.forbidden-actions",
        takes: "a list of actions; `*` and `?` are wildcards",
        does: "Actions that no policy of a user, role or group may allow.",
        example: "forbidden-actions = [\"iam:CreateUser\", \"organizations:*\"]",
        option: "",
    },
    Key {
        name: "iam.required-boundary",
        takes: "a name or ARN; `*` and `?` are wildcards",
        does: "The permissions boundary that every role and user must have.",
        example: "required-boundary = \"team-boundary\"",
        option: "",
    },
    Key {
        name: "iam.required-conditions",
        takes: "a table of condition keys by action",
        does: "Condition keys without which an action may not be allowed. An action may be a pattern and have a list of keys.",
        example: "required-conditions = { \"iam:PassRole\" = \"iam:PassedToService\" }",
        option: "",
    },
    Key {
        name: "iam.allowed-external-accounts",
        takes: "a list of account ids",
        does: "The accounts that trust and resource policies may let in beside the own one. Without it: all.",
        example: "allowed-external-accounts = [\"111122223333\"]",
        option: "",
    },
    Key {
        name: "allow",
        takes: "tables",
        does: "Findings that are accepted: they stay in JSON and SARIF with their reason, are left out of the text and \
               don't count for `fail-on`. All keys of a table have to fit. docs/guides/suppressions.md has the \
               other ways to say it.",
        example: "[[allow]]\nrule = \"TG-FN-001\"\nresource = \"Import*\"\nreason = \"runs once a year\"\nuntil = 2027-01-31",
        option: "",
    },
    Key {
        name: "allow.rule",
        takes: "a rule id or alias, or a list of them",
        does: "The rules that are meant. Always needed.",
        example: "rule = [\"TG-FN-001\", \"CKV_AWS_27\"]",
        option: "",
    },
    Key {
        name: "allow.resource",
        takes: "a pattern",
        does: "Fits the resource's id (`template/Orders`) or its logical id or address (`Orders`). Without it: all.",
        example: "resource = \"**/Import*\"",
        option: "",
    },
    Key {
        name: "allow.path",
        takes: "a pattern, relative to the file's folder",
        does: "Fits the file in which the finding lies. Without it: all.",
        example: "path = \"legacy/**\"",
        option: "",
    },
    Key {
        name: "allow.reason",
        takes: "a string",
        does: "Why it is accepted. Without it there is a warning.",
        example: "reason = \"the queue holds no personal data\"",
        option: "",
    },
    Key {
        name: "allow.until",
        takes: "a day",
        does: "The last day on which it counts (UTC). From the next day on the findings are open again, and say so.",
        example: "until = 2027-01-31",
        option: "",
    },
    Key {
        name: "contract",
        takes: "a table",
        does: "What `tidegate contract` needs to know beyond the code. docs/guides/contract.md has the whole.",
        example: "[contract]",
        option: "",
    },
    Key {
        name: "contract.account",
        takes: "an account number, as a string",
        does: "The account that the system is deployed to. Without it: `Metadata.Tidegate.Account` of the templates, or unknown.",
        example: "account = \"123456789012\"",
        option: "",
    },
    Key {
        name: "contract.region",
        takes: "a region",
        does: "The region that it is deployed to. Without it: `Metadata.Tidegate.Region` of the templates, or unknown.",
        example: "region = \"eu-west-1\"",
        option: "",
    },
    Key {
        name: "contract.mode",
        takes: "`block` or `monitor`",
        does: "What happens to events that break the contract: they are kept away, or only reported. Without it: `block`.",
        example: "mode = \"monitor\"",
        option: "",
    },
    Key {
        name: "contract.block",
        takes: "a pattern or a list of patterns of resource ids",
        does: "Functions that block whatever the mode.",
        example: "block = [\"*/Checkout*\"]",
        option: "",
    },
    Key {
        name: "contract.monitor",
        takes: "a pattern or a list of patterns of resource ids",
        does: "Functions that monitor whatever the mode.",
        example: "monitor = [\"*/Import*\"]",
        option: "",
    },
    Key {
        name: "contract.authenticate",
        takes: "tables",
        does: "What senders of events have to prove: a webhook's signature, a token, a signed request, a certificate. \
               docs/guides/contract.md has each.",
        example: "[[contract.authenticate]]\nedges = \"*/Hooks:*\"\nwebhook = \"github\"\nsecrets = [\"GITHUB_WEBHOOK_SECRET\"]",
        option: "",
    },
    Key {
        name: "contract.authenticate.edges",
        takes: "a pattern, or a list of them",
        does: "Fits ids of functions, alone or with `:<trigger>`, or of edges. Always needed.",
        example: "edges = [\"*/Checkout\"]",
        option: "",
    },
    Key {
        name: "contract.authenticate.paths",
        takes: "a pattern, or a list of them",
        does: "Paths on which it is asked. Without it: all.",
        example: "paths = \"/webhooks/*\"",
        option: "",
    },
    Key {
        name: "contract.authenticate.webhook",
        takes: "`github`, `stripe`, `slack` or `standard-webhooks`",
        does: "Whose way of signing a body it is.",
        example: "webhook = \"stripe\"",
        option: "",
    },
    Key {
        name: "contract.authenticate.secrets",
        takes: "a name, or a list of them",
        does: "Environment variables that hold the secrets of a webhook. Any of them may have signed.",
        example: "secrets = [\"STRIPE_SECRET\", \"STRIPE_SECRET_BEFORE\"]",
        option: "",
    },
    Key {
        name: "contract.authenticate.tolerance",
        takes: "a number of seconds",
        does: "How old a signature may be. Without it: 300.",
        example: "tolerance = 300",
        option: "",
    },
    Key {
        name: "contract.authenticate.jwt",
        takes: "a table of `issuer`, `audiences`, `keys` and `scopes`",
        does: "The token of an OpenID provider. The gate verifies it with `keys`, a file or an address; behind API \
               Gateway its authorizer has.",
        example: "jwt = { issuer = \"https://id.example.com\", audiences = [\"orders\"] }",
        option: "",
    },
    Key {
        name: "contract.authenticate.sigv4",
        takes: "a pattern, or a list of them",
        does: "ARNs of principals that may sign requests.",
        example: "sigv4 = \"arn:aws:sts::123456789012:assumed-role/caller/*\"",
        option: "",
    },
    Key {
        name: "contract.authenticate.mtls",
        takes: "a pattern, or a list of them",
        does: "SPIFFE ids or subjects of client certificates.",
        example: "mtls = \"spiffe://example.com/orders/*\"",
        option: "",
    },
    Key {
        name: "contract.condition",
        takes: "tables of `edges` and `when`",
        does: "An expression in CEL that has to hold of each event, or of each record of a batch; it is `event` there.",
        example: "[[contract.condition]]\nedges = \"*/Pay:*\"\nwhen = \"event.body.amount <= 10000\"",
        option: "",
    },
    Key {
        name: "contract.replay",
        takes: "tables of `edges`, `key` and `window`",
        does: "Events of one `key`, a header's name or a JSON pointer, pass once in `window` seconds.",
        example: "[[contract.replay]]\nedges = \"*/Pay:*\"\nkey = \"Idempotency-Key\"\nwindow = 600",
        option: "",
    },
];
