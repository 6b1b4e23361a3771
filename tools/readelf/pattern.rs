//! Lines with numbers and names in them, as `printf` writes them: one text and one call for a
//! line take a third of the code that a call for each of its parts takes. For rare lines: the
//! text is read whenever the line is printed.

use super::{Grade, text as shown};
use crate::context::Context;
use rt::fmt::{Put, dec, hex, int};
use rt::io::BufWriter;
use rt::text::Text;

/// Prints a pattern: `fill!(out, "%s has %u bytes at 0x%08x\n", size, offset; name)`, first the
/// numbers, after a semicolon the texts.
///
/// Of C's conversions there are `%u` and `%x` (of 64 bits), `%d` (of 32, with a sign), `%ld`, `%s`
/// (a [name](shown::name)), and `%S` (a [section's name](shown::section)); of its flags `#`, `-`, `0`,
/// for numbers, and a width, which may be `*`.
macro_rules! fill {
    ($out:expr, $pattern:literal $(, $number:expr)+ $(,)?) => {
        $crate::readelf::pattern::numbers(
            $out, rt::text!($pattern), &[$(rt::fmt::Unsigned::widen($number)),+])
    };
    ($out:expr, $pattern:literal; $text:expr $(,)?) => {
        $crate::readelf::pattern::text($out, rt::text!($pattern), $text)
    };
    ($out:expr, $pattern:literal $(, $number:expr)*; $($text:expr),+ $(,)?) => {
        $crate::readelf::pattern::fill(
            $out, rt::text!($pattern), &[$(rt::fmt::Unsigned::widen($number)),*], &[$($text),+])
    };
}

/// `readelf: Error: ...`, with a pattern.
macro_rules! fill_error {
    ($cx:expr, $pattern:literal; $text:expr $(,)?) => {
        $crate::readelf::Grade::Error.of($cx, rt::text!($pattern), $text)
    };
    ($cx:expr, $pattern:literal $(, $number:expr)* $(; $($text:expr),+)? $(,)?) => {
        $crate::readelf::pattern::error(
            $cx, rt::text!($pattern), &[$(rt::fmt::Unsigned::widen($number)),*], &[$($($text),+)?])
    };
}

/// `readelf: Warning: ...`, with a pattern.
macro_rules! fill_warning {
    ($cx:expr, $pattern:literal; $text:expr $(,)?) => {
        $crate::readelf::Grade::Warning.of($cx, rt::text!($pattern), $text)
    };
    ($cx:expr, $pattern:literal $(, $number:expr)* $(; $($text:expr),+)? $(,)?) => {
        $crate::readelf::pattern::warning(
            $cx, rt::text!($pattern), &[$(rt::fmt::Unsigned::widen($number)),*], &[$($($text),+)?])
    };
}

/// Prints a pattern; see [`fill!`]. What is missing counts as 0 and as empty.
pub fn fill(out: &mut BufWriter, pattern: Text, numbers: &[u64], texts: &[&[u8]]) {
    let (mut numbers, mut texts) = (numbers.iter(), texts.iter());
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.byte(byte);
            continue;
        }
        let (mut alternate, mut left, mut zero, mut long, mut width) =
            (false, false, false, false, 0);
        let conversion = loop {
            match bytes.next().unwrap_or(b'%') {
                b'#' => alternate = true,
                b'-' => left = true,
                b'l' => long = true,
                b'*' => width = numbers.next().map_or(0, |&width| width as u8),
                b'0' if width == 0 => zero = true,
                digit @ b'0'..=b'9' => width = 10 * width + (digit - b'0'),
                conversion => break conversion,
            }
        };
        if conversion | 0x20 == b's' {
            let text = texts.next().copied().unwrap_or_default();
            match conversion {
                b's' => shown::name(text).put(out),
                _ => shown::section(text).put(out),
            }
            continue;
        }
        let number = numbers.next().copied().unwrap_or_default();
        let number = match conversion {
            b'x' => hex(number),
            b'd' if long => int(number.cast_signed()),
            b'd' => int(number as i32),
            _ => dec(number),
        };
        let number = match (left, zero) {
            (true, _) => number.left(width),
            (_, true) => number.zero(width),
            _ => number.width(width),
        };
        if alternate { number.alt() } else { number }.put(out);
    }
}

/// Prints a pattern with numbers only.
#[inline(never)]
pub fn numbers(out: &mut BufWriter, pattern: Text, numbers: &[u64]) {
    fill(out, pattern, numbers, &[]);
}

/// Prints a pattern with one text only.
#[inline(never)]
pub fn text(out: &mut BufWriter, pattern: Text, text: &[u8]) {
    fill(out, pattern, &[], &[text]);
}

impl Grade {
    /// Tells of one thing: a pattern with one text only.
    #[inline(never)]
    pub fn of(self, cx: &mut Context, pattern: Text, text: &[u8]) {
        message(cx, self, pattern, &[], &[text]);
    }
}

/// Tells an error; see [`fill_error!`].
#[inline(never)]
pub fn error(cx: &mut Context, pattern: Text, numbers: &[u64], texts: &[&[u8]]) {
    message(cx, Grade::Error, pattern, numbers, texts);
}

/// Tells a warning; see [`fill_warning!`].
#[inline(never)]
pub fn warning(cx: &mut Context, pattern: Text, numbers: &[u64], texts: &[&[u8]]) {
    message(cx, Grade::Warning, pattern, numbers, texts);
}

fn message(cx: &mut Context, grade: Grade, pattern: Text, numbers: &[u64], texts: &[&[u8]]) {
    grade.begin(cx, rt::text!(""));
    fill(&mut cx.err, pattern, numbers, texts);
    cx.end_line();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    struct Sink<'a>(&'a mut Vec<u8>);

    impl rt::io::Write for Sink<'_> {
        fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
            self.0.extend(bytes);
            Ok(bytes.len())
        }
    }

    fn filled(pattern: Text, numbers: &[u64], texts: &[&[u8]]) -> Vec<u8> {
        let mut all = Vec::new();
        let (mut sink, mut buffer) = (Sink(&mut all), [0; 8]);
        let mut out = BufWriter::new(&mut buffer, &mut sink);
        fill(&mut out, pattern, numbers, texts);
        out.flush().unwrap();
        all
    }

    #[test]
    fn as_printf() {
        assert_eq!(filled(rt::text!("plain"), &[1], &[b"x"]), b"plain");
        assert_eq!(
            filled(rt::text!("%u %d %ld %x"), &[u64::MAX; 4], &[]),
            b"18446744073709551615 -1 -1 ffffffffffffffff"
        );
        assert_eq!(
            filled(rt::text!("[%5u|%-5u|%05x|%#x|%0*x]"), &[7, 7, 255, 255, 4, 15], &[]),
            b"[    7|7    |000ff|0xff|000f]"
        );
        assert_eq!(filled(rt::text!("%s=%u, %S"), &[1], &[b"a\n", b"\xff"]), b"a^J=1, <FF>");
        // Too few of both, and a pattern cut off.
        assert_eq!(filled(rt::text!("%u%s%x%"), &[], &[]), b"000");
    }
}
