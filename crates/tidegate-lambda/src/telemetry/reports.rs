//! What a delivery of the Telemetry API tells of bills.

use serde_json::Value;

/// Request ids with the milliseconds that are billed.
pub(crate) fn billed(body: &[u8]) -> Vec<(String, u64)> {
    let events: Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |event: &Value| {
        (event.get("type")?.as_str()? == "platform.report").then_some(())?;
        let record = event.get("record")?;
        let metrics = record.get("metrics")?;
        let billed = metrics.get("billedDurationMs").or_else(|| metrics.get("durationMs"))?.as_f64()?;
        Some((record.get("requestId")?.as_str()?.to_string(), billed.ceil().max(0.0) as u64))
    };
    events.as_array().into_iter().flatten().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_alone_are_bills() {
        let body = br#"[{"type":"platform.start","record":{"requestId":"a"}},
            {"type":"platform.report","record":{"requestId":"a","metrics":{"durationMs":1.2,"billedDurationMs":3}}},
            {"type":"platform.report","record":{"requestId":"b","metrics":{"durationMs":1.2}}},
            {"type":"platform.report","record":{"metrics":{"billedDurationMs":3}}},
            {"type":"platform.report","record":{"requestId":"c","metrics":{"billedDurationMs":-3}}}, 7]"#;
        assert_eq!(billed(body), [("a".into(), 3), ("b".into(), 2), ("c".into(), 0)]);
        assert!(billed(b"{").is_empty() && billed(b"{}").is_empty());
    }
}
