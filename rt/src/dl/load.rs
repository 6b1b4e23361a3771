//! From a name to objects in memory: plan and map, for the start of a program and for dlopen.

use super::cache::Cache;
use super::error::Error;
use super::file::{self, Contents, FileMap, Files, Identity};
use super::image::Fault;
use super::map::{map_image, unmap_image};
use super::memory::{Arena, List};
use super::object::{Object, make};
use super::plan::{Plan, Planned, Rules};
use super::report::{FAILED_OPENS, FILES, INIT, MAP, OBJECTS, PLAN, Stats, Trace, say};
use super::run::Memory;
use super::search::{Kind, Search, Why};
use super::state::{self, ALL, OPTIONS, tells};
use super::tables::Part;
use super::{debug, pieces, tls};
use crate::arch::link;
use crate::auxv;
use crate::elf::Source;
use crate::elf::consts::{DT_FINI, DT_INIT};
use crate::errno::Errno;
use crate::fs::readlink;
use crate::text;
use core::cell::OnceCell;
use core::sync::atomic::{AtomicBool, Ordering};

type Outcome<T> = core::result::Result<T, Error>;

/// The bytes of a program or library: its file, or the memory that it was put in.
#[derive(Clone, Copy)]
pub enum Bytes {
    /// A file.
    File(FileMap),
    /// Memory.
    Memory(Memory),
}

impl Source for Bytes {
    #[inline]
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        match self {
            Bytes::File(file) => file.get(offset, size),
            Bytes::Memory(memory) => memory.get(offset, size),
        }
    }

    #[inline]
    fn size(&self) -> u64 {
        match self {
            Bytes::File(file) => file.size(),
            Bytes::Memory(memory) => memory.size(),
        }
    }
}

impl Contents for Bytes {
    #[inline]
    fn real_path<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        match self {
            Bytes::File(file) => file.real_path(buffer),
            // Of these only the program asks, which the kernel mapped.
            Bytes::Memory(_) => readlink(b"/proc/self/exe", buffer).ok(),
        }
    }

    #[inline]
    fn release(self) {
        if let Bytes::File(file) = self {
            file.release();
        }
    }
}

/// Opens files, and tells of them where that is wanted.
struct Opener(Trace);

impl Files for Opener {
    type File = Bytes;

    #[inline]
    fn open(&mut self, path: &[u8]) -> Result<(Bytes, Identity), Fault> {
        FileMap::open(path).map(|(file, identity)| (Bytes::File(file), identity))
    }

    #[inline]
    fn is_directory(&mut self, path: &[u8]) -> bool {
        file::is_directory(path)
    }

    #[inline]
    fn tried(&mut self, name: &[u8], path: &[u8], why: Why, fault: Option<Fault>) {
        if self.0.has(FILES) {
            let mut room = [0; 96];
            let result = fault.map_or(&b"taken"[..], |fault| fault.text(&mut room));
            let names = [name, path, why.name().as_bytes(), result];
            say(text!("files: %: % [%]: %"), &names, &[]);
        }
    }
}

/// What is to be loaded.
#[derive(Clone, Copy)]
pub enum What {
    /// The program in this file.
    Program(&'static [u8]),
    /// The program that the kernel loaded, and its bias.
    Running(&'static Planned<'static, Bytes>, usize),
    /// A library, for an object or for nobody.
    Library(&'static [u8], Option<&'static Object>),
}

/// What was loaded.
pub struct Loaded {
    /// All objects, in load order.
    pub all: &'static [&'static Object],
    /// Those that are new.
    pub new: &'static [&'static Object],
    /// Which one was asked for.
    pub first: usize,
}

/// Whether this process's searches follow musl's rules: its program names musl's loader.
static IS_MUSL: AtomicBool = AtomicBool::new(false);

/// Finds and checks what is asked for and all that it needs: puts it into an empty plan. Which of
/// its objects was asked for.
#[inline]
fn plan(plan: &mut Plan<'static, Bytes>, what: What, stats: &mut Stats) -> Outcome<usize> {
    for object in ALL.get() {
        plan.add_loaded(object.planned)?;
    }
    let options = OPTIONS.get();
    let mut opener = Opener(options.trace);
    match what {
        What::Program(path) => {
            plan.add_file(&mut opener, path)?;
        }
        What::Running(program, _) => plan.objects.push(program)?,
        What::Library(..) => {}
    }
    let program = plan.objects.first();
    let interpreter = program.and_then(|program| program.image.interpreter);
    if let Some(interpreter) = interpreter {
        IS_MUSL.store(Kind::of(interpreter) == Kind::Musl, Ordering::Relaxed);
    }
    let is_musl = IS_MUSL.load(Ordering::Relaxed);
    // What tells where libraries are, opened when it is needed.
    let path: &[u8] = if is_musl { b"/etc/ld-musl-x86_64.path" } else { b"/etc/ld.so.cache" };
    let opened = OnceCell::new();
    let index = || {
        let file = opened.get_or_init(|| FileMap::open(path).ok()).as_ref()?;
        file.0.get(0, file.0.size())
    };
    let mut rules = Rules {
        files: &mut opener,
        without_libc: state::WITHOUT_LIBC.load(Ordering::Relaxed),
        search: Search {
            kind: if is_musl { Kind::Musl } else { Kind::Glibc },
            machine: crate::arch::ELF_MACHINE,
            is_64: true,
            level: link::instruction_level,
            secure: options.secure,
            library_path: options.library_path,
            cache: &|| Cache::new(index()?),
            path_file: if is_musl { index() } else { None },
            platform: auxv::platform().map_or(b"x86_64", |platform| platform.to_bytes()),
        },
    };
    let first = find_all(plan, &mut rules, what);
    stats.counts[FAILED_OPENS] += plan.failed_opens as u64;
    if let Some(Some((file, _))) = opened.get() {
        file.release();
    }
    first
}

/// The part of planning that looks for libraries. The result is what was asked for.
#[inline]
fn find_all(
    plan: &mut Plan<'static, Bytes>,
    rules: &mut Rules<Bytes>,
    what: What,
) -> Outcome<usize> {
    let (mut first, options) = (plan.from, OPTIONS.get());
    let mut preloaded = plan.arena.list();
    if let What::Library(name, by) = what {
        let is_by = |object: &&Object| by.is_some_and(|by| core::ptr::eq(by, *object));
        let by = ALL.get().iter().position(is_by).unwrap_or(0);
        first = plan.library(rules, name, by)?;
    } else {
        let list = options.preload.filter(|_| !options.secure).unwrap_or_default();
        for name in pieces(list, b" :") {
            if name.is_empty() {
                continue;
            }
            match plan.library(rules, name, first) {
                Ok(library) => preloaded.push(library)?,
                Err(error) => error.tell(text!("lx ldso: % (to be preloaded): ignored")),
            }
        }
    }
    plan.add_needed(rules, plan.from)?;
    // What is preloaded is initialised as if the program needed it.
    if let Some(object) = plan.objects.get(first).filter(|_| !preloaded.is_empty()) {
        preloaded.extend(object.needed.get())?;
        object.needed.set(preloaded.into_slice());
    }
    plan.check_versions()?;
    Ok(first)
}

/// Finds, checks and maps what is asked for and all that it needs. Nothing is bound yet.
///
/// # Errors
/// Why it can't be; then nothing is mapped any more.
#[inline]
pub fn load(arena: &'static Arena, what: What, stats: &mut Stats) -> Outcome<Loaded> {
    let mut found = Plan::new(arena);
    let first = plan(&mut found, what, stats)?;
    stats.end_phase(PLAN);
    let mut objects = arena.list();
    objects.extend(ALL.get())?;
    let mapped = map_all(arena, &found, &mut objects, what);
    let all = objects.into_slice();
    let new = all.get(found.from..).unwrap_or_default();
    mapped.inspect_err(|_| unmap(new))?;
    // Their files are theirs now.
    found.from = all.len();
    stats.counts[OBJECTS] += new.len() as u64;
    stats.end_phase(MAP);
    Ok(Loaded { all, new, first })
}

/// Unmaps what was mapped, but not published.
#[inline]
pub fn unmap(new: &[&'static Object]) {
    for object in new {
        // SAFETY: nobody has it: it was not published.
        unsafe { unmap_image(object.image, object.link.l_addr) };
    }
}

/// Is told of each library: its name, its path, why it was found there.
pub type Each<'e> = &'e mut dyn FnMut(&[u8], &[u8], Why);

/// Finds and checks a program and all that it needs, and tells of each library its name, its
/// path and why it was found there.
///
/// # Errors
/// Why it can't be loaded.
#[inline]
pub fn plan_only(arena: &'static Arena, path: &'static [u8], each: Each) -> Outcome<()> {
    let mut found = Plan::new(arena);
    let first = plan(&mut found, What::Program(path), &mut Stats::default())?;
    for object in found.objects.iter().skip(first + 1) {
        each(object.asked.name, object.title(), object.asked.why);
    }
    Ok(())
}

/// Maps what is new, and adds it to the objects, which are in the plan's order.
#[inline]
fn map_all(
    arena: &'static Arena,
    plan: &Plan<'static, Bytes>,
    objects: &mut List<&'static Object>,
    what: What,
) -> Outcome<()> {
    for &planned in plan.objects.iter().skip(plan.from) {
        let bias = match (planned.file.take(), what) {
            // From now on the file is the image's.
            (Some(Bytes::File(file)), _) => map_image(planned.image, file),
            (_, What::Running(_, bias)) => Ok(bias),
            _ => Err(Errno::ENOEXEC),
        };
        let bias = bias.map_err(|error| Error::of(planned.title(), Fault::Os(error)))?;
        // Others may ask for its versions.
        let memory = Memory::of(planned.image.loads, bias);
        planned.file.set(Some(Bytes::Memory(memory)));
        // SAFETY: mapped just now at this bias, or by the kernel; unmapped only where loading
        // fails, and then nobody has the object.
        objects.push(unsafe { make(arena, planned, bias) }?)?;
    }
    Ok(())
}

/// Object number `first` and all that it needs, breadth first.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub fn group<'a>(
    arena: &'a Arena,
    objects: &[&'static Object],
    first: usize,
) -> crate::Result<&'a [&'static Object]> {
    let mut found = arena.list::<&'static Object>();
    if let Some(first) = objects.get(first) {
        found.push(first)?;
    }
    let mut next = 0;
    while let Some(&object) = found.get(next) {
        for &needed in object.planned.needed.get() {
            let Some(&needed) = objects.get(needed) else { continue };
            if !found.iter().any(|&known| core::ptr::eq(known, needed)) {
                found.push(needed)?;
            }
        }
        next += 1;
    }
    Ok(found.into_slice())
}

/// Gives new objects with thread-local storage their module numbers.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub fn number_modules(arena: &'static Arena, new: &[&'static Object]) -> crate::Result<()> {
    let mut modules = arena.list();
    for &object in new.iter().filter(|object| object.image.tls.is_some()) {
        modules.push(object)?;
        object.tls_module.set(state::MODULES.get().len() + modules.len());
    }
    state::MODULES.set(state::MODULES.and(arena, &modules)?);
    Ok(())
}

/// Makes new objects known, the last ones of all: to debuggers, to dlopen and its relatives.
/// The symbols of `global` ones are for everybody.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub fn publish(
    arena: &'static Arena,
    all: &'static [&'static Object],
    new: &[&'static Object],
    global: &[&'static Object],
) -> crate::Result<()> {
    let mut scope = arena.list();
    for &object in global {
        if !object.global.load(Ordering::Relaxed) {
            scope.push(object)?;
        }
    }
    let (scope, all) = (state::GLOBAL.and(arena, &scope)?, arena.place(all)?);
    for object in global {
        object.global.store(true, Ordering::Release);
    }
    debug::add(ALL.get().last().copied(), new);
    state::GLOBAL.set(scope);
    ALL.set(all);
    Ok(())
}

/// The first argument, the arguments and the environment, which constructors are called with.
#[inline]
fn call_with_arguments(address: usize) {
    let stack = crate::start::stack();
    // SAFETY: the block that the kernel left, or that was made like it; null only in tests.
    let argc = if stack.is_null() { 0 } else { unsafe { *stack } };
    let argv = stack.wrapping_add(1);
    let envp = argv.wrapping_add(argc + 1);
    // SAFETY: an address in an object's code, as its file says a constructor.
    unsafe {
        let function: extern "C" fn(usize, *const usize, *const usize) =
            core::mem::transmute(core::ptr::with_exposed_provenance::<()>(address));
        function(argc, argv, envp);
    }
}

/// Objects whose constructors were called, in that order.
static CONSTRUCTED: state::Published = state::Published::new();

/// Calls the constructors of all objects that these need, what is needed first, and of these;
/// each once. Those of the program are its own affair.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub fn construct(arena: &'static Arena, roots: &[&'static Object]) -> crate::Result<()> {
    let mut order = arena.list::<&'static Object>();
    let mut stack = arena.list::<(&'static Object, usize)>();
    for &root in roots {
        if root.constructed.swap(true, Ordering::Relaxed) {
            continue;
        }
        stack.push((root, 0))?;
        while let Some((object, next)) = stack.last_mut() {
            let needed = object.planned.needed.get().get(*next);
            match needed.and_then(|&needed| ALL.get().get(needed)) {
                Some(&needed) => {
                    *next += 1;
                    // What is on its way already closes a circle, which ends here.
                    if !needed.constructed.swap(true, Ordering::Relaxed) {
                        stack.push((needed, 0))?;
                    }
                }
                None => {
                    order.push(*object)?;
                    stack.truncate(stack.len() - 1);
                }
            }
        }
    }
    CONSTRUCTED.set(CONSTRUCTED.and(arena, &order)?);
    for program in order.iter().filter(|object| object.is_program()) {
        call_all(program, 0, Part::PreinitArray);
    }
    for object in order.iter().filter(|object| !object.is_program()) {
        call_all(object, object.image.tables.value(DT_INIT), Part::InitArray);
    }
    Ok(())
}

/// Calls the function at an address of the file, 0 for none, and those of an array; destructors
/// the other way round.
#[inline]
fn call_all(object: &Object, first: u64, array: Part) {
    let functions = object.view::<usize>(array);
    for number in 0..=functions.len {
        let number = if array == Part::FiniArray { functions.len - number } else { number };
        let address = match number.checked_sub(1) {
            Some(index) => functions.get(index).unwrap_or(0),
            None if first == 0 => 0,
            None => object.address(first),
        };
        // By convention 0 and -1 are nothing.
        if address == 0 || address == usize::MAX {
            continue;
        }
        if tells(INIT) {
            let pattern = match array {
                Part::PreinitArray => text!("init: %: preinit 0x$"),
                Part::InitArray => text!("init: %: init 0x$"),
                _ => text!("init: %: fini 0x$"),
            };
            say(pattern, &[object.title()], &[address as u64]);
        }
        call_with_arguments(address);
    }
}

/// Calls the destructors of all objects, in the reverse order of their constructors. A program
/// calls it when it ends: it gets its address in rdx.
///
/// # Safety
/// The destructors are the libraries' own code, and the program runs it at its end.
#[inline]
pub unsafe extern "C" fn destruct() {
    for object in CONSTRUCTED.get().iter().rev().filter(|object| !object.is_program()) {
        if object.constructed.swap(false, Ordering::AcqRel) {
            call_all(object, object.image.tables.value(DT_FINI), Part::FiniArray);
        }
    }
}

/// Whether the process's thread pointer is ours to use.
#[inline]
pub fn owns_threads() -> bool {
    tls::started() || link::thread_pointer() == 0
}
