//! A format as GNU stat takes it: literal text and directives, `%[flags][width][.precision]`
//! and a letter, written as C's printf writes the types that are behind them.

use crate::words::leading;
use rt::io::BufWriter;
use rt::row::find;

/// A piece of a format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'f> {
    Text(&'f [u8]),
    /// A directive, which is to be printed as [`Format::spec`] says; `H` or `L` before the
    /// letter, else 0.
    Directive(u8, u8),
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
    /// A bit for each of [`FLAGS`] that was given.
    flags: u8,
    /// How many flags were given that mean nothing to text.
    pub dropped: u8,
    /// Whether the precision is a point without a number: 0, but for times 9.
    pub only_point: bool,
    pub width: usize,
    pub precision: Option<usize>,
}

/// The flags, in the order of their bits; the last two mean nothing to stat.
const FLAGS: &[u8] = b"-0#+ 'I";
const LEFT: u8 = 1;
const ZERO: u8 = 2;
const ALTERNATE: u8 = 4;
const PLUS: u8 = 8;
const SPACE: u8 = 16;

/// The pieces of a format, one after the other.
#[derive(Clone)]
pub struct Format<'f> {
    rest: &'f [u8],
    /// Whether `\n` and the like are escapes.
    escapes: bool,
    /// How the directive that came last is to be printed.
    pub spec: Spec,
}

impl<'f> Iterator for Format<'f> {
    type Item = Piece<'f>;

    // Not inlined: there are two who walk a format.
    #[inline(never)]
    fn next(&mut self) -> Option<Piece<'f>> {
        let special = |&byte: &u8| byte == b'%' || byte == b'\\' && self.escapes;
        let length = self.rest.iter().position(special).unwrap_or(self.rest.len());
        if length > 0 {
            let (text, rest) = self.rest.split_at(length);
            self.rest = rest;
            return Some(Piece::Text(text));
        }
        let whole = self.rest;
        Some(if self.take()? == b'%' { self.directive(whole) } else { self.escape() })
    }
}

impl<'f> Format<'f> {
    pub fn new(format: &'f [u8], escapes: bool) -> Format<'f> {
        Format { rest: format, escapes, spec: Spec::default() }
    }

    fn take(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Takes the next byte if it is one of these; which one it is.
    fn take_any(&mut self, of: &[u8]) -> Option<usize> {
        let (&first, rest) = self.rest.split_first()?;
        let place = find(of, first)?;
        self.rest = rest;
        Some(place)
    }

    fn number(&mut self) -> Option<usize> {
        leading(&mut self.rest).map(|number| number as usize)
    }

    /// Behind the `%` with which `whole` begins.
    fn directive(&mut self, whole: &'f [u8]) -> Piece<'f> {
        self.spec = Spec::default();
        while let Some(flag) = self.take_any(FLAGS) {
            let spec = &mut self.spec;
            spec.flags |= 1 << flag;
            spec.dropped = spec.dropped.saturating_add(u8::from(flag > 0));
        }
        self.spec.width = self.number().unwrap_or(0);
        if self.take_any(b".").is_some() {
            let digits = self.number();
            self.spec.only_point = digits.is_none();
            self.spec.precision = digits.or(Some(0));
        }
        let plain = whole.len() == self.rest.len() + 1;
        match self.take().unwrap_or(b'%') {
            b'%' if plain => Piece::Byte(b'%'),
            b'%' => Piece::Invalid(whole.get(..whole.len() - self.rest.len()).unwrap_or(whole)),
            half @ (b'H' | b'L') => match self.take_any(b"dr") {
                Some(0) => Piece::Directive(half, b'd'),
                Some(_) => Piece::Directive(half, b'r'),
                None => Piece::Directive(0, half),
            },
            letter => Piece::Directive(0, letter),
        }
    }

    /// Behind the `\`.
    fn escape(&mut self) -> Piece<'f> {
        let behind = self.rest;
        let Some(letter) = self.take() else { return Piece::LoneBackslash };
        let (base, most) = if letter == b'x' { (16, 2) } else { (8, 3) };
        if letter != b'x' {
            // An octal number begins here already.
            self.rest = behind;
        }
        let (mut value, mut digits) = (0, 0);
        while digits < most
            && let Some((&digit, rest)) = self.rest.split_first()
            && let Some(digit) = char::from(digit).to_digit(base)
        {
            value = value * base + digit;
            digits += 1;
            self.rest = rest;
        }
        if digits > 0 {
            return Piece::Byte(value as u8);
        }
        self.rest = behind.get(1..).unwrap_or_default();
        let (letters, meanings) = (b"abtnvfre\"\\", b"\x07\x08\t\n\x0b\x0c\r\x1b\"\\");
        match find(letters, letter).and_then(|at| meanings.get(at)) {
            Some(meaning) => Piece::Byte(*meaning),
            None => Piece::UnknownEscape(letter),
        }
    }
}

/// The longest field: printf refuses what is longer, and prints nothing.
const LONGEST: usize = i32::MAX as usize;

impl Spec {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// `%s`.
    pub fn text(&self, out: &mut BufWriter, text: &[u8]) {
        let length = self.precision.unwrap_or(text.len()).min(text.len());
        self.field(out, b"", 0, text.get(..length).unwrap_or(text));
    }

    /// A field of these parts, as far as printf could do that.
    #[inline(never)]
    fn field(&self, out: &mut BufWriter, prefix: &[u8], zeros: usize, text: &[u8]) {
        if self.width >= LONGEST || self.precision >= Some(LONGEST) {
            return;
        }
        let gap = self.width.saturating_sub(prefix.len() + zeros + text.len());
        out.fill(b' ', if self.has(LEFT) { 0 } else { gap });
        out.bytes(prefix);
        out.fill(b'0', zeros);
        out.bytes(text);
        out.fill(b' ', if self.has(LEFT) { gap } else { 0 });
    }

    /// `%lu`, `%lo`, `%lx`.
    pub fn unsigned(&self, out: &mut BufWriter, value: u64, base: u64) {
        self.number(out, value, base, 0);
    }

    /// `%ld`.
    pub fn signed(&self, out: &mut BufWriter, value: i64) {
        self.number(out, value.unsigned_abs(), 10, self.sign(value < 0));
    }

    /// The character before a number that may have one; 0 for none.
    fn sign(&self, negative: bool) -> u8 {
        match self.flags & (PLUS | SPACE) {
            _ if negative => b'-',
            0 => 0,
            SPACE => b' ',
            _ => b'+',
        }
    }

    #[inline(never)]
    fn number(&self, out: &mut BufWriter, value: u64, base: u64, sign: u8) {
        let mut buffer = [0; 24];
        let mut at = buffer.len();
        let mut rest = value;
        while rest > 0
            && let Some(place) = buffer.get_mut(at - 1)
        {
            let digit = (rest % base) as u8;
            *place = if digit < 10 { b'0' + digit } else { b'a' - 10 + digit };
            rest /= base;
            at -= 1;
        }
        let digits = buffer.get(at..).unwrap_or_default();
        let before = [b'0', b'x', sign];
        let prefix = match (sign, base) {
            (1.., _) => &before[2..],
            (0, 16) if self.has(ALTERNATE) && value > 0 => &before[..2],
            _ => &[],
        };
        let mut zeros = self.precision.unwrap_or(1).saturating_sub(digits.len());
        if self.has(ALTERNATE) && base == 8 {
            zeros = zeros.max(1);
        }
        if self.flags & (ZERO | LEFT) == ZERO && self.precision.is_none() {
            zeros = zeros.max(self.width.saturating_sub(prefix.len() + digits.len()));
        }
        self.field(out, prefix, zeros, digits);
    }

    /// Seconds since 1970 with as many digits behind the point as the precision says, 9
    /// without a number; rounded as GNU rounds them.
    #[inline(never)]
    pub fn seconds(&self, out: &mut BufWriter, seconds: i64, nanoseconds: u32) {
        let mut spec = Spec { precision: None, ..*self };
        let digits = if self.only_point { 9 } else { self.precision.unwrap_or(0) };
        if digits == 0 {
            return spec.signed(out, seconds);
        }
        if self.width >= LONGEST || digits >= LONGEST {
            return;
        }
        let known = digits.min(9);
        let power = |exponent: usize| (0..exponent).fold(1u32, |power, _| power * 10);
        let unit = power(9 - known);
        let (mut whole, mut fraction) = (seconds, nanoseconds / unit);
        if seconds < 0 && nanoseconds > 0 {
            // -2 s and a quarter is written -1.75; what is cut off is cut off towards zero,
            // which leaves -2 where nothing remains.
            let more = u32::from(!nanoseconds.is_multiple_of(unit));
            fraction = (power(known) - fraction).saturating_sub(more);
            whole += i64::from(fraction > 0);
        }
        let sign = self.sign(seconds < 0);
        let length = decimal_digits(whole.unsigned_abs()) + usize::from(sign > 0);
        spec.width = if self.has(LEFT) { 0 } else { self.width.saturating_sub(digits + 1) };
        spec.flags &= !LEFT;
        spec.number(out, whole.unsigned_abs(), 10, sign);
        out.byte(b'.');
        let length = length.max(spec.width) + 1;
        let fraction_spec = Spec { precision: Some(known), ..Spec::default() };
        fraction_spec.unsigned(out, fraction.into(), 10);
        // What is left of the width comes behind, as GNU counts it: also where too much of
        // it was used.
        let gap = if length < self.width { self.width.abs_diff(length + known) } else { 0 };
        let zeros = digits - known;
        out.fill(b'0', zeros);
        out.fill(b' ', gap.saturating_sub(zeros));
    }
}

fn decimal_digits(mut value: u64) -> usize {
    let mut digits = 1;
    while value > 9 {
        value /= 10;
        digits += 1;
    }
    digits
}
