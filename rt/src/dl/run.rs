//! The start of a program: the fourth stage, after which the loader is only called back.
//!
//! Either the kernel mapped the program and lx as its interpreter, or lx was told to run it.
//! In both cases the block that the kernel left above the stack becomes the program's.

use super::image::{Fault, Image, Load};
use super::load::{self, Bytes, What, construct, destruct, load, number_modules, publish};
use super::map::bring_in;
use super::memory::Arena;
use super::object::Object;
use super::plan::{Error, Planned};
use super::relocate::Binder;
use super::report::{Stats, now, say};
use super::state::{ALL, OPTIONS};
use super::{Options, api, debug, provided, tls};
use crate::arch::link;
use crate::auxv::{self, AT_BASE, AT_ENTRY, AT_PHDR, AT_PHENT, AT_PHNUM};
use crate::elf::consts::*;
use crate::elf::{ProgramHeader, Record, Source, Table};
use crate::errno::Errno;
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::ptr::NonNull;

type Outcome<T> = core::result::Result<T, Error<'static>>;

/// An image that is in memory, as the bytes of the file that it came from.
#[derive(Clone, Copy)]
pub struct Memory {
    loads: &'static [Load],
    bias: usize,
}

impl Memory {
    /// Of an image that is mapped at this bias and stays.
    #[inline]
    pub(super) fn of(loads: &'static [Load], bias: usize) -> Memory {
        Memory { loads, bias }
    }
}

impl Source for Memory {
    #[inline]
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let load = self.loads.iter().find(|load| {
            let place = super::image::Range { at: load.offset, size: load.filesz };
            place.holds(offset, size)
        })?;
        let at = load.memory.at.checked_add(offset - load.offset)?;
        let start = core::ptr::with_exposed_provenance_mut(self.bias.wrapping_add(at as usize));
        // SAFETY: within the file part of a segment that is mapped and stays; it is looked at
        // while nobody writes there: before relocation, or in tables that are only read.
        NonNull::new(start)
            .map(|start| unsafe { NonNull::slice_from_raw_parts(start, size as usize).as_ref() })
    }

    #[inline]
    fn size(&self) -> u64 {
        self.loads.iter().map(|load| load.offset + load.filesz).max().unwrap_or(0)
    }
}

unsafe extern "C" {
    /// The entry point of this very program.
    fn _start();
}

/// Whether the kernel started this process with lx as the interpreter of another program:
/// its entry point is not ours. (AT_BASE says nothing: it is 0 where lx has a fixed address.)
#[inline]
pub fn is_interpreter() -> bool {
    let entry = crate::start::auxv_value(AT_ENTRY);
    entry.is_some_and(|entry| entry != _start as *const () as usize)
}

/// Memory for all that stays as long as the process: what was there at start-up.
struct Start(UnsafeCell<Arena>);
// SAFETY: only used before there is a second thread.
unsafe impl Sync for Start {}
static START: Start = Start(UnsafeCell::new(Arena::new()));

/// # Safety
/// Only before there is a second thread.
#[inline]
pub(super) unsafe fn start_arena() -> &'static Arena {
    // SAFETY: the caller says so; it stays.
    unsafe { &*START.0.get() }
}

/// Runs the program that the kernel mapped. Returns only where that can't be: it is told.
#[inline]
pub fn as_interpreter() -> u8 {
    let secure = auxv::secure();
    let options = Options::of_environment(secure);
    let started = kernel_mapped().and_then(|(program, bias)| {
        start(What::Running(program, bias), options, auxv::get(AT_BASE).unwrap_or(0))
    });
    match started {
        Ok(ready) => ready.enter(),
        Err(error) => {
            say(&[&"lx ldso: ", &error]);
            127
        }
    }
}

/// What the kernel mapped, and its bias.
#[inline]
fn kernel_mapped() -> Outcome<(&'static Planned<'static, Bytes>, usize)> {
    let path = auxv::execfn().unwrap_or(c"?");
    let wrong = |fault: Fault| Error::new(path.to_bytes(), fault);
    let value = |key: usize| auxv::get(key).unwrap_or(0);
    let (headers, count) = (value(AT_PHDR), value(AT_PHNUM));
    if headers == 0 || value(AT_PHENT) != ProgramHeader::size(super::image::ENCODING) {
        return Err(wrong(Fault::Bad("the kernel doesn't tell its program headers")));
    }
    let size = count * ProgramHeader::size(super::image::ENCODING);
    let start = core::ptr::with_exposed_provenance::<u8>(headers);
    // SAFETY: the kernel mapped so many program headers there.
    let bytes = unsafe { core::slice::from_raw_parts(start, size) };
    let table = || Table::<ProgramHeader>::packed(super::image::ENCODING, bytes).iter();
    let phdr = table().find(|header| header.p_type == PT_PHDR);
    let bias = match phdr {
        Some(phdr) => headers.wrapping_sub(phdr.p_vaddr as usize),
        // At its own addresses, or it can't be told.
        None => 0,
    };
    // SAFETY: the only thread.
    let arena = unsafe { start_arena() };
    let mut loads = arena.list(4)?;
    for header in table().filter(|header| header.p_type == PT_LOAD && header.p_memsz > 0) {
        let memory = super::image::Range { at: header.p_vaddr, size: header.p_memsz };
        let (filesz, offset, flags) = (header.p_filesz, header.p_offset, header.p_flags);
        loads.push(Load { memory, filesz, offset, flags })?;
        // The kernel maps what is behind the end of a file as well: reading there is SIGBUS.
        let last = bias.wrapping_add(header.p_vaddr.wrapping_add(filesz) as usize).wrapping_sub(1);
        if filesz > 0 && !bring_in(last, 1) {
            return Err(wrong(Fault::Bad("truncated: the file ends within a segment")));
        }
    }
    let memory = Memory::of(loads.into_slice(), bias);
    let mut image = Image::from_headers(arena, &memory, bytes).map_err(wrong)?;
    image.entry = value(AT_ENTRY).wrapping_sub(bias) as u64;
    image.headers =
        Some(super::image::Range { at: headers.wrapping_sub(bias) as u64, size: size as u64 });
    if phdr.is_none() && !image.loads.iter().any(|load| load.memory.holds(headers as u64, 1)) {
        return Err(wrong(Fault::Bad("it has no PT_PHDR, so that nobody knows where it is")));
    }
    let image = arena.place(image)?;
    let mut planned = Planned::of(arena, path, image, &memory, Bytes::Memory(memory))?;
    planned.is_program = true;
    planned.origin = planned.real_origin(arena, b"/proc/self/exe")?;
    Ok((arena.place(planned)?, bias))
}

/// A program that is ready to run.
pub struct Ready {
    entry: usize,
}

impl Ready {
    /// Goes there, with the block above the stack as it is now.
    #[inline]
    pub fn enter(self) -> ! {
        let stack = crate::start::stack();
        // SAFETY: the entry point of a program that is mapped and bound; the kernel's block,
        // whose address is aligned, and nothing on the stack below it is needed any more.
        unsafe { link::enter(self.entry, stack, destruct as *const () as usize) }
    }
}

/// All stages up to the constructors.
#[inline]
fn start(what: What, options: Options<'static>, base: usize) -> Outcome<Ready> {
    // SAFETY: the only thread, and nobody has read them.
    unsafe { OPTIONS.set(options) };
    // SAFETY: the only thread.
    let arena = unsafe { start_arena() };
    crate::mm::leave_break();
    let mut stats = Stats::default();
    stats.times[0] = if options.stats { now() } else { 0 };
    let loaded = load(arena, what, &options, false, &mut stats)?;
    let program = loaded.first;
    let entry = program.image.entry;
    if !program.image.has_code(entry) {
        return Err(Error::new(
            program.title(),
            Fault::Bad("its entry point lies outside its code"),
        ));
    }
    prepare(loaded.new);
    number_modules(arena, loaded.new)?;
    if !tls::start() {
        return Err(Errno::ENOMEM.into());
    }
    debug::attach(program, base);
    publish(arena, loaded.new, loaded.new)?;
    let mut binder = Binder::new(arena, options.now, options.trace)?;
    binder.stats = stats;
    binder.bind(loaded.new)?;
    if options.stats {
        binder.stats.times[3] = now();
        binder.stats.tell();
    }
    construct(arena, loaded.new, options.trace)?;
    Ok(Ready { entry: program.address(entry) })
}

/// What has to be done before any object is bound.
#[inline]
pub(super) fn prepare(objects: &[&'static Object]) {
    let (dlopen, dlsym) = (api::dlopen_from as *const (), api::dlsym_from as *const ());
    link::set_hooks(super::lazy::bind, tls::block, dlopen, dlsym);
    provided::prepare();
    tls::lay_out(objects);
}

/// Runs a program: `words` arguments of lx are taken away, so that the next one is the
/// program, whose name for itself is `name` if that is given.
///
/// With `list` the program is not run: what was loaded is told to the function.
///
/// # Errors
/// Why it can't be run.
#[inline]
pub fn program(
    words: usize,
    name: Option<&'static CStr>,
    options: Options<'static>,
) -> Outcome<core::convert::Infallible> {
    let path = crate::env::args().nth(words).unwrap_or(c"");
    let ready = start(What::Program(path.to_bytes()), options, 0)?;
    let program = ALL.get().first().copied();
    let headers = program.and_then(|program| {
        program.image.headers.map(|range| (program.address(range.at), range.size as usize / 56))
    });
    // SAFETY: this doesn't return, and the program's code is all that looks at it.
    unsafe {
        take_words(words, name);
        if let Some((at, count)) = headers {
            set_auxv(&[(AT_PHDR, at), (AT_PHNUM, count)]);
        }
        let path = path.as_ptr().expose_provenance();
        set_auxv(&[(AT_ENTRY, ready.entry), (auxv::AT_EXECFN, path)]);
    }
    ready.enter()
}

/// Takes arguments away from the beginning: all that is behind them moves to the front, so
/// that the block's address stays aligned.
///
/// # Safety
/// Nobody goes through the arguments, the environment or the auxiliary vector meanwhile.
#[inline]
pub(super) unsafe fn take_words(words: usize, name: Option<&'static CStr>) {
    let stack = crate::start::stack().cast_mut();
    if stack.is_null() {
        return;
    }
    let end = crate::start::block_end();
    // SAFETY: the block that the kernel left begins there and ends with AT_NULL's entry.
    unsafe {
        let argc = stack.read();
        let words = words.min(argc);
        let from = stack.add(1 + words);
        let count = end.offset_from_unsigned(from.cast_const());
        core::ptr::copy(from, stack.add(1), count);
        stack.write(argc - words);
        if let Some(name) = name {
            stack.add(1).write(name.as_ptr().expose_provenance());
        }
    }
}

/// Puts other values into the auxiliary vector, where it has such keys.
///
/// # Safety
/// As for [`take_words`].
#[inline]
pub(super) unsafe fn set_auxv(values: &[(usize, usize)]) {
    let mut entry = crate::start::auxv_start().cast_mut();
    // SAFETY: pairs of words up to the one that begins with AT_NULL.
    unsafe {
        while !entry.is_null() && entry.read() != auxv::AT_NULL {
            let key = entry.read();
            if let Some((_, value)) = values.iter().find(|value| value.0 == key) {
                entry.add(1).write(*value);
            }
            entry = entry.add(2);
        }
    }
}

/// Plans a program without running it, and tells of each library its name, its path and why
/// it was found there.
///
/// # Errors
/// Why it could not be run.
#[inline]
pub fn list(path: &'static CStr, options: Options<'static>, each: load::Each) -> Outcome<()> {
    // SAFETY: the only thread.
    let arena = unsafe { start_arena() };
    load::plan_only(arena, path.to_bytes(), &options, each)
}
