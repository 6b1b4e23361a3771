//! The part of a row whose length has a bound, written by hand: rows of symbols and
//! relocations are what large reports consist of.

use rt::fmt::hex_digits;
use rt::row::decimal;

/// A piece of the output, filled in from the left.
pub struct Line<'b, const N: usize> {
    pub bytes: &'b mut [u8; N],
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

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
            assert_eq!(&bytes[..len], format!("{value:6}|{value:03x}").as_bytes());
        }
    }
}
