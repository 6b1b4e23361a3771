//! What rows that are put together by hand consist of: a large report is nothing but rows,
//! and what one of them costs is what all of it costs.

mod symbols;

use crate::arch::{equal, hex_digits, unprintable};
use crate::io::BufWriter;

pub use symbols::{Cell, Reached, SymbolColumns, Version};

/// The decimal digits of a number of up to eight, and how many they are; they lie at the
/// end of the eight bytes, after spaces (`%8lu`), and the first byte is the lowest one.
// Not inlined: then it would be compiled with its caller's options, for size.
#[inline(never)]
pub fn decimal(value: u32) -> (u64, usize) {
    decimal_here(value)
}

/// As [`decimal`], in rows that are put together here.
#[inline(always)]
fn decimal_here(value: u32) -> (u64, usize) {
    // Halves, quarters, eighths apart: two numbers below 10,000 are divided by 100 at once,
    // then four below 100 by 10.
    let value = value % 100_000_000;
    let x = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((x * 5_243) >> 19) & 0x0000_007f_0000_007f;
    let x = hundreds | (x - 100 * hundreds) << 16;
    let tens = ((x * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | (x - 10 * tens) << 8;
    // Zeros before the first other digit become spaces; the last digit stays.
    let blank = (digits | 1 << 56).trailing_zeros() & !7;
    let text = (digits | 0x3030_3030_3030_3030) ^ (0x1010_1010_1010_1010 & ((1 << blank) - 1));
    (text, 8 - blank as usize / 8)
}

impl BufWriter<'_> {
    /// Adds as much of the bytes as is printable ASCII, and says how many bytes that is. In
    /// one go, sixteen bytes at a time: a name and where it ends are not looked for twice.
    // Not inlined, as above.
    #[inline(never)]
    pub fn printable(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while rest.len() >= 16 && self.room::<16>().is_some() {
            let (from, to) = (rest.as_chunks::<16>().0, self.rest().as_chunks_mut::<16>().0);
            let mut len = 0;
            for (from, to) in from.iter().zip(to) {
                *to = *from;
                let others = unprintable(from);
                if others != 0 {
                    len += others.trailing_zeros() as usize;
                    self.advance(len);
                    return bytes.len() - rest.len() + len;
                }
                len += 16;
            }
            self.advance(len);
            rest = &rest[len..];
        }
        let end = rest.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(rest.len());
        self.bytes(&rest[..end]);
        bytes.len() - rest.len() + end
    }
}

/// Where a byte is for the first time (`man 3 memchr`).
// Not inlined, as above.
#[inline(never)]
pub fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let places = equal(chunk, byte);
        if places != 0 {
            return Some(index * 16 + places.trailing_zeros() as usize);
        }
    }
    let at = rest.iter().position(|other| *other == byte)?;
    Some(chunks.len() * 16 + at)
}

/// A piece of the output, filled in from the left.
pub struct Line<'b, const N: usize> {
    /// What is filled in; there may be anything after what counts.
    pub bytes: &'b mut [u8; N],
    /// How much of it counts.
    pub len: usize,
}

impl<const N: usize> Line<'_, N> {
    /// Copies a whole cell, of which `len` bytes count.
    #[inline(always)]
    pub fn put<const M: usize>(&mut self, cell: &[u8; M], len: usize) {
        if let Some(place) = self.bytes.get_mut(self.len..).and_then(|p| p.first_chunk_mut()) {
            *place = *cell;
            self.len += len;
        }
    }

    /// `%0*lx`: at least so many digits.
    #[inline(always)]
    pub fn put_hex(&mut self, value: u64, digits: usize) {
        let needed = (67 - (value | 1).leading_zeros() as usize) / 4;
        let digits = needed.max(digits).min(16);
        // The digits that count come first.
        let shift = (16 - digits as u32) * 4;
        self.put(&hex_digits(value << shift), digits);
    }

    /// `%*lu`: at least so wide, at most 8; of numbers of up to sixteen digits.
    #[inline(always)]
    pub fn put_dec(&mut self, value: u64, width: usize) {
        match u32::try_from(value) {
            Ok(value @ 0..100_000_000) => self.put_digits(decimal(value), width),
            _ => {
                self.put_digits(decimal((value / 100_000_000) as u32), 1);
                let (text, _) = decimal((value % 100_000_000) as u32);
                // Spaces become zeros.
                self.put(&(text | 0x1010_1010_1010_1010).to_le_bytes(), 8);
            }
        }
    }

    /// What [`decimal`] gives, at least so wide.
    #[inline(always)]
    pub fn put_digits(&mut self, (text, digits): (u64, usize), width: usize) {
        let width = digits.max(width).min(8);
        self.put(&(text >> (64 - 8 * width)).to_le_bytes(), width);
    }
}

/// What [`BufWriter::middle_row`] puts between two numbers.
pub struct Middle {
    /// The text, and anything after it.
    pub text: [u8; Middle::ROOM],
    /// How much of it counts.
    pub len: usize,
}

impl Middle {
    /// More than a relocation's info and type need.
    pub const ROOM: usize = 88;
}

impl BufWriter<'_> {
    /// Adds what comes before a value in JSON: a comma, unless it is the first one, and the
    /// name in quotes with a colon, unless the name is empty. The name needs no escapes.
    // Not inlined, as above.
    #[inline(never)]
    pub fn member(&mut self, comma: bool, name: &[u8]) {
        if comma {
            self.byte(b',');
        }
        if name.is_empty() {
            return;
        }
        let len = name.len();
        let place = self.room::<64>().and_then(|room| room.get_mut(..len + 3));
        let Some([first, place @ .., quote, colon]) = place else {
            [b"\"", name, b"\":"].into_iter().for_each(|piece| self.bytes(piece));
            return;
        };
        place.copy_from_slice(name);
        (*first, *quote, *colon) = (b'"', b'"', b':');
        self.advance(len + 3);
    }

    /// Adds a line: a hexadecimal number of at least so many digits, a text, and another
    /// number, if there is one, with its sign.
    // Not inlined, as above.
    #[inline(never)]
    pub fn middle_row(&mut self, first: u64, digits: usize, middle: &Middle, last: Option<i64>) {
        let Some(bytes) = self.room::<160>() else { return };
        let mut line = Line { bytes, len: 0 };
        line.put_hex(first, digits);
        line.put(&middle.text, middle.len);
        if let Some(last) = last {
            line.put(b"-", usize::from(last < 0));
            line.put_hex(last.unsigned_abs(), 1);
        }
        line.put(b"\n", 1);
        let len = line.len;
        self.advance(len);
    }
}

/// Whether all of it is printable ASCII.
// Not inlined, as above.
#[inline(never)]
pub fn is_printable(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<16>();
    chunks.iter().all(|chunk| unprintable(chunk) == 0)
        && rest.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn decimal_numbers() {
        let powers = (0..8).map(|e| 10u32.pow(e)).flat_map(|n| [n - 1, n, n + 1]);
        for value in powers.chain([99_999_999, 12_345_678, 90_807_060]).chain(0..20_000) {
            let (text, digits) = decimal(value);
            assert_eq!(text.to_le_bytes(), std::format!("{value:8}").as_bytes());
            assert_eq!(digits, std::format!("{value}").len());
        }
    }

    #[test]
    fn numbers_as_printf_writes_them() {
        let numbers = (0..16).map(|e| 10u64.pow(e)).flat_map(|n| [n - 1, n, n + 1]);
        for value in numbers.chain([9_999_999_999_999_999]) {
            let mut bytes = [0; 64];
            let mut line = Line { bytes: &mut bytes, len: 0 };
            line.put_dec(value, 6);
            line.put(b"|", 1);
            line.put_hex(value, 3);
            let len = line.len;
            assert_eq!(&bytes[..len], std::format!("{value:6}|{value:03x}").as_bytes());
        }
    }

    #[test]
    fn all_digits_of_a_number() {
        for value in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef, 0xa00f_90fa_9a09_f000] {
            assert_eq!(hex_digits(value), std::format!("{value:016x}").as_bytes());
        }
    }

    #[test]
    fn a_text_between_two_numbers() {
        let mut text = [b'!'; Middle::ROOM];
        text[..3].copy_from_slice(b" x ");
        let middle = Middle { text, len: 3 };
        let (mut to, mut buffer) = (Vec::new(), [0; 200]);
        let mut out = BufWriter::new(&mut buffer, &mut to);
        out.middle_row(0x12, 8, &middle, Some(i64::MIN));
        out.middle_row(u64::MAX, 12, &middle, Some(0));
        out.middle_row(0, 1, &middle, None);
        out.flush().unwrap();
        let expected = "00000012 x -8000000000000000\nffffffffffffffff x 0\n0 x \n";
        assert_eq!(to, expected.as_bytes());
        assert!(
            is_printable(b" ~") && !is_printable(b"\x7f") && !is_printable("\u{e4}".as_bytes())
        );
    }

    #[test]
    fn a_byte_is_found_where_it_is_first() {
        for len in 0..70 {
            let mut text = std::vec![b'x'; len];
            assert_eq!(find(&text, b'y'), None);
            for at in (0..len).rev() {
                text[at] = b'y';
                assert_eq!(find(&text, b'y'), Some(at));
            }
        }
    }

    #[test]
    fn names_of_members() {
        for size in [0usize, 1, 61, 62, 100] {
            for comma in [false, true] {
                let (mut sink, mut buffer) = (Vec::new(), [0; 80]);
                let mut out = BufWriter::new(&mut buffer, &mut sink);
                let name = "n".repeat(size);
                (0..3).for_each(|_| out.member(comma, name.as_bytes()));
                out.flush().unwrap();
                let comma = if comma { "," } else { "" };
                let one = if size > 0 { std::format!("{comma}\"{name}\":") } else { comma.into() };
                assert_eq!(sink, one.repeat(3).as_bytes());
            }
        }
    }

    #[test]
    fn printable_text_up_to_the_first_other_byte() {
        for byte in 0..=255u8 {
            for at in 0..40 {
                let mut text = [b'x'; 40];
                text[at] = byte;
                let (mut to, mut buffer) = (Vec::new(), [0; 24]);
                let mut out = BufWriter::new(&mut buffer, &mut to);
                let expected = if matches!(byte, 0x20..=0x7e) { 40 } else { at };
                assert_eq!(out.printable(&text), expected);
                out.flush().unwrap();
                assert_eq!(to, &text[..expected]);
            }
        }
    }
}
