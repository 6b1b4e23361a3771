//! The hash tables that the dynamic section names: how long the symbol table is, and how
//! long the chains are.

use super::file::File;
use crate::context::Context;
use rt::elf::Reader;
use rt::elf::consts::*;

/// The hash tables, as far as they can be read.
#[derive(Clone, Copy, Default)]
pub struct Hashes<'a> {
    pub sysv: Option<SysvHash<'a>>,
    pub gnu: Option<GnuHash<'a>>,
    /// How many symbols they say there are; 0 where none does.
    pub symbols: u64,
}

impl<'a> Hashes<'a> {
    /// Reads those that the dynamic section names, and tells what is wrong with them.
    pub fn load(cx: &mut Context, file: &File<'a>) -> Self {
        let mut hashes = Hashes::default();
        let sysv = file.dynamic.value(DT_HASH);
        if sysv != 0 {
            hashes.sysv = SysvHash::read(cx, file, sysv);
            hashes.symbols = hashes.sysv.map_or(0, |hash| hash.chains.len() as u64);
        }
        let mips = mips_hash(file);
        let gnu = if mips != 0 { mips } else { file.dynamic.value(DT_GNU_HASH) };
        if gnu != 0
            && let Some((hash, symbols)) = GnuHash::read(cx, file, gnu, mips != 0)
        {
            hashes.gnu = Some(hash);
            if hashes.symbols == 0 {
                hashes.symbols = symbols;
            }
        }
        hashes
    }
}

/// Where MIPS has its own table, with the symbols in another order.
pub fn mips_hash(file: &File) -> u64 {
    let is_mips = file.elf.header.e_machine == EM_MIPS;
    if is_mips { file.dynamic.value(DT_MIPS_XHASH) } else { 0 }
}

/// `DT_HASH`: for each bucket the first symbol of its chain, for each symbol the next one.
#[derive(Clone, Copy)]
pub struct SysvHash<'a> {
    pub buckets: Words<'a>,
    pub chains: Words<'a>,
}

/// `DT_GNU_HASH`: for each bucket the first symbol of its chain, and a word for each symbol
/// from `symndx` on, odd for the last one of a chain.
#[derive(Clone, Copy)]
pub struct GnuHash<'a> {
    pub buckets: Words<'a>,
    pub symndx: u32,
    pub chains: Words<'a>,
    /// Whether it is the one of MIPS, whose symbols are in another order.
    pub mips: bool,
}

/// Words of a hash table.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    reader: Reader<'a>,
    wide: bool,
}

impl<'a> Words<'a> {
    fn size(wide: bool) -> usize {
        if wide { 8 } else { 4 }
    }

    pub fn len(&self) -> usize {
        self.reader.bytes.len() / Words::size(self.wide)
    }

    #[inline]
    pub fn get(&self, index: u64) -> Option<u64> {
        let at = usize::try_from(index).ok()?.checked_mul(Words::size(self.wide))?;
        if self.wide { self.reader.u64(at) } else { self.reader.u32(at).map(u64::from) }
    }

    pub fn iter(self) -> impl Iterator<Item = u64> {
        (0..self.len() as u64).map_while(move |index| self.get(index))
    }

    /// `count` words at an offset of the file.
    fn read(
        cx: &mut Context,
        file: &File<'a>,
        offset: u64,
        count: u64,
        wide: bool,
    ) -> Option<Self> {
        let word = Words::size(wide);
        let Some(size) = count.checked_mul(word as u64) else {
            fill_error!(cx, "Size overflow prevents reading %u elements of size %u", count, word);
            return None;
        };
        if size > file.elf.size() {
            fill_error!(cx, "Invalid number of dynamic entries: %u", count);
            return None;
        }
        let Some(bytes) = file.elf.bytes(offset, size) else {
            fill_error!(cx, "Unable to read in %u bytes of dynamic data", size);
            return None;
        };
        Some(Words { reader: Reader::new(file.elf.encoding, bytes), wide })
    }
}

impl<'a> SysvHash<'a> {
    fn read(cx: &mut Context, file: &File<'a>, address: u64) -> Option<Self> {
        let machine = file.elf.header.e_machine;
        let wide = file.elf.encoding.is_64() && matches!(machine, EM_ALPHA | EM_S390);
        let word = Words::size(wide) as u64;
        let (offset, head) = head(cx, file, address, 2 * word)?;
        let head = Words { reader: head, wide };
        let (nbucket, nchain) = (head.get(0)?, head.get(1)?);
        if nbucket == 0 || nchain == 0 {
            return None;
        }
        let after = offset.wrapping_add(2 * word);
        let buckets = Words::read(cx, file, after, nbucket, wide);
        // What can't be read is not read past either.
        let size = if buckets.is_some() { nbucket.wrapping_mul(word) } else { 0 };
        let after = after.wrapping_add(size);
        let chains = Words::read(cx, file, after, nchain, wide);
        Some(SysvHash { buckets: buckets?, chains: chains? })
    }
}

impl<'a> GnuHash<'a> {
    /// The table, and how many symbols it says there are.
    fn read(cx: &mut Context, file: &File<'a>, address: u64, mips: bool) -> Option<(Self, u64)> {
        let (_, head) = head(cx, file, address, 16)?;
        let (nbuckets, symndx, bloom) = (head.u32(0)?, head.u32(4)?, head.u32(8)?);
        let filter = u64::from(bloom).wrapping_mul(file.elf.encoding.word() as u64);
        let buckets_at = address.wrapping_add(16).wrapping_add(filter);
        let offset = seek(cx, file, buckets_at, 4)?;
        let buckets = Words::read(cx, file, offset, nbuckets.into(), false)?;
        // The chain that begins last is the one that ends last.
        let none = u64::from(u32::MAX);
        let mut last = none;
        for bucket in buckets.iter().filter(|bucket| *bucket != 0) {
            if bucket < u64::from(symndx) {
                return None;
            }
            if last == none || bucket > last {
                last = bucket;
            }
        }
        if last == none {
            return None;
        }
        let first = last - u64::from(symndx);
        let chains_at = buckets_at.wrapping_add(4 * u64::from(nbuckets));
        let offset = seek(cx, file, chains_at.wrapping_add(4 * first), 4)?;
        let rest = file.elf.size().saturating_sub(offset);
        let rest = Reader::new(file.elf.encoding, file.elf.bytes(offset, rest).unwrap_or_default());
        let words = (0..).map_while(|index: usize| rest.u32(index.checked_mul(4)?));
        let Some(length) = words.into_iter().position(|hash| hash & 1 == 1) else {
            error!(cx, "Failed to determine last chain length");
            return None;
        };
        let count = first + length as u64 + 1;
        let offset = seek(cx, file, chains_at, 4)?;
        let chains = Words::read(cx, file, offset, count, false)?;
        let mut symbols = u64::from(symndx) + count;
        if mips {
            // What symbol each word belongs to.
            let order = Words::read(cx, file, offset.wrapping_add(4 * count), count, false)?;
            symbols = order.iter().max().unwrap_or(0) + 1;
        }
        Some((GnuHash { buckets, symndx, chains, mips }, symbols))
    }
}

/// Where an address is in the file, if that can be a place there.
// Not inlined: it is called in many places.
#[inline(never)]
fn seek(cx: &mut Context, file: &File, address: u64, size: u64) -> Option<u64> {
    let offset = file.locate(cx, address, size);
    if offset > i64::MAX as u64 || file.elf.size() == 0 {
        error!(cx, "Unable to seek to start of dynamic information");
        return None;
    }
    Some(offset)
}

/// Where a table is in the file, and the numbers that it begins with.
fn head<'a>(
    cx: &mut Context,
    file: &File<'a>,
    address: u64,
    size: u64,
) -> Option<(u64, Reader<'a>)> {
    let offset = seek(cx, file, address, size)?;
    let head = file.elf.bytes(offset, size);
    if head.is_none() {
        error!(cx, "Failed to read in number of buckets");
    }
    Some((offset, Reader::new(file.elf.encoding, head?)))
}
