//! Amazon Resource Names.

use std::iter;

/// An ARN split at its first five colons. A text with fewer parts has the rest empty and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    parts: [&'a str; 6],
    count: usize,
}

impl<'a> Arn<'a> {
    /// Splits a text.
    pub fn split(text: &'a str) -> Self {
        let mut parts = [""; 6];
        let mut count = 0;
        for (slot, part) in iter::zip(&mut parts, text.splitn(6, ':')) {
            *slot = part;
            count += 1;
        }
        Self { parts, count }
    }

    /// The text as an ARN, when it has all six parts.
    pub fn parse(text: &'a str) -> Option<Self> {
        let arn = Self::split(text);
        (arn.count == 6 && arn.parts.first() == Some(&"arn")).then_some(arn)
    }

    /// How many parts there are, six at most.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All six parts.
    pub fn parts(&self) -> &[&'a str; 6] {
        &self.parts
    }

    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &'a str {
        self.parts[1]
    }

    /// `sqs`.
    pub fn service(&self) -> &'a str {
        self.parts[2]
    }

    /// `eu-central-1`; empty for global services.
    pub fn region(&self) -> &'a str {
        self.parts[3]
    }

    /// `111122223333`; empty where names are global (S3).
    pub fn account(&self) -> &'a str {
        self.parts[4]
    }

    /// What follows: `orders`, `table/orders`, `function:orders:live`.
    pub fn resource(&self) -> &'a str {
        self.parts[5]
    }

    /// `role` of `role/app/orders`, `function` of `function:orders`.
    pub fn kind(&self) -> &'a str {
        let resource = self.resource();
        resource.split_once([':', '/']).map_or(resource, |(kind, _)| kind)
    }

    /// `app/orders` of `role/app/orders`.
    pub fn name(&self) -> &'a str {
        self.resource().split_once([':', '/']).map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_keeps_its_colons() {
        let arn = Arn::parse("arn:aws:lambda:eu-central-1:111122223333:function:orders:live").unwrap();
        assert_eq!((arn.kind(), arn.name()), ("function", "orders:live"));
        assert!(Arn::parse("arn:aws:sqs").is_none());
        assert_eq!(Arn::split("*").count(), 1);
    }
}
