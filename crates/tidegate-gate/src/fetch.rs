//! Documents from servers that somebody named, for commands that wait for them.

use crate::client::{Address, Client};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, header};
use std::path::Path;
use thiserror::Error;

/// Why there is no document.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The address can't be asked.
    #[error("{0}")]
    Address(String),
    /// Nobody answers, or not as HTTP has it.
    #[error("{0}")]
    Exchange(String),
    /// The answer is too long.
    #[error("the answer is longer than {0} bytes")]
    Long(usize),
}

/// What a server answered.
#[derive(Debug)]
pub struct Fetched {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks for the document at `address`, over http or https. Redirects are not followed: whom they lead to is nobody that was
/// named. `ca` is a file of certificate authorities instead of the system's.
///
/// # Errors
/// When there is no answer within its bounds.
pub fn fetch(
    address: &str,
    headers: &[(&str, &str)],
    longest: usize,
    ca: Option<&Path>,
) -> Result<Fetched, FetchError> {
    let address = Address::of(address).ok_or_else(|| FetchError::Address("expected a URL".to_string()))?;
    let client = Client::trusting(address.base, ca).map_err(FetchError::Address)?;
    let mut request = Request::get(address.path)
        .header(header::HOST, client.authority())
        .header(header::USER_AGENT, concat!("tidegate/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::new())).map_err(|e| FetchError::Address(e.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| FetchError::Exchange(e.to_string()))?;
    let (status, body) = runtime.block_on(client.send(request)).map_err(FetchError::Exchange)?;
    if body.len() > longest {
        return Err(FetchError::Long(longest));
    }
    Ok(Fetched { status: status.as_u16(), body: body.into() })
}
