//! Whether a seeder can be reached by those who ask for its pieces.

use std::{
    io::{Error, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Result},
    net::TcpStream,
    time::timeout,
};

use crate::torrent::InfoHash;

/// The time for all of it: the client waits for its answer meanwhile.
const TIMEOUT: Duration = Duration::from_millis(1_500);
/// How a handshake begins ([BEP 3](https://www.bittorrent.org/beps/bep_0003.html)).
const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";
/// No extension is named, so a seeder answers with a plain bitfield. Clients answer by other messages, or later, to the
/// bit of BEP 6.
const RESERVED: [u8; 8] = [0; 8];
/// The peer ID of the tracker.
const PEER_ID: &[u8; 20] = b"-GT0000-get-torrent-";
const BITFIELD: u8 = 5;
/// Networks that are not global: 10.0.0.0/8, and so on.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml>
const SPECIAL_V4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::LOCALHOST, 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// IPv6 has one global network, which has exceptions.
/// <https://www.iana.org/assignments/iana-ipv6-special-registry/iana-ipv6-special-registry.xhtml>
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Returns whether a client at `address` answers a handshake for the torrent with a bitfield that has all pieces. The
/// handshake is all that is sent.
pub(super) async fn is_reached(address: SocketAddr, info_hash: InfoHash) -> bool {
    matches!(timeout(TIMEOUT, shake_hands(address, info_hash)).await, Ok(Ok(())))
}

/// Returns whether an address is one of the internet's, and so no service beside the tracker.
pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => SPECIAL_V4
            .iter()
            .all(|(network, prefix)| address.to_bits() >> (32 - prefix) != network.to_bits() >> (32 - prefix)),
        IpAddr::V6(address) => {
            let is_in = |(network, prefix): &(Ipv6Addr, u32)| {
                address.to_bits() >> (128 - prefix) == network.to_bits() >> (128 - prefix)
            };
            is_in(&GLOBAL_V6) && !SPECIAL_V6.iter().any(is_in)
        }
    }
}

async fn shake_hands(address: SocketAddr, info_hash: InfoHash) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&[&PROTOCOL[..], &RESERVED, info_hash.as_bytes(), PEER_ID].concat()).await?;
    let mut handshake = [0; 68];
    stream.read_exact(&mut handshake).await?;
    require(handshake.starts_with(PROTOCOL) && handshake[28..48] == *info_hash.as_bytes())?;
    let length = stream.read_u32().await?;
    require(stream.read_u8().await? == BITFIELD && length > 1)?;
    let (mut left, mut bits) = (length as usize - 1, [0; 4_096]);
    while left > 0 {
        let part = left.min(bits.len());
        let read = stream.read(&mut bits[..part]).await?;
        require(read > 0)?;
        left -= read;
        let (last, full) = bits[..read].split_last().unwrap_or((&0, &[]));
        // The bits behind that of the last piece are 0.
        let has_all = if left > 0 { *last == u8::MAX } else { last.leading_ones() + last.trailing_zeros() >= 8 };
        require(*last != 0 && has_all && full.iter().all(|byte| *byte == u8::MAX))?;
    }
    Ok(())
}

fn require(condition: bool) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::from(ErrorKind::InvalidData)) }
}
