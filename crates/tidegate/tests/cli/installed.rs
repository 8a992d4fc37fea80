//! Programs and libraries of others: `cargo xtask test` installs them, and then they have to be there.

use std::path::{Path, PathBuf};

/// The folder of a peer (`npm/name`). Without it a test has nothing to say: it is passed over, and says so loudly, or
/// fails where the peer was to be installed.
pub(super) fn peer(name: &str) -> Option<PathBuf> {
    let asked = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("peers");
    let folder = asked.clone().unwrap_or(beside).join(name);
    if folder.join(".installed").is_file() {
        return Some(folder);
    }
    assert!(asked.is_none(), "`{name}` was to be installed at {}", folder.display());
    eprintln!("SKIPPED: `{name}` is not installed; `cargo xtask test` installs it");
    None
}
