//! A database on plain disks.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// An RDS or Neptune cluster or instance, a DocumentDB cluster, or a Redshift cluster, without storage encryption.
    /// An instance that belongs to a cluster is left to it.
    ///
    /// ## Why it matters
    /// Snapshots and disks can be read by whoever gets hold of them, and encryption can't be added in place later.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::RDS::DBCluster
    ///     Properties:
    ///       Engine: aurora-postgresql
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::RDS::DBCluster
    ///     Properties:
    ///       Engine: aurora-postgresql
    ///       StorageEncrypted: true
    /// ```
    ///
    /// ## Limits
    /// Databases restored from a snapshot take its encryption, which isn't known; they are left alone.
    UnencryptedDatabase {
        id: "unencrypted-database",
        title: "database without storage encryption",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-RDS-001",
            "CKV_AWS_16",
            "CKV_AWS_96",
            "kics:ffee2785-c347-451e-89f3-11aeb08e5c84",
        ],
        threats: ["T35"],
        profiles: [],
        why: "snapshots and disks can be read by whoever gets hold of them",
    }
}

impl Rule for UnencryptedDatabase {
    const ON: &'static [&'static str] = &[
        "AWS::DocDB::DBCluster",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    ];

    fn check(database: &Resource, cx: &Context<'_>) {
        let key = if database.ty == "AWS::Redshift::Cluster" { "Encrypted" } else { "StorageEncrypted" };
        let inherits = [
            "DBClusterIdentifier",
            "SnapshotIdentifier",
            "DBSnapshotIdentifier",
            "SourceDBClusterIdentifier",
        ];
        let instance = database.ty == "AWS::RDS::DBInstance";
        let elsewhere =
            inherits.into_iter().skip(usize::from(!instance)).any(|key| cx.get(database, &[key]).is_some());
        if elsewhere {
            return;
        }
        match cx.get(database, &[key]).map(|value| (value, value.as_bool())) {
            None | Some((_, Some(false))) => {}
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(database, value, "storage encryption"),
        }
        cx.finding(database, "the database's storage isn't encrypted")
            .within(&[key])
            .help(format!("set `{key}: true`"))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnencryptedDatabase;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("It", "AWS::RDS::DBInstance", properties).findings::<UnencryptedDatabase>().len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
        assert_eq!(findings(r#"{"StorageEncrypted": false}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"StorageEncrypted": true}"#), 0);
        assert_eq!(findings(r#"{"DBClusterIdentifier": "c"}"#), 0);
        assert_eq!(findings(r#"{"DBSnapshotIdentifier": "s"}"#), 0);
    }
}
