//! Both hash tables: what is in them is found, and nothing that they claim makes a search
//! long.

use super::*;

/// A `DT_HASH` table for these names; symbol 0 is the empty one.
fn sysv_table(e: Encoding, wide: bool, nbucket: u64, names: &[&[u8]]) -> Vec<u8> {
    let count = names.len() + 1;
    let (mut buckets, mut chains) = (std::vec![0; nbucket as usize], std::vec![0; count]);
    for (i, name) in names.iter().enumerate() {
        let bucket = &mut buckets[(sysv_hash(name) as u64 % nbucket) as usize];
        chains[i + 1] = *bucket;
        *bucket = i as u64 + 1;
    }
    sysv_words(e, wide, &[&[nbucket, count as u64], &buckets[..], &chains].concat())
}

fn sysv_words(e: Encoding, wide: bool, words: &[u64]) -> Vec<u8> {
    let mut b = Bytes::new(e);
    for &word in words {
        b.number(word, if wide { 8 } else { 4 });
    }
    b.bytes
}

const NAMES: [&[u8]; 7] = [b"a", b"b", b"printf", b"exit", b"", b"syscall", b"\xc3\xa4\x1b"];

#[test]
fn sysv() {
    for (e, wide) in ENCODINGS.into_iter().flat_map(|e| [(e, false), (e, true)]) {
        for nbucket in [1, 2, 3, 17] {
            let bytes = sysv_table(e, wide, nbucket, &NAMES);
            let hash = SysvHash::new(e, &bytes, wide).unwrap();
            assert_eq!((hash.nbucket, hash.nchain, hash.symbol_count()), (nbucket, 8, 8));
            for (i, name) in NAMES.iter().enumerate() {
                assert!(hash.candidates(name).any(|symbol| symbol == i as u64 + 1));
            }
            assert!(hash.candidates(b"absent").count() <= NAMES.len());
            assert_eq!((hash.bucket(nbucket), hash.chain(8)), (None, None));
            assert_eq!((hash.bucket(u64::MAX), hash.chain(u64::MAX)), (None, None));
            for size in 0..bytes.len() {
                assert!(SysvHash::new(e, &bytes[..size], wide).is_none(), "{size} bytes");
            }
        }
    }
}

#[test]
fn sysv_that_lies() {
    for e in ENCODINGS {
        for wide in [false, true] {
            let table = |words: &[u64]| sysv_words(e, wide, words);
            // No buckets: nothing is found, nothing is divided by zero.
            let bytes = table(&[0, 3, 1, 2, 0]);
            let none = SysvHash::new(e, &bytes, wide).unwrap();
            assert_eq!(none.candidates(b"a").count(), 0);
            // Circles of one, two and three symbols.
            for circle in [&[0, 1][..], &[0, 2, 1], &[0, 2, 3, 1]] {
                let bytes = table(&[&[1, circle.len() as u64, 1], circle].concat());
                let hash = SysvHash::new(e, &bytes, wide).unwrap();
                assert!(hash.candidates(b"a").count() <= circle.len());
            }
            // A symbol that has no chain.
            let bytes = table(&[1, 1, 77, 0]);
            let away = SysvHash::new(e, &bytes, wide).unwrap();
            assert_eq!(away.candidates(b"a").collect::<Vec<_>>(), [77]);
            // More buckets or chains than there are bytes.
            let max = if wide { u64::MAX } else { u32::MAX.into() };
            for head in [[max, 1], [1, max], [max, max], [max / 2, max / 2], [max / 8, 1]] {
                assert!(SysvHash::new(e, &table(&head), wide).is_none());
            }
        }
    }
}

/// The words of a `DT_GNU_HASH` table.
struct Gnu {
    symoffset: u32,
    shift: u32,
    bloom: Vec<u64>,
    buckets: Vec<u32>,
    chains: Vec<u32>,
}

impl Gnu {
    /// A table for these names, which are sorted by bucket first.
    fn of(e: Encoding, nbuckets: u32, names: &mut [&[u8]]) -> Gnu {
        names.sort_by_key(|name| gnu_hash(name) % nbuckets);
        let bits = e.word() as u32 * 8;
        let mut gnu = Gnu {
            symoffset: 5,
            shift: 6,
            bloom: std::vec![0; 2],
            buckets: std::vec![0; nbuckets as usize],
            chains: Vec::new(),
        };
        for (i, name) in names.iter().enumerate() {
            let hash = gnu_hash(name);
            gnu.bloom[(hash / bits % 2) as usize] |= 1 << (hash % bits) | 1 << ((hash >> 6) % bits);
            let bucket = &mut gnu.buckets[(hash % nbuckets) as usize];
            if *bucket == 0 {
                *bucket = 5 + i as u32;
            }
            let last = names.get(i + 1).is_none_or(|n| gnu_hash(n) % nbuckets != hash % nbuckets);
            gnu.chains.push(hash & !1 | u32::from(last));
        }
        gnu
    }

    fn bytes(&self, e: Encoding) -> Vec<u8> {
        let mut b = Bytes::new(e);
        b.u32(self.buckets.len() as u32).u32(self.symoffset);
        b.u32(self.bloom.len() as u32).u32(self.shift);
        b.words(self.bloom.iter().copied());
        for &word in self.buckets.iter().chain(&self.chains) {
            b.u32(word);
        }
        b.bytes
    }
}

#[test]
fn gnu() {
    for e in ENCODINGS {
        for nbuckets in [1, 2, 3, 17] {
            let mut names = NAMES;
            let bytes = Gnu::of(e, nbuckets, &mut names).bytes(e);
            let hash = GnuHash::new(e, &bytes).unwrap();
            assert_eq!((hash.nbuckets, hash.symoffset), (nbuckets, 5));
            assert_eq!((hash.bloom_size, hash.bloom_shift), (2, 6));
            assert_eq!(hash.symbol_count(), Some(5 + NAMES.len() as u64));
            for (i, name) in names.iter().enumerate() {
                // The lowest bit of a hash isn't kept: "a" and "b" look alike.
                assert!(hash.candidates(name).any(|symbol| symbol == 5 + i as u32));
                assert!(hash.candidates(name).count() <= 2);
                assert_eq!(hash.chain(5 + i as u32).map(|h| h | 1), Some(gnu_hash(name) | 1));
            }
            assert_eq!(hash.candidates(b"absent").count(), 0);
            assert_eq!((hash.bucket(nbuckets), hash.bucket(u32::MAX)), (None, None));
            assert_eq!((hash.chain(0), hash.chain(4), hash.chain(u32::MAX)), (None, None, None));
            let fixed = bytes.len() - 4 * NAMES.len();
            for size in 0..bytes.len() {
                // The chains have no length of their own: only a search misses them.
                let cut = GnuHash::new(e, &bytes[..size]);
                assert_eq!(cut.is_some(), size >= fixed, "{size} bytes");
                if let Some(cut) = cut {
                    assert_eq!(cut.symbol_count(), None);
                    names.iter().for_each(|name| assert!(cut.candidates(name).count() <= 2));
                }
            }
        }
    }
}

#[test]
fn gnu_that_lies() {
    for e in ENCODINGS {
        let gnu = |symoffset, buckets: &[u32], chains: &[u32]| {
            let (buckets, chains) = (buckets.to_vec(), chains.to_vec());
            Gnu { symoffset, shift: 99, bloom: std::vec![u64::MAX], buckets, chains }.bytes(e)
        };
        let count = |bytes: &[u8]| GnuHash::new(e, bytes).unwrap().symbol_count();
        let found = |bytes: &[u8]| GnuHash::new(e, bytes).unwrap().candidates(b"a").count();

        // Nothing in it: the symbols before `symoffset` are all there are.
        assert_eq!(count(&gnu(7, &[], &[])), Some(7));
        assert_eq!(count(&gnu(7, &[0, 0], &[])), Some(7));
        assert_eq!(found(&gnu(7, &[], &[])), 0);
        // A chain without an end, and buckets that point before or behind the chains.
        assert_eq!(count(&gnu(1, &[1], &[0, 0, 0])), None);
        assert_eq!(count(&gnu(9, &[1], &[0, 0, 1])), Some(9));
        assert_eq!(count(&gnu(1, &[u32::MAX], &[0, 1])), None);
        for first in [1, 8, u32::MAX] {
            assert_eq!(found(&gnu(9, &[first], &[0, 0, 1])), 0);
        }
        // The last number that a symbol can have, and a chain that goes on past it.
        assert_eq!(count(&gnu(u32::MAX, &[u32::MAX], &[1, 1])), Some(1 << 32));
        assert_eq!(count(&gnu(u32::MAX, &[u32::MAX], &[0, 1])), None);
        assert_eq!(found(&gnu(u32::MAX, &[u32::MAX], &[gnu_hash(b"a") & !1, 1])), 1);
        // A filter without words lets everything through.
        let mut b = Bytes::new(e);
        b.u32(1).u32(1).u32(0).u32(0).u32(1).u32(gnu_hash(b"a") | 1);
        assert_eq!(found(&b.bytes), 1);
        // More buckets or words than there are bytes.
        for (nbuckets, words) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (1, 1)] {
            let mut b = Bytes::new(e);
            b.u32(nbuckets).u32(1).u32(words).u32(0);
            assert!(GnuHash::new(e, &b.bytes).is_none());
        }
    }
}
