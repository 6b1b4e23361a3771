//! Relocations (psABI, "Relocation Types"): the third stage.

use super::image::{DF_1_NOW, DF_BIND_NOW, DF_TEXTREL, Range};
use super::memory::{Arena, List};
use super::object::{Object, RelaWords, View};
use super::plan::{Cause, Error};
use super::provided;
use super::report::{RELOCS, RELR, SYMBOLS, Stats, Trace, say};
use super::symbols::{Definition, Wanted, look_up};
use super::tls;
use crate::arch::link;
use crate::elf::consts::*;
use crate::errno::Errno;
use crate::fmt::dec;
use crate::mm::PROT_READ;

const R_64: u32 = 1;
const R_PC32: u32 = 2;
const R_COPY: u32 = 5;
const R_GLOB_DAT: u32 = 6;
const R_JUMP_SLOT: u32 = 7;
const R_RELATIVE: u32 = 8;
const R_DTPMOD64: u32 = 16;
const R_DTPOFF64: u32 = 17;
const R_TPOFF64: u32 = 18;
const R_TLSDESC: u32 = 36;
const R_IRELATIVE: u32 = 37;

type Outcome<T> = core::result::Result<T, Error<'static>>;

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
pub struct Binder {
    arena: &'static Arena,
    /// Bind all slots of PLTs at once.
    now: bool,
    trace: Trace,
    /// What was done.
    pub stats: Stats,
    deferred: List<'static, Deferred>,
    copies: List<'static, Copied>,
    /// Where the last store was: a segment that is written.
    window: Range,
}

/// What a reference means.
enum Target {
    Defined(Definition),
    /// An address that the loader itself provides.
    Provided(usize),
    /// A weak symbol that nobody has.
    Nothing,
}

impl Binder {
    /// One that has done nothing yet.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new(arena: &'static Arena, now: bool, trace: Trace) -> crate::Result<Binder> {
        let (deferred, copies) = (arena.list(0)?, arena.list(0)?);
        let (stats, window) = (Stats::default(), Range::default());
        Ok(Binder { arena, now, trace, stats, deferred, copies, window })
    }

    /// Relocates objects, the last one first: what others depend on comes behind them.
    ///
    /// # Errors
    /// A symbol that nobody has, or a relocation that makes no sense.
    pub fn bind(&mut self, objects: &[&'static Object]) -> Outcome<()> {
        for object in objects.iter().rev() {
            self.relocate(object)?;
        }
        self.copies.iter().try_for_each(copy)?;
        for deferred in self.deferred.iter() {
            let value = resolve(deferred.resolver)?.wrapping_add_signed(deferred.addend as isize);
            let Deferred { object, offset, .. } = *deferred;
            write(object, &mut Range::default(), offset, value as u64)?;
            // Resolvers may look at copies, so these were made before; they get this as well.
            for copied in self.copies.iter() {
                let from = Range { at: copied.from.symbol.st_value, size: copied.size };
                if core::ptr::eq(copied.from.object, object) && from.holds(offset, 8) {
                    let offset = copied.offset + (offset - from.at);
                    write(copied.object, &mut Range::default(), offset, value as u64)?;
                }
            }
        }
        for object in objects {
            let relro = object.image.relro;
            if relro.size > 0 {
                // SAFETY: pages of this object's segments, which its program header says are
                // only read from now on.
                unsafe {
                    super::map::protect(object.address(relro.at), relro.size as usize, PROT_READ)
                }
                .map_err(|error| Error::new(object.title(), error))?;
            }
        }
        Ok(())
    }

    fn relocate(&mut self, object: &'static Object) -> Outcome<()> {
        let tables = &object.image.tables;
        self.window = Range::default();
        if tables.flags & DF_TEXTREL != 0 {
            let text = "has relocations in its code (DT_TEXTREL), which is never made writable";
            return Err(Error { file: object.title(), cause: Cause::Name(text, b"") });
        }
        let (rela, jmprel) = (object.view(tables.rela), object.view(tables.jmprel));
        if self.trace.has(RELOCS) {
            let (all, relative, plt) = (dec(rela.len), dec(tables.relacount), dec(jmprel.len));
            let words = dec(tables.relr.size / 8);
            let title = object.title();
            say(&[&"relocs: ", &title, &": ", &all, &", of these relative ", &relative]);
            say(&[&"relocs: ", &title, &": packed words ", &words, &", PLT ", &plt]);
        }
        // Many symbols: their pages are brought in by one call, and not by a fault each.
        const MANY: usize = 1000;
        let symbolic = rela.len - (tables.relacount as usize).min(rela.len);
        let first = tables.symbols.at.min(tables.strings.at);
        let end = tables.strings.at.wrapping_add(tables.strings.size);
        if symbolic + jmprel.len >= MANY && end > first {
            super::map::bring_in(object.address(first), (end - first) as usize);
        }
        self.packed(object, object.view(tables.relr))?;
        let relative = self.relative(object, rela.take(tables.relacount as usize))?;
        for rela in rela.from(relative).iter() {
            self.one(object, &rela)?;
        }
        let now = self.now
            || tables.flags & DF_BIND_NOW != 0
            || tables.flags_1 & DF_1_NOW != 0
            || tables.pltgot == 0;
        if now {
            return jmprel.iter().try_for_each(|rela| self.one(object, &rela));
        }
        self.lazily(object, jmprel)
    }

    /// R_X86_64_RELATIVE one after the other; how many there were.
    fn relative(&mut self, object: &'static Object, rela: View<RelaWords>) -> Outcome<usize> {
        let mut count = 0;
        for RelaWords { r_offset, r_info, r_addend } in rela.iter() {
            if r_info as u32 != R_RELATIVE {
                break;
            }
            let value = object.address(r_addend.cast_unsigned()) as u64;
            store(object, &mut self.window, r_offset, value)?;
            count += 1;
        }
        self.stats.relocations[R_RELATIVE as usize] += count as u64;
        Ok(count)
    }

    /// DT_RELR: an even word is an address, an odd one a bitmap of the 63 words after.
    fn packed(&mut self, object: &'static Object, words: View<u64>) -> Outcome<()> {
        let bias = object.link.l_addr as u64;
        let (mut next, mut count) = (0u64, 0);
        let window = &mut self.window;
        for word in words.iter() {
            if word & 1 == 0 {
                add(object, window, word, bias)?;
                (next, count) = (word.wrapping_add(8), count + 1);
                continue;
            }
            let mut bits = word >> 1;
            while bits != 0 {
                let at = next.wrapping_add(8 * u64::from(bits.trailing_zeros()));
                add(object, window, at, bias)?;
                (bits, count) = (bits & (bits - 1), count + 1);
            }
            next = next.wrapping_add(63 * 8);
        }
        self.stats.relocations[RELR] += count;
        Ok(())
    }

    /// The slots of a PLT that is bound when it is called: each leads back into the PLT.
    fn lazily(&mut self, object: &'static Object, jmprel: View<RelaWords>) -> Outcome<()> {
        let bias = object.link.l_addr as u64;
        let mut any = false;
        for rela in jmprel.iter() {
            if rela.kind() == R_JUMP_SLOT {
                add(object, &mut self.window, rela.r_offset, bias)?;
                self.stats.count(R_JUMP_SLOT);
                any = true;
            } else {
                self.one(object, &rela)?;
            }
        }
        if any {
            link::prepare_lazy();
            let got = object.image.tables.pltgot;
            let entry = link::lazy_entry as *const () as u64;
            let object_word = core::ptr::from_ref(object).expose_provenance() as u64;
            write(object, &mut self.window, got.wrapping_add(8), object_word)?;
            write(object, &mut self.window, got.wrapping_add(16), entry)?;
        }
        Ok(())
    }

    fn one(&mut self, object: &'static Object, rela: &RelaWords) -> Outcome<()> {
        let RelaWords { r_offset: offset, r_addend: addend, .. } = *rela;
        let kind = rela.kind();
        self.stats.count(kind);
        let with_addend = |value: usize| value.wrapping_add_signed(addend as isize) as u64;
        match kind {
            0 => Ok(()),
            R_RELATIVE => {
                let value = object.address(addend.cast_unsigned()) as u64;
                write(object, &mut self.window, offset, value)
            }
            R_IRELATIVE => {
                let resolver = (object, object.address(addend.cast_unsigned()));
                self.defer(Deferred { object, offset, addend: 0, resolver })
            }
            R_GLOB_DAT | R_JUMP_SLOT | R_64 | R_PC32 => {
                let addend = if kind == R_64 || kind == R_PC32 { addend } else { 0 };
                let value = match target(object, rela, self.trace, &mut self.stats)? {
                    Target::Defined(found) if found.is_indirect() && kind != R_PC32 => {
                        let resolver = (found.object, found.address());
                        return self.defer(Deferred { object, offset, addend, resolver });
                    }
                    Target::Defined(found) => found.address(),
                    Target::Provided(address) => address,
                    Target::Nothing => 0,
                };
                let value = value.wrapping_add_signed(addend as isize) as u64;
                if kind != R_PC32 {
                    return write(object, &mut self.window, offset, value);
                }
                let distance = value.wrapping_sub(object.address(offset) as u64).cast_signed();
                let Ok(distance) = i32::try_from(distance) else {
                    let text = "a relocation reaches further than 2 GiB: at ";
                    return Err(Error { file: object.title(), cause: Cause::Number(text, offset) });
                };
                store(object, &mut self.window, offset, distance.cast_unsigned())
            }
            R_COPY => {
                let Target::Defined(from) = target(object, rela, self.trace, &mut self.stats)?
                else {
                    return Ok(());
                };
                let own = object.symbols.get(rela.symbol());
                let size = own.map_or(0, |symbol| symbol.st_size).min(from.symbol.st_size);
                Ok(self.copies.push(Copied { object, offset, size, from })?)
            }
            R_DTPMOD64 | R_DTPOFF64 | R_TPOFF64 | R_TLSDESC => {
                // Without a symbol it is the object's own block.
                let (owner, value) = if rela.symbol() == 0 {
                    (Some(object), 0)
                } else {
                    match target(object, rela, self.trace, &mut self.stats)? {
                        Target::Defined(found) => {
                            (Some(found.object), found.symbol.st_value as usize)
                        }
                        Target::Provided(_) | Target::Nothing => (None, 0),
                    }
                };
                self.thread_local(object, rela, owner, with_addend(value))
            }
            _ => {
                let text = "it has a relocation of an unknown type: ";
                Err(Error { file: object.title(), cause: Cause::Number(text, kind.into()) })
            }
        }
    }

    /// Relocations of thread-local storage; `value` is the offset in the owner's block. Without
    /// an owner it is a weak symbol that nobody has, or `errno` where there is no C library.
    fn thread_local(
        &mut self,
        object: &'static Object,
        rela: &RelaWords,
        owner: Option<&'static Object>,
        value: u64,
    ) -> Outcome<()> {
        let offset = rela.r_offset;
        if owner.is_some_and(|owner| owner.tls_module.get() == 0) {
            let text = "a relocation of thread-local storage that isn't there: at ";
            return Err(Error { file: object.title(), cause: Cause::Number(text, offset) });
        }
        let distance = owner.map(|owner| owner.tls_offset.get()).filter(|&distance| distance != 0);
        let window = &mut self.window;
        match (rela.kind(), owner) {
            (R_DTPMOD64, owner) => store(
                object,
                window,
                offset,
                owner.map_or(0, |owner| owner.tls_module.get()) as u64,
            ),
            (R_DTPOFF64, _) => write(object, window, offset, value),
            (R_TPOFF64, None) => write(object, window, offset, tls::ERRNO as u64),
            (R_TPOFF64, Some(_)) => match distance {
                Some(distance) => {
                    write(object, window, offset, value.wrapping_sub(distance as u64))
                }
                None => {
                    let text = "needs thread-local storage in each thread's first block \
                                (initial-exec), which only start-up gives";
                    Err(Error { file: object.title(), cause: Cause::Name(text, b"") })
                }
            },
            (_, owner) => {
                let (function, argument) = match (owner, distance) {
                    (None, _) => (link::tlsdesc_undefined as *const (), value),
                    (Some(_), Some(distance)) => {
                        let argument = value.wrapping_sub(distance as u64);
                        (link::tlsdesc_static as *const (), argument)
                    }
                    (Some(owner), None) => {
                        let index = [owner.tls_module.get(), value as usize];
                        link::prepare_lazy();
                        let index = self.arena.place(index)?;
                        let index = core::ptr::from_mut(index).expose_provenance();
                        (link::tlsdesc_dynamic as *const (), index as u64)
                    }
                };
                write(object, window, offset, function as u64)?;
                write(object, window, offset.wrapping_add(8), argument)
            }
        }
    }

    fn defer(&mut self, deferred: Deferred) -> Outcome<()> {
        Ok(self.deferred.push(deferred)?)
    }
}

/// What a symbol of an object refers to.
fn target(
    object: &'static Object,
    rela: &RelaWords,
    trace: Trace,
    stats: &mut Stats,
) -> Outcome<Target> {
    let index = rela.symbol();
    let Some(symbol) = object.symbols.get(index) else {
        let text = "a relocation names a symbol that isn't there: number ";
        return Err(Error { file: object.title(), cause: Cause::Number(text, index as u64) });
    };
    let own = symbol.st_shndx != SHN_UNDEF
        && (symbol.bind() == STB_LOCAL || symbol.visibility() != STV_DEFAULT);
    if own {
        return Ok(Target::Defined(Definition { object, symbol }));
    }
    let kind = rela.kind();
    let wanted = Wanted { for_plt: kind == R_JUMP_SLOT, ..Wanted::by(object, index, &symbol) };
    let skip = (kind == R_COPY).then_some(object);
    stats.lookups += 1;
    let found = look_up(object, &wanted, skip, &mut stats.probes);
    if trace.has(SYMBOLS) {
        tell_symbol(object, &wanted, found.as_ref());
    }
    if let Some(found) = found {
        return Ok(Target::Defined(found));
    }
    if let Some(address) = provided::found(wanted.name) {
        return Ok(Target::Provided(address));
    }
    if symbol.bind() == STB_WEAK {
        return Ok(Target::Nothing);
    }
    let is_function = kind == R_JUMP_SLOT || symbol.kind() == STT_FUNC;
    if let Some(address) = provided::stub(wanted.name, is_function) {
        return Ok(Target::Provided(address));
    }
    let cause = Cause::Undefined(wanted.name, wanted.version.name);
    Err(Error { file: object.title(), cause })
}

/// Binds one slot of a lazy PLT when it is called for the first time.
///
/// # Errors
/// A symbol that nobody has, or a slot that makes no sense.
pub fn slot(object: &'static Object, index: usize, trace: Trace) -> Outcome<usize> {
    let jmprel: View<RelaWords> = object.view(object.image.tables.jmprel);
    let in_order = |rela: &RelaWords| {
        rela.kind() == R_JUMP_SLOT && !object.image.relro.holds(rela.r_offset, 8)
    };
    let Some(rela) = jmprel.get(index).filter(in_order) else {
        let text = "its PLT names a slot that isn't there: ";
        return Err(Error { file: object.title(), cause: Cause::Number(text, index as u64) });
    };
    let address = match target(object, &rela, trace, &mut Stats::default())? {
        Target::Defined(found) if found.is_indirect() => resolve((found.object, found.address()))?,
        Target::Defined(found) => found.address(),
        Target::Provided(address) => address,
        Target::Nothing => 0,
    };
    write(object, &mut Range::default(), rela.r_offset, address as u64)?;
    Ok(address)
}

fn tell_symbol(object: &Object, wanted: &Wanted, found: Option<&Definition>) {
    let at: &[u8] = if wanted.version.name.is_empty() { b"" } else { b"@" };
    let title = found.map_or(&b"nobody"[..], |found| found.object.title());
    let (by, version) = (object.title(), wanted.version.name);
    say(&[&"symbols: ", &wanted.name, &at, &version, &": of ", &by, &" to ", &title]);
}

/// Calls the resolver of an indirect function.
///
/// # Errors
/// That there is no code.
pub fn resolve((object, address): (&Object, usize)) -> Outcome<usize> {
    let at = address.wrapping_sub(object.link.l_addr) as u64;
    if !object.image.has_code(at) {
        let text = "the resolver of an indirect function lies outside its code: at ";
        return Err(Error { file: object.title(), cause: Cause::Number(text, at) });
    }
    // SAFETY: code of an object that is relocated but for such functions; that it is a
    // resolver, which takes nothing on x86-64, is what the file says of it.
    Ok(unsafe {
        let resolver: extern "C" fn() -> usize =
            core::mem::transmute(core::ptr::with_exposed_provenance::<()>(address));
        resolver()
    })
}

/// Finds the segment that is written to at an offset.
#[cold]
fn window_at(object: &Object, offset: u64, size: u64) -> Outcome<Range> {
    let mut loads = object.image.loads.iter();
    let load = loads.find(|load| load.flags & PF_W != 0 && load.memory.holds(offset, size));
    let text = "a relocation lies outside what it may write to: at ";
    let error = Error { file: object.title(), cause: Cause::Number(text, offset) };
    load.map(|load| load.memory).ok_or(error)
}

/// Writes a number into a segment of an object that is written to.
#[inline]
fn store<T: super::object::Plain>(
    object: &Object,
    window: &mut Range,
    offset: u64,
    value: T,
) -> Outcome<()> {
    let size = size_of::<T>() as u64;
    if !window.holds(offset, size) {
        *window = window_at(object, offset, size)?;
    }
    let place = core::ptr::with_exposed_provenance_mut::<T>(object.address(offset));
    // SAFETY: within a segment of the object that is mapped writable; before RELRO, or outside
    // of it: a slot there would be bound by now. Nobody holds references into objects.
    unsafe { place.write_unaligned(value) };
    Ok(())
}

/// [`store`], where a call more doesn't matter.
#[inline(never)]
fn write(object: &Object, window: &mut Range, offset: u64, value: u64) -> Outcome<()> {
    store(object, window, offset, value)
}

/// Adds the bias to a word.
#[inline]
fn add(object: &Object, window: &mut Range, offset: u64, bias: u64) -> Outcome<()> {
    if !window.holds(offset, 8) {
        *window = window_at(object, offset, 8)?;
    }
    let place = core::ptr::with_exposed_provenance_mut::<u64>(object.address(offset));
    // SAFETY: as in `store`; what is mapped writable can be read.
    unsafe { place.write_unaligned(place.read_unaligned().wrapping_add(bias)) };
    Ok(())
}

/// Copies the value that a library's variable begins with into the program's.
fn copy(copied: &Copied) -> Outcome<()> {
    let Copied { object, offset, size, from } = *copied;
    let mut loads = from.object.image.loads.iter();
    let at = from.symbol.st_value;
    if !loads.any(|load| load.flags & PF_R != 0 && load.memory.holds(at, size)) {
        return Err(Error::new(from.object.title(), Errno::EFAULT));
    }
    window_at(object, offset, size)?;
    let source = core::ptr::with_exposed_provenance::<u8>(from.address());
    let target = core::ptr::with_exposed_provenance_mut::<u8>(object.address(offset));
    // SAFETY: both lie within segments, checked above; they may be the same object's.
    unsafe { core::ptr::copy(source, target, size as usize) };
    Ok(())
}
