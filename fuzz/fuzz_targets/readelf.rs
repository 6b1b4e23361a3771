//! `lx readelf` on any bytes with any options, in this process: no panic, no overflow, and
//! nothing on its output that drives a terminal. The first four bytes choose the options; a
//! name or number for those that need one is made of the fourth.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rt::io::Write;

/// One for each bit of the choice.
const OPTIONS: [&[u8]; 24] = [
    b"-h", b"-l", b"-S", b"-s", b"-r", b"-d", b"-V", b"-n", b"-g", b"-t", b"-I", b"-A", b"-u",
    b"-D", b"-L", b"-c", b"-W", b"-T", b"-z", b"-wkN", b"--dyn-syms", b"--lto-syms",
    b"--sym-base=16", b"--sframe",
];
/// For all symbols and sections of a section; chosen by the fourth byte's lower bits.
const DUMPS: [[&[u8]; 3]; 4] = [
    [b"-x1", b"-p1", b"-R1"],
    [b"-x2", b"-p3", b"-R4"],
    [b"-R5", b"-R6", b"-R7"],
    [b"-x.debug_str", b"-p.debug_str", b"-R.debug_info"],
];
/// By the fourth byte's upper bits: what isn't GNU readelf's, and `-a`. An option that isn't
/// there yet is told to be that.
const MORE: [&[u8]; 16] = [
    b"-W", b"-a", b"-a", b"-C", b"-Cgnu-v3", b"-Ux", b"-Ue", b"-Uh", b"-Ui", b"--json", b"--draw",
    b"--check", b"--size", b"--color=always", b"--ctf=1", b"-e",
];

/// Looks at what is written, and keeps none of it.
struct Watched {
    /// Whether colours were asked for.
    colours: bool,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
        let is_control = |byte: &&u8| matches!(byte, 0..=8 | 11..=31 | 127);
        let colours = self.colours;
        let seen = bytes.iter().filter(|byte| **byte != 27 || !colours).find(is_control);
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
    let Some((&[a, b, c, last], bytes)) = input.split_first_chunk() else { return };
    let chosen = u32::from_le_bytes([a, b, c, 0]);
    let mut options: Vec<&'static [u8]> =
        (0..OPTIONS.len()).filter(|bit| chosen >> bit & 1 == 1).map(|bit| OPTIONS[bit]).collect();
    if last & 1 == 1 {
        options.extend(DUMPS[usize::from(last >> 1 & 3)]);
    }
    let more = MORE[usize::from(last >> 4)];
    options.push(more);
    // Colours come with escape characters; -Uh has them as well.
    let colours = more.starts_with(b"--color") || more == b"-Uh";
    lx::readelf_bytes(&options, bytes, &mut Watched { colours }, &mut Dropped);
});
