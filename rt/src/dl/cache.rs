//! `/etc/ld.so.cache`: where ldconfig found which library (`man 8 ldconfig`).
//!
//! The format that glibc writes since 2.2 (`glibc-ld.so.cache1.1`), alone or behind the one
//! before it: a head, an entry of 24 bytes for each library, and the strings. Entries are
//! sorted, the highest name first, digits compared as numbers; one name may have several, for
//! several machines and levels of instructions (`glibc-hwcaps`).

use crate::elf::{Class, Data, Encoding, Reader, c_str};
use core::cmp::Ordering;

/// A cache file. Any bytes will do: what isn't understood has no entries.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    /// From the head of the new format on: offsets of strings count from there.
    reader: Reader<'a>,
    entries: u32,
}

/// What the cache says of a library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// The name that programs ask for.
    pub name: &'a [u8],
    /// Where it is.
    pub path: &'a [u8],
    /// For whom: type in the lowest byte (3: ELF for glibc 2), machine in the next one.
    pub flags: u32,
    /// The directory of `glibc-hwcaps` that it is in, such as `x86-64-v3`.
    pub hwcaps: Option<&'a [u8]>,
}

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const HEAD: usize = 48;
const ENTRY: usize = 24;
/// Stands in the upper half of an entry's `hwcap` where the lower half is an index into the
/// names of `glibc-hwcaps` directories.
const HWCAP_EXTENSION: u64 = 1 << 62;
const EXTENSION_MAGIC: u32 = 0xeaa4_2174;
const TAG_HWCAPS: u32 = 1;

impl<'a> Cache<'a> {
    /// Reads the head.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<Cache<'a>> {
        let bytes = if bytes.starts_with(OLD_MAGIC) {
            // An old head of 16 bytes, entries of 12; the new format follows, aligned to 8.
            let count = *bytes.get(12..)?.first_chunk()?;
            let end = (u32::from_le_bytes(count) as usize).checked_mul(12)?.checked_add(16)?;
            bytes.get(end.checked_next_multiple_of(8)?..)?
        } else {
            bytes
        };
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        // 0 before it was told, 2 for little-endian, 3 for big-endian.
        let data = if bytes.get(28)? & 3 == 3 { Data::Msb } else { Data::Lsb };
        let reader = Reader::new(Encoding { class: Class::Elf64, data }, bytes);
        let room = (bytes.len().checked_sub(HEAD)? / ENTRY) as u32;
        Some(Cache { reader, entries: reader.u32(20)?.min(room) })
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries as usize
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The entry with this index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Entry<'a>> {
        if index >= self.len() {
            return None;
        }
        let at = HEAD + ENTRY * index;
        let hwcap = self.reader.u64(at + 16)?;
        let hwcaps = match hwcap {
            0 => None,
            // A name that isn't there is nobody's level.
            _ if hwcap & HWCAP_EXTENSION != 0 => {
                Some(self.hwcaps_name(hwcap as u32).unwrap_or(b"?"))
            }
            _ => Some(&b"?"[..]),
        };
        Some(Entry {
            flags: self.reader.u32(at)?,
            name: c_str(self.reader.bytes, self.reader.u32(at + 4)?.into())?,
            path: c_str(self.reader.bytes, self.reader.u32(at + 8)?.into())?,
            hwcaps,
        })
    }

    #[inline]
    fn hwcaps_name(&self, index: u32) -> Option<&'a [u8]> {
        let word = |at: u64| self.reader.u32(usize::try_from(at).ok()?).map(u64::from);
        let at = word(32)?;
        if word(at)? != EXTENSION_MAGIC.into() {
            return None;
        }
        // Of hostile files no more sections are looked at than any has.
        for section in 0..word(at + 4)?.min(16) {
            let section = at + 8 + 16 * section;
            if word(section)? == TAG_HWCAPS.into() {
                let (offset, size) = (word(section + 8)?, word(section + 12)?);
                let within = u64::from(index) < size / 4;
                let string = word(offset + 4 * u64::from(index)).filter(|_| within)?;
                return c_str(self.reader.bytes, string);
            }
        }
        None
    }

    /// The index of the first entry of this name, if there is one.
    // Not inlined: compiled for speed.
    #[inline(never)]
    pub fn first(&self, name: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.name(middle).map_or(Ordering::Less, |found| compare(found, name));
            // Descending: what is greater comes before.
            if found == Ordering::Greater { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Calls with each entry of this name from the [first](Self::first) one on, in the file's
    /// order, until the call says true, and says whether it did.
    #[inline]
    pub fn find(
        &self,
        first: usize,
        name: &[u8],
        call: &mut dyn FnMut(&Entry<'a>) -> bool,
    ) -> bool {
        let mut index = first;
        while let Some(entry) = self.get(index).filter(|e| compare(e.name, name).is_eq()) {
            if call(&entry) {
                return true;
            }
            index += 1;
        }
        false
    }

    /// The name of an entry, with all that follows it: where it ends is not looked for.
    #[inline]
    fn name(&self, index: usize) -> Option<&'a [u8]> {
        let at = self.reader.u32(HEAD + index * ENTRY + 4)?;
        self.reader.bytes.get(at as usize..)
    }
}

/// The order of names, up to a zero byte or the end: by bytes, but where both have digits by
/// the number that these are.
// Not inlined, and so compiled for speed: it is called ten times for each library.
#[inline(never)]
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    // What both begin with makes no difference, but for the digits of a number.
    let mut same = 0;
    if let (Some(x), Some(y)) = (a.first_chunk(), b.first_chunk()) {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        same = differ.trailing_zeros() as usize / 8;
        while same > 0 && at(a, same - 1).is_ascii_digit() {
            same -= 1;
        }
    }
    let (mut i, mut j) = (same, same);
    loop {
        let (x, y) = (at(a, i), at(b, j));
        let order = match (x.is_ascii_digit(), y.is_ascii_digit()) {
            (true, true) => number(a, &mut i).cmp(&number(b, &mut j)),
            // A digit is above all other characters.
            (false, false) if x == y => {
                if x == 0 {
                    return Ordering::Equal;
                }
                (i, j) = (i + 1, j + 1);
                continue;
            }
            (false, false) => x.cast_signed().cmp(&y.cast_signed()),
            (one, other) => one.cmp(&other),
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[inline]
fn at(text: &[u8], index: usize) -> u8 {
    text.get(index).copied().unwrap_or(0)
}

/// The number that begins at an index, which is moved behind it.
#[inline]
fn number(text: &[u8], index: &mut usize) -> u32 {
    let mut value = 0u32;
    while let digit @ b'0'..=b'9' = at(text, *index) {
        value = value.wrapping_mul(10).wrapping_add((digit - b'0').into());
        *index += 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A cache as ldconfig writes it; the flags are those of x86-64.
    pub fn made(libraries: &[(&str, &str, Option<u32>)]) -> Vec<u8> {
        let mut head = Vec::from(MAGIC);
        let strings_at = HEAD + ENTRY * libraries.len();
        let (mut entries, mut strings) = (Vec::new(), Vec::new());
        for (name, path, hwcaps) in libraries {
            entries.extend(0x0303u32.to_le_bytes());
            for text in [name, path] {
                entries.extend(((strings_at + strings.len()) as u32).to_le_bytes());
                strings.extend(text.as_bytes());
                strings.push(0);
            }
            entries.extend(0u32.to_le_bytes());
            let hwcap = hwcaps.map_or(0, |index| HWCAP_EXTENSION | u64::from(index));
            entries.extend(hwcap.to_le_bytes());
        }
        let name_at = strings_at + strings.len();
        strings.extend(b"x86-64-v2\0");
        while strings.len() % 4 != 0 {
            strings.push(0);
        }
        let extension = (strings_at + strings.len()) as u32;
        head.extend((libraries.len() as u32).to_le_bytes());
        head.extend((strings.len() as u32).to_le_bytes());
        head.extend([2, 0, 0, 0]);
        head.extend(extension.to_le_bytes());
        head.resize(HEAD, 0);
        let words = [EXTENSION_MAGIC, 1, TAG_HWCAPS, 0, extension + 24, 4, name_at as u32];
        [head, entries, strings, words.iter().flat_map(|w| w.to_le_bytes()).collect()].concat()
    }

    fn all<'a>(cache: &Cache<'a>, name: &[u8]) -> Vec<Entry<'a>> {
        let mut found = Vec::new();
        assert!(!cache.find(cache.first(name), name, &mut |entry| {
            found.push(*entry);
            false
        }));
        found
    }

    #[test]
    fn finds_all_of_a_name() {
        let bytes = made(&[
            ("libz.so.1", "/lib/libz.so.1", None),
            ("libm.so.10", "/lib/libm.so.10", None),
            ("libm.so.6", "/lib/glibc-hwcaps/x86-64-v2/libm.so.6", Some(0)),
            ("libm.so.6", "/lib/libm.so.6", None),
            ("liba.so", "/lib/liba.so", Some(9)),
        ]);
        let cache = Cache::new(&bytes).unwrap();
        let found: Vec<_> = all(&cache, b"libm.so.6").iter().map(|e| (e.path, e.hwcaps)).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, Some(&b"x86-64-v2"[..]));
        assert_eq!(found[1], (&b"/lib/libm.so.6"[..], None));
        assert_eq!(all(&cache, b"libm.so.10").len(), 1);
        assert_eq!(all(&cache, b"libz.so.1").len(), 1);
        assert_eq!(all(&cache, b"libm.so").len(), 0);
        assert_eq!(all(&cache, b"liba.so")[0].hwcaps, Some(&b"?"[..]));
        // Behind the old format.
        let mut old = Vec::from(*b"ld.so-1.7.0\0\x01\0\0\0");
        old.resize(16 + 12, 0);
        old.resize(32, 0);
        old.extend(&bytes);
        assert_eq!(all(&Cache::new(&old).unwrap(), b"libz.so.1").len(), 1);
    }

    #[test]
    fn any_bytes_will_do() {
        let bytes = made(&[("libz.so.1", "/lib/libz.so.1", None), ("a", "b", Some(0))]);
        for end in 0..bytes.len() {
            if let Some(cache) = Cache::new(&bytes[..end]) {
                (0..3).for_each(|i| assert!(cache.get(i).is_none_or(|entry| entry.flags != 1)));
                assert!(all(&cache, b"a").len() <= 1);
            }
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            if let Some(cache) = Cache::new(&broken) {
                (0..3).for_each(|i| assert!(cache.get(i).is_none_or(|entry| entry.flags != 1)));
                all(&cache, b"libz.so.1");
            }
        }
    }

    #[test]
    fn the_cache_of_this_machine_is_sorted_as_we_think() {
        let Ok(bytes) = std::fs::read("/etc/ld.so.cache") else {
            return std::eprintln!("SKIPPED: there is no /etc/ld.so.cache");
        };
        let Some(cache) = Cache::new(&bytes) else {
            return std::eprintln!("SKIPPED: /etc/ld.so.cache is of another kind");
        };
        for index in 0..cache.len() {
            let entry = cache.get(index).unwrap();
            let first = cache.first(entry.name);
            assert!(cache.find(first, entry.name, &mut |found| *found == entry), "{entry:?}");
        }
    }
}
