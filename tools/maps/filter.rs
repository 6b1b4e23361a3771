//! Which mappings are wanted.

use crate::mapped;
use crate::process::Process;
use crate::words::{file_name, number, place};
use alloc::vec::Vec;
use rt::fs::{AtFlags, fstatat};
use rt::maps::Entry;

/// Which mappings are wanted; all where nothing is set.
#[derive(Default)]
pub struct Filter<'a> {
    pub name: Option<&'a [u8]>,
    pub perms: &'a [u8],
    pub deleted: bool,
    pub range: Range,
}

/// A range of addresses.
#[derive(Clone, Copy)]
pub struct Range {
    pub low: u64,
    pub high: u64,
}

impl Default for Range {
    fn default() -> Range {
        Range { low: 0, high: u64::MAX }
    }
}

impl Range {
    /// `LOW`, which is a range of one address, or `LOW` and `HIGH` with this byte between
    /// them; one of these may be left out.
    pub fn parse(text: &[u8], between: u8) -> Option<Range> {
        match text.iter().position(|byte| *byte == between) {
            None => address(text).map(|low| Range { low, high: low }),
            Some(at) => {
                let (low, high) = (text.get(..at)?, text.get(at + 1..)?);
                Some(Range {
                    low: if low.is_empty() { 0 } else { address(low)? },
                    high: if high.is_empty() { u64::MAX } else { address(high)? },
                })
            }
        }
    }
}

/// An address: hexadecimal, with or without `0x`.
pub fn address(text: &[u8]) -> Option<u64> {
    number(
        text.strip_prefix::<[u8]>(b"0x").or(text.strip_prefix::<[u8]>(b"0X")).unwrap_or(text),
        16,
    )
}

impl Filter<'_> {
    /// Whether this mapping is wanted.
    pub fn wants(&self, entry: &Entry, process: Option<&Process>) -> bool {
        self.in_range(entry) && self.wants_anywhere(entry, process)
    }

    /// As [`wants`](Filter::wants), wherever it is.
    pub fn wants_anywhere(&self, entry: &Entry, process: Option<&Process>) -> bool {
        has_perms(entry, self.perms)
            && self.name.is_none_or(|glob| has_name(entry.name, glob))
            && (!self.deleted || is_deleted(entry, process))
    }

    fn in_range(&self, entry: &Entry) -> bool {
        entry.end > self.range.low && entry.start <= self.range.high
    }
}

/// With a dash, it says what stands in each place; else it is a set of letters.
fn has_perms(entry: &Entry, wanted: &[u8]) -> bool {
    if wanted.contains(&b'-') {
        entry.perms.starts_with(wanted)
    } else {
        wanted.iter().all(|letter| entry.may(*letter))
    }
}

/// A glob without a slash is for the last part of a path, or for a name that isn't a path.
#[inline(never)]
fn has_name(name: &[u8], glob: &[u8]) -> bool {
    let last = match matches!(name, [b'/', ..]) && !glob.contains(&b'/') {
        true => file_name(name),
        false => name,
    };
    matches(glob, last)
}

/// Whether a text is what a glob describes: `*`, `?`, `[a-z]`, `[!a]`, `\` before one of these
/// (`man 7 glob`). A mapping is no directory: `*` is for slashes, too.
fn matches(mut glob: &[u8], mut text: &[u8]) -> bool {
    // After the last star: the glob, and the text that it hasn't taken yet.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = glob {
            glob = rest;
            star = Some((glob, text));
            continue;
        }
        if let Some((first, rest)) = text.split_first() {
            if let Some(after) = one(glob, *first) {
                (glob, text) = (after, rest);
                continue;
            }
        } else if glob.is_empty() {
            return true;
        }
        // The star takes one byte more.
        let Some((after, left)) = star else { return false };
        let Some(left) = left.get(1..) else { return false };
        star = Some((after, left));
        (glob, text) = (after, left);
    }
}

/// The glob after what stands for this byte; none where it stands for another.
fn one(glob: &[u8], byte: u8) -> Option<&[u8]> {
    match glob {
        [b'?', rest @ ..] => Some(rest),
        [b'[', set @ ..] => match set_of(set, byte) {
            Some((true, rest)) => Some(rest),
            Some((false, _)) => None,
            // Without an end, it is a bracket.
            None => (byte == b'[').then_some(set),
        },
        [b'\\', first, rest @ ..] => (*first == byte).then_some(rest),
        [first, rest @ ..] => (*first == byte).then_some(rest),
        [] => None,
    }
}

/// Whether a byte is of the set before the next `]`, and what comes after that.
fn set_of(set: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let negated = matches!(set.first(), Some(b'!' | b'^'));
    let mut rest = set.get(usize::from(negated)..)?;
    let (mut found, mut first) = (false, true);
    loop {
        rest = match rest {
            [b']', rest @ ..] if !first => return Some((found != negated, rest)),
            [low, b'-', high, rest @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&byte);
                rest
            }
            [one, rest @ ..] => {
                found |= *one == byte;
                rest
            }
            [] => return None,
        };
        first = false;
    }
}

/// Whether the file of a mapping has no name any more. Memory without a file looks the same:
/// memfd, System V shared memory, shared anonymous memory, rings of asynchronous I/O.
#[inline(never)]
pub fn is_deleted(entry: &Entry, process: Option<&Process>) -> bool {
    let Some(path) = entry.name.strip_suffix::<[u8]>(b" (deleted)") else { return false };
    let no_file = path.starts_with(b"/memfd:")
        || path.starts_with(b"/SYSV")
        || place(b"/dev/zero /[aio] /anon_hugepage /secretmem", path).is_some();
    if no_file || !matches!(path, [b'/', ..]) {
        return false;
    }
    let Some(known) = process else { return true };
    // A file may be named like that. What is mapped can tell, if we may ask it; and else a
    // file of this very name.
    let stat = |path: Vec<u8>| fstatat(&known.dir, path.as_slice(), AtFlags(0));
    match stat(mapped::link(entry)) {
        Ok(stat) => stat.st_nlink == 0,
        Err(_) => match stat(mapped::path(process, entry.name)) {
            Ok(stat) => stat.st_ino != entry.inode,
            Err(_) => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, text) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abc"),
            ("a*b*c", "aXbXbc"),
            ("?", "x"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("\\*", "*"),
            ("[", "["),
            ("lib*.so*", "libc.so.6"),
            ("*[6]", "libc.so.6"),
            ("[a-]", "-"),
        ] {
            assert!(matches(glob.as_bytes(), text.as_bytes()), "{glob} {text}");
        }
        for (glob, text) in [
            ("", "a"),
            ("?", ""),
            ("a*c", "ab"),
            ("[a-c]", "d"),
            ("[!a]", "a"),
            ("\\*", "x"),
            ("*.so", "libc.so.6"),
            ("a", "ab"),
        ] {
            assert!(!matches(glob.as_bytes(), text.as_bytes()), "{glob} {text}");
        }
    }

    #[test]
    fn ranges() {
        let of = |text: &str| Range::parse(text.as_bytes(), b',').map(|r| (r.low, r.high));
        assert_eq!(of("10"), Some((16, 16)));
        assert_eq!(of("0x10,2F"), Some((16, 47)));
        assert_eq!(of(","), Some((0, u64::MAX)));
        for text in ["", "x", "1,2,3", "10000000000000000", "0x"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
