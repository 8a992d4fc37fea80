//! The files of each starter. They lie in `starters/` as what they are, so that their own tools can be run on them.

use super::Template;

/// The name that the files go by until they get another one.
pub(super) const NAME: &str = "notes-app";

/// Where a file goes, and what it says.
type File = (&'static str, &'static str);

const SAM: &[File] = &[
    ("template.yaml", include_str!("../../../starters/sam/template.yaml")),
    ("src/index.mjs", HANDLER),
    ("tidegate.toml", CONFIG),
    (".github/workflows/tidegate.yml", include_str!("../../../starters/sam/workflow.yml")),
    (".gitignore", include_str!("../../../starters/sam/gitignore")),
    ("README.md", include_str!("../../../starters/sam/README.md")),
];

const CDK: &[File] = &[
    ("bin/app.ts", include_str!("../../../starters/cdk/bin/app.ts")),
    ("lib/notes-stack.ts", include_str!("../../../starters/cdk/lib/notes-stack.ts")),
    ("lib/watch.ts", include_str!("../../../starters/cdk/lib/watch.ts")),
    ("src/index.mjs", HANDLER),
    ("cdk.json", include_str!("../../../starters/cdk/cdk.json")),
    ("package.json", include_str!("../../../starters/cdk/package.json")),
    ("tsconfig.json", include_str!("../../../starters/cdk/tsconfig.json")),
    ("tidegate.toml", CONFIG),
    (".github/workflows/tidegate.yml", include_str!("../../../starters/cdk/workflow.yml")),
    (".gitignore", include_str!("../../../starters/cdk/gitignore")),
    ("README.md", include_str!("../../../starters/cdk/README.md")),
];

const TERRAFORM: &[File] = &[
    ("main.tf", include_str!("../../../starters/terraform/main.tf")),
    ("api.tf", include_str!("../../../starters/terraform/api.tf")),
    ("queue.tf", include_str!("../../../starters/terraform/queue.tf")),
    ("function.tf", include_str!("../../../starters/terraform/function.tf")),
    ("alarms.tf", include_str!("../../../starters/terraform/alarms.tf")),
    ("variables.tf", include_str!("../../../starters/terraform/variables.tf")),
    ("outputs.tf", include_str!("../../../starters/terraform/outputs.tf")),
    ("src/index.mjs", HANDLER),
    ("tidegate.toml", CONFIG),
    (".github/workflows/tidegate.yml", include_str!("../../../starters/terraform/workflow.yml")),
    (".gitignore", include_str!("../../../starters/terraform/gitignore")),
    ("README.md", include_str!("../../../starters/terraform/README.md")),
];

const HANDLER: &str = include_str!("../../../starters/common/index.mjs");
const CONFIG: &str = include_str!("../../../starters/common/tidegate.toml");

pub(super) fn files(template: Template) -> &'static [File] {
    match template {
        Template::Sam => SAM,
        Template::Cdk => CDK,
        Template::Terraform => TERRAFORM,
    }
}

/// Commands that follow.
pub(super) fn next(template: Template) -> &'static [&'static str] {
    match template {
        Template::Sam => &["tidegate check", "tidegate graph", "sam build && sam deploy --guided"],
        Template::Cdk => &["npm install", "npm run synth", "tidegate check", "npx cdk deploy"],
        Template::Terraform => &["tidegate check", "tidegate graph", "terraform init && terraform apply"],
    }
}
