//! Symbol hash tables (gABI, "Hash Table"; the GNU form as ld.so and ld use it).

use super::bytes::{Encoding, Reader};

/// The hash of a name for `DT_HASH` (gABI, figure 5-13).
pub fn sysv_hash(name: &[u8]) -> u32 {
    name.iter().fold(0u32, |h, &byte| {
        let h = (h << 4).wrapping_add(byte.into());
        let top = h & 0xf000_0000;
        (h ^ top >> 24) & !top
    })
}

/// The hash of a name for `DT_GNU_HASH`: h * 33 + c, from 5381.
pub fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381u32, |h, &byte| h.wrapping_mul(33).wrapping_add(byte.into()))
}

/// `DT_HASH`: nbucket, nchain, the buckets, the chains.
#[derive(Clone, Copy)]
pub struct SysvHash<'a> {
    reader: Reader<'a>,
    wide: bool,
    /// How many chains there are.
    pub nbucket: u64,
    /// How many symbols there are.
    pub nchain: u64,
}

impl<'a> SysvHash<'a> {
    /// Reads the head; `wide` where a word has 64 bits (Alpha, S/390x). None where the
    /// buckets and chains go past the bytes.
    pub fn new(encoding: Encoding, bytes: &'a [u8], wide: bool) -> Option<Self> {
        let mut hash =
            SysvHash { reader: Reader::new(encoding, bytes), wide, nbucket: 0, nchain: 0 };
        hash.nbucket = hash.word(0)?;
        hash.nchain = hash.word(1)?;
        let words = hash.nbucket.checked_add(hash.nchain)?.checked_add(2)?;
        let size = words.checked_mul(if wide { 8 } else { 4 })?;
        (size <= bytes.len() as u64).then_some(hash)
    }

    fn word(&self, index: u64) -> Option<u64> {
        let size = if self.wide { 8 } else { 4 };
        let at = usize::try_from(index.checked_mul(size)?).ok()?;
        if self.wide { self.reader.u64(at) } else { self.reader.u32(at).map(u64::from) }
    }

    /// How many symbols the table's symbol table has.
    pub fn symbol_count(&self) -> u64 {
        self.nchain
    }

    /// The first symbol of a bucket; 0 where it is empty.
    pub fn bucket(&self, index: u64) -> Option<u64> {
        if index < self.nbucket { self.word(index.checked_add(2)?) } else { None }
    }

    /// The symbol after this one in its chain; 0 at the end.
    pub fn chain(&self, symbol: u64) -> Option<u64> {
        let index = self.nbucket.checked_add(2)?.checked_add(symbol)?;
        if symbol < self.nchain { self.word(index) } else { None }
    }

    /// The symbols that may have this name. A chain that runs in a circle ends after as
    /// many steps as there are symbols.
    pub fn candidates(self, name: &[u8]) -> impl Iterator<Item = u64> + use<'a> {
        let bucket = u64::from(sysv_hash(name)).checked_rem(self.nbucket);
        let mut next = bucket.and_then(|index| self.bucket(index)).unwrap_or(0);
        let mut steps = 0;
        core::iter::from_fn(move || {
            let symbol = next;
            steps += 1;
            if symbol == 0 || steps > self.nchain {
                return None;
            }
            next = self.chain(symbol).unwrap_or(0);
            Some(symbol)
        })
    }
}

/// `DT_GNU_HASH`: nbuckets, symoffset, bloom_size, bloom_shift, the Bloom filter (words
/// of the class's width), the buckets, and a hash value for each symbol from `symoffset`
/// on, whose lowest bit ends a chain.
#[derive(Clone, Copy)]
pub struct GnuHash<'a> {
    reader: Reader<'a>,
    /// How many chains there are.
    pub nbuckets: u32,
    /// The first symbol that the table knows.
    pub symoffset: u32,
    /// The words of the Bloom filter.
    pub bloom_size: u32,
    /// The second hash of the filter is the first one shifted right by this.
    pub bloom_shift: u32,
    buckets: usize,
    chains: usize,
}

impl<'a> GnuHash<'a> {
    /// Reads the head; none where filter and buckets go past the bytes.
    pub fn new(encoding: Encoding, bytes: &'a [u8]) -> Option<Self> {
        let reader = Reader::new(encoding, bytes);
        let (nbuckets, bloom_size) = (reader.u32(0)?, reader.u32(8)?);
        let buckets = (bloom_size as usize).checked_mul(encoding.word())?.checked_add(16)?;
        let chains = (nbuckets as usize).checked_mul(4)?.checked_add(buckets)?;
        (chains <= bytes.len()).then_some(GnuHash {
            reader,
            nbuckets,
            symoffset: reader.u32(4)?,
            bloom_size,
            bloom_shift: reader.u32(12)?,
            buckets,
            chains,
        })
    }

    /// The first symbol of a bucket; 0 where it is empty.
    pub fn bucket(&self, index: u32) -> Option<u32> {
        let at = (index as usize).checked_mul(4)?.checked_add(self.buckets)?;
        if index < self.nbuckets { self.reader.u32(at) } else { None }
    }

    /// The hash value of a symbol; its lowest bit says that the chain ends there.
    pub fn chain(&self, symbol: u32) -> Option<u32> {
        let index = symbol.checked_sub(self.symoffset)? as usize;
        self.reader.u32(index.checked_mul(4)?.checked_add(self.chains)?)
    }

    /// How many symbols the table's symbol table has: one more than the last of the
    /// chain that begins last. None where that chain doesn't end.
    pub fn symbol_count(&self) -> Option<u64> {
        let last = (0..self.nbuckets).filter_map(|i| self.bucket(i)).max().unwrap_or(0);
        if last < self.symoffset {
            return Some(self.symoffset.into());
        }
        let end = (last..=u32::MAX).find_map(|symbol| match self.chain(symbol) {
            Some(hash) if hash & 1 == 0 => None,
            Some(_) => Some(Some(u64::from(symbol) + 1)),
            None => Some(None),
        });
        end.flatten()
    }

    /// The symbols that may have this name: those of its chain with its hash.
    pub fn candidates(self, name: &[u8]) -> impl Iterator<Item = u32> + use<'a> {
        let hash = gnu_hash(name);
        let first = hash.checked_rem(self.nbuckets).and_then(|index| self.bucket(index));
        let mut next = first.filter(|&symbol| symbol != 0 && self.may_have(hash));
        let chain = core::iter::from_fn(move || {
            let symbol = next?;
            let value = self.chain(symbol)?;
            next = if value & 1 == 0 { symbol.checked_add(1) } else { None };
            Some((symbol, value))
        });
        chain.filter(move |(_, value)| value | 1 == hash | 1).map(|(symbol, _)| symbol)
    }

    /// What the Bloom filter says: false where no symbol has this hash.
    fn may_have(&self, hash: u32) -> bool {
        let bits = self.reader.encoding.word() as u32 * 8;
        let Some(index) = (hash / bits).checked_rem(self.bloom_size) else { return true };
        let Some(word) = self.reader.word(16 + index as usize * (bits as usize / 8)) else {
            return true;
        };
        let second = hash.checked_shr(self.bloom_shift).unwrap_or(0);
        word >> (hash % bits) & word >> (second % bits) & 1 == 1
    }
}
