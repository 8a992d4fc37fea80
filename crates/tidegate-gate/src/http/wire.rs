//! The bytes of one client, as they come: counted, followed, and cut off where they take too long.

use super::metrics::Refused;
use super::policy::Shared;
use super::{Bounds, frames, heads};
use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Counts a connection from when it was taken until it is closed, whatever becomes of it.
pub(super) struct Open(Arc<Shared>);

impl Open {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        shared.metrics.connected(1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connected(-1);
    }
}

/// What a connection is doing: whoever does nothing leaves its place to others.
#[derive(Debug)]
pub(super) struct Life {
    start: Instant,
    flying: AtomicUsize,
    /// Milliseconds from the start to the end of the last request.
    ended: AtomicU64,
    /// Milliseconds from the start to the first byte of a head that isn't whole; at first the start.
    head: AtomicU64,
    /// Milliseconds from the start to the last byte that was written since the client has closed its side.
    closed: AtomicU64,
    /// It speaks something else now.
    switched: AtomicBool,
    look: Notify,
}

/// All there is of a head is whole.
const WHOLE: u64 = u64::MAX;
/// The client's side is open.
const OPEN: u64 = u64::MAX;

/// Why a connection is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its head takes too long.
    Slow,
    /// It asks nothing.
    Idle,
}

impl Life {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            flying: AtomicUsize::new(0),
            ended: AtomicU64::new(0),
            head: AtomicU64::new(0),
            closed: AtomicU64::new(OPEN),
            switched: AtomicBool::new(false),
            look: Notify::new(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(WHOLE - 1)
    }

    /// A request, until what this returns is gone.
    pub(super) fn fly(self: &Arc<Self>) -> Flight {
        self.flying.fetch_add(1, Relaxed);
        Flight(Arc::clone(self))
    }

    /// What follows isn't HTTP.
    pub(super) fn switch(&self) {
        self.switched.store(true, Relaxed);
    }

    /// The client has closed its side, or took something since then.
    fn close(&self) {
        self.closed.store(self.now(), Relaxed);
    }

    fn head(&self, waits: bool) {
        if waits == (self.head.load(Relaxed) != WHOLE) {
            return;
        }
        self.head.store(if waits { self.now() } else { WHOLE }, Relaxed);
        // It may be due sooner than it was. Heads that come whole don't change anything, but for the first.
        self.look.notify_one();
    }

    /// When it is cut off, if nothing happens until then.
    fn due(&self, bounds: &Bounds) -> Option<(Instant, End)> {
        if self.flying.load(Relaxed) > 0 {
            // A client that is gone looks like one that only has nothing more to say.
            let closed = Some(self.closed.load(Relaxed)).filter(|closed| *closed != OPEN)?;
            let time = bounds.upstream_time.checked_add(bounds.idle_time)?;
            return Some((
                self.start.checked_add(Duration::from_millis(closed))?.checked_add(time)?,
                End::Idle,
            ));
        }
        let (ended, head) = (self.ended.load(Relaxed), self.head.load(Relaxed));
        // While a request was under way, nobody read on.
        let (since, time, end) = match head {
            WHOLE => (ended, bounds.idle_time, End::Idle),
            head => (ended.max(head), bounds.head_time, End::Slow),
        };
        Some((self.start.checked_add(Duration::from_millis(since))?.checked_add(time)?, end))
    }

    /// Returns when the connection has to go.
    pub(super) async fn end(&self, bounds: &Bounds) -> End {
        loop {
            let wait = match self.due(bounds) {
                Some((at, end)) => match at.checked_duration_since(Instant::now()) {
                    None | Some(Duration::ZERO) => return end,
                    Some(wait) => wait,
                },
                // Nothing that is under way now can be idle for long enough before that.
                None => bounds.idle_time.min(bounds.head_time),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.look.notified() => {}
            }
        }
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Flight(Arc<Life>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.ended.store(self.0.now(), Relaxed);
        self.0.flying.fetch_sub(1, Relaxed);
    }
}

/// An answer's body; its request is under way until that is written.
pub(super) struct Flying<B> {
    pub(super) body: B,
    pub(super) _flight: Flight,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Flying<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A client's connection, below the protocol.
pub(super) struct Wire<S> {
    inner: S,
    frames: frames::Reader,
    heads: heads::Reader,
    /// What comes in the place of a head that is refused.
    parting: &'static [u8],
    side: Side,
    life: Arc<Life>,
    _open: Open,
}

/// The client's side of a connection.
#[derive(Debug)]
enum Side {
    Open,
    /// It is closed, and whoever reads waits until all is answered: the protocol's reader would drop the answer.
    Held(Option<Waker>),
    Closed,
}

impl<S> Wire<S> {
    pub(super) fn new(inner: S, bounds: &Bounds, life: Arc<Life>, open: Open) -> Self {
        let frames = frames::Reader::new(Instant::now());
        let heads = heads::Reader::new(bounds.head);
        Self { inner, frames, heads, parting: b"", side: Side::Open, life, _open: open }
    }
}

impl<S> Wire<S> {
    fn written(&mut self, bytes: usize) {
        self.frames.written(bytes);
        if let Side::Held(_) = self.side {
            self.life.close();
        }
    }
}

/// What no reader of HTTP takes anywhere in a head or between chunks.
const NOWHERE: u8 = 0;
/// The end of a head: before it is there, the protocol's reader may not look at all.
const END: &[u8] = b"\r\n\r\n";

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.heads.has_refused() {
            let (now, later) = self.parting.split_at(self.parting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.parting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.side {
            Side::Open => {}
            Side::Held(waiting) => {
                *waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Side::Closed => return Poll::Ready(Ok(())),
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        if !self.frames.read(new, Instant::now) {
            let flood = "too many frames that carry nothing";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, flood)));
        }
        if self.life.switched.load(Relaxed) {
            self.heads.step_aside();
        }
        let ends = new.is_empty() && buffer.remaining() > 0;
        if ends && self.heads.is_between() && self.life.flying.load(Relaxed) > 0 {
            self.life.close();
            self.side = Side::Held(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        let taken = self.heads.read(new);
        self.life.head(self.heads.waits_for_head());
        match taken {
            heads::Take::All => {}
            heads::Take::Long(kept) => buffer.set_filled(before + kept),
            // The protocol's reader answers what is before it, and then refuses as it refuses all that it can't read.
            heads::Take::Broken(kept) => {
                self.parting = END;
                buffer.set_filled(before + kept + 1);
                if let Some(byte) = buffer.filled_mut().last_mut() {
                    *byte = NOWHERE;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(Pin::new(&mut wire.inner).poll_flush(cx))?;
        // Nothing is left to be written above us, or it would have been.
        if let Side::Held(waiting) = &mut wire.side
            && wire.life.flying.load(Relaxed) == 0
        {
            if let Some(waker) = waiting.take() {
                waker.wake();
            }
            wire.side = Side::Closed;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bytes))?;
        self.written(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What a connection that ended so is counted as, if it was refused, and what the protocol's reader has answered.
pub(super) fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<(Refused, StatusCode)> {
    let error = error.downcast_ref::<hyper::Error>()?;
    match (error.is_parse_too_large(), error.is_parse()) {
        (true, _) => Some((Refused::TooLong, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)),
        (_, true) => Some((Refused::Broken, StatusCode::BAD_REQUEST)),
        _ => None,
    }
}
