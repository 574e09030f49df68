//! The tracker: peers of one torrent find each other through it.

pub mod function;
