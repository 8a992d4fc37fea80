//! `cargo xtask dist`: the binary that a release hands out.

use crate::process;
use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

pub(crate) fn run() -> Result<bool> {
    let binary = process::release()?;
    let bytes = std::fs::read(&binary).with_context(|| format!("failed to read {}", binary.display()))?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{}", binary.display());
    println!("size    {:.1} MB", bytes.len() as f64 / 1e6);
    println!("sha256  {digest}");
    Ok(true)
}
