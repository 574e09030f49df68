//! One GET, the pieces that it completes, and the limits on how many run and how many bytes wait in memory.

use std::{future::pending, sync::Arc};

use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    oneshot::{self, error::TryRecvError},
};

use super::{ObjectRange, bytes::ObjectReader};
use crate::{
    operation::Error,
    torrent::{PieceHash, PieceHasher, PieceLength},
};

/// The most bytes of one GET that may wait in memory.
pub(super) const MOST_BUFFERED: u64 = 1024 * 1024;
/// The most bytes that may wait in memory in all.
const MEMORY: usize = 8 * 1024 * 1024;
/// A GET that waits counts for at least this much.
const SMALLEST: u64 = 4 * 1024;

/// A range to read and hash.
pub(super) struct Fetch {
    pub(super) range: ObjectRange,
    pub(super) reader: ObjectReader,
    pub(super) piece_length: PieceLength,
    /// Receives the piece that earlier ranges have begun.
    pub(super) before: Option<oneshot::Receiver<PieceHasher>>,
    /// Sends the piece that this range leaves to the next.
    pub(super) goes_on: Option<oneshot::Sender<PieceHasher>>,
    pub(super) limits: Limits,
}

/// The pieces that a range completes.
pub(super) struct Hashed {
    pub(super) range: ObjectRange,
    pub(super) hashes: Vec<PieceHash>,
}

impl Fetch {
    pub(super) async fn hash(mut self, permits: Permits) -> Result<Hashed, Error> {
        let hashes = match self.before.take() {
            None => self.stream(PieceHasher::new(self.piece_length), permits).await?,
            Some(before) if self.range.waits_first() => {
                let piece = arrival(before).await;
                let connection = self.limits.connection().await;
                self.stream(piece, Permits { connection, memory: None }).await?
            }
            Some(mut before) => match before.try_recv() {
                Ok(piece) => self.stream(piece, Permits { memory: None, ..permits }).await?,
                Err(TryRecvError::Empty) => self.buffer(before, permits).await?,
                Err(TryRecvError::Closed) => pending().await,
            },
        };
        Ok(Hashed { range: self.range, hashes })
    }

    /// Continues `piece`, and keeps no byte in memory.
    async fn stream(&mut self, mut piece: PieceHasher, permits: Permits) -> Result<Vec<PieceHash>, Error> {
        // Boxed: the SDK's futures are large, and many may wait.
        Box::pin(self.reader.read(self.range.bytes, |bytes| piece.update(bytes))).await?;
        drop(permits);
        Ok(self.leave(piece))
    }

    /// Keeps the bytes that belong to the piece from `before`, and hashes what follows.
    async fn buffer(
        &mut self,
        before: oneshot::Receiver<PieceHasher>,
        permits: Permits,
    ) -> Result<Vec<PieceHash>, Error> {
        let begun = usize::try_from(self.range.begun).unwrap_or_default();
        let mut waiting = Vec::with_capacity(begun);
        let mut own = PieceHasher::new(self.piece_length);
        let read = self.reader.read(self.range.bytes, |bytes| {
            let (waits, rest) = bytes.split_at(bytes.len().min(begun - waiting.len()));
            waiting.extend_from_slice(waits);
            own.update(rest);
        });
        Box::pin(read).await?;
        drop(permits.connection);
        // If a piece begins in this range, the next range need not wait for the ranges before this one.
        let begins_piece = self.range.bytes.length() > self.range.begun || self.range.ends_piece;
        let later = begins_piece.then(|| self.leave(own));
        let mut piece = arrival(before).await;
        piece.update(&waiting);
        drop(permits.memory);
        Ok(match later {
            Some(later) => [piece.finish(), later].concat(),
            None => self.leave(piece),
        })
    }

    /// Returns the complete hashes, and leaves the unfinished piece to the next range.
    fn leave(&mut self, mut piece: PieceHasher) -> Vec<PieceHash> {
        let Some(next) = self.goes_on.take() else { return piece.finish() };
        let hashes = piece.take_complete();
        // If another range has failed, nobody receives it.
        drop(next.send(piece));
        hashes
    }
}

/// Waits for a piece. If the range before fails, its own error ends all reads.
async fn arrival(before: oneshot::Receiver<PieceHasher>) -> PieceHasher {
    match before.await {
        Ok(piece) => piece,
        Err(_) => pending().await,
    }
}

/// The limits of one span.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    connections: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// What a GET may use until this is dropped.
#[derive(Debug)]
pub(super) struct Permits {
    /// A connection, unless the GET must wait for its turn.
    pub(super) connection: Option<OwnedSemaphorePermit>,
    /// Memory for bytes that wait.
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

impl Limits {
    pub(super) fn new(connections: usize) -> Self {
        Self { connections: Arc::new(Semaphore::new(connections)), memory: Arc::new(Semaphore::new(MEMORY)) }
    }

    /// Waits until `range` may be read, or may start waiting for its turn.
    pub(super) async fn acquire(&self, range: &ObjectRange) -> Permits {
        let waits_first = range.waits_first();
        let memory = match range.begun {
            0 => None,
            _ if waits_first => self.memory(SMALLEST).await,
            bytes => self.memory(bytes.max(SMALLEST)).await,
        };
        let connection = if waits_first { None } else { self.connection().await };
        Permits { connection, memory }
    }

    pub(super) async fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    async fn memory(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.memory).acquire_many_owned(bytes).await.ok()
    }
}
