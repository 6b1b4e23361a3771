//! A program or library in memory.
//!
//! # Safety
//!
//! An [`Object`] is made of an [`Image`] whose tables are checked, and of memory in which all
//! its segments are mapped; that memory is never unmapped while the object can be reached.
//! Its tables are read by value through [`View`]s, never borrowed: they lie in memory that the
//! program may write to.

use super::image::{ENCODING, Image};
use super::load::Bytes;
use super::memory::Arena;
use super::plan::Planned;
use super::tables::Part;
use super::versions;
use crate::elf::consts::*;
use crate::elf::{Rela, Relr};
use crate::errno::Result;
use core::cell::Cell;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicPtr};

/// Values in an object's memory.
#[repr(C)]
pub struct View<T> {
    start: usize,
    /// How many there are.
    pub len: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for View<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<T> {}

impl<T> Default for View<T> {
    #[inline]
    fn default() -> Self {
        View { start: 0, len: 0, kind: PhantomData }
    }
}

/// What can be made of any bytes: numbers, and structs of numbers.
///
/// # Safety
/// Every bit pattern is a value.
pub unsafe trait Plain: Copy {}
// SAFETY: numbers.
unsafe impl Plain for u8 {}
// SAFETY: numbers.
unsafe impl Plain for u16 {}
// SAFETY: numbers.
unsafe impl Plain for u32 {}
// SAFETY: numbers.
unsafe impl<const N: usize> Plain for [u32; N] {}
// SAFETY: numbers.
unsafe impl Plain for u64 {}
// SAFETY: numbers.
unsafe impl Plain for usize {}

/// `Elf64_Sym` as it lies in memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Symbol {
    pub(super) st_name: u32,
    st_info: u8,
    st_other: u8,
    pub(super) st_shndx: u16,
    pub(super) st_value: u64,
    pub(super) st_size: u64,
}
// SAFETY: a struct of numbers without padding.
unsafe impl Plain for Symbol {}

impl Symbol {
    #[inline]
    pub(super) fn bind(&self) -> u8 {
        self.st_info >> 4
    }

    #[inline]
    pub(super) fn kind(&self) -> u8 {
        self.st_info & 15
    }

    #[inline]
    pub(super) fn visibility(&self) -> u8 {
        self.st_other & 3
    }
}

/// `Elf64_Rela` as it lies in memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RelaWords {
    pub(super) r_offset: u64,
    pub(super) r_info: u64,
    pub(super) r_addend: i64,
}
// SAFETY: a struct of numbers without padding.
unsafe impl Plain for RelaWords {}

impl RelaWords {
    #[inline]
    pub(super) fn kind(&self) -> u32 {
        self.r_info as u32
    }

    #[inline]
    pub(super) fn symbol(&self) -> usize {
        (self.r_info >> 32) as usize
    }
}

const _: () = assert!(size_of::<Symbol>() == 24 && size_of::<RelaWords>() == 24);
const _: () = assert!(size_of::<Relr>() == 8 && size_of::<Rela>() == 24);

impl<T: Plain> View<T> {
    /// The value with this index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.len {
            return None;
        }
        let place = core::ptr::with_exposed_provenance::<T>(self.start + index * size_of::<T>());
        // SAFETY: within a checked table of an object, in memory that stays mapped and can
        // be read; read by value, whatever its alignment.
        Some(unsafe { place.read_unaligned() })
    }

    /// The values from an index on.
    #[inline]
    pub fn from(self, index: usize) -> Self {
        let index = index.min(self.len);
        View { start: self.start + index * size_of::<T>(), len: self.len - index, ..self }
    }

    /// At most so many values.
    #[inline]
    pub fn take(self, len: usize) -> Self {
        View { len: self.len.min(len), ..self }
    }

    /// All values.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = T> {
        (0..self.len).map_while(move |index| self.get(index))
    }
}

impl View<u8> {
    /// The string at an offset, for as long as nobody writes there.
    #[inline]
    pub fn string(&self, at: usize) -> &'static [u8] {
        self.hashed(at).0
    }

    /// The string at an offset, and its GNU hash: both in one pass.
    #[inline]
    pub fn hashed(&self, at: usize) -> (&'static [u8], u32) {
        let rest = self.slice(at, self.len.saturating_sub(at)).unwrap_or_default();
        let mut hash = 5381u32;
        for (length, &byte) in rest.iter().enumerate() {
            if byte == 0 {
                return (rest.get(..length).unwrap_or_default(), hash);
            }
            hash = hash.wrapping_mul(33).wrapping_add(byte.into());
        }
        // The table ends with a zero byte: checked when the file was.
        (b"", 5381)
    }

    #[inline]
    fn slice(&self, at: usize, length: usize) -> Option<&'static [u8]> {
        let end = at.checked_add(length)?;
        if end > self.len {
            return None;
        }
        if length == 0 {
            return Some(&[]);
        }
        let start = core::ptr::with_exposed_provenance::<u8>(self.start + at);
        // SAFETY: within a table in memory that stays mapped. Strings are in memory that is
        // only read; a file that puts them into memory that is written has them compared to
        // something else, and nothing depends on what they are.
        Some(unsafe { core::slice::from_raw_parts(start, length) })
    }

    /// Whether the string at an offset is this one.
    #[inline]
    pub fn is(&self, at: usize, name: &[u8]) -> bool {
        self.slice(at, name.len()) == Some(name) && self.get(at + name.len()) == Some(0)
    }
}

/// `struct link_map` of `<link.h>`, as far as it is public: debuggers and `dlinfo` read it.
#[repr(C)]
pub struct LinkMap {
    /// The bias: what is added to the file's addresses.
    pub l_addr: usize,
    /// Its path.
    pub l_name: *const core::ffi::c_char,
    /// Its dynamic section.
    pub l_ld: usize,
    /// The next one, in load order.
    pub l_next: AtomicPtr<Object>,
    /// The one before.
    pub l_prev: AtomicPtr<Object>,
}

/// A symbol's version: its name and hash; both nothing for no version.
#[derive(Clone, Copy, Default)]
pub struct Version {
    pub(super) name: &'static [u8],
    pub(super) hash: u32,
}

/// DT_GNU_HASH in memory; without a filter there is none.
// In this order: an object that doesn't have a symbol is passed over with one line of memory.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct GnuTable {
    pub(super) bloom: View<u64>,
    pub(super) shift: u32,
    pub(super) symoffset: u32,
    pub(super) buckets: View<u32>,
    pub(super) chains: View<u32>,
}

/// DT_HASH in memory; without buckets there is none.
#[derive(Clone, Copy, Default)]
pub struct SysvTable {
    pub(super) buckets: View<u32>,
    pub(super) chains: View<u32>,
}

/// A program or library in memory.
#[repr(C, align(64))]
pub struct Object {
    /// What debuggers see; first, so that a pointer to it is one to the object.
    pub link: LinkMap,
    pub(super) gnu: GnuTable,
    pub(super) image: &'static Image<'static>,
    /// Its names, where it came from, what it needs: by indices into all objects, as in the
    /// plan, since these only become more.
    pub(super) planned: &'static Planned<'static, Bytes>,
    pub(super) symbols: View<Symbol>,
    pub(super) strings: View<u8>,
    pub(super) versym: View<u16>,
    /// By the index that a versym has.
    pub(super) versions: &'static [Version],
    pub(super) sysv: SysvTable,
    /// What a dlopen brought in together with it; empty at start-up, where all is global.
    pub(super) group: Cell<&'static [&'static Object]>,
    /// Whether its symbols are for everybody.
    pub(super) global: AtomicBool,
    /// Its number among those with thread-local storage, from 1 on; 0 for none.
    pub(super) tls_module: Cell<usize>,
    /// How far below the thread pointer its block begins; 0 where each thread gets a block
    /// when it asks for it.
    pub(super) tls_offset: Cell<usize>,
    /// Whether its constructors have been called, or are about to be.
    pub(super) constructed: AtomicBool,
}

// SAFETY: what is in cells is written before the object is published, or under the loader's
// lock; what changes afterwards is atomic.
unsafe impl Sync for Object {}

impl Object {
    /// The address of an address of the file.
    #[inline]
    pub fn address(&self, at: u64) -> usize {
        self.link.l_addr.wrapping_add(at as usize)
    }

    /// The values of a table.
    #[inline]
    pub fn view<T: Plain>(&self, part: Part) -> View<T> {
        let range = self.image.tables.part(part);
        let (start, len) = (self.address(range.at), range.size as usize / size_of::<T>());
        View { start, len, kind: PhantomData }
    }

    /// The name that it is called by in messages.
    #[inline]
    pub fn title(&self) -> &'static [u8] {
        self.planned.title()
    }

    /// Whether it is the program.
    #[inline]
    pub fn is_program(&self) -> bool {
        self.planned.asked.is_program
    }

    /// Whether an address is in one of its segments.
    #[inline]
    pub fn holds(&self, address: usize) -> bool {
        let at = address.wrapping_sub(self.link.l_addr) as u64;
        self.image.loads.iter().any(|load| load.memory.holds(at, 1))
    }

    /// How many symbols its hash table knows of.
    #[inline]
    pub(super) fn symbol_count(&self) -> usize {
        let gnu = &self.gnu;
        if gnu.bloom.len == 0 {
            return self.sysv.chains.len;
        }
        let last = gnu.buckets.iter().max().unwrap_or(0);
        let first = last.checked_sub(gnu.symoffset).map(|chain| gnu.chains.from(chain as usize));
        let more = first.and_then(|chain| chain.iter().position(|value| value & 1 == 1));
        last as usize + more.map_or(0, |more| more + 1)
    }
}

/// Makes an object of an image whose segments are mapped.
///
/// # Errors
/// `ENOMEM`.
///
/// # Safety
/// The segments are mapped at this bias, as the image says, and stay as long as anybody has
/// the object.
#[inline]
pub unsafe fn make(
    arena: &'static Arena,
    planned: &'static Planned<'static, Bytes>,
    bias: usize,
) -> Result<&'static Object> {
    let image = planned.image;
    let object = arena.place(Object {
        link: LinkMap {
            l_addr: bias,
            l_name: planned.asked.path.as_ptr(),
            l_ld: image.dynamic.map_or(0, |range| bias.wrapping_add(range.at as usize)),
            l_next: AtomicPtr::new(core::ptr::null_mut()),
            l_prev: AtomicPtr::new(core::ptr::null_mut()),
        },
        gnu: GnuTable::default(),
        sysv: SysvTable::default(),
        symbols: View::default(),
        strings: View::default(),
        versym: View::default(),
        versions: &[],
        image,
        planned,
        group: Cell::new(&[]),
        global: AtomicBool::new(false),
        tls_module: Cell::new(0),
        tls_offset: Cell::new(0),
        constructed: AtomicBool::new(false),
    })?;
    // In place: on the stack first it would be more code.
    object.gnu = gnu_table(object.view(Part::GnuHash), object.view(Part::GnuHash));
    object.sysv = sysv_table(object.view(Part::Hash), object.view(Part::Hash));
    (object.symbols, object.strings) = (object.view(Part::Symbols), object.view(Part::Strings));
    object.versym = object.view(Part::Versym);
    if object.versym.len > 0 {
        object.versions = all_versions(arena, object)?;
    }
    Ok(object)
}

/// What is there of the table: the planning stage has seen that all is.
#[inline]
fn gnu_table(words: View<u32>, head: View<[u32; 4]>) -> GnuTable {
    let [nbuckets, symoffset, bloom_size, shift] = head.get(0).unwrap_or_default();
    let (nbuckets, bloom_size) = (nbuckets as usize, bloom_size as usize);
    let filter = words.from(4);
    // In pairs of words; whoever looks in there relies on a power of two.
    let is_right = bloom_size.is_power_of_two() && bloom_size <= filter.len / 2;
    let len = if is_right { bloom_size } else { 0 };
    let buckets = filter.from(2 * bloom_size);
    GnuTable {
        bloom: View { start: filter.start, len, kind: PhantomData },
        shift: shift & 63,
        symoffset,
        buckets: buckets.take(nbuckets),
        chains: buckets.from(nbuckets),
    }
}

#[inline]
fn sysv_table(words: View<u32>, head: View<[u32; 2]>) -> SysvTable {
    let [nbucket, nchain] = head.get(0).unwrap_or_default().map(|count| count as usize);
    let buckets = words.from(2);
    SysvTable { buckets: buckets.take(nbucket), chains: buckets.from(nbucket).take(nchain) }
}

/// The versions that an object defines and needs, by their indices.
#[inline]
fn all_versions(arena: &'static Arena, object: &Object) -> Result<&'static [Version]> {
    const MOST: usize = 4096;
    let mut list = arena.list::<Version>();
    let mut outcome = Ok(());
    let mut set = |index: u16, name: u32, hash: u32| {
        let index = usize::from(index & 0x7fff);
        while list.len() <= index && index < MOST && outcome.is_ok() {
            outcome = list.push(Version::default());
        }
        if let Some(place) = list.get_mut(index) {
            *place = Version { name: object.strings.string(name as usize), hash };
        }
        true
    };
    let bytes = |part: Part| {
        let table = object.view::<u8>(part);
        table.slice(0, table.len).unwrap_or_default()
    };
    versions::definitions(ENCODING, bytes(Part::Verdef), &mut |def, name| {
        // The base definition names the file, not a version.
        def.vd_flags & VER_FLG_BASE != 0 || set(def.vd_ndx, name, def.vd_hash)
    });
    versions::needs(ENCODING, bytes(Part::Verneed), &mut |_, entry| {
        set(entry.vna_other, entry.vna_name, entry.vna_hash)
    });
    outcome?;
    Ok(list.into_slice())
}
