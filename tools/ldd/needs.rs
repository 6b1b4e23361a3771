//! `--needs`: the newest version of each family that a file needs, and who asks for it.

use super::facts::Name;
use super::set::Set;
use super::symbols::{self, Use};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// The newest version of a family.
pub struct Need<'a> {
    pub version: &'a [u8],
    pub library: &'a [u8],
    /// A symbol that asks for it; empty for none.
    pub symbol: &'a [u8],
    index: u16,
}

/// What comes before the number of a version: `GLIBC` of `GLIBC_2.34`; all of it where there
/// is none.
fn family(version: &[u8]) -> &[u8] {
    let number = |tail: &[u8]| tail.first().is_some_and(u8::is_ascii_digit);
    let split = (0..version.len())
        .find(|&at| version.get(at) == Some(&b'_') && version.get(at + 1..).is_some_and(number));
    split.and_then(|at| version.get(..at)).unwrap_or(version)
}

/// The order of versions of a family: by the numbers in them.
fn compare(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match (digits(a), digits(b)) {
            (0, _) | (_, 0) => match (a, b) {
                ([first, rest_a @ ..], [second, rest_b @ ..]) if first == second => {
                    (a, b) = (rest_a, rest_b);
                }
                _ => return a.cmp(b),
            },
            (in_a, in_b) => {
                let ((number_a, rest_a), (number_b, rest_b)) = (a.split_at(in_a), b.split_at(in_b));
                let value = |digits: &[u8]| {
                    digits.iter().fold(0u64, |value, digit| {
                        value.saturating_mul(10).saturating_add((digit - b'0').into())
                    })
                };
                match value(number_a).cmp(&value(number_b)) {
                    Ordering::Equal => (a, b) = (rest_a, rest_b),
                    other => return other,
                }
            }
        }
    }
}

/// Calls with the newest version of each family that the program needs, in the order of their
/// first need.
pub fn newest(set: &Set, call: &mut dyn FnMut(&Need)) {
    let Some(program) = set.objects.first() else { return };
    let Some(facts) = program.facts else { return };
    let mut newest: Vec<Need> = Vec::new();
    facts.wanted(&mut |library, versions| {
        for &Name { name: version, index, .. } in versions {
            let need = Need { version, library, symbol: b"", index: index & 0x7fff };
            match newest.iter_mut().find(|known| family(known.version) == family(version)) {
                None => newest.push(need),
                Some(known) if compare(known.version, version) == Ordering::Less => *known = need,
                Some(_) => {}
            }
        }
    });
    let data = set.data(program);
    if let Some(data) = &data {
        symbols::each(&**data, &mut |symbol| {
            let asked = !symbol.is_defined || symbol.used == Use::Copy;
            let index = symbol.versym.unwrap_or(0) & 0x7fff;
            let asks = |need: &&mut Need| need.index == index && need.symbol.is_empty();
            if let Some(need) = newest.iter_mut().find(asks).filter(|_| asked) {
                need.symbol = symbol.name;
            }
        });
    }
    newest.iter().for_each(call);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (old, new) in [("GLIBC_2.9", "GLIBC_2.34"), ("A_1", "A_1.1"), ("A_1.2.10", "A_1.3")] {
            assert_eq!(compare(old.as_bytes(), new.as_bytes()), Ordering::Less);
            assert_eq!(compare(new.as_bytes(), old.as_bytes()), Ordering::Greater);
        }
        assert_eq!(compare(b"A_01", b"A_1"), Ordering::Equal);
        assert_eq!(family(b"GLIBC_2.34"), b"GLIBC");
        assert_eq!(family(b"LIB_X_1.0"), b"LIB_X");
        assert_eq!(family(b"GLIBC_PRIVATE"), b"GLIBC_PRIVATE");
    }
}
