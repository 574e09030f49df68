//! How much is read at once, and how much waits in memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ObjectRange;

/// As many bytes of one GET may wait for those before them. More of them are read when it is their turn.
pub(super) const MOST_BUFFERED: u64 = 1024 * 1024;
/// As many bytes may wait in all.
const MEMORY: usize = 8 * 1024 * 1024;
/// A GET that waits counts for this much, however little it waits with.
const SMALLEST: u64 = 4 * 1024;

/// The limits of one span.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    connections: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// What a GET may use until these are dropped.
#[derive(Debug)]
pub(super) struct Permits {
    /// A connection, unless the GET has to wait before it may begin.
    pub(super) connection: Option<OwnedSemaphorePermit>,
    /// Memory for bytes that wait.
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

impl Limits {
    pub(super) fn new(connections: usize) -> Self {
        Self { connections: Arc::new(Semaphore::new(connections)), memory: Arc::new(Semaphore::new(MEMORY)) }
    }

    /// Waits until `range` may be read, or until it may wait for its turn.
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

impl ObjectRange {
    /// Returns whether the range is too long to wait in memory, so that it is read when those before it have been.
    pub(super) fn waits_first(&self) -> bool {
        self.begun > MOST_BUFFERED
    }
}
