//! Bodies: collected from clients within bounds, streamed from upstreams.

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// One of ours.
    Whole(Option<Bytes>),
    /// The upstream's, piece by piece.
    Stream(Incoming),
}

impl Answer {
    pub(super) fn of(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()).filter(|b| !b.is_empty()))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Self::Stream(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

/// Why a body isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    TooLong,
    Broken,
}

/// Collects a body of at most `most` bytes. What comes in one piece is not copied.
pub(super) async fn collect(mut body: Incoming, most: usize) -> Result<Bytes, Missing> {
    use http_body_util::BodyExt as _;
    if body.size_hint().lower() > most as u64 {
        return Err(Missing::TooLong);
    }
    let mut first = Bytes::new();
    let mut rest: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Missing::Broken)?.into_data() else { continue };
        if first.len().max(rest.len()) + data.len() > most {
            return Err(Missing::TooLong);
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            let known = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(most);
            rest.reserve(first.len() + data.len() + known);
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.into() })
}
