//! Rust's first mangling, in the guise of C++: `_ZN3foo3bar17h0123456789abcdefE` is
//! `foo::bar`, with a hash that makes it unique.

use super::Output;

/// How many bytes the hash has, with the letter `h`.
const HASH: usize = 17;

/// Prints the demangled name, or gives up.
pub fn demangle(name: &[u8], verbose: bool, out: &mut Output) -> Option<()> {
    let name = name.strip_prefix::<[u8]>(b"_ZN")?;
    if !name.iter().all(|&c| c.is_ascii_alphanumeric() || b"_$.:".contains(&c)) {
        return None;
    }
    // What is appended begins with a dot after the last E.
    let ends = |i: &usize| matches!(name.get(*i..), Some([b'E'] | [b'E', b'.', ..]));
    let name = name.get(..(0..name.len()).rev().find(ends)?)?;
    // First the whole is looked at: it may be C++ still.
    let mut rest = name;
    let mut last: &[u8] = b"";
    while !rest.is_empty() {
        (last, rest) = identifier(rest)?;
    }
    if !is_hash(last) {
        return None;
    }
    rest = name;
    let mut first = true;
    while !rest.is_empty() {
        let part;
        (part, rest) = identifier(rest)?;
        if rest.is_empty() && !verbose && !first {
            break;
        }
        if !first {
            out.push(b"::")?;
        }
        first = false;
        unescape(part, out)?;
    }
    Some(())
}

/// A length without leading zeros, and as many bytes.
fn identifier(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    if text.first() == Some(&b'0') {
        return None;
    }
    let mut length = 0usize;
    for c in text.get(..digits)? {
        length = length.checked_mul(10)?.checked_add((c - b'0').into())?;
    }
    if length == 0 {
        return None;
    }
    text.get(digits..)?.split_at_checked(length)
}

/// `h` and sixteen hexadecimal digits, of which five are different at least.
fn is_hash(text: &[u8]) -> bool {
    let Some((b'h', digits)) = text.split_first() else { return false };
    let mut seen = 0u16;
    for &c in digits {
        match c {
            b'0'..=b'9' => seen |= 1 << (c - b'0'),
            b'a'..=b'f' => seen |= 1 << (c - b'a' + 10),
            _ => return false,
        }
    }
    text.len() == HASH && seen.count_ones() >= 5
}

/// An identifier, in which `$LT$` and the like stand for what a symbol can't have.
fn unescape(identifier: &[u8], out: &mut Output) -> Option<()> {
    // An underscore before an escape makes the name begin like one.
    let mut rest = match identifier {
        [b'_', rest @ ..] if rest.starts_with(b"$") => rest,
        _ => identifier,
    };
    while let Some(&c) = rest.first() {
        let (text, length): (&[u8], usize) = match c {
            b'$' => match escape(rest) {
                Some((c, length)) => {
                    out.push(&[c])?;
                    (b"", length)
                }
                None => (rest, rest.len()),
            },
            b'.' if rest.starts_with(b"..") => (b"::", 2),
            b'.' => (b".", 1),
            _ => {
                let length = rest.iter().position(|c| b"$.".contains(c)).unwrap_or(rest.len());
                (rest.get(..length)?, length)
            }
        };
        out.push(text)?;
        rest = rest.get(length..)?;
    }
    Some(())
}

/// The character that an escape stands for, and the escape's length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().skip(1).position(|&c| c == b'$')? + 1;
    let c = match text.get(1..end)? {
        b"SP" => b'@',
        b"BP" => b'*',
        b"RF" => b'&',
        b"LT" => b'<',
        b"GT" => b'>',
        b"LP" => b'(',
        b"RP" => b')',
        b"C" => b',',
        &[b'u', high, low] => {
            let digit = |c: u8| match c {
                b'0'..=b'9' => Some(c - b'0'),
                b'a'..=b'f' => Some(c - b'a' + 10),
                _ => None,
            };
            Some(digit(high)? << 4 | digit(low)?).filter(|c| matches!(c, 0x20..=0x7f))?
        }
        _ => return None,
    };
    Some((c, end + 1))
}
