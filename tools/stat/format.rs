//! A format as GNU stat takes it: literal text and directives, `%[flags][width][.precision]`
//! and a letter, written as C's printf writes the types that are behind them.

use rt::io::BufWriter;

/// A piece of a format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'f> {
    Text(&'f [u8]),
    /// A directive; `H` or `L` before the letter, else 0.
    Directive(Spec, u8, u8),
    /// An escape that means this byte.
    Byte(u8),
    /// An escape that means nothing: the byte stands for itself.
    UnknownEscape(u8),
    /// A backslash with nothing behind it.
    LoneBackslash,
    /// A directive that ends before its letter.
    Invalid(&'f [u8]),
}

/// How a directive is to be printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spec {
    pub left: bool,
    pub zero: bool,
    pub alternate: bool,
    /// `+`, a space, or 0 for none: before numbers with a sign.
    pub sign: u8,
    pub width: usize,
    pub precision: Precision,
    /// How many flags were given that mean nothing to text.
    pub dropped: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Precision {
    #[default]
    None,
    /// A point without a number.
    Empty,
    Digits(usize),
}

impl Precision {
    /// As printf takes it.
    fn digits(self) -> Option<usize> {
        match self {
            Precision::None => None,
            Precision::Empty => Some(0),
            Precision::Digits(digits) => Some(digits),
        }
    }
}

/// The pieces of a format, one after the other.
#[derive(Clone)]
pub struct Format<'f> {
    pub rest: &'f [u8],
    /// Whether `\n` and the like are escapes.
    pub escapes: bool,
}

impl<'f> Iterator for Format<'f> {
    type Item = Piece<'f>;

    fn next(&mut self) -> Option<Piece<'f>> {
        let special = |&byte: &u8| byte == b'%' || byte == b'\\' && self.escapes;
        match self.rest.iter().position(special) {
            None if self.rest.is_empty() => None,
            Some(0) if self.take() == Some(b'%') => Some(self.directive()),
            Some(0) => Some(self.escape()),
            at => {
                let (text, rest) = self.rest.split_at(at.unwrap_or(self.rest.len()));
                self.rest = rest;
                Some(Piece::Text(text))
            }
        }
    }
}

impl<'f> Format<'f> {
    fn take(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The next byte, if it is one of these.
    fn take_any(&mut self, of: &[u8]) -> Option<u8> {
        let first = self.rest.first().copied().filter(|byte| of.contains(byte))?;
        self.take();
        Some(first)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.take_any(b"0123456789") {
            let sum = number.unwrap_or(0usize).saturating_mul(10);
            number = Some(sum.saturating_add(usize::from(digit - b'0')));
        }
        number
    }

    /// Behind the `%`.
    fn directive(&mut self) -> Piece<'f> {
        let start = self.rest;
        let mut spec = Spec::default();
        while let Some(flag) = self.take_any(b"'-+ #0I") {
            spec.dropped = spec.dropped.saturating_add(u8::from(flag != b'-'));
            match flag {
                b'-' => spec.left = true,
                b'0' => spec.zero = true,
                b'#' => spec.alternate = true,
                b'+' => spec.sign = b'+',
                b' ' => spec.sign = spec.sign.max(b' '),
                _ => {}
            }
        }
        spec.width = self.number().unwrap_or(0);
        if self.take_any(b".").is_some() {
            spec.precision = self.number().map_or(Precision::Empty, Precision::Digits);
        }
        let before = start.len() - self.rest.len();
        match self.take() {
            None | Some(b'%') if before > 0 => {
                Piece::Invalid(start.get(..start.len() - self.rest.len()).unwrap_or(start))
            }
            None | Some(b'%') => Piece::Byte(b'%'),
            Some(half @ (b'H' | b'L')) => match self.take_any(b"dr") {
                Some(letter) => Piece::Directive(spec, half, letter),
                None => Piece::Directive(spec, 0, half),
            },
            Some(letter) => Piece::Directive(spec, 0, letter),
        }
    }

    /// Behind the `\`.
    fn escape(&mut self) -> Piece<'f> {
        let Some(letter) = self.take() else { return Piece::LoneBackslash };
        let (base, most) = match letter {
            b'0'..=b'7' => (8, 2),
            b'x' if self.rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, 2),
            _ => {
                return match b"abtnvfr".iter().position(|&known| known == letter) {
                    Some(at) => Piece::Byte(at as u8 + 7),
                    None if letter == b'e' => Piece::Byte(0x1b),
                    None if matches!(letter, b'"' | b'\\') => Piece::Byte(letter),
                    None => Piece::UnknownEscape(letter),
                };
            }
        };
        let mut value = char::from(letter).to_digit(8).unwrap_or(0);
        for _ in 0..most {
            let digits = if base == 8 { "01234567" } else { "0123456789abcdefABCDEF" };
            let Some(digit) = self.take_any(digits.as_bytes()) else { break };
            value = value * base + char::from(digit).to_digit(base).unwrap_or(0);
        }
        Piece::Byte(value as u8)
    }
}

/// The longest field: printf refuses what is longer, and prints nothing.
const LONGEST: usize = i32::MAX as usize;

impl Spec {
    /// Whether printf could do that.
    fn possible(&self) -> bool {
        self.width < LONGEST && self.precision.digits().unwrap_or(0) < LONGEST
    }

    /// `%s`.
    pub fn text(&self, out: &mut BufWriter, text: &[u8]) {
        if !self.possible() {
            return;
        }
        let length = self.precision.digits().unwrap_or(text.len()).min(text.len());
        let gap = self.width.saturating_sub(length);
        out.fill(b' ', if self.left { 0 } else { gap });
        out.bytes(text.get(..length).unwrap_or(text));
        out.fill(b' ', if self.left { gap } else { 0 });
    }

    /// `%lu`, `%lo`, `%lx`.
    pub fn unsigned(&self, out: &mut BufWriter, value: u64, base: u64) {
        let spec = Spec { sign: 0, ..*self };
        let spec = Spec { alternate: self.alternate && base != 10, ..spec };
        spec.number(out, value, base, false);
    }

    /// `%ld`.
    pub fn signed(&self, out: &mut BufWriter, value: i64) {
        let spec = Spec { alternate: false, ..*self };
        spec.number(out, value.unsigned_abs(), 10, value < 0);
    }

    fn number(&self, out: &mut BufWriter, value: u64, base: u64, negative: bool) {
        if !self.possible() {
            return;
        }
        let mut buffer = [0; 24];
        let mut at = buffer.len();
        let mut rest = value;
        while rest > 0 {
            at -= 1;
            buffer[at] = b"0123456789abcdef"[(rest % base) as usize];
            rest /= base;
        }
        let digits = &buffer[at..];
        let sign = if negative { b'-' } else { self.sign };
        let prefix: &[u8] = match (sign, self.alternate && value > 0, base) {
            (1.., ..) => &[sign],
            (0, true, 16) => b"0x",
            _ => b"",
        };
        let precision = self.precision.digits();
        let mut zeros = precision.unwrap_or(1).saturating_sub(digits.len());
        if self.alternate && base == 8 {
            zeros = zeros.max(1);
        }
        let length = prefix.len() + zeros + digits.len();
        let mut gap = self.width.saturating_sub(length);
        if self.zero && !self.left && precision.is_none() {
            zeros += core::mem::take(&mut gap);
        }
        out.fill(b' ', if self.left { 0 } else { gap });
        out.bytes(prefix);
        out.fill(b'0', zeros);
        out.bytes(digits);
        out.fill(b' ', if self.left { gap } else { 0 });
    }

    /// Seconds since 1970 with as many digits behind the point as the precision says, 9
    /// without a number; rounded as GNU rounds them.
    pub fn seconds(&self, out: &mut BufWriter, seconds: i64, nanoseconds: u32) {
        let digits = match self.precision {
            Precision::None | Precision::Digits(0) => {
                return Spec { precision: Precision::None, ..*self }.signed(out, seconds);
            }
            Precision::Empty => 9,
            Precision::Digits(digits) => digits,
        };
        if !self.possible() {
            return;
        }
        let known = digits.min(9);
        let unit = 10u64.pow(9 - known as u32);
        let nanoseconds = u64::from(nanoseconds);
        let (mut whole, mut fraction) = (seconds, nanoseconds / unit);
        if seconds < 0 && nanoseconds > 0 {
            // -2 s and a quarter is written -1.75; what is cut off is cut off towards zero,
            // which leaves -2 where nothing remains.
            let more = u64::from(nanoseconds % unit > 0);
            fraction = (10u64.pow(known as u32) - fraction).saturating_sub(more);
            whole += i64::from(fraction > 0);
        }
        let whole_width = if self.left { 0 } else { self.width.saturating_sub(digits + 1) };
        let spec = Spec {
            left: false,
            alternate: false,
            width: whole_width,
            precision: Precision::None,
            ..*self
        };
        let sign = usize::from(seconds < 0 || self.sign > 0);
        let length = decimal_digits(whole.unsigned_abs()) + sign;
        spec.number(out, whole.unsigned_abs(), 10, seconds < 0);
        let length = length.max(whole_width);
        out.byte(b'.');
        let places = decimal_digits(fraction);
        out.fill(b'0', known.saturating_sub(places));
        Spec::default().unsigned(out, fraction, 10);
        // What is left of the width comes behind, as GNU counts it: also where too much of
        // it was used.
        let used = length + 1 + known;
        let gap = if length + 1 < self.width { self.width.abs_diff(used) } else { 0 };
        let zeros = digits - known;
        out.fill(b'0', zeros);
        out.fill(b' ', gap.saturating_sub(zeros));
    }
}

fn decimal_digits(value: u64) -> usize {
    value.checked_ilog10().map_or(1, |log| log as usize + 1)
}
