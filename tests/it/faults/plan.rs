//! What one seed stands for: an object, a function, what lies at the sidecar's key, and what goes wrong. Its `Debug`
//! is what a failing seed is reported with.

use test_s3::{FakeS3, Fault, Identity};

use super::{
    dice::Dice,
    trouble::{Trouble, What},
};
use crate::setup::Setup;

pub(super) const KIB: u64 = 1024;
pub(super) const PIECE: u64 = 16 * KIB;
/// As pieces, the smallest that are taken.
pub(super) const PART: u64 = 256 * KIB;
/// Before the object's own, where part checksums are not used.
pub(super) const BY_SIZE: u64 = 256 * KIB;

/// The least that can be set.
const IMPATIENT_MS: u64 = 1_000;

/// What lies at the sidecar's key when the request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// As the service left it.
    Valid,
    /// Of the object before this one.
    Stale,
    /// With a bit flipped in this byte, counted round.
    Damaged(u64),
    /// The user's own.
    Users,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Plan {
    pub(super) length: u64,
    /// Uploaded in parts with SHA-1s.
    pub(super) in_parts: bool,
    /// `PIECE_LENGTH` is set, to [`PIECE`].
    pub(super) fixed_pieces: bool,
    pub(super) range_size: u64,
    pub(super) concurrency: u64,
    pub(super) budget_ms: u64,
    pub(super) latency_ms: u64,
    pub(super) function_role: bool,
    pub(super) has_credentials: bool,
    pub(super) versioned: bool,
    /// Anyone may list, so that S3 tells missing from forbidden.
    pub(super) lists: bool,
    pub(super) sidecars_elsewhere: bool,
    pub(super) is_head: bool,
    /// How many ask at once.
    pub(super) callers: u64,
    pub(super) left: Left,
    pub(super) troubles: Vec<Trouble>,
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let in_parts = dice.one_in(4);
        let length = if in_parts {
            PART * (1 + dice.below(3)) + 1 + dice.below(PART)
        } else {
            let pieces = dice.pick(&[0, 1, 3, 4, 9, 20]) * PIECE;
            (pieces + dice.pick(&[0, 1, PIECE - 1, 5_000])).max(1)
        };
        let fixed_pieces = !dice.one_in(4);
        let budget_ms = if dice.one_in(6) { IMPATIENT_MS } else { 300_000 };
        // A busy machine needs long for many ranges.
        let ranges = if budget_ms == IMPATIENT_MS { 2..4 } else { 0..4 };
        let range_size = dice.pick(&[2 * PIECE, 3 * PIECE, 4 * PIECE, 16 * KIB * KIB][ranges]);
        let has_credentials = !dice.one_in(16);
        let function_role = has_credentials && dice.one_in(4);
        let reach = range_size.min(length);
        let count = dice.pick(&[0, 1, 1, 1, 2, 2, 3, 5]);
        Self {
            length,
            in_parts,
            fixed_pieces: fixed_pieces && !in_parts,
            range_size,
            concurrency: dice.pick(&[1, 2, 8, 64]),
            budget_ms,
            latency_ms: dice.pick(&[0, 0, 3]),
            function_role,
            has_credentials,
            versioned: dice.one_in(4),
            lists: dice.one_in(4),
            sidecars_elsewhere: dice.one_in(6),
            is_head: dice.one_in(10),
            callers: dice.pick(&[1, 1, 1, 1, 2, 5]),
            left: left(&mut dice),
            troubles: in_order((0..count).map(|_| Trouble::thrown(&mut dice, reach)).collect()),
        }
    }

    pub(super) fn piece_length(&self) -> u64 {
        match self {
            Self { fixed_pieces: true, .. } => PIECE,
            Self { in_parts: true, has_credentials: true, .. } => PART,
            _ => BY_SIZE,
        }
    }

    pub(super) fn sidecar_place(&self) -> (&'static str, &'static str) {
        if self.sidecars_elsewhere { ("torrents", "t/data/a.torrent") } else { ("data", "a.torrent") }
    }

    /// The functions that the plan is about.
    pub(super) fn setup<'a>(&self, s3: &'a FakeS3) -> Setup<'a> {
        let numbers = [
            ("RANGE_SIZE", self.range_size),
            ("FETCH_CONCURRENCY", self.concurrency),
            ("TIME_BUDGET_MS", self.budget_ms),
            ("PIECE_LENGTH", PIECE),
        ];
        let numbers = numbers.into_iter().filter(|(name, _)| self.fixed_pieces || *name != "PIECE_LENGTH");
        let setup = Setup::new(s3).identity(self.has_credentials.then(Identity::role));
        let setup = numbers.fold(setup, |setup, (name, number)| setup.set(name, number.to_string()));
        let setup = setup.set("ACCESS", if self.function_role { "function-role" } else { "public-read" });
        let elsewhere = [("SIDECAR_BUCKET", "torrents"), ("SIDECAR_PREFIX", "t/")];
        setup.set_all(if self.sidecars_elsewhere { &elsewhere } else { &[] })
    }

    /// On a busy machine its function may need more than one try.
    pub(super) fn is_impatient(&self) -> bool {
        self.budget_ms == IMPATIENT_MS
    }

    /// READ access may have been taken away.
    pub(super) fn loses_access(&self) -> bool {
        self.troubles.iter().any(|trouble| matches!(trouble.what, What::AccessGone))
    }

    /// Little goes wrong, and there is time: the request must succeed.
    pub(super) fn must_succeed(&self) -> bool {
        let grave: Vec<_> = self.troubles.iter().filter(|trouble| !trouble.is_harmless()).collect();
        !self.is_impatient() && grave.len() <= 1 && self.troubles.iter().all(Trouble::passes)
    }
}

/// Excess goes first: at the end of a body that another fault has shortened, it would stand for the object's own bytes,
/// which no client could tell.
pub(super) fn in_order(mut troubles: Vec<Trouble>) -> Vec<Trouble> {
    troubles.sort_by_key(|trouble| !matches!(trouble.what, What::Fault(Fault::OverlongBody(_))));
    troubles
}

fn left(dice: &mut Dice) -> Left {
    let damaged = Left::Damaged(dice.below(10_000));
    let nothing = Left::Nothing;
    dice.pick(&[Left::Valid, Left::Valid, Left::Stale, damaged, damaged, Left::Users, nothing, nothing, nothing])
}
