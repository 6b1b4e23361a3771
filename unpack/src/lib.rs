//! What `SHF_COMPRESSED` sections hold, unpacked into a slice that the caller gives.
//!
//! A crate of its own because `rt` is compiled for speed, which makes these twice as large.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod inflate;
pub mod zstd;
