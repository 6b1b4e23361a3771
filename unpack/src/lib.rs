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

/// Copies bytes to a place of the same length.
fn copy(from: &[u8], to: &mut [u8]) -> Option<()> {
    (from.len() == to.len()).then(|| to.copy_from_slice(from))
}

/// Repeats the first bytes of these, so many, up to their end.
fn repeat(bytes: &mut [u8], mut count: usize) -> Option<()> {
    while count < bytes.len() {
        // What is there by now repeats the first ones a whole number of times.
        let (from, to) = bytes.split_at_mut_checked(count)?;
        let piece = count.min(to.len());
        copy(from.get(..piece)?, to.get_mut(..piece)?)?;
        // Of nothing, copies would never end.
        count += core::num::NonZeroUsize::new(piece)?.get();
    }
    Some(())
}
