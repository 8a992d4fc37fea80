//! Address ranges (IPv4).

use super::{Arguments, Outcome, Trouble, text, trouble};
use std::net::Ipv4Addr;
use tidegate_graph::{Data, Value};

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "cidrsubnet" => range(arguments).and_then(|(base, bits)| {
            let (base, bits) = subnet(base, bits, arguments.integer(1)?, arguments.integer(2)?)?;
            text(format!("{}/{bits}", Ipv4Addr::from(base)))
        }),
        "cidrsubnets" => subnets(arguments),
        "cidrhost" => range(arguments).and_then(|(base, bits)| {
            let size = 1i64 << (32 - bits);
            let host = arguments.integer(1)?;
            let host = if host < 0 { size.saturating_add(host) } else { host };
            let host = u32::try_from(host).ok().filter(|h| i64::from(*h) < size).ok_or(Trouble::Refused)?;
            text(Ipv4Addr::from(base.saturating_add(host)).to_string())
        }),
        "cidrnetmask" => range(arguments).and_then(|(_, bits)| text(Ipv4Addr::from(mask(bits)).to_string())),
        _ => return None,
    })
}

fn range(arguments: &Arguments<'_>) -> Result<(u32, u32), Trouble> {
    let value = arguments.get(0)?;
    let whole = super::text_of(value)?;
    let (address, bits) = whole.split_once('/').ok_or(Trouble::Refused)?;
    // IPv6 is left unknown.
    let address: Ipv4Addr = address.parse().map_err(|_| Trouble::Unknown)?;
    let bits = bits.parse().ok().filter(|b| *b <= 32).ok_or_else(|| trouble(value))?;
    Ok((u32::from(address) & mask(bits), bits))
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

fn subnet(base: u32, bits: u32, more: i64, number: i64) -> Result<(u32, u32), Trouble> {
    let bits = u32::try_from(more)
        .ok()
        .and_then(|m| m.checked_add(bits))
        .filter(|b| *b <= 32)
        .ok_or(Trouble::Refused)?;
    let number = u64::try_from(number).map_err(|_| Trouble::Refused)?;
    let offset = number.checked_shl(32 - bits).and_then(|o| u32::try_from(o).ok()).ok_or(Trouble::Refused)?;
    Ok((base.saturating_add(offset), bits))
}

fn subnets(arguments: &Arguments<'_>) -> Outcome {
    let (base, bits) = range(arguments)?;
    let mut at = u64::from(base);
    let mut out = Vec::new();
    for index in 1..arguments.len() {
        let more = u32::try_from(arguments.integer(index)?).map_err(|_| Trouble::Refused)?;
        let bits = bits.checked_add(more).filter(|b| *b <= 32).ok_or(Trouble::Refused)?;
        let size = 1u64 << (32 - bits);
        at = at.div_ceil(size) * size;
        let address = u32::try_from(at).map_err(|_| Trouble::Refused)?;
        out.push(Value::text(format!("{}/{bits}", Ipv4Addr::from(address)), arguments.span));
        at += size;
    }
    Ok(Data::List(out))
}
