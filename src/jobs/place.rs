//! Where a job leaves its torrent: in the sidecar's place.

use crate::operation::{BoundOperation, Unread};

/// This says why a job could not leave its torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// An object of the user's has the sidecar's key, the key would be too long, or there are no credentials to write
    /// with.
    #[error("the sidecar's key is taken by another object, or too long")]
    Taken,
    /// The sidecar's bucket is not in the function's region. Step Functions reads lists in its own region alone, and a
    /// job keeps its list of spans beside the sidecar.
    #[error("the sidecar's bucket is in another region")]
    OtherRegion,
}

/// Checks the place of the sidecar for a function in `region`.
pub(super) fn check_place(torrent: &BoundOperation, unread: &Unread, region: &str) -> Result<(), PlaceError> {
    let sidecars = torrent.sidecars().filter(|_| unread.has_sidecar_place()).ok_or(PlaceError::Taken)?;
    if sidecars.bucket().region() == region { Ok(()) } else { Err(PlaceError::OtherRegion) }
}
