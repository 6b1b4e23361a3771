//! The start of a program: the fourth stage, after which the loader is only called back.
//!
//! Either the kernel mapped the program and lx as its interpreter, or lx was told to run it.
//! In both cases the block that the kernel left above the stack becomes the program's.

use super::error::Error;
use super::image::{ENCODING, Fault, Image, Load, Range, loads};
use super::load::{self, Bytes, What, construct, destruct, load, number_modules, publish};
use super::map::bring_in;
use super::memory::Arena;
use super::object::Object;
use super::plan::{Asked, Planned};
use super::relocate::bind;
use super::report::{BIND, Stats, now};
use super::search::Why;
use super::state::OPTIONS;
use super::{Options, api, debug, tls};
use crate::arch::link;
use crate::auxv::{self, AT_BASE, AT_ENTRY, AT_PHDR, AT_PHENT, AT_PHNUM};
use crate::elf::consts::*;
use crate::elf::{ProgramHeader, Record, Source, Table};
use crate::errno::Errno;
use crate::text;
use core::cell::UnsafeCell;
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
        start(What::Running(program, bias), &options, auxv::get(AT_BASE).unwrap_or(0))
    });
    match started {
        Ok(program) => run(program),
        Err(error) => {
            error.tell(text!("lx ldso: %"));
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
    Ok((Planned::new(arena, &asked, image, memory)?, bias))
}

/// The image that the kernel tells of, and its bias.
#[inline]
fn mapped_image(arena: &'static Arena) -> Result<(&'static Image<'static>, usize), Fault> {
    let value = |key: usize| auxv::get(key).unwrap_or(0);
    let (headers, unit) = (value(AT_PHDR), ProgramHeader::size(ENCODING));
    if headers == 0 || value(AT_PHENT) != unit {
        return Err(Fault::Bad(crate::text!("the kernel doesn't tell its program headers")));
    }
    let size = value(AT_PHNUM) * unit;
    let start = core::ptr::with_exposed_provenance::<u8>(headers);
    // SAFETY: the kernel mapped so many program headers there.
    let bytes = unsafe { core::slice::from_raw_parts(start, size) };
    let table = Table::<ProgramHeader>::packed(ENCODING, bytes);
    let phdr = table.iter().find(|header| header.p_type == PT_PHDR);
    // Without a PT_PHDR at its own addresses, or it can't be told.
    let bias = phdr.as_ref().map_or(0, |phdr| headers.wrapping_sub(phdr.p_vaddr as usize));
    let loads = loads(arena, &table, u64::MAX)?;
    for load in loads {
        // The kernel maps what is behind the end of a file as well: reading there is SIGBUS.
        let last = load.memory.at.wrapping_add(load.filesz).wrapping_sub(1);
        if load.filesz > 0 && !bring_in(bias.wrapping_add(last as usize), 1) {
            return Err(Fault::Bad(crate::text!("truncated: the file ends within a segment")));
        }
    }
    let memory = Memory::of(loads, bias);
    let image = Image::of_segments(arena, &memory, &table, loads)?;
    image.read_dynamic(&memory)?;
    image.entry = value(AT_ENTRY).wrapping_sub(bias) as u64;
    image.headers = Range { at: headers.wrapping_sub(bias) as u64, size: size as u64 };
    if phdr.is_none() && !image.loads.iter().any(|load| load.memory.holds(headers as u64, 1)) {
        return Err(Fault::Bad(crate::text!(
            "it has no PT_PHDR, so that nobody knows where it is"
        )));
    }
    Ok((image, bias))
}

/// Goes to an entry point with the block above the stack as it is now.
///
/// # Safety
/// It is one of a program, or of its loader, that is mapped as it asks for, and the block tells
/// of it.
#[inline]
pub(super) unsafe fn enter(entry: usize, at_exit: usize) -> ! {
    // SAFETY: the caller says so; the block's address is aligned, and nothing on the stack
    // below it is needed any more.
    unsafe { link::enter(entry, crate::start::stack(), at_exit) }
}

/// All stages up to the constructors.
#[inline]
fn start(what: What, options: &Options<'static>, base: usize) -> Outcome<&'static Object> {
    // SAFETY: the only thread, and nobody keeps what he read of them.
    unsafe { OPTIONS.set(*options) };
    // SAFETY: the only thread.
    let arena = unsafe { start_arena() };
    crate::mm::leave_break();
    let mut stats = Stats::default();
    if options.stats {
        stats.since = now();
    }
    let load::Loaded { all, first, .. } = load(arena, what, &mut stats)?;
    let Some(&program) = all.get(first) else { return Err(Errno::EINVAL.into()) };
    if !program.image.has_code(program.image.entry) {
        return Err(Error::of(
            program.title(),
            Fault::Bad(crate::text!("its entry point lies outside its code")),
        ));
    }
    tls::lay_out(all);
    number_modules(arena, all)?;
    prepare()?;
    debug::attach(program, base);
    publish(arena, all, all, all)?;
    bind(arena, all, options.now, &mut stats)?;
    if options.stats {
        stats.end_phase(BIND);
        stats.tell(crate::io::stderr());
    }
    construct(arena, all)?;
    Ok(program)
}

/// What has to be done before any object is bound: assembly gets to know what it calls, and the
/// first thread gets its blocks.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub(super) fn prepare() -> crate::Result<()> {
    let (dlopen, dlsym) = (api::dlopen_from as *const (), api::dlsym_from as *const ());
    link::set_hooks(super::lazy::bind, tls::block, dlopen, dlsym);
    if tls::start() { Ok(()) } else { Err(Errno::ENOMEM) }
}

/// Runs a program, which is behind `words` arguments of lx; its name for itself is `name` if
/// that is given.
///
/// Returns only where it can't be run: why.
#[inline]
pub fn program(
    path: &'static [u8],
    words: usize,
    name: Option<&[u8]>,
    options: &Options<'static>,
) -> Error {
    let started = start(What::Program(path), options, 0).and_then(|program| {
        // SAFETY: this doesn't return, and the program's code is all that looks at the block.
        unsafe { tell(program.image, program.link.l_addr, 0, words, name)? };
        Ok(program)
    });
    match started {
        Ok(program) => run(program),
        Err(error) => error,
    }
}

/// Goes to a program that is ready to run.
#[inline]
fn run(program: &Object) -> ! {
    let entry = program.address(program.image.entry);
    // SAFETY: the entry point of a program that is mapped and bound.
    unsafe { enter(entry, destruct as *const () as usize) }
}

/// Makes the block that the kernel left above the stack one for a program: takes `words`
/// arguments away from the beginning, so that all that is behind them moves to the front and
/// the block's address stays aligned; makes `name` the first one, and puts what is true of the
/// image into the auxiliary vector, where that has such keys. `base` is where its interpreter is.
///
/// # Errors
/// `ENOMEM`; then nothing was changed.
///
/// # Safety
/// Nobody goes through the arguments, the environment or the auxiliary vector meanwhile, nor
/// keeps what went before.
#[inline]
pub(super) unsafe fn tell(
    image: &Image,
    bias: usize,
    base: usize,
    words: usize,
    name: Option<&[u8]>,
) -> Outcome<()> {
    let (stack, mut entry) =
        (crate::start::stack().cast_mut(), crate::start::auxv_start().cast_mut());
    if stack.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let at = |address: u64| bias.wrapping_add(address as usize);
    let unit = ProgramHeader::size(ENCODING);
    // SAFETY: the block that the kernel left begins there and ends with AT_NULL's entry; the
    // auxiliary vector is pairs of words.
    unsafe {
        let argc = stack.read();
        let words = words.min(argc);
        let from = stack.add(1 + words);
        let path = from.read();
        if let Some(name) = name {
            from.write(start_arena().c_str(name)?.as_ptr().expose_provenance());
        }
        while entry.read() != auxv::AT_NULL {
            let value = match entry.read() {
                AT_PHDR => at(image.headers.at),
                AT_PHENT => unit,
                AT_PHNUM => image.headers.size as usize / unit,
                AT_BASE => base,
                AT_ENTRY => at(image.entry),
                auxv::AT_EXECFN => path,
                _ => entry.add(1).read(),
            };
            entry.add(1).write(value);
            entry = entry.add(2);
        }
        core::ptr::copy(from, stack.add(1), entry.add(2).offset_from_unsigned(from));
        stack.write(argc - words);
    }
    Ok(())
}

/// Plans a program without running it, and tells of each library its name, its path and why
/// it was found there.
///
/// # Errors
/// Why it could not be run.
#[inline]
pub fn list(path: &'static [u8], options: &Options<'static>, each: load::Each) -> Outcome<()> {
    // SAFETY: the only thread, and nobody keeps what he read of them.
    unsafe { OPTIONS.set(*options) };
    // SAFETY: the only thread.
    load::plan_only(unsafe { start_arena() }, path, each)
}
