//! Relocations (psABI, "Relocation Types"): the third stage.

use super::error::Error;
use super::fast;
use super::image::{DF_1_NOW, DF_BIND_NOW, DF_TEXTREL, Fault, Range};
use super::memory::{Arena, List};
use super::object::{Object, RelaWords, View};
use super::provided;
use super::report::{LOOKUPS, PROBES, RELOCS, RELR, SYMBOLS, Stats, say};
use super::state::{GLOBAL, tells};
use super::symbols::{Definition, Wanted, find, find_in};
use super::tables::Part;
use super::tls;
use crate::arch::link;
use crate::elf::consts::*;
use crate::errno::Errno;
use crate::mm::PROT_READ;
use crate::text;
use crate::text::Text;

pub(super) const R_64: u32 = 1;
const R_PC32: u32 = 2;
const R_COPY: u32 = 5;
pub(super) const R_GLOB_DAT: u32 = 6;
pub(super) const R_JUMP_SLOT: u32 = 7;
pub(super) const R_RELATIVE: u32 = 8;
const R_DTPMOD64: u32 = 16;
const R_DTPOFF64: u32 = 17;
const R_TPOFF64: u32 = 18;
const R_TLSDESC: u32 = 36;
const R_IRELATIVE: u32 = 37;

type Outcome<T> = core::result::Result<T, Error>;

/// A relocation whose value comes from a resolver, which may only run when all others are
/// done.
#[derive(Clone, Copy)]
struct Deferred {
    object: &'static Object,
    offset: u64,
    addend: i64,
    /// Whose code the resolver is, and where.
    resolver: (&'static Object, usize),
}

#[derive(Clone, Copy)]
struct Copied {
    object: &'static Object,
    offset: u64,
    size: u64,
    from: Definition,
}

/// Binds objects that belong together.
struct Binder<'b> {
    arena: &'static Arena,
    stats: &'b mut Stats,
    deferred: List<'static, Deferred>,
    copies: List<'static, Copied>,
}

/// What a reference means.
enum Target {
    Defined(Definition),
    /// An address that the loader itself provides; 0 for a weak symbol that nobody has.
    Address(usize),
}

/// Relocates objects, the last one first: what others depend on comes behind them. With `now`
/// all slots of PLTs are bound at once.
///
/// # Errors
/// A symbol that nobody has, or a relocation that makes no sense.
#[inline]
pub fn bind(
    arena: &'static Arena,
    objects: &[&'static Object],
    now: bool,
    stats: &mut Stats,
) -> Outcome<()> {
    let (deferred, copies) = (arena.list(), arena.list());
    let mut binder = Binder { arena, stats, deferred, copies };
    for object in objects.iter().rev() {
        binder.relocate(object, now)?;
    }
    for copied in binder.copies.iter() {
        copy(copied)?;
    }
    for &Deferred { object, offset, addend, resolver } in binder.deferred.iter() {
        let value = (resolve(resolver)? as u64).wrapping_add_signed(addend);
        write(object, offset, value)?;
        // Resolvers may look at copies, so these were made before; they get this as well.
        for copied in binder.copies.iter() {
            let from = Range { at: copied.from.symbol.st_value, size: copied.size };
            if core::ptr::eq(copied.from.object, object) && from.holds(offset, 8) {
                write(copied.object, copied.offset + (offset - from.at), value)?;
            }
        }
    }
    for object in objects {
        let Range { at, size } = object.image.relro;
        if size > 0 {
            // SAFETY: pages of this object's segments, which its program header says are
            // only read from now on.
            unsafe { super::map::protect(object.address(at), size as usize, PROT_READ) }
                .map_err(|error| Error::of(object.title(), Fault::Os(error)))?;
        }
    }
    Ok(())
}

impl Binder<'_> {
    #[inline]
    fn relocate(&mut self, object: &'static Object, now: bool) -> Outcome<()> {
        let tables = &object.image.tables;
        if tables.flags & DF_TEXTREL != 0 {
            let text =
                text!("%: has relocations in its code (DT_TEXTREL), which is never made writable");
            return Err(wrong(object, text, 0));
        }
        let (rela, jmprel) = (object.view(Part::Rela), object.view(Part::Jmprel));
        if tells(RELOCS) {
            let packed = tables.part(Part::Relr).size / 8;
            let numbers = [rela.len as u64, tables.relacount, packed, jmprel.len as u64];
            let pattern = text!("relocs: %: #, of these relative #, packed words #, PLT #");
            say(pattern, &[object.title()], &numbers);
        }
        // Many symbols: their pages are brought in by one call, and not by a fault each.
        const MANY: usize = 1000;
        let symbolic = rela.len.saturating_sub(tables.relacount as usize);
        let strings = tables.part(Part::Strings);
        let first = tables.part(Part::Symbols).at.min(strings.at);
        let size = strings.at.wrapping_add(strings.size).saturating_sub(first);
        if symbolic + jmprel.len >= MANY && size > 0 {
            super::map::bring_in(object.address(first), size as usize);
        }
        let packed = fast::packed(object).map_err(|at| outside(object, at))?;
        self.stats.counts[RELR] += packed;
        self.all(object, rela, false)?;
        let lazily = !now
            && tables.flags & DF_BIND_NOW == 0
            && tables.value(DT_FLAGS_1) & DF_1_NOW == 0
            && tables.value(DT_PLTGOT) != 0;
        self.all(object, jmprel, lazily)?;
        if lazily && jmprel.iter().any(|rela: RelaWords| rela.kind() == R_JUMP_SLOT) {
            link::prepare_lazy();
            let entry = link::lazy_entry as *const () as u64;
            let object_word = core::ptr::from_ref(object).expose_provenance() as u64;
            write(object, tables.value(DT_PLTGOT).wrapping_add(8), object_word)?;
            write(object, tables.value(DT_PLTGOT).wrapping_add(16), entry)?;
        }
        Ok(())
    }

    #[inline]
    fn all(
        &mut self,
        object: &'static Object,
        mut rest: View<RelaWords>,
        lazily: bool,
    ) -> Outcome<()> {
        loop {
            if !tells(SYMBOLS) {
                rest = rest.from(fast::relocate(object, rest, lazily, self.stats));
            }
            let Some(rela) = rest.get(0) else { return Ok(()) };
            self.one(object, &rela, lazily)?;
            rest = rest.from(1);
        }
    }

    #[inline]
    fn one(&mut self, object: &'static Object, rela: &RelaWords, lazily: bool) -> Outcome<()> {
        let RelaWords { r_offset: offset, r_addend: mut addend, .. } = *rela;
        let kind = rela.kind();
        self.stats.count(kind);
        match kind {
            0 => return Ok(()),
            R_RELATIVE => {
                return write(object, offset, object.address(addend.cast_unsigned()) as u64);
            }
            R_IRELATIVE => {
                let resolver = (object, object.address(addend.cast_unsigned()));
                return self.defer(Deferred { object, offset, addend: 0, resolver });
            }
            R_JUMP_SLOT if lazily => {
                let place = place(object, offset, 8)?;
                let bias = object.link.l_addr as u64;
                // SAFETY: as in `write`; what is mapped writable can be read.
                unsafe { place.write_unaligned(place.read_unaligned().wrapping_add(bias)) };
                return Ok(());
            }
            R_GLOB_DAT | R_JUMP_SLOT => addend = 0,
            R_64 | R_PC32 | R_COPY => {}
            R_DTPMOD64 | R_DTPOFF64 | R_TPOFF64 | R_TLSDESC => {
                return self.thread_local(object, rela);
            }
            _ => {
                let text = text!("%: it has a relocation of an unknown type: #");
                return Err(wrong(object, text, kind.into()));
            }
        }
        let value = match (target(object, rela, self.stats)?, kind) {
            (Target::Defined(from), R_COPY) => {
                let own = object.symbols.get(rela.symbol());
                let size = own.map_or(0, |symbol| symbol.st_size).min(from.symbol.st_size);
                self.copies.push(Copied { object, offset, size, from })?;
                return Ok(());
            }
            (_, R_COPY) => return Ok(()),
            (Target::Defined(found), _) => {
                if found.is_indirect() && kind != R_PC32 {
                    let resolver = (found.object, found.address());
                    return self.defer(Deferred { object, offset, addend, resolver });
                }
                found.address()
            }
            (Target::Address(address), _) => address,
        };
        let value = (value as u64).wrapping_add_signed(addend);
        if kind != R_PC32 {
            return write(object, offset, value);
        }
        let distance = value.wrapping_sub(object.address(offset) as u64).cast_signed();
        let Ok(distance) = i32::try_from(distance) else {
            return Err(wrong(
                object,
                text!("%: a relocation reaches further than 2 GiB: at #"),
                offset,
            ));
        };
        let place = place(object, offset, 4)?.cast::<i32>();
        // SAFETY: as in `write`.
        unsafe { place.write_unaligned(distance) };
        Ok(())
    }

    #[inline]
    fn defer(&mut self, deferred: Deferred) -> Outcome<()> {
        Ok(self.deferred.push(deferred)?)
    }

    /// Relocations of thread-local storage.
    #[inline]
    fn thread_local(&mut self, object: &'static Object, rela: &RelaWords) -> Outcome<()> {
        // Without a symbol it is the object's own block; without an owner a weak symbol that
        // nobody has, or `errno` where there is no C library.
        let (mut owner, mut value) = (Some(object), 0);
        if rela.symbol() != 0 {
            (owner, value) = match target(object, rela, self.stats)? {
                Target::Defined(found) => (Some(found.object), found.symbol.st_value),
                Target::Address(_) => (None, 0),
            };
        }
        value = value.wrapping_add_signed(rela.r_addend);
        let (offset, kind) = (rela.r_offset, rela.kind());
        let (module, distance) =
            owner.map_or((0, 0), |owner| (owner.tls_module.get(), owner.tls_offset.get()));
        if owner.is_some() && module == 0 {
            let text = text!("%: a relocation of thread-local storage that isn't there: at #");
            return Err(wrong(object, text, offset));
        }
        let below = value.wrapping_sub(distance as u64);
        match (kind, owner) {
            (R_DTPMOD64, _) => write(object, offset, module as u64),
            (R_DTPOFF64, _) => write(object, offset, value),
            (R_TPOFF64, None) => write(object, offset, tls::ERRNO as u64),
            (R_TPOFF64, _) if distance == 0 => Err(wrong(
                object,
                text!(
                    "%: needs thread-local storage in each thread's first block (initial-exec), \
                 which only start-up gives"
                ),
                0,
            )),
            (R_TPOFF64, _) => write(object, offset, below),
            _ => {
                let (function, argument) = match owner {
                    None => (link::tlsdesc_undefined as *const (), value),
                    Some(_) if distance != 0 => (link::tlsdesc_static as *const (), below),
                    Some(_) => {
                        link::prepare_lazy();
                        let index = self.arena.place([module, value as usize])?;
                        let index = core::ptr::from_mut(index).expose_provenance();
                        (link::tlsdesc_dynamic as *const (), index as u64)
                    }
                };
                write(object, offset, function as u64)?;
                write(object, offset.wrapping_add(8), argument)
            }
        }
    }
}

/// What a symbol of an object refers to.
#[inline]
fn target(object: &'static Object, rela: &RelaWords, stats: &mut Stats) -> Outcome<Target> {
    let index = rela.symbol();
    let Some(symbol) = object.symbols.get(index) else {
        let text = text!("%: a relocation names a symbol that isn't there: number #");
        return Err(wrong(object, text, index as u64));
    };
    stats.counts[LOOKUPS] += 1;
    let probes = &mut stats.counts[PROBES];
    let wanted = Wanted::by(object, index, &symbol, false);
    let Wanted { name, version, .. } = wanted;
    let found = if rela.kind() == R_COPY {
        // A copy is made of somebody else's.
        let mut others = GLOBAL.get().iter().filter(|&&other| !core::ptr::eq(other, object));
        others.find_map(|&other| find_in(&[other], &wanted, probes))
    } else {
        find(object, rela, probes)
    };
    if tells(SYMBOLS) {
        let title = found.map_or(&b"nobody"[..], |found| found.object.title());
        let pattern = if version.name.is_empty() {
            text!("symbols: %%: of % to %")
        } else {
            text!("symbols: %@%: of % to %")
        };
        say(pattern, &[name, version.name, object.title(), title], &[]);
    }
    if let Some(found) = found {
        return Ok(Target::Defined(found));
    }
    let is_function = rela.kind() == R_JUMP_SLOT || symbol.kind() == STT_FUNC;
    let is_weak = symbol.bind() == STB_WEAK;
    let provided = provided::find(name)
        .or_else(|| if is_weak { Some(0) } else { provided::missing(name, is_function) });
    provided.map(Target::Address).ok_or_else(|| {
        let pattern = if version.name.is_empty() {
            text!("%: undefined symbol: %")
        } else {
            text!("%: undefined symbol: %, version %")
        };
        Error::new(pattern, &[object.title(), name, version.name], &[])
    })
}

/// Binds one slot of a lazy PLT when it is called for the first time.
///
/// # Errors
/// A symbol that nobody has, or a slot that makes no sense.
#[inline]
pub fn slot(object: &'static Object, index: usize) -> Outcome<usize> {
    let jmprel: View<RelaWords> = object.view(Part::Jmprel);
    let in_order = |rela: &RelaWords| {
        rela.kind() == R_JUMP_SLOT && !object.image.relro.holds(rela.r_offset, 8)
    };
    let Some(rela) = jmprel.get(index).filter(in_order) else {
        let text = text!("%: its PLT names a slot that isn't there: #");
        return Err(wrong(object, text, index as u64));
    };
    // Most are functions that somebody has: then nothing else has to be asked.
    let found = if tells(SYMBOLS) { None } else { find(object, &rela, &mut 0) };
    let target = match found {
        Some(found) => Target::Defined(found),
        None => target(object, &rela, &mut Stats::default())?,
    };
    let address = match target {
        Target::Defined(found) if found.is_indirect() => resolve((found.object, found.address()))?,
        Target::Defined(found) => found.address(),
        Target::Address(address) => address,
    };
    write(object, rela.r_offset, address as u64)?;
    Ok(address)
}

/// Calls the resolver of an indirect function.
///
/// # Errors
/// That there is no code.
#[inline]
pub fn resolve((object, address): (&Object, usize)) -> Outcome<usize> {
    let at = address.wrapping_sub(object.link.l_addr) as u64;
    if !object.image.has_code(at) {
        let text = text!("%: the resolver of an indirect function lies outside its code: at #");
        return Err(wrong(object, text, at));
    }
    // SAFETY: code of an object that is relocated but for such functions; that it is a
    // resolver, which takes nothing on x86-64, is what the file says of it.
    Ok(unsafe {
        let resolver: extern "C" fn() -> usize =
            core::mem::transmute(core::ptr::with_exposed_provenance::<()>(address));
        resolver()
    })
}

#[cold]
#[inline]
fn wrong(object: &Object, pattern: Text, number: u64) -> Error {
    Error::new(pattern, &[object.title()], &[number])
}

#[cold]
#[inline]
fn outside(object: &Object, offset: u64) -> Error {
    wrong(object, text!("%: a relocation lies outside what it may write to: at #"), offset)
}

/// Where so many bytes of an object are that may be written to.
#[inline]
fn place(object: &Object, offset: u64, size: u64) -> Outcome<*mut u64> {
    match fast::is_writable(object, offset, size) {
        true => Ok(core::ptr::with_exposed_provenance_mut(object.address(offset))),
        false => Err(outside(object, offset)),
    }
}

/// Writes a word into a segment of an object that is written to.
#[inline]
fn write(object: &Object, offset: u64, value: u64) -> Outcome<()> {
    let place = place(object, offset, 8)?;
    // SAFETY: within a segment of the object that is mapped writable; before RELRO, or outside
    // of it: a slot there would be bound by now. Nobody holds references into objects.
    unsafe { place.write_unaligned(value) };
    Ok(())
}

/// Copies the value that a library's variable begins with into the program's.
#[inline]
fn copy(copied: &Copied) -> Outcome<()> {
    let Copied { object, offset, size, from } = copied;
    let mut loads = from.object.image.loads.iter();
    let at = from.symbol.st_value;
    if !loads.any(|load| load.flags & PF_R != 0 && load.memory.holds(at, *size)) {
        return Err(Error::of(from.object.title(), Fault::Os(Errno::EFAULT)));
    }
    let target = place(object, *offset, *size)?.cast::<u8>();
    let source = core::ptr::with_exposed_provenance::<u8>(from.address());
    // SAFETY: both lie within segments, checked above; they may be the same object's.
    unsafe { core::ptr::copy(source, target, *size as usize) };
    Ok(())
}
