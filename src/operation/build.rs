//! The torrent, built around its piece hashes.

use std::iter;

use super::{BoundOperation, Error, Origin, Subject, Torrent, content_disposition, torrent::Identity};
use crate::{
    object::ObjectId,
    s3::access::dns_suffix,
    torrent::{Metainfo, PieceLength, Pieces, WebSeedPlace, WebSeedTemplate},
};

impl BoundOperation {
    pub(super) fn build_from(
        &self,
        subject: &Subject,
        piece_length: PieceLength,
        pieces: Pieces,
        origin: Origin,
    ) -> Result<Torrent, Error> {
        let info = subject.info(&self.name, piece_length.get(), pieces);
        if !info.is_consistent() {
            return Err(Error::MisplacedHashes);
        }
        self.build(subject, Identity::new(info, origin)?)
    }

    /// Builds the torrent, with its web seeds. The same content and configuration always give the same bytes, whatever
    /// the origin.
    pub(super) fn build(&self, subject: &Subject, identity: Identity) -> Result<Torrent, Error> {
        let Identity { info, info_hash, origin } = identity;
        let length = info.length;
        self.meter.piece_count.set(info.pieces.count());
        let content_disposition = content_disposition::attachment(&format!("{}.torrent", info.name));
        let web_seeds = self.web_seeds(subject);
        let metainfo = Metainfo::new(info, subject.head.last_modified, &self.config.trackers, web_seeds.clone());
        Ok(Torrent {
            bytes: metainfo.to_bytes()?,
            content_disposition,
            info_hash,
            length,
            origin,
            web_seeds,
            files: subject.members.as_ref().map(Vec::len),
            request_charged: subject.head.request_charged,
        })
    }

    fn web_seeds(&self, subject: &Subject) -> Vec<String> {
        let ObjectId { bucket, key, version_id } = &self.request.object;
        let region = self.source.region();
        let place = WebSeedPlace { bucket: bucket.as_str(), region: &region, suffix: &dns_suffix(&region) };
        let of_object = |template: &WebSeedTemplate| template.url(&place, key.as_str(), version_id.as_deref());
        let Some(members) = &subject.members else {
            return self.config.web_seeds.iter().filter_map(of_object).collect();
        };
        // For the only file of a torrent, libtorrent up to 2.0.13 and WebTorrent append nothing to the URL.
        let only = match members.as_slice() {
            [only] => Some(format!("{key}{}", only.key)),
            _ => None,
        };
        let urls = |template: &WebSeedTemplate| {
            let folder = template.folder_url(&place, key.parent())?;
            let file = only.as_ref().and_then(|key| template.url(&place, key, None));
            Some(iter::once(folder).chain(file))
        };
        self.config.web_seeds.iter().filter_map(urls).flatten().collect()
    }
}
