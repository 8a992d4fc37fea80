//! Domains of the user's own, with their mappings and records.

use super::make::{attribute, digest, is_true, present, reference, set_opt, truthy, value};
use super::shape::{Type, expect, expect_map, quoted};
use super::{Made, Res, Source, Transform};
use tidegate_graph::{Data, Map, Problem, Span, Value};

const TLS: [&str; 2] = ["TruststoreUri", "TruststoreVersion"];

/// The domain of a REST API.
pub(super) fn rest(run: &mut Transform<'_>, source: &Source, made: &mut Vec<Made>) -> Res {
    let Some(given) = source.get("Domain") else { return Ok(()) };
    let span = given.span;
    let domain = expect_map(given, "Domain")?;
    let required = |name: &str| {
        present(domain.get(name)).cloned().ok_or_else(|| {
            Problem::at(span, format!("`Domain` of `{}` lacks the required property `{name}`", source.id))
        })
    };
    let (name, certificate) = (required("DomainName")?, required("CertificateArn")?);
    let endpoint = present(domain.get("EndpointConfiguration"));
    let kind = endpoint.map_or(Some("REGIONAL"), Value::as_str);
    let Some(kind) = kind.filter(|kind| matches!(*kind, "EDGE" | "REGIONAL" | "PRIVATE")) else {
        let at = endpoint.map_or(span, |v| v.span);
        let said = format!(
            "`EndpointConfiguration` of the domain of `{}` should be `EDGE`, `REGIONAL` or `PRIVATE`",
            source.id
        );
        return Err(Problem::at(at, said));
    };
    let private = kind == "PRIVATE";
    let (prefix, resource) = if private {
        ("ApiGatewayDomainNameV2", "AWS::ApiGateway::DomainNameV2")
    } else {
        ("ApiGatewayDomainName", "AWS::ApiGateway::DomainName")
    };
    let id = format!("{prefix}{}", digest(&[&name]));
    let mut named = source.beside(id.as_str(), resource, span);
    named.set("DomainName", &name);
    named.set(if kind == "REGIONAL" { "RegionalCertificateArn" } else { "CertificateArn" }, certificate);
    let mut endpoints = Map::new();
    endpoints.insert("Types", value!(span, [(kind)]));
    set_opt(&mut endpoints, "IpAddressType", domain.get("IpAddressType").filter(|v| truthy(Some(v))));
    named.set("EndpointConfiguration", Value::map(endpoints, span));
    if !private {
        mutual_tls(source, domain, &mut named)?;
    }
    for key in ["SecurityPolicy", "EndpointAccessMode", "OwnershipVerificationCertificateArn", "Policy"] {
        // Either kind of domain takes one of the last two alone.
        let fits = if private { key != "OwnershipVerificationCertificateArn" } else { key != "Policy" };
        named.set_opt(key, domain.get(key).filter(|v| fits && truthy(Some(v))));
    }
    made.push(named);
    let mapping =
        if private { "AWS::ApiGateway::BasePathMappingV2" } else { "AWS::ApiGateway::BasePathMapping" };
    base_paths(source, domain, &id, (mapping, private), made)?;
    if let Some(access) = present(domain.get("AccessAssociation")).filter(|_| private) {
        let endpoint = expect_map(access, "Domain.AccessAssociation")?.get("VpcEndpointId");
        let endpoint = endpoint.cloned().unwrap_or_else(|| Value::text("", span));
        let hash = digest(&[&endpoint, &Value::text(id.as_str(), span)]);
        let kind = "AWS::ApiGateway::DomainNameAccessAssociation";
        let mut association = source.beside(format!("DomainNameAccessAssociation{hash}"), kind, access.span);
        association.set("DomainNameArn", reference(&id, span));
        association.set("AccessAssociationSourceType", "VPCE");
        association.set("AccessAssociationSource", endpoint);
        made.push(association);
    }
    let Some(route) = present(domain.get("Route53")) else { return Ok(()) };
    let target = alias(route, kind, &id, span);
    records(run, source, domain, route, target, made)
}

/// The domain of an HTTP or WebSocket API.
pub(super) fn version_2(
    run: &mut Transform<'_>,
    source: &Source,
    domain: Option<&Value>,
    tag: &str,
    made: &mut Vec<Made>,
) -> Res {
    let Some(given) = domain else { return Ok(()) };
    let span = given.span;
    let domain = expect_map(given, "Domain")?;
    let (Some(name), Some(certificate)) =
        (present(domain.get("DomainName")), present(domain.get("CertificateArn")))
    else {
        return Err(source.fault("Domain", "`Domain` needs `DomainName` and `CertificateArn`"));
    };
    let id = format!("ApiGatewayDomainNameV2{}", digest(&[name]));
    let mut named = source.beside(id.as_str(), "AWS::ApiGatewayV2::DomainName", span);
    named.set("DomainName", name);
    named.set("Tags", Value::object([(tag, Value::text("SAM", span))], span));
    if let Some(endpoint) =
        present(domain.get("EndpointConfiguration")).filter(|v| v.as_str() != Some("REGIONAL"))
    {
        let said = format!("`EndpointConfiguration` of the domain of `{}` should be `REGIONAL`", source.id);
        return Err(Problem::at(endpoint.span, said));
    }
    let mut config = Map::new();
    config.insert("CertificateArn", certificate.clone());
    config.insert("EndpointType", Value::text("REGIONAL", span));
    for key in ["OwnershipVerificationCertificateArn", "SecurityPolicy"] {
        set_opt(&mut config, key, domain.get(key).filter(|v| truthy(Some(v))));
    }
    named.set("DomainNameConfigurations", vec![Value::map(config, span)]);
    mutual_tls(source, domain, &mut named)?;
    made.push(named);
    mappings(source, domain, &id, span, made)?;
    let Some(route) = present(domain.get("Route53")) else { return Ok(()) };
    let target = alias(route, "REGIONAL", &id, span);
    records(run, source, domain, route, target, made)
}

fn mutual_tls(source: &Source, domain: &Map, named: &mut Made) -> Res {
    let Some(given) = domain.get("MutualTlsAuthentication").filter(|v| truthy(Some(v))) else {
        return Ok(());
    };
    let map = expect_map(given, "Domain.MutualTlsAuthentication")?;
    if let Some((key, field)) = map.fields().find(|(key, _)| !TLS.contains(&key.as_str())) {
        let said = format!("`MutualTlsAuthentication` of `{}` doesn't take `{key}`", source.id);
        return Err(Problem::at(field.key, said).help(format!("it takes {}", quoted(&TLS))));
    }
    let mut out = Map::new();
    TLS.iter().for_each(|key| set_opt(&mut out, key, map.get(key).filter(|v| truthy(Some(v)))));
    named.set("MutualTlsAuthentication", Value::map(out, given.span));
    Ok(())
}

/// Base paths that are given, each a string or a list of them.
fn listed(domain: &Map) -> Option<&Value> {
    domain.get("BasePath").filter(|v| truthy(Some(v)) && (v.as_str().is_some() || v.as_list().is_some()))
}

fn base_paths(
    source: &Source,
    domain: &Map,
    id: &str,
    (kind, private): (&'static str, bool),
    made: &mut Vec<Made>,
) -> Res {
    let mapping = |suffix: &str, path: Option<&str>, span: Span| {
        let mut mapping = source.beside(format!("{}{suffix}BasePathMapping", source.id), kind, span);
        mapping.set(if private { "DomainNameArn" } else { "DomainName" }, reference(id, span));
        mapping.set("RestApiId", reference(&source.id, span));
        mapping.set("Stage", reference(&format!("{}.Stage", source.id), span));
        if let Some(path) = path {
            mapping.set("BasePath", path);
        }
        mapping
    };
    let Some(paths) = listed(domain) else {
        made.push(mapping("", None, source.at("Domain")));
        return Ok(());
    };
    let normal = domain.get("NormalizeBasePath").is_none_or(|v| truthy(Some(v)));
    for path in paths.items() {
        let text = expect(path, Type::Str, "Domain.BasePath")?.as_str().unwrap_or_default();
        let plain: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        made.push(mapping(&plain, Some(if normal { &plain } else { text }), path.span));
    }
    Ok(())
}

fn mappings(source: &Source, domain: &Map, id: &str, span: Span, made: &mut Vec<Made>) -> Res {
    let mapping = |suffix: &str, span: Span| {
        let kind = "AWS::ApiGatewayV2::ApiMapping";
        let mut mapping = source.beside(format!("{}{suffix}ApiMapping", source.id), kind, span);
        mapping.set("DomainName", reference(id, span));
        mapping.set("ApiId", reference(&source.id, span));
        mapping.set("Stage", reference(&format!("{}.Stage", source.id), span));
        mapping
    };
    let Some(paths) = listed(domain) else {
        made.push(mapping("", span));
        return Ok(());
    };
    for path in paths.items() {
        let text = expect(path, Type::Str, "Domain.BasePath")?.as_str().unwrap_or_default();
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "/-_".contains(c)) {
            return Err(Problem::at(
                path.span,
                format!("`BasePath` of `{}` takes letters, digits, `/`, `-` and `_`", source.id),
            ));
        }
        let mut one = mapping(&text.replace(['-', '_', '/'], ""), path.span);
        one.set("ApiMappingKey", text.trim_matches('/'));
        made.push(one);
    }
    Ok(())
}

fn alias(route: &Value, endpoint: &str, id: &str, span: Span) -> Value {
    let of = |name: &str| present(route.get(name)).cloned();
    let mut out = Map::new();
    set_opt(&mut out, "EvaluateTargetHealth", of("EvaluateTargetHealth").as_ref());
    let (zone, name) = match endpoint {
        "REGIONAL" => (
            Some(attribute(id, "RegionalHostedZoneId", span)),
            Some(attribute(id, "RegionalDomainName", span)),
        ),
        "EDGE" => {
            let name =
                of("DistributionDomainName").unwrap_or_else(|| attribute(id, "DistributionDomainName", span));
            // The hosted zone of all CloudFront distributions.
            (Some(Value::text("Z2FDTNDATAQYW2", span)), Some(name))
        }
        _ => (of("VpcEndpointHostedZoneId"), of("VpcEndpointDomainName")),
    };
    set_opt(&mut out, "HostedZoneId", zone.as_ref());
    set_opt(&mut out, "DNSName", name.as_ref());
    Value::map(out, span)
}

/// Records of the domain, in a group that the APIs of a hosted zone share.
fn records(
    run: &mut Transform<'_>,
    source: &Source,
    domain: &Map,
    route: &Value,
    target: Value,
    made: &mut Vec<Made>,
) -> Res {
    let span = route.span;
    let map = expect_map(route, "Domain.Route53")?;
    let zone = present(map.get("HostedZoneId")).or_else(|| present(map.get("HostedZoneName")));
    let Some(zone) = zone else {
        return Err(Problem::at(
            span,
            format!("`Route53` of `{}` needs `HostedZoneId` or `HostedZoneName`", source.id),
        ));
    };
    let name = domain.get("DomainName").cloned().unwrap_or_else(|| Value::text("", span));
    let mut sets = Vec::new();
    for kind in ["A", "AAAA"] {
        if kind == "AAAA" && !is_true(map.get("IpV6")) {
            continue;
        }
        let mut set = Map::new();
        set.insert("Name", name.clone());
        set.insert("Type", Value::text(kind, span));
        set.insert("AliasTarget", target.clone());
        set_opt(&mut set, "Region", map.get("Region"));
        set_opt(&mut set, "SetIdentifier", map.get("SetIdentifier"));
        sets.push(Value::map(set, span));
    }
    let own = map.get("SeparateRecordSetGroup").filter(|v| truthy(Some(v)));
    let id = match own {
        Some(flag) => {
            expect(flag, Type::Bool, "Domain.Route53.SeparateRecordSetGroup")?;
            format!("RecordSetGroup{}", digest(&[zone, &name]))
        }
        None => format!("RecordSetGroup{}", digest(&[zone])),
    };
    if own.is_none() && run.made.contains_key(id.as_str()) {
        let group = run.out.get_mut(&id).and_then(Value::as_map_mut).and_then(|g| g.get_mut("Properties"));
        let known = group.and_then(Value::as_map_mut).and_then(|p| p.get_mut("RecordSets"));
        if let Some(Data::List(known)) = known.map(|v| &mut v.data) {
            known.extend(sets);
        }
        return Ok(());
    }
    let mut group = source.beside(id.as_str(), "AWS::Route53::RecordSetGroup", span);
    group.set_opt("HostedZoneId", map.get("HostedZoneId"));
    group.set_opt("HostedZoneName", map.get("HostedZoneName"));
    group.set("RecordSets", sets);
    run.made.insert(id.into(), "AWS::Route53::RecordSetGroup");
    made.push(group);
    Ok(())
}
