//! One GET, and the pieces that it completes.

use std::future::pending;

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::{
    ObjectRange,
    bytes::ObjectReader,
    limits::{Limits, Permits},
};
use crate::{
    operation::Error,
    torrent::{PieceHash, PieceHasher, PieceLength},
};

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
