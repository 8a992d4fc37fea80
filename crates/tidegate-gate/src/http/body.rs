//! Bodies: collected from clients within bounds, streamed from upstreams.

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
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
    /// There is no room for more.
    Full,
}

/// Bytes of a body that need no share: nothing is counted on the way of short ones.
const SHORT: usize = 64 << 10;

/// How many bytes of longer bodies there may be at a time.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    taken: AtomicUsize,
}

impl Room {
    pub(super) const fn new(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }
}

/// The part of it that one body has, for as long as this lives.
#[derive(Debug)]
pub(super) struct Share<'a> {
    room: &'a Room,
    bytes: usize,
}

impl<'a> Share<'a> {
    pub(super) const fn of(room: &'a Room) -> Self {
        Self { room, bytes: 0 }
    }

    /// Makes it enough for a body of so many bytes; false when there is no room.
    fn grow(&mut self, length: usize) -> bool {
        if length <= SHORT.max(self.bytes) {
            return true;
        }
        // In steps, so that small pieces don't all count.
        let more = (length - self.bytes).next_multiple_of(SHORT);
        let before = self.room.taken.fetch_add(more, Relaxed);
        self.bytes += more;
        before + more <= self.room.most
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.room.taken.fetch_sub(self.bytes, Relaxed);
        }
    }
}

/// Collects a body of at most `most` bytes. What comes in one piece is not copied.
pub(super) async fn collect(
    mut body: Incoming,
    most: usize,
    share: &mut Share<'_>,
) -> Result<Bytes, Missing> {
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
        if !share.grow(first.len().max(rest.len()) + data.len()) {
            return Err(Missing::Full);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_share_a_room_and_short_ones_need_none() {
        let room = Room::new(1 << 20);
        let mut one = Share::of(&room);
        assert!((0..800).all(|kib| one.grow(kib << 10)));
        let mut two = Share::of(&room);
        assert!(two.grow(SHORT) && two.bytes == 0, "a short one passes");
        assert!(!two.grow(500 << 10));
        drop(two);
        let mut three = Share::of(&room);
        assert!(three.grow(100 << 10), "what was not taken is free");
        drop((one, three));
        assert_eq!(room.taken.load(Relaxed), 0);
    }
}
