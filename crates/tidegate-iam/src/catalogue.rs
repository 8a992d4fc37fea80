//! What AWS's actions are: services, actions, resource types, condition keys, managed policies, other names.
//!
//! [`Catalogue::current`] is the one that comes with the program unless [`Catalogue::install`] replaced it. Everything is
//! decompressed when it is first asked for, and a service is read when it is first named.

mod file;
mod import;
mod names;
mod service;

pub use file::Unreadable;
pub use import::{Import, NotReference};
pub use service::{Access, Action, Key, KeyKind, On, ResourceType, Service};

use file::File;
use names::Names;
use service::Services;
use std::sync::{LazyLock, OnceLock};
use tidegate_graph::policy::matches;

/// A catalogue of AWS's actions.
#[derive(Debug)]
pub struct Catalogue {
    file: File,
    services: OnceLock<Services>,
    names: OnceLock<Names>,
    principals: OnceLock<String>,
    managed: OnceLock<String>,
}

/// A managed policy of AWS's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedPolicy<'c> {
    /// `AWSLambdaBasicExecutionRole`.
    pub name: &'c str,
    /// `/service-role/`.
    pub path: &'c str,
    /// The default version: `v1`.
    pub version: &'c str,
    /// The document of that version, as JSON.
    pub document: &'c str,
}

static BUILT_IN: &[u8] = include_bytes!("../data/catalogue.bin");
static INSTALLED: OnceLock<Catalogue> = OnceLock::new();

impl Catalogue {
    /// The catalogue that answers: the installed one, or else the one that comes with the program.
    pub fn current() -> &'static Self {
        static OWN: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::read(BUILT_IN).unwrap_or_else(|_| Catalogue::of(File::default())));
        INSTALLED.get().unwrap_or(&OWN)
    }

    /// Replaces the catalogue for the rest of the process; false when one was installed before.
    pub fn install(catalogue: Self) -> bool {
        INSTALLED.set(catalogue).is_ok()
    }

    /// The catalogue that comes with the program, as bytes.
    pub fn built_in() -> &'static [u8] {
        BUILT_IN
    }

    /// Reads a catalogue file.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        Ok(Self::of(File::read(bytes)?))
    }

    fn of(file: File) -> Self {
        Self {
            file,
            services: OnceLock::new(),
            names: OnceLock::new(),
            principals: OnceLock::new(),
            managed: OnceLock::new(),
        }
    }

    /// The day of its newest facts: `2026-09-26`.
    pub fn date(&self) -> &str {
        &self.file.date
    }

    /// The packages it was made from, each with version and licence.
    pub fn sources(&self) -> &[String] {
        &self.file.sources
    }

    /// Every service, by prefix.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.all().iter()
    }

    /// The service of a prefix, in any case.
    pub fn service(&self, prefix: &str) -> Option<&Service> {
        self.all().get(prefix)
    }

    /// One action by its full name, in any case: `s3:GetObject`.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let (prefix, name) = name.split_once(':')?;
        self.service(prefix)?.action(name)
    }

    /// Every action that a pattern covers: `s3:Get*`, `*`. A service prefix is literal, as AWS wants it.
    pub fn expand<'c>(&'c self, pattern: &'c str) -> impl Iterator<Item = (&'c Service, &'c Action)> {
        let (prefix, name) = match pattern.split_once(':') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, if pattern == "*" { "*" } else { "" }),
        };
        let named = prefix.and_then(|prefix| self.service(prefix));
        let every = prefix.is_none().then(|| self.services()).into_iter().flatten();
        named
            .into_iter()
            .chain(every)
            .flat_map(move |service| service.matching(name).map(move |a| (service, a)))
    }

    /// A condition key that any request may have: `aws:SourceArn`, `aws:PrincipalTag/team`.
    pub fn global_key(&self, name: &str) -> Option<&Key> {
        self.all().globals().key(name)
    }

    /// Every condition key that any request may have.
    pub fn global_keys(&self) -> impl Iterator<Item = &Key> {
        self.all().globals().keys().iter()
    }

    /// True for keys of identity providers, whose prefix is a host or `saml:`.
    pub fn is_provider_key(&self, name: &str) -> bool {
        let prefix = name.split_once(':').map_or(name, |(prefix, _)| prefix);
        prefix.contains('.') || matches!(prefix, "saml" | "cognito-identity-auth" | "cognito-identity-unauth")
    }

    /// A managed policy of AWS's own by its name, or by its ARN in any partition.
    pub fn managed_policy(&self, name_or_arn: &str) -> Option<ManagedPolicy<'_>> {
        let name = match name_or_arn.split_once(":iam::aws:policy/") {
            Some((_, path)) => path.rsplit('/').next()?,
            None => name_or_arn,
        };
        // Lines are sorted by name; a few hundred bytes of a line are skipped faster than an index is kept.
        self.managed_policies().find(|p| p.name == name)
    }

    /// Every managed policy, by name.
    pub fn managed_policies(&self) -> impl Iterator<Item = ManagedPolicy<'_>> {
        let text = self.managed.get_or_init(|| self.file.section("managed"));
        text.lines().filter_map(|line| {
            let mut parts = line.splitn(4, '\t');
            let (name, path, version) = (parts.next()?, parts.next()?, parts.next()?);
            Some(ManagedPolicy { name, path, version, document: parts.next()? })
        })
    }

    /// Service principals that are known: `lambda.amazonaws.com`.
    pub fn service_principals(&self) -> impl Iterator<Item = &str> {
        self.principals.get_or_init(|| self.file.section("principals")).lines()
    }

    /// The prefix of a service as SDKs, models or CloudTrail call it: `states` of `Step Functions`, `sfn`,
    /// `states.amazonaws.com`.
    pub fn prefix_of(&self, name: &str) -> Option<&str> {
        let name = name.strip_suffix(".amazonaws.com").unwrap_or(name);
        let folded = names::fold(name);
        let other = self.names().prefix(&folded);
        // An own prefix wins: `sms` is a service and the short name of another one.
        match self.service(&folded).or_else(|| self.service(name)) {
            Some(service) => Some(&service.prefix),
            None => other,
        }
    }

    /// The actions that authorise an operation of an SDK: `("Lambda", "Invoke")` is `lambda:InvokeFunction`. Empty when
    /// the service or its action isn't known.
    pub fn action_for_sdk(&self, service: &str, operation: &str) -> Vec<String> {
        let Some(prefix) = self.prefix_of(service) else { return Vec::new() };
        if let Some(actions) = self.names().operation(prefix, operation) {
            return actions.split(' ').map(Into::into).collect();
        }
        let own = self.service(prefix).and_then(|s| s.action(operation));
        own.map(|action| format!("{prefix}:{}", action.name)).into_iter().collect()
    }

    /// The actions behind an event of CloudTrail: `("lambda.amazonaws.com", "CreateFunction20150331")` is
    /// `lambda:CreateFunction`.
    pub fn action_for_cloudtrail(&self, source: &str, name: &str) -> Vec<String> {
        let found = self.action_for_sdk(source, name);
        if found.is_empty() { self.action_for_sdk(source, names::without_version(name)) } else { found }
    }

    fn all(&self) -> &Services {
        self.services.get_or_init(|| Services::new(self.file.section("services")))
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::new(&self.file.section("names")))
    }
}

impl Service {
    /// Actions whose name a pattern covers, by name.
    pub fn matching<'s>(&'s self, pattern: &'s str) -> impl Iterator<Item = &'s Action> {
        // A name without wildcards is looked up; only patterns are tried one by one.
        let exact = !pattern.contains(['*', '?']);
        let one = exact.then(|| self.action(pattern)).flatten();
        let many = (!exact).then(|| self.actions().iter()).into_iter().flatten();
        one.into_iter().chain(many.filter(move |action| matches(pattern, &action.name)))
    }
}

#[cfg(test)]
mod tests;
