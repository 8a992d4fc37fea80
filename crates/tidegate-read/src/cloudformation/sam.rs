//! The SAM transform.

use super::Template;
use crate::Files;

/// Rewrites a template with `Transform: AWS::Serverless-2016-10-31` into CloudFormation's own words.
pub(crate) fn transform(files: &Files, template: &mut Template) {
    let _ = (files, template);
}
