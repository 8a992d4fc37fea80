//! Policies of the organization that the same code declares.

use super::Builder;
use crate::link::walk::all;
use std::sync::Arc;
use tidegate_graph::Str;
use tidegate_iam::{Level, Policy, hole};

impl Builder<'_> {
    /// Policies of the whole organization and of this account. One for a unit isn't known to reach the account.
    pub(super) fn organization(&mut self) {
        for resource in self.system.of_type("AWS::Organizations::Policy") {
            let kind = resource.properties.get("Type").and_then(|v| self.text(v));
            let kind = kind.unwrap_or_else(|| "SERVICE_CONTROL_POLICY".into());
            let targets = all(&resource.properties, "TargetIds");
            let mut names = targets.into_iter().filter_map(|v| self.text(v));
            if !names.any(|target| self.reaches(&target)) {
                continue;
            }
            let Some(policy) = self.document(resource, "Content") else { continue };
            // What everything starts with stays attached, unless the code takes it away, which isn't seen here.
            let policies = vec![Policy::full_access(), Arc::new(policy)];
            let level = Level { name: self.shown(resource), policies };
            match &*kind {
                "SERVICE_CONTROL_POLICY" => self.account.scps.push(level),
                "RESOURCE_CONTROL_POLICY" => self.account.rcps.push(level),
                _ => {}
            }
        }
    }

    fn reaches(&self, target: &Str) -> bool {
        let name = hole::display(target);
        *target == self.account.id
            || target.starts_with("r-")
            || hole::is_in(target) && [".RootId", ".Roots.", "roots"].iter().any(|root| name.contains(root))
    }
}
