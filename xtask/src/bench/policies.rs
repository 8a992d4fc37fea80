//! Policies by themselves, one a file.

use anyhow::Result;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const ACTIONS: &[&str] =
    &["sqs:SendMessage", "s3:GetObject", "dynamodb:Query", "lambda:InvokeFunction", "kms:Decrypt"];

/// Writes that many policies of one to six statements below a folder.
pub(super) fn many(folder: &Path, count: usize) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for n in 0..count {
        let mut text = String::from("{\"Version\": \"2012-10-17\", \"Statement\": [");
        for i in 0..=n % 6 {
            let action = ACTIONS.get((n + i) % ACTIONS.len()).copied().unwrap_or_default();
            let comma = if i == 0 { "" } else { ", " };
            let _ = write!(
                text,
                "{comma}{{\"Sid\": \"S{i}\", \"Effect\": \"Allow\", \"Action\": [\"{action}\"], \"Resource\": \"*\", \
                 \"Condition\": {{\"StringEquals\": {{\"aws:PrincipalTag/team\": \"orders-{n}\"}}}}}}"
            );
        }
        text.push_str("]}");
        std::fs::write(folder.join(format!("{n}.json")), text)?;
    }
    Ok(folder.to_path_buf())
}
