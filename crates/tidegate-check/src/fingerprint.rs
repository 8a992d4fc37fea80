//! The name of a finding that stays the same from run to run.

/// 64-bit FNV-1a over the parts, as 16 hex digits. Baselines store these: the function must never change.
pub(crate) fn of(parts: &[&str]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    // A byte that UTF-8 never holds keeps ["ab", "c"] and ["a", "bc"] apart.
    const BETWEEN: u8 = 0xff;
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([BETWEEN]));
    let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn stays_the_same_for_ever() {
        assert_eq!(
            of(&["queue-encryption-off", "template/Orders", "SqsManagedSseEnabled"]),
            "e24d5b0b64c52301"
        );
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
