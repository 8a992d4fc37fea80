//! AWS's Signature Version 4: what we sign, and what others have signed.

mod canonical;
mod keys;
mod verify;

pub use keys::Keys;
pub use verify::{Request, Rules, verify};

use std::time::{SystemTime, UNIX_EPOCH};
pub use tidegate_decide::sigv4::{Scope, authorization, sha256};
pub(crate) use tidegate_decide::sigv4::{seconds, signing_key};

/// A time as signatures write it: `20150830T123600Z`.
pub fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    tidegate_decide::sigv4::timestamp(seconds)
}
