//! Names out of a file, made fit to be printed: as GNU readelf shows them where that is
//! safe. C0 control characters become `^X`; what could still drive a terminal is escaped
//! as well.

use super::options::Options;
use rt::elf::c_str;
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

/// A name of at most `width` characters, without padding; gives back how many there are.
/// With `-W` a longer one is printed whole; else it is cut off, and ends in `[...]` unless
/// `-T` is given.
pub fn cut(out: &mut BufWriter, options: &Options, bytes: &[u8], width: usize) -> usize {
    let columns = |&byte: &u8| 1 + is_control(byte) as usize;
    if options.wide {
        name(bytes).put(out);
        return bytes.iter().map(columns).sum();
    }
    let dots = bytes.len() > width && !options.silent_truncation;
    let mut left = if dots { width.saturating_sub(5) } else { width };
    let end = bytes.iter().position(|byte| match left.checked_sub(columns(byte)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    let (shown, suffix) =
        (bytes.get(..end.unwrap_or(bytes.len())), if dots { "[...]" } else { "" });
    let shown = shown.unwrap_or_default();
    name(shown).put(out);
    out.bytes(suffix.as_bytes());
    shown.iter().map(columns).sum::<usize>() + suffix.len()
}

/// A string of a string table, whole; false, and nothing is printed, where the offset lies
/// outside.
///
/// In rows this is most of the work: it is found, looked at and copied in one go, sixteen
/// bytes at a time.
#[inline]
pub fn whole(out: &mut BufWriter, strings: &[u8], at: u32) -> bool {
    let Some(mut rest) = strings.get(at as usize..).filter(|rest| !rest.is_empty()) else {
        return false;
    };
    while let (Some(chunk), Some(room)) = (rest.first_chunk::<16>(), out.room::<16>()) {
        let (low, high) = (controls(chunk.first_chunk()), controls(chunk.last_chunk()));
        *room = *chunk;
        if low | high == 0 {
            out.advance(16);
            rest = rest.get(16..).unwrap_or_default();
            continue;
        }
        // The lowest bit that is set is right; those above it may not be.
        let bits = if low != 0 { low.trailing_zeros() } else { 64 + high.trailing_zeros() };
        let len = bits as usize / 8;
        out.advance(len);
        rest = rest.get(len..).unwrap_or_default();
        if rest.first() == Some(&0) {
            return true;
        }
        break;
    }
    name(c_str(rest, 0).unwrap_or_default()).put(out);
    true
}

/// A bit set in the first byte that is a control character, DEL or zero.
#[inline]
fn controls(bytes: Option<&[u8; 8]>) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let word = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let delete = word ^ ONES * 0x7f;
    ((word.wrapping_sub(ONES * 0x20) & !word) | (delete.wrapping_sub(ONES) & !delete)) & ONES * 0x80
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// A name in a column of `width` characters: filled up with spaces. With `-W` a longer
/// one is printed whole; else it is cut off, and ends in `[...]` unless `-T` is given.
pub fn column(out: &mut BufWriter, options: &Options, bytes: &[u8], width: usize) {
    let shown = cut(out, options, bytes, width);
    out.fill(b' ', width.saturating_sub(shown));
}
