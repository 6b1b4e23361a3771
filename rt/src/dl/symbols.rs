//! Finding the definition of a symbol, by name and version.

use super::object::{GnuTable, Object, RelaWords, Symbol, Version};
use super::relocate::R_JUMP_SLOT;
use super::state;
use crate::elf::consts::*;
use crate::elf::{gnu_hash, sysv_hash};
use core::sync::atomic::Ordering;

/// What a symbol is looked for.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// Its name.
    pub name: &'w [u8],
    /// The GNU hash of that.
    pub hash: u32,
    /// Its version; without a name any will do.
    pub version: Version,
    /// For a call through the PLT: a program's own PLT entry is no definition then.
    pub for_plt: bool,
    /// By dlsym: of several versions the default one.
    pub newest: bool,
}

impl<'w> Wanted<'w> {
    /// A symbol without a version.
    pub fn new(name: &'w [u8]) -> Wanted<'w> {
        let (hash, version) = (gnu_hash(name), Version::default());
        Wanted { name, hash, version, for_plt: false, newest: false }
    }

    /// What an object's symbol number `index` refers to.
    #[inline(never)]
    pub fn by(object: &Object, index: usize, symbol: &Symbol, for_plt: bool) -> Wanted<'static> {
        let (name, hash) = object.strings.hashed(symbol.st_name as usize);
        let version = object.versym.get(index).map_or(0, |index| usize::from(index & 0x7fff));
        // 0 and 1 are local and global, not versions.
        let version = object.versions.get(version).filter(|_| version > 1);
        let version = version.copied().unwrap_or_default();
        Wanted { name, hash, version, for_plt, newest: false }
    }
}

/// A definition.
#[derive(Clone, Copy)]
pub struct Definition {
    /// Who has it.
    pub object: &'static Object,
    /// What it is.
    pub symbol: Symbol,
}

impl Definition {
    /// Its address; of an indirect function that of its resolver.
    pub fn address(&self) -> usize {
        if self.symbol.st_shndx == SHN_ABS {
            return self.symbol.st_value as usize;
        }
        self.object.address(self.symbol.st_value)
    }

    /// Whether a resolver has to be asked for the address.
    pub fn is_indirect(&self) -> bool {
        self.symbol.kind() == STT_GNU_IFUNC && self.symbol.st_shndx != SHN_UNDEF
    }
}

/// How well a definition fits.
enum Fit {
    Yes,
    /// Only where there is no better one.
    Perhaps,
    No,
}

impl Object {
    /// The object's own definition of a symbol: its number.
    #[inline(always)]
    fn define(&self, wanted: &Wanted) -> Option<usize> {
        if self.gnu.bloom.len > 0 { self.by_gnu_hash(wanted) } else { self.by_sysv_hash(wanted) }
    }

    /// Most objects don't have most symbols, and the Bloom filter says so.
    #[inline(always)]
    fn by_gnu_hash(&self, wanted: &Wanted) -> Option<usize> {
        let (gnu, hash) = (&self.gnu, wanted.hash);
        let word = gnu.bloom.get((hash / 64) as usize & (gnu.bloom.len - 1))?;
        if word >> (hash % 64) & word >> (hash.wrapping_shr(gnu.shift) % 64) & 1 == 0 {
            return None;
        }
        self.in_chain(gnu, wanted)
    }

    #[inline(never)]
    fn in_chain(&self, gnu: &GnuTable, wanted: &Wanted) -> Option<usize> {
        let hash = wanted.hash;
        let mut perhaps = None;
        let mut index = gnu.buckets.get(hash.checked_rem(gnu.buckets.len as u32)? as usize)?;
        let mut chain = index.checked_sub(gnu.symoffset)? as usize;
        while let Some(value) = gnu.chains.get(chain) {
            if value | 1 == hash | 1 {
                match self.check(index as usize, wanted) {
                    Fit::Yes => return Some(index as usize),
                    Fit::Perhaps => perhaps = perhaps.or(Some(index as usize)),
                    Fit::No => {}
                }
            }
            if value & 1 == 1 {
                break;
            }
            (index, chain) = (index.wrapping_add(1), chain + 1);
        }
        perhaps
    }

    #[inline(never)]
    fn by_sysv_hash(&self, wanted: &Wanted) -> Option<usize> {
        let table = &self.sysv;
        let hash = sysv_hash(wanted.name) as usize;
        let mut perhaps = None;
        let mut index = table.buckets.get(hash.checked_rem(table.buckets.len)?)? as usize;
        // In circles it would be longer than there are symbols.
        for _ in 0..table.chains.len {
            if index == 0 {
                break;
            }
            match self.check(index, wanted) {
                Fit::Yes => return Some(index),
                Fit::Perhaps => perhaps = perhaps.or(Some(index)),
                Fit::No => {}
            }
            index = table.chains.get(index)? as usize;
        }
        perhaps
    }

    /// Whether a symbol is the one that is wanted.
    #[inline(never)]
    fn check(&self, index: usize, wanted: &Wanted) -> Fit {
        let Some(symbol) = self.symbols.get(index) else { return Fit::No };
        if !self.strings.is(symbol.st_name as usize, wanted.name) {
            return Fit::No;
        }
        let kind = symbol.kind();
        let known = matches!(kind, STT_NOTYPE..=STT_FUNC | STT_COMMON | STT_TLS | STT_GNU_IFUNC);
        // An undefined function with a value is a program's PLT entry: that is the function's
        // address for everybody (psABI, "Function Addresses").
        let defined = symbol.st_shndx != SHN_UNDEF
            || symbol.st_value != 0 && kind != STT_TLS && !wanted.for_plt;
        let bound = matches!(symbol.bind(), STB_GLOBAL | STB_WEAK | STB_GNU_UNIQUE);
        if known && defined && bound { self.fit(index, wanted) } else { Fit::No }
    }

    fn fit(&self, index: usize, wanted: &Wanted) -> Fit {
        let Some(versym) = self.versym.get(index) else { return Fit::Yes };
        let (number, hidden) = (versym & 0x7fff, versym & 0x8000 != 0);
        if wanted.version.name.is_empty() {
            // A reference from before there were versions means the first one there was.
            return match number {
                0 => Fit::No,
                1 | 2 if !wanted.newest => Fit::Yes,
                _ if hidden => Fit::No,
                _ if wanted.newest => Fit::Yes,
                _ => Fit::Perhaps,
            };
        }
        let own = self.versions.get(usize::from(number)).copied().unwrap_or_default();
        if own.hash == wanted.version.hash && own.name == wanted.version.name {
            return Fit::Yes;
        }
        // A definition without a version is taken for any.
        if number <= 1 && !hidden && number != 0 { Fit::Yes } else { Fit::No }
    }
}

/// The first definition of a symbol in these objects.
#[inline(never)]
pub fn find_in(
    objects: &[&'static Object],
    wanted: &Wanted,
    probes: &mut u64,
) -> Option<Definition> {
    let found = objects.iter().enumerate().find_map(|(at, object)| {
        let symbol = object.symbols.get(object.define(wanted)?)?;
        Some((at, Definition { object, symbol }))
    });
    *probes += found.map_or(objects.len(), |(at, _)| at + 1) as u64;
    found.map(|(_, definition)| definition)
}

/// What a relocation's symbol refers to. It is looked for where an object's references are: in
/// itself first where it says so, in what is for everybody, in what was loaded together with
/// it.
#[inline(never)]
pub fn find(by: &'static Object, rela: &RelaWords, probes: &mut u64) -> Option<Definition> {
    let index = rela.symbol();
    let symbol = by.symbols.get(index)?;
    let own = symbol.st_shndx != SHN_UNDEF
        && (symbol.bind() == STB_LOCAL || symbol.visibility() != STV_DEFAULT);
    if own {
        return Some(Definition { object: by, symbol });
    }
    let wanted = Wanted::by(by, index, &symbol, rela.kind() == R_JUMP_SLOT);
    if by.image.tables.flags & super::image::DF_SYMBOLIC != 0
        && let Some(found) = find_in(&[by], &wanted, probes)
    {
        return Some(found);
    }
    let found = find_in(state::GLOBAL.get(), &wanted, probes);
    if found.is_some() || by.global.load(Ordering::Acquire) {
        return found;
    }
    find_in(by.group.get(), &wanted, probes)
}
