//! `lx readelf` on any bytes with any options, in this process: no panic, no overflow, and
//! nothing on its output that drives a terminal. The first two bytes choose the options.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rt::io::Write;

const OPTIONS: [&[u8]; 16] = [
    b"-h", b"-l", b"-S", b"-s", b"-r", b"-d", b"-V", b"-n", b"-g", b"-t", b"-I", b"-A", b"-u",
    b"-D", b"-x3", b"-c",
];
const ALL: &[&[u8]] = &[b"-a", b"-W"];
const DUMPS: &[&[u8]] = &[b"-z", b"-x1", b"-p2", b"-R3", b"-x4", b"-p5", b"-R6", b"-L", b"-W"];

/// Looks at what is written, and keeps none of it.
struct Watched;

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
        let is_control = |byte: &&u8| matches!(byte, 0..=8 | 11..=31 | 127);
        let seen = bytes.iter().find(is_control);
        assert!(seen.is_none(), "{seen:?} on standard output");
        Ok(bytes.len())
    }
}

/// Messages are escaped on their way to standard error.
struct Dropped;

impl Write for Dropped {
    fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
        Ok(bytes.len())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&[low, high], bytes)) = input.split_first_chunk() else { return };
    let chosen = u16::from_le_bytes([low, high]);
    let some: Vec<&'static [u8]> =
        (0..16).filter(|bit| chosen >> bit & 1 == 1).map(|bit| OPTIONS[bit]).collect();
    let options = match chosen {
        0 => ALL,
        1 => DUMPS,
        _ => &some,
    };
    lx::readelf_bytes(options, bytes, &mut Watched, &mut Dropped);
});
