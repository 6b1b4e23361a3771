//! `lx ldd` with its options, on any bytes: no panic, no overflow, an end. The first two bytes
//! say how many bytes are the program; all others are each library that it needs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rt::io::Write;

struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
        Ok(bytes.len())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&[low, high], bytes)) = input.split_first_chunk() else { return };
    let size = usize::from(u16::from_le_bytes([low, high])).min(bytes.len());
    let (program, library) = bytes.split_at(size);
    lx::ldd_bytes(program, library, &mut Nowhere, &mut Nowhere);
});
