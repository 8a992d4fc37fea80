//! What another process has taken so far, told by Linux.

use anyhow::{Context as _, Result};
use std::time::Duration;

/// CPU time of all threads that a process has.
pub(super) fn cpu(process: u32) -> Result<Duration> {
    let mut nanos = 0;
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).context("only Linux tells that")?;
    for task in tasks {
        let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Resident memory of a process, in KiB.
pub(super) fn memory(process: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).context("only Linux tells that")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).context("the process has no memory any more")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_time_and_memory() {
        let own = std::process::id();
        let before = cpu(own).unwrap();
        let bytes = vec![1_u8; 8 << 20];
        assert_eq!(bytes.iter().map(|b| usize::from(*b)).sum::<usize>(), bytes.len());
        assert!(cpu(own).unwrap() > before && memory(own).unwrap() > 8 << 10);
        assert!(memory(u32::MAX).is_err());
    }
}
