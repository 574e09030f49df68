//! What the network or the server may do wrong with one request, as the dice fall.

use std::time::Duration;

use test_s3::Fault;

use super::{
    dice::Dice,
    trouble::Target::{self, Folder, FragmentGet, FragmentPut, Head, Page, Read, SidecarGet, SidecarPut},
};

pub(super) const BUSY: [(u16, &str); 5] =
    [(500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable"), (429, "TooMany"), (408, "Busy")];
pub(super) const CREDENTIALS: [(u16, &str); 4] =
    [(400, "ExpiredToken"), (403, "RequestTimeTooSkewed"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch")];

/// Small pauses, and rarely one that outlasts the service's own patience.
fn pause(dice: &mut Dice) -> Duration {
    Duration::from_millis(if dice.one_in(40) { 3_000 } else { dice.below(40) })
}

/// `reach` is the largest offset in a body that makes sense.
pub(super) fn fault(dice: &mut Dice, target: Target, reach: u64) -> Fault {
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
        Head | Read => dice.pick(&[(403, "AccessDenied"), (404, "NoSuchKey")]),
        Page => dice.pick(&[(403, "AccessDenied"), (501, "NotImplemented"), (400, "InvalidArgument")]),
        SidecarGet | FragmentGet => dice.pick(&[(403, "AccessDenied"), (404, "NoSuchKey"), (400, "Odd")]),
        SidecarPut => dice.pick(&[
            (403, "AccessDenied"),
            (412, "PreconditionFailed"),
            (409, "ConditionalRequestConflict"),
            (404, "NoSuchKey"),
        ]),
        FragmentPut | Folder => dice.pick(&[(403, "AccessDenied"), (400, "Odd")]),
    };
    Fault::error(status, code)
}

/// Headers that are not true.
fn lie(dice: &mut Dice, target: Target, reach: u64) -> Fault {
    let wrong = |name, value: &str| Fault::Header { name, value: Some(value.to_owned()) };
    match target {
        Head => {
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
        Read => dice.pick(&[
            Fault::content_range("bytes 0-16383/16384"),
            Fault::content_range("nonsense"),
            Fault::without("content-range"),
            Fault::without("content-length"),
            wrong("etag", "\"lie\""),
            Fault::without("etag"),
            Fault::WholeBody,
            Fault::IgnoreConditions,
        ]),
        Page => dice.pick(&[Fault::without("content-length"), wrong("content-type", "text/html")]),
        SidecarGet => dice.pick(&[
            wrong("etag", "\"lie\""),
            Fault::without("etag"),
            Fault::without("content-length"),
            Fault::without("x-amz-meta-torrent-format"),
            wrong("x-amz-meta-torrent-source-length", "lie"),
            wrong("x-amz-meta-torrent-source-key-sha1", "lie"),
        ]),
        FragmentGet => dice.pick(&[
            Fault::without("content-length"),
            Fault::without("x-amz-meta-torrent-job"),
            wrong("x-amz-meta-torrent-job", "another"),
        ]),
        SidecarPut | FragmentPut => dice.pick(&[Fault::without("etag"), Fault::Lost]),
        Folder => dice.pick(&[Fault::without("content-length"), Fault::Lost]),
    }
}
