//! One thing that goes wrong: with which requests, how often, and what a caller may then be told.

use std::time::Duration;

use super::dice::Dice;
use crate::fake_s3::{Fault, Matcher};

/// The requests that the service makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Head,
    /// A ranged GET.
    Read,
    /// Of `GetObjectAttributes`.
    Page,
    SidecarGet,
    SidecarPut,
}

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
const BUSY: [(u16, &str); 5] =
    [(500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable"), (429, "TooMany"), (408, "Busy")];
const CREDENTIALS: [(u16, &str); 4] = [
    (400, "ExpiredToken"),
    (403, "RequestTimeTooSkewed"),
    (403, "InvalidAccessKeyId"),
    (403, "SignatureDoesNotMatch"),
];

impl Trouble {
    /// `reach` is the largest offset in a body that makes sense.
    pub(super) fn thrown(dice: &mut Dice, reach: u64) -> Self {
        use Target::{Head, Page, Read, SidecarGet, SidecarPut};
        let target = dice.pick(&[Head, Read, Read, Read, Page, SidecarGet, SidecarGet, SidecarPut]);
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
            Target::Head => Matcher::head(),
            Target::Read => Matcher::get().when(|call| call.range.is_some()),
            Target::Page => Matcher::attributes(),
            Target::SidecarGet => Matcher::get().key(sidecar_key),
            Target::SidecarPut => Matcher::put().key(sidecar_key),
        };
        matcher.skip(self.after).times(self.times)
    }

    pub(super) fn is_of_sidecar(&self) -> bool {
        matches!(self.target, Target::SidecarGet | Target::SidecarPut)
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
            What::Fault(Fault::Error { status, .. }) => {
                self.times == 1 && BUSY.iter().any(|(busy, _)| busy == status)
            }
            What::Fault(Fault::Header { name, .. }) => {
                self.times == 1 && *name == "content-range" && self.target == Target::Read
            }
            What::Fault(_) => self.times == 1,
        }
    }

    /// Whether piece hashes may then come from elsewhere, with another piece length.
    pub(super) fn may_change_the_origin(&self) -> bool {
        let What::Fault(fault) = &self.what else { return false };
        match (self.target, fault) {
            (Target::Head, Fault::Header { name, .. }) => name.starts_with("x-amz-checksum"),
            // 4xx and answers that are whole, but none: an S3 that does not know the call.
            (Target::Page, Fault::Error { status, code }) => {
                (400..500).contains(status)
                    && !BUSY.contains(&(*status, code))
                    && !CREDENTIALS.contains(&(*status, code))
            }
            (Target::Page, Fault::ShortBody(_) | Fault::OverlongBody(_) | Fault::Header { .. }) => true,
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
            Fault::Error { status: 403, .. } if self.target == Target::Head => {
                &[(403, "AccessDenied"), (500, "InternalError")]
            }
            Fault::Error { status: 403, code: "AccessDenied" } => &[(403, "AccessDenied")],
            Fault::Error { status: 404, .. } => &[(404, "NoSuchKey"), (403, "AccessDenied")],
            Fault::Error { status, code } if CREDENTIALS.contains(&(*status, code)) => {
                &[(500, "InternalError")]
            }
            // HEAD tells of another length: none, or that of an object too large.
            Fault::Header { name: "content-length", .. } => &[(400, "InvalidRequest")],
            _ => &[],
        }
    }
}

/// Small pauses, and rarely one that outlasts the service's own patience.
fn pause(dice: &mut Dice) -> Duration {
    Duration::from_millis(if dice.one_in(40) { 3_000 } else { dice.below(40) })
}

fn fault(dice: &mut Dice, target: Target, reach: u64) -> Fault {
    let offset = dice.below(reach + 1);
    match dice.below(14) {
        0..=2 => {
            let (status, code) = dice.pick(&BUSY);
            Fault::error(status, code)
        }
        3 => dice.pick(&[Fault::Reset, Fault::Close, Fault::Lost]),
        4 => Fault::Delay(pause(dice)),
        5 => Fault::CutBody(offset),
        6 => Fault::ResetBody(offset),
        7 if dice.one_in(12) => Fault::StallBody { after: offset, pause: None },
        7 => Fault::StallBody { after: offset, pause: Some(pause(dice)) },
        8 => Fault::ShortBody(offset),
        9 => Fault::OverlongBody(1 + dice.below(2 * reach)),
        10 => {
            let (status, code) = dice.pick(&CREDENTIALS);
            Fault::error(status, code)
        }
        11 => refusal(dice, target),
        _ => lie(dice, target, reach),
    }
}

fn refusal(dice: &mut Dice, target: Target) -> Fault {
    let (status, code) = match target {
        Target::Head | Target::Read => dice.pick(&[(403, "AccessDenied"), (404, "NoSuchKey")]),
        Target::Page => {
            dice.pick(&[(403, "AccessDenied"), (501, "NotImplemented"), (400, "InvalidArgument")])
        }
        Target::SidecarGet => dice.pick(&[(403, "AccessDenied"), (404, "NoSuchKey"), (400, "Odd")]),
        Target::SidecarPut => dice.pick(&[
            (403, "AccessDenied"),
            (412, "PreconditionFailed"),
            (409, "ConditionalRequestConflict"),
            (404, "NoSuchKey"),
        ]),
    };
    Fault::error(status, code)
}

/// Headers that are not true.
fn lie(dice: &mut Dice, target: Target, reach: u64) -> Fault {
    let wrong = |name, value: &str| Fault::Header { name, value: Some(value.to_owned()) };
    match target {
        Target::Head => {
            let other_length = dice.pick(&[0, 1, reach / 2, reach + 1, 1 << 40, 1 << 50]).to_string();
            dice.pick(&[
                wrong("etag", "\"lie\""),
                Fault::without("etag"),
                wrong("content-length", &other_length),
                wrong("last-modified", "nonsense"),
                Fault::without("last-modified"),
                Fault::without("x-amz-checksum-sha1"),
                wrong("x-amz-checksum-sha1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=-3"),
                wrong("x-amz-checksum-sha1", "nonsense"),
            ])
        }
        Target::Read => dice.pick(&[
            Fault::content_range("bytes 0-16383/16384"),
            Fault::content_range("nonsense"),
            Fault::without("content-range"),
            Fault::without("content-length"),
            wrong("etag", "\"lie\""),
            Fault::without("etag"),
            Fault::WholeBody,
            Fault::IgnoreConditions,
        ]),
        Target::Page => dice.pick(&[Fault::without("content-length"), wrong("content-type", "text/html")]),
        Target::SidecarGet => dice.pick(&[
            wrong("etag", "\"lie\""),
            Fault::without("etag"),
            Fault::without("content-length"),
            Fault::without("x-amz-meta-torrent-format"),
            Fault::without("x-amz-meta-torrent-info-hash"),
            Fault::without("x-amz-meta-torrent-source-etag"),
            wrong("x-amz-meta-torrent-format", "2"),
            wrong("x-amz-meta-torrent-source-length", "lie"),
            wrong("x-amz-meta-torrent-source-key-sha1", "lie"),
            wrong("x-amz-meta-torrent-info-hash", "0000000000000000000000000000000000000000"),
        ]),
        Target::SidecarPut => dice.pick(&[Fault::without("etag"), Fault::Lost]),
    }
}
