//! A TCP connection that can be reset, says when all is written, and is no faster than the test wants.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long the server takes, for every request and connection; changes count at once.
#[derive(Debug, Default)]
pub(super) struct Speed {
    latency_us: AtomicU64,
    bytes_per_second: AtomicU64,
}

impl Speed {
    pub(super) fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).expect("a latency in reason");
        self.latency_us.store(micros, Ordering::Relaxed);
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_micros(self.latency_us.load(Ordering::Relaxed))
    }

    /// What a connection may send; 0 for as fast as it goes.
    pub(super) fn set_bytes_per_second(&self, rate: u64) {
        self.bytes_per_second.store(rate, Ordering::Relaxed);
    }
}

/// What the faults in an answer need of its connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    flushes: watch::Sender<u64>,
    reset: AtomicBool,
    /// An answer begins with the next byte.
    starts: AtomicBool,
}

impl Connection {
    /// The connection will end with a reset, and not in order.
    pub(super) fn end_with_reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
    }

    /// Time that passes before this counts for no bytes.
    pub(super) fn start_answer(&self) {
        self.starts.store(true, Ordering::SeqCst);
    }

    /// Waits until all that hyper was given is with the kernel.
    pub(super) async fn flushed(&self) {
        // The sender is ours, so there is no error to come.
        let _ = self.flushes.subscribe().changed().await;
    }
}

/// The connection's stream.
pub(super) struct PacedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    speed: Arc<Speed>,
    /// When what was sent so far is paid for.
    paid: Instant,
    pause: Option<Pin<Box<Sleep>>>,
}

impl PacedStream {
    /// What is written at once at a limited speed: so many parts of a second's worth.
    const SLICES: u64 = 50;
    /// Time that was left unused within an answer counts this far back, as timers are late.
    const CARRY: Duration = Duration::from_millis(50);
    /// Timers are no finer.
    const TICK: Duration = Duration::from_millis(1);

    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>, speed: Arc<Speed>) -> Self {
        Self { stream, connection, speed, paid: Instant::now(), pause: None }
    }

    fn write_paced(&mut self, context: &mut Context<'_>, bytes: &[u8], rate: u64) -> Poll<io::Result<usize>> {
        let cost = |bytes: usize| Duration::from_nanos(bytes as u64 * 1_000_000_000 / rate);
        let slice = usize::try_from((rate / Self::SLICES).max(1)).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(slice)];
        if self.pause.is_none() {
            let now = Instant::now();
            let answer_starts = self.connection.starts.swap(false, Ordering::SeqCst);
            let carried = if answer_starts { Duration::ZERO } else { Self::CARRY };
            self.paid = self.paid.max(now.checked_sub(carried).unwrap_or(now));
            // Bytes go when the last of them would be through.
            let due = self.paid + cost(bytes.len());
            if due > now + Self::TICK {
                self.pause = Some(Box::pin(sleep_until(due)));
            }
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.paid += cost(written);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.speed.bytes_per_second.load(Ordering::Relaxed) {
            0 => Pin::new(&mut self.stream).poll_write(context, bytes),
            rate => self.write_paced(context, bytes, rate),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.speed.bytes_per_second.load(Ordering::Relaxed) {
            0 => Pin::new(&mut self.stream).poll_write_vectored(context, parts),
            rate => {
                let first = parts.iter().find(|part| !part.is_empty());
                self.write_paced(context, first.map_or(&[], |part| part), rate)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.connection.flushes.send_modify(|flushes| *flushes += 1);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for PacedStream {
    fn drop(&mut self) {
        if self.connection.reset.load(Ordering::SeqCst) {
            // Where the client was quicker there is nothing left to reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}
