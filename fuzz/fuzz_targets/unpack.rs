//! What unpacks sections, on any bytes: it ends without a panic, writes nothing behind what
//! it is given, and makes no more than it says that it can. The first byte chooses between
//! zlib and Zstandard, the next two the size.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&[which, low, high], packed)) = input.split_first_chunk() else { return };
    let size = usize::from(u16::from_le_bytes([low, high]));
    let mut output = vec![0; size];
    if which & 1 == 0 {
        unpack::inflate::zlib(packed, &mut output);
    } else if unpack::zstd::zstd(packed, &mut output) {
        assert!(unpack::zstd::most(packed).is_some_and(|most| most >= size as u64));
    }
});
