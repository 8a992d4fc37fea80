#!/bin/sh
# The hook of .pre-commit-hooks.yaml: builds Tidegate where pre-commit keeps its copy, and checks the repository around.
set -eu
source=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cargo build --quiet --release --locked --package tidegate --manifest-path "$source/Cargo.toml" --target-dir "$source/target"
exec "$source/target/release/tidegate" check --quiet "$@"
