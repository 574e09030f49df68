//! One thing that goes wrong: with which requests, how often, and what a caller may then be told.

use test_s3::{Fault, Matcher, Operation};

use super::{
    dice::Dice,
    fault::{BUSY, CREDENTIALS, fault},
};

/// Where fragments lie.
pub(super) const FOLDER: &str = "torrent-jobs/";

/// The requests that the service makes; the last three are of jobs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Head,
    /// A ranged GET.
    Read,
    /// Of `GetObjectAttributes`.
    Page,
    SidecarGet,
    SidecarPut,
    /// Of a fragment, or of the word that a failure left.
    FragmentGet,
    /// Of the same, and of the list of spans.
    FragmentPut,
    /// What lists fragments and removes them.
    Folder,
}

use Target::{Folder, FragmentGet, FragmentPut, Head, Page, Read, SidecarGet, SidecarPut};

const OF_REQUESTS: [Target; 8] = [Head, Read, Read, Read, Page, SidecarGet, SidecarGet, SidecarPut];
const OF_JOBS: [Target; 12] =
    [Head, Head, Read, Read, Read, Page, SidecarGet, SidecarPut, FragmentGet, FragmentGet, FragmentPut, Folder];

#[derive(Clone, Debug)]
pub(super) enum What {
    /// Something of the network's, or of the server's.
    Fault(Fault),
    /// The object is replaced just before.
    Replaced,
    /// The object is deleted just before.
    Deleted,
    /// READ access is taken away just before.
    AccessGone,
    /// The user puts an object of their own at the sidecar's key just before.
    UsersOwn,
    /// Who may purge does so just before.
    Purged,
}

/// `what` befalls so many requests to `target`, after some that go well.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) target: Target,
    pub(super) after: u64,
    pub(super) times: u64,
    pub(super) what: What,
}

/// For ever, as far as one request is concerned.
const LASTING: u64 = 1_000;
/// A job asks again and again: so often takes it long enough.
const LASTING_FOR_A_JOB: u64 = 40;

impl Trouble {
    /// `reach` is the largest offset in a body that makes sense.
    pub(super) fn thrown(dice: &mut Dice, reach: u64) -> Self {
        Self::thrown_at(&OF_REQUESTS, dice, reach)
    }

    pub(super) fn thrown_at_a_job(dice: &mut Dice, reach: u64) -> Self {
        let trouble = Self::thrown_at(&OF_JOBS, dice, reach);
        // One state after the other asks.
        let after = if trouble.target == Read { trouble.after } else { dice.pick(&[0, 0, 1, 1, 2, 4]) };
        Self { after, times: trouble.times.min(LASTING_FOR_A_JOB), ..trouble }
    }

    fn thrown_at(targets: &[Target], dice: &mut Dice, reach: u64) -> Self {
        let target = dice.pick(targets);
        let what = match dice.below(10) {
            0 => dice.pick(&[What::Replaced, What::Replaced, What::Deleted, What::AccessGone]),
            1 => dice.pick(&[What::UsersOwn, What::Purged]),
            _ => What::Fault(fault(dice, target, reach)),
        };
        let times = if matches!(what, What::Fault(_)) { dice.pick(&[1, 1, 1, 1, 2, 3, LASTING]) } else { 1 };
        // Ranges are many, all others few.
        let after = if target == Read { dice.pick(&[0, 0, 1, 2, 5]) } else { dice.pick(&[0, 0, 0, 1]) };
        Self { target, after, times, what }
    }

    /// Which requests it befalls.
    pub(super) fn matcher(&self, sidecar_key: &str) -> Matcher {
        let matcher = match self.target {
            Head => Matcher::head(),
            Read => Matcher::get().when(|call| call.range.is_some()),
            Page => Matcher::attributes(),
            SidecarGet => Matcher::get().key(sidecar_key),
            SidecarPut => Matcher::put().key(sidecar_key),
            // The workflow reads the list of spans by itself.
            FragmentGet => Matcher::get().when(|call| call.key.contains(FOLDER) && !call.key.ends_with("items.json")),
            FragmentPut => Matcher::put().when(|call| call.key.contains(FOLDER)),
            Folder => Matcher::any().when(|call| matches!(call.operation, Operation::ListObjects | Operation::Other)),
        };
        matcher.skip(self.after).times(self.times)
    }

    pub(super) fn is_of_sidecar(&self) -> bool {
        matches!(self.target, SidecarGet | SidecarPut)
    }

    /// Of the sidecar's requests, or about its key: whatever happens there, the torrent is served.
    pub(super) fn is_harmless(&self) -> bool {
        match self.what {
            What::UsersOwn | What::Purged => true,
            What::Fault(_) => self.is_of_sidecar(),
            _ => false,
        }
    }

    /// Whether the request must succeed all the same, where not much else goes wrong and there is time.
    pub(super) fn passes(&self) -> bool {
        match &self.what {
            _ if self.is_harmless() => true,
            What::Replaced | What::UsersOwn | What::Purged => true,
            What::Deleted
            | What::AccessGone
            | What::Fault(Fault::StallBody { pause: None, .. } | Fault::IgnoreConditions) => false,
            What::Fault(Fault::Error { status, .. }) => self.times == 1 && BUSY.iter().any(|(busy, _)| busy == status),
            What::Fault(Fault::Header { name, .. }) => {
                self.times == 1 && *name == "content-range" && self.target == Read
            }
            What::Fault(_) => self.times == 1,
        }
    }

    /// Whether piece hashes may then come from elsewhere, with another piece length.
    pub(super) fn may_change_the_origin(&self) -> bool {
        let What::Fault(fault) = &self.what else { return false };
        match (self.target, fault) {
            (Head, Fault::Header { name, .. }) => name.starts_with("x-amz-checksum"),
            // 4xx and answers that are whole, but none: an S3 that does not know the call.
            (Page, Fault::Error { status, code }) => {
                let passes = BUSY.into_iter().chain(CREDENTIALS).any(|error| error == (*status, code));
                (400..500).contains(status) && !passes
            }
            (Page, Fault::ShortBody(_) | Fault::OverlongBody(_) | Fault::Header { .. }) => true,
            _ => false,
        }
    }

    /// What a caller may be told beside `SlowDown`.
    pub(super) fn may_end_in(&self) -> &'static [(u16, &'static str)] {
        match &self.what {
            What::Deleted => &[(404, "NoSuchKey"), (403, "AccessDenied")],
            What::AccessGone => &[(403, "AccessDenied")],
            What::Fault(fault) if !self.is_of_sidecar() => self.told_of(fault),
            _ => &[],
        }
    }

    fn told_of(&self, fault: &Fault) -> &'static [(u16, &'static str)] {
        match fault {
            // HEAD tells no code.
            Fault::Error { status: 403, .. } if self.target == Head => &[(403, "AccessDenied"), (500, "InternalError")],
            Fault::Error { status: 403, code: "AccessDenied" } => &[(403, "AccessDenied")],
            Fault::Error { status: 404, .. } => &[(404, "NoSuchKey"), (403, "AccessDenied")],
            Fault::Error { status, code } if CREDENTIALS.contains(&(*status, code)) => &[(500, "InternalError")],
            // HEAD tells of another length: none, or that of an object too large.
            Fault::Header { name: "content-length", .. } => &[(400, "InvalidRequest")],
            _ => &[],
        }
    }
}
