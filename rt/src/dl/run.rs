//! The start of a program: the fourth stage, after which the loader is only called back.
//!
//! Either the kernel mapped the program and lx as its interpreter, or lx was told to run it.
//! In both cases the block that the kernel left above the stack becomes the program's.

use super::error::Error;
use super::image::{ENCODING, Fault, Image, Load, Range};
use super::load::{self, Bytes, What, construct, destruct, load, number_modules, publish};
use super::map::bring_in;
use super::memory::Arena;
use super::plan::{Asked, Planned};
use super::relocate::bind;
use super::report::{Stats, now, say};
use super::search::Why;
use super::state::OPTIONS;
use super::{Options, api, debug, tls};
use crate::arch::link;
use crate::auxv::{self, AT_BASE, AT_ENTRY, AT_PHDR, AT_PHENT, AT_PHNUM};
use crate::elf::consts::*;
use crate::elf::{ProgramHeader, Record, Source, Table};
use crate::errno::Errno;
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::ptr::NonNull;

type Outcome<T> = core::result::Result<T, Error>;

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
            let place = Range { at: load.offset, size: load.filesz };
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
    let options = Options::of_environment(auxv::secure());
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
    // SAFETY: the only thread.
    let arena = unsafe { start_arena() };
    let path = auxv::execfn().unwrap_or(c"?");
    let mapped = mapped_image(arena).map_err(|fault| Error::of(path.to_bytes(), fault));
    let (image, bias) = mapped?;
    let (name, why) = (path.to_bytes(), Why::Path);
    let asked = Asked { name, path, why, needed_by: 0, identity: (0, 0), is_program: true };
    let memory = Bytes::Memory(Memory::of(image.loads, bias));
    Ok((Planned::new(arena, &asked, image, memory, b"/proc/self/exe")?, bias))
}

/// The image that the kernel tells of, and its bias.
#[inline]
fn mapped_image(arena: &'static Arena) -> Result<(&'static Image<'static>, usize), Fault> {
    let value = |key: usize| auxv::get(key).unwrap_or(0);
    let (headers, unit) = (value(AT_PHDR), ProgramHeader::size(ENCODING));
    if headers == 0 || value(AT_PHENT) != unit {
        return Err(Fault::Bad("the kernel doesn't tell its program headers"));
    }
    let size = value(AT_PHNUM) * unit;
    let start = core::ptr::with_exposed_provenance::<u8>(headers);
    // SAFETY: the kernel mapped so many program headers there.
    let bytes = unsafe { core::slice::from_raw_parts(start, size) };
    let table = Table::<ProgramHeader>::packed(ENCODING, bytes);
    let phdr = table.iter().find(|header| header.p_type == PT_PHDR);
    // Without a PT_PHDR at its own addresses, or it can't be told.
    let bias = phdr.as_ref().map_or(0, |phdr| headers.wrapping_sub(phdr.p_vaddr as usize));
    let mut loads = arena.list();
    for header in table.iter() {
        let ProgramHeader { p_vaddr: at, p_filesz: filesz, p_offset: offset, .. } = header;
        if header.p_type != PT_LOAD || header.p_memsz == 0 {
            continue;
        }
        let memory = Range { at, size: header.p_memsz };
        loads.push(Load { memory, filesz, offset, flags: header.p_flags })?;
        // The kernel maps what is behind the end of a file as well: reading there is SIGBUS.
        let last = bias.wrapping_add(at.wrapping_add(filesz) as usize).wrapping_sub(1);
        if filesz > 0 && !bring_in(last, 1) {
            return Err(Fault::Bad("truncated: the file ends within a segment"));
        }
    }
    let memory = Memory::of(loads.into_slice(), bias);
    let image = Image::of_segments(arena, &memory, bytes)?;
    image.read_dynamic(&memory)?;
    image.entry = value(AT_ENTRY).wrapping_sub(bias) as u64;
    image.headers = Range { at: headers.wrapping_sub(bias) as u64, size: size as u64 };
    if phdr.is_none() && !image.loads.iter().any(|load| load.memory.holds(headers as u64, 1)) {
        return Err(Fault::Bad("it has no PT_PHDR, so that nobody knows where it is"));
    }
    Ok((image, bias))
}

/// A program that is ready to run.
struct Ready {
    entry: usize,
    /// Where its program headers are, and how many.
    headers: (usize, usize),
}

impl Ready {
    /// Goes there, with the block above the stack as it is now.
    #[inline]
    fn enter(self) -> ! {
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
    if options.stats {
        stats.times[0] = now();
    }
    let load::Loaded { all, first, .. } = load(arena, what, &options, false, &mut stats)?;
    let Some(&program) = all.get(first) else { return Err(Errno::EINVAL.into()) };
    let image = program.image;
    if !image.has_code(image.entry) {
        let text = "its entry point lies outside its code";
        return Err(Error::new(program.title(), text, &[]));
    }
    prepare();
    tls::lay_out(all);
    number_modules(arena, all)?;
    if !tls::start() {
        return Err(Errno::ENOMEM.into());
    }
    debug::attach(program, base);
    publish(arena, all, all, all)?;
    bind(arena, all, options.now, options.trace, &mut stats)?;
    if options.stats {
        stats.end_phase(3);
        stats.tell();
    }
    construct(arena, all, options.trace)?;
    let headers = (program.address(image.headers.at), image.headers.size as usize / 56);
    Ok(Ready { entry: program.address(image.entry), headers })
}

/// Argument number `index`; nothing where there are not so many.
#[inline]
pub fn argument(index: usize) -> &'static CStr {
    crate::env::args().nth(index).unwrap_or(c"")
}

/// What has to be done before any object is bound.
#[inline]
pub(super) fn prepare() {
    let (dlopen, dlsym) = (api::dlopen_from as *const (), api::dlsym_from as *const ());
    link::set_hooks(super::lazy::bind, tls::block, dlopen, dlsym);
}

/// Runs a program: `words` arguments of lx are taken away, so that the next one is the
/// program, whose name for itself is `name` if that is given.
///
/// Returns only where it can't be run: why.
#[inline]
pub fn program(words: usize, name: Option<&'static CStr>, options: Options<'static>) -> Error {
    let path = argument(words);
    let ready = match start(What::Program(path.to_bytes()), options, 0) {
        Ok(ready) => ready,
        Err(error) => return error,
    };
    let (headers, count) = ready.headers;
    // SAFETY: this doesn't return, and the program's code is all that looks at it.
    unsafe {
        take_words(words, name);
        // Where they are in no segment nobody can tell.
        if count > 0 {
            set_auxv(&[(AT_PHDR, headers), (AT_PHNUM, count)]);
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
