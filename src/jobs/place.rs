//! Where a job leaves its torrent: in the sidecar's place.

use crate::operation::{BoundOperation, Unread};

/// Why a job has no place for its torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// An object that this service did not write has the sidecar's key, or the key would be too long.
    #[error("the sidecar's key is taken by another object, or too long")]
    Taken,
    /// Without credentials, nothing can be stored.
    #[error("the function has no AWS credentials, and cannot store the torrent")]
    NoCredentials,
    /// The sidecar's bucket is not in the function's Region. A job keeps its list of spans beside the sidecar, and Step
    /// Functions reads lists only in its own Region.
    #[error("the sidecar's bucket is in another region")]
    OtherRegion,
}

/// Checks the place of the sidecar for a function in `region`.
pub(super) fn check_place(operation: &BoundOperation, unread: &Unread, region: &str) -> Result<(), PlaceError> {
    let sidecars = operation.sidecars().ok_or(PlaceError::NoCredentials)?;
    if !unread.has_sidecar_place() {
        Err(PlaceError::Taken)
    } else if sidecars.bucket().region() == region {
        Ok(())
    } else {
        Err(PlaceError::OtherRegion)
    }
}
