//! How many GETs run at once, and how many bytes wait in memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ObjectRange;

/// The most bytes of one GET that may wait in memory.
pub(super) const MOST_BUFFERED: u64 = 1024 * 1024;
/// The most bytes that may wait in memory in all.
const MEMORY: usize = 8 * 1024 * 1024;
/// A GET that waits counts for at least this much.
const SMALLEST: u64 = 4 * 1024;

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
