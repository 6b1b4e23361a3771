//! The part of a row whose length has a bound, written by hand: rows of symbols and
//! relocations are what large reports consist of.

use rt::fmt::hex_digits;

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

    /// `%*lu`: at least so wide, for widths up to 6.
    #[inline(always)]
    pub fn put_dec(&mut self, value: u64, width: usize) {
        let mut digits = [b' '; 32];
        let mut at = 20;
        let mut rest = value;
        while let Some(place) = digits.get_mut(at - 1) {
            *place = b'0' + (rest % 10) as u8;
            at -= 1;
            rest /= 10;
            if rest == 0 || at == 0 {
                break;
            }
        }
        let start = at.min(20 - width.min(20));
        if let Some(cell) = digits.get(start..).and_then(|d| d.first_chunk::<12>()) {
            if start >= 8 {
                return self.put(cell, 20 - start);
            }
        }
        if let Some(cell) = digits.get(start..).and_then(|d| d.first_chunk::<20>()) {
            self.put(cell, 20 - start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn numbers_as_printf_writes_them() {
        let numbers = (0..20).map(|e| 10u64.pow(e)).flat_map(|n| [n - 1, n, n + 1]);
        for value in numbers.chain([u64::MAX]) {
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
