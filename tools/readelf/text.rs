//! Names out of a file, made fit to be printed: as GNU readelf shows them where that is
//! safe. C0 control characters become `^X`; what could still drive a terminal is escaped
//! as well.

use super::options::Options;
use rt::fmt::Put;
use rt::io::BufWriter;

/// A name as it is printed: control characters escaped.
#[derive(Clone, Copy)]
pub struct Name<'a>(pub &'a [u8]);

/// A name as it is printed, whole.
pub fn name(bytes: &[u8]) -> Name<'_> {
    Name(bytes)
}

impl Put for Name<'_> {
    fn put(&self, out: &mut BufWriter) {
        if !self.0.iter().any(|&byte| is_control(byte)) {
            return out.bytes(self.0);
        }
        for &byte in self.0 {
            if is_control(byte) {
                out.bytes(&[b'^', (byte & 31) + 0x40]);
            } else {
                out.byte(byte);
            }
        }
    }
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// A name in a column of `width` characters: filled up with spaces. With `-W` a longer
/// one is printed whole; else it is cut off, and ends in `[...]` unless `-T` is given.
pub fn column(out: &mut BufWriter, options: &Options, bytes: &[u8], width: usize) {
    let (shown, suffix) = if options.wide || bytes.len() <= width {
        (bytes, "")
    } else if options.silent_truncation {
        (&bytes[..width], "")
    } else {
        (&bytes[..width.saturating_sub(5)], "[...]")
    };
    Name(shown).put(out);
    out.bytes(suffix.as_bytes());
    out.fill(b' ', width.saturating_sub(shown.len() + suffix.len()));
}
