//! Whose AWS key signed a request.

use super::event::Known;
use crate::sigv4::{Keys, Request, Rules, verify};
use std::collections::HashMap;
use tidegate_decide::readings;
use tidegate_graph::contract::{Contract, Edge, Principals, Proof};

/// Seconds that clocks may differ; what AWS grants.
const TOLERANCE: u64 = 300;

/// Keys by where the contract says that they are.
#[derive(Debug, Default)]
pub(super) struct Signers(HashMap<String, Keys>);

impl Signers {
    /// Reads all keys that the contract names.
    pub(super) fn read(contract: &Contract, warnings: &mut Vec<String>) -> Result<Self, String> {
        let mut keys = HashMap::new();
        for edge in contract.functions.values().flat_map(|f| &f.edges).filter(|e| super::policy::is_http(e)) {
            for allowed in edge.authenticate.iter().filter_map(|a| sigv4(&a.proof)) {
                match &allowed.keys {
                    None => warnings.push(format!(
                        "`{}` asks for signatures of AWS and names no `keys`: what has to be signed is denied",
                        edge.id
                    )),
                    Some(place) if !keys.contains_key(place) => {
                        keys.insert(place.clone(), Keys::read(place)?);
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(Self(keys))
    }

    /// The principal that signed a request, by every proof that the edge asks of it.
    pub(super) fn principal(&self, edge: &Edge, known: &Known<'_>, now: u64) -> Option<&str> {
        let request = Request {
            method: known.method,
            path: known.path,
            query: known.query,
            headers: known.headers,
            body: known.body,
        };
        let mut found: Option<&str> = None;
        for asked in &edge.authenticate {
            let Some(allowed) = sigv4(&asked.proof) else { continue };
            let here = asked.paths.is_empty() || asked.paths.iter().any(|p| readings::fits(p, known.path));
            if !here {
                continue;
            }
            let usual = [Principals::SERVICE.to_string()];
            let services =
                if allowed.services.is_empty() { usual.as_slice() } else { allowed.services.as_slice() };
            let rules = Rules { services, regions: &allowed.regions, tolerance: TOLERANCE };
            let who = verify(&request, self.0.get(allowed.keys.as_ref()?)?, &rules, now).ok()?;
            if found.is_some_and(|before| before != who) {
                return None;
            }
            found = Some(who);
        }
        found
    }
}

fn sigv4(proof: &Proof) -> Option<&Principals> {
    match proof {
        Proof::Sigv4(allowed) => Some(allowed),
        _ => None,
    }
}
