//! Sizes as they are written, and what they do to a file's size.

use super::Text;
use rt::row::find;

/// What a size means, by the character before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    /// The size itself.
    #[default]
    Absolute,
    /// `+` and `-`: longer by so much, which may be negative.
    Longer,
    /// `<`
    AtMost,
    /// `>`
    AtLeast,
    /// `/`
    DownTo,
    /// `%`
    UpTo,
}

/// How a size changes.
#[derive(Clone, Copy)]
pub struct Change {
    pub kind: Kind,
    pub amount: i64,
}

impl Change {
    /// The size after it, never below 0; none beyond what a size can be.
    pub fn applied_to(self, old: i64) -> Option<i64> {
        let amount = self.amount;
        let new = match self.kind {
            Kind::Absolute => amount,
            Kind::Longer => old.checked_add(amount)?,
            Kind::AtMost => old.min(amount),
            Kind::AtLeast => old.max(amount),
            Kind::DownTo => old - old.checked_rem(amount)?,
            Kind::UpTo => match old.checked_rem(amount)? {
                0 => old,
                over => old.checked_add(amount - over)?,
            },
        };
        Some(new.max(0))
    }
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn trimmed(text: &[u8]) -> &[u8] {
    text.get(text.iter().take_while(|byte| is_space(byte)).count()..).unwrap_or_default()
}

/// The number of `-s`. Its kind is kept from one `-s` to the next, as GNU does. Where something is
/// wrong, the text becomes the part that is.
pub fn size(text: &mut &[u8], kind: &mut Kind) -> Result<i64, Text> {
    *text = trimmed(text);
    const KINDS: [Kind; 4] = [Kind::AtMost, Kind::AtLeast, Kind::DownTo, Kind::UpTo];
    if let Some((first, rest)) = text.split_first()
        && let Some(prefix) = find(b"<>/%", *first).and_then(|at| KINDS.get(at))
    {
        *kind = *prefix;
        *text = trimmed(rest);
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        if *kind != Kind::Absolute {
            return Err(Text::TwoModifiers);
        }
        *kind = Kind::Longer;
    }
    let number = number(text)?;
    if number == 0 && matches!(kind, Kind::DownTo | Kind::UpTo) {
        return Err(Text::ZeroDivisor);
    }
    Ok(number)
}

/// `OFFSET:LENGTH`. Where something is wrong, the text becomes the part that is.
pub fn range(text: &mut &[u8]) -> Result<(i64, i64), Text> {
    let whole = *text;
    let colon = find(whole, b':').ok_or(Text::NoRange)?;
    *text = whole.get(..colon).unwrap_or_default();
    let offset = at_least_0(text)?;
    *text = whole.get(colon + 1..).unwrap_or_default();
    let length = at_least_0(text)?;
    *text = whole;
    // The end must be a place in a file as well.
    offset.checked_add(length).ok_or(Text::TooLarge)?;
    Ok((offset, length))
}

fn at_least_0(text: &[u8]) -> Result<i64, Text> {
    let number = number(text)?;
    if number < 0 { Err(Text::Invalid) } else { Ok(number) }
}

/// A number with a unit.
#[inline(never)]
fn number(text: &[u8]) -> Result<i64, Text> {
    let (sign, rest) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = rest.split_at(digits);
    // A unit alone is one of it.
    if digits.is_empty() && (rest.len() < text.len() || unit.is_empty()) {
        return Err(Text::Invalid);
    }
    let (mut power, mut base) = (0, 1);
    if let Some((letter, rest)) = unit.split_first() {
        let place = find(b"KkMmGgTtPPEEZZYY", *letter);
        power = place.ok_or(Text::Invalid)? / 2 + 1;
        base = match rest {
            b"" | b"iB" => 1024,
            b"B" | b"D" => 1000,
            _ => return Err(Text::Invalid),
        };
    }
    let mut value = if digits.is_empty() { Some(sign) } else { Some(0i64) };
    for digit in digits {
        let add = sign * i64::from(digit - b'0');
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(add));
    }
    for _ in 0..power {
        value = value.and_then(|value| value.checked_mul(base));
    }
    value.ok_or(Text::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_their_units() {
        for (text, expected) in [
            (&b"0"[..], Ok(0)),
            (b"007", Ok(7)),
            (b"1K", Ok(1024)),
            (b"1k", Ok(1024)),
            (b"2KiB", Ok(2048)),
            (b"2mB", Ok(2_000_000)),
            (b"2GD", Ok(2_000_000_000)),
            (b"K", Ok(1024)),
            (b"-8E", Ok(i64::MIN)),
            (b"0Y", Ok(0)),
            (b"9223372036854775807", Ok(i64::MAX)),
            (b"-9223372036854775808", Ok(i64::MIN)),
            (b"9223372036854775808", Err(Text::TooLarge)),
            (b"8E", Err(Text::TooLarge)),
            (b"-9E", Err(Text::TooLarge)),
            (b"1Y", Err(Text::TooLarge)),
            (b"99999999999999999999x", Err(Text::Invalid)),
            (b"", Err(Text::Invalid)),
            (b"+", Err(Text::Invalid)),
            (b"+K", Err(Text::Invalid)),
            (b"1p", Err(Text::Invalid)),
            (b"1Ki", Err(Text::Invalid)),
            (b"1R", Err(Text::Invalid)),
            (b"1 ", Err(Text::Invalid)),
        ] {
            assert_eq!(number(text), expected, "{}", text.escape_ascii());
        }
    }

    /// What comes of a text, and what it became.
    fn size<'a>(mut text: &'a [u8], kind: &mut Kind) -> (Result<i64, Text>, &'a [u8]) {
        (super::size(&mut text, kind), text)
    }

    fn range(mut text: &[u8]) -> (Result<(i64, i64), Text>, &[u8]) {
        (super::range(&mut text), text)
    }

    #[test]
    fn modifiers_add_up() {
        let mut kind = Kind::default();
        assert_eq!(size(b" < \t7", &mut kind), (Ok(7), &b"7"[..]));
        assert_eq!(kind, Kind::AtMost);
        assert_eq!(size(b"5", &mut kind), (Ok(5), &b"5"[..]));
        assert_eq!(kind, Kind::AtMost);
        assert_eq!(size(b"+5", &mut kind).0, Err(Text::TwoModifiers));
        assert_eq!(size(b"%0", &mut kind).0, Err(Text::ZeroDivisor));
        assert_eq!(size(b"</3", &mut kind), (Err(Text::Invalid), &b"/3"[..]));
    }

    #[test]
    fn sizes_never_wrap() {
        let new = |kind, amount, old| Change { kind, amount }.applied_to(old);
        assert_eq!(new(Kind::Longer, -10, 5), Some(0));
        assert_eq!(new(Kind::Longer, i64::MIN, i64::MAX), Some(0));
        assert_eq!(new(Kind::Longer, 1, i64::MAX), None);
        assert_eq!(new(Kind::DownTo, 4, 11), Some(8));
        assert_eq!(new(Kind::UpTo, 4, 11), Some(12));
        assert_eq!(new(Kind::UpTo, 4, 12), Some(12));
        assert_eq!(new(Kind::UpTo, i64::MAX - 1, i64::MAX), None);
        assert_eq!(new(Kind::DownTo, -1, i64::MIN), None);
    }

    #[test]
    fn ranges() {
        assert_eq!(range(b"4K:1M").0, Ok((4096, 1 << 20)));
        assert_eq!(range(b"1:2:3"), (Err(Text::Invalid), &b"2:3"[..]));
        assert_eq!(range(b"4K"), (Err(Text::NoRange), &b"4K"[..]));
        assert_eq!(range(b"-1:2"), (Err(Text::Invalid), &b"-1"[..]));
        assert_eq!(range(b":2"), (Err(Text::Invalid), &b""[..]));
        assert_eq!(range(b"1:7E").0, Ok((1, 7 << 60)));
        assert_eq!(range(b"7E:7E"), (Err(Text::TooLarge), &b"7E:7E"[..]));
    }
}
