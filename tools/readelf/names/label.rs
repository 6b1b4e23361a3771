//! What is printed for a number that may not have a name.

use super::Name;

/// A name, or words around a number (`LOOS+0x1`, `<unknown>: 7`): in one piece, so that it can
/// be padded and cut.
#[derive(Clone, Copy)]
pub struct Label {
    bytes: [u8; Label::MAX],
    len: u8,
}

impl Label {
    /// No label of the tables here is longer than this. What doesn't fit is left out.
    pub const MAX: usize = 47;

    /// A label of words only.
    #[inline(never)]
    pub fn words(words: &str) -> Label {
        Label { bytes: [0; Label::MAX], len: 0 }.and(words)
    }

    /// Adds words.
    #[inline(never)]
    pub fn and(mut self, words: &str) -> Label {
        words.bytes().for_each(|byte| self.push(byte));
        self
    }

    /// Adds a number: C's `%d`.
    pub fn decimal(mut self, number: u32) -> Label {
        self.digits(number, 10, 1);
        self
    }

    /// Adds a number: C's `%x`.
    pub fn hex(self, number: u32) -> Label {
        self.hex_wide(number, 1)
    }

    /// Adds a number: C's `%#x`, with `0x` but for 0.
    pub fn hex_marked(self, number: u32) -> Label {
        self.and(if number == 0 { "" } else { "0x" }).hex(number)
    }

    /// Adds a number: C's `%0*x`, with zeros before it up to that many digits.
    pub fn hex_wide(mut self, number: u32, width: u32) -> Label {
        self.digits(number, 16, width);
        self
    }

    #[inline(never)]
    fn digits(&mut self, number: u32, base: u32, width: u32) {
        let needed = number.checked_ilog(base).map_or(1, |log| log + 1);
        for place in (0..needed.max(width)).rev() {
            let unit = base.checked_pow(place);
            let digit = unit.and_then(|unit| number.checked_div(unit)?.checked_rem(base));
            let digit = digit.unwrap_or_default();
            self.push(char::from_digit(digit, 16).map_or(b'?', |digit| digit as u8));
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len += 1;
        }
    }
}

impl From<&Name> for Label {
    fn from(name: &Name) -> Label {
        let mut label = Label::words("");
        name.pieces().flatten().for_each(|&byte| label.push(byte));
        label
    }
}

impl AsRef<[u8]> for Label {
    // Not inlined: it is called from many places.
    #[inline(never)]
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(label: Label, expected: &str) {
        assert_eq!(core::str::from_utf8(label.as_ref()), Ok(expected));
    }

    #[test]
    fn numbers() {
        let label = Label::words("<");
        is(label.decimal(0).and(">"), "<0>");
        is(label.decimal(u32::MAX), "<4294967295");
        is(label.hex(0), "<0");
        is(label.hex(u32::MAX), "<ffffffff");
        is(label.hex_marked(0), "<0");
        is(label.hex_marked(0x1f), "<0x1f");
        is(label.hex_wide(0x1f, 8), "<0000001f");
        is(label.hex_wide(0x12345, 4), "<12345");
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let label = Label::words("0123456789").and("0123456789").and("0123456789");
        is(label.and("0123456789").and("0123456789"), &"0123456789".repeat(5)[..47]);
    }
}
