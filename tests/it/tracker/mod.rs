//! The tracker function: a Function URL's event in, bencode out, and what becomes of its table meanwhile.

mod announces;
mod clients;
mod counted;
mod health;
mod hostile;
mod large;
mod log;
mod registry;
mod web_seeds;
