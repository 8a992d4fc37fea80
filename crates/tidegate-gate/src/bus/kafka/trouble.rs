//! What the library has trouble with: its errors say that nothing comes back, and what it tells beside them says why.

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last trouble of a connection, as far as nobody was told of it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<Last>>>);

struct Last {
    /// Whether one side isn't believed by the other: trying again changes nothing.
    lasts: bool,
    why: String,
}

impl Trouble {
    pub(super) fn lasts(&self) -> bool {
        self.last().as_ref().is_some_and(|last| last.lasts)
    }

    pub(super) fn take(&self) -> Option<String> {
        self.last().take().map(|last| last.why)
    }

    /// An error, and why it may have come to that.
    pub(super) fn with(&self, error: &dyn Display) -> String {
        match self.take() {
            Some(why) => format!("{error}: {why}"),
            None => error.to_string(),
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Trouble {
    fn error(&self, error: KafkaError, reason: &str) {
        let unbelieved = [RDKafkaErrorCode::SSL, RDKafkaErrorCode::Authentication];
        let lasts = error.rdkafka_error_code().is_some_and(|code| unbelieved.contains(&code))
            // Some of it comes as an end of the connection: what a server of TLS 1.3 misses is told after the handshake.
            || ["SSL alert number", "certificate verify failed"].iter().any(|text| reason.contains(text));
        let mut last = self.last();
        // That no server is left says less than what became of the last one.
        if lasts || !last.as_ref().is_some_and(|last| last.lasts) {
            *last = Some(Last { lasts, why: reason.to_string() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_before_what_follows_from_it() {
        let trouble = Trouble::default();
        let tell = |code, why| trouble.error(KafkaError::Global(code), why);
        tell(RDKafkaErrorCode::BrokerTransportFailure, "refused");
        assert!(!trouble.lasts());
        tell(RDKafkaErrorCode::SSL, "nobody believes it");
        tell(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
        assert!(trouble.lasts());
        assert_eq!(trouble.with(&"no answer"), "no answer: nobody believes it");
        assert_eq!(trouble.with(&"no answer"), "no answer");
        let alert = "Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116";
        let verify =
            "error:0A000086:SSL routines::certificate verify failed (after 1ms in state SSL_HANDSHAKE)";
        for (code, why) in [
            (RDKafkaErrorCode::BrokerTransportFailure, alert),
            (RDKafkaErrorCode::BrokerTransportFailure, verify),
            (RDKafkaErrorCode::Authentication, "SASL authentication error: wrong password"),
        ] {
            let trouble = Trouble::default();
            trouble.error(KafkaError::Global(code), why);
            assert!(trouble.lasts(), "{why}");
        }
    }
}
