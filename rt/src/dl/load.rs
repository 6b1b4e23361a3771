//! From a name to objects in memory: plan and map, for the start of a program and for dlopen.

use super::cache::Cache;
use super::file::{self, Contents, FileMap, Files, Identity};
use super::image::Fault;
use super::map::{map_image, unmap_image};
use super::memory::{Arena, List};
use super::object::{Names, Object, make};
use super::plan::{Error, Plan, Planned, Rules, Watch, is_c_library};
use super::report::{FILES, INIT, Stats, Trace, now, say};
use super::search::{Kind, Search, Why};
use super::state::{self, ALL};
use super::{Options, debug, tls};
use crate::arch::link;
use crate::auxv;
use crate::elf::Source;
use crate::errno::Errno;
use crate::fmt::Put;
use core::cell::OnceCell;
use core::sync::atomic::{AtomicBool, Ordering};

type Outcome<T> = core::result::Result<T, Error<'static>>;

/// The bytes of a program or library: its file, or the memory that the kernel put it in.
#[derive(Clone, Copy)]
pub enum Bytes {
    /// A file.
    File(FileMap),
    /// Memory.
    Memory(super::run::Memory),
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
    fn release(self) {
        if let Bytes::File(file) = self {
            file.release();
        }
    }
}

struct Opener;

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
}

/// Tells of files where that is wanted.
struct Teller(Trace);

impl Watch for Teller {
    #[inline]
    fn tried(&mut self, name: &[u8], path: &[u8], why: Why, fault: Option<Fault>) {
        if !self.0.has(FILES) {
            return;
        }
        let result: &dyn Put = match &fault {
            None => &"taken",
            Some(Fault::Os(errno)) => errno,
            Some(Fault::Foreign(text) | Fault::Bad(text)) => text,
        };
        say(&[&"files: ", &name, &": ", &path, &" [", &why.name(), &"]: ", result]);
    }
}

/// What is to be loaded.
pub enum What {
    /// The program in this file.
    Program(&'static [u8]),
    /// The program that the kernel loaded.
    Running(&'static Planned<'static, Bytes>, usize),
    /// A library, for an object or for nobody.
    Library(&'static [u8], Option<&'static Object>),
}

/// What was loaded.
pub struct Loaded {
    /// What is new, in load order.
    pub new: &'static [&'static Object],
    /// What was asked for.
    pub first: &'static Object,
    /// That and all that it needs, breadth first.
    pub group: &'static [&'static Object],
}

/// Whether this process's searches follow musl's rules: its program names musl's loader.
static IS_MUSL: AtomicBool = AtomicBool::new(false);

/// A plan, which of its objects is what was asked for, and how many were there before.
struct Planning {
    plan: Plan<'static, Bytes>,
    first: usize,
    from: usize,
    /// The bias of what the kernel mapped.
    mapped_at: Option<usize>,
}

/// Finds and checks what is asked for and all that it needs.
#[inline]
fn plan(
    arena: &'static Arena,
    what: What,
    options: &Options,
    without_libc: bool,
    stats: &mut Stats,
) -> Outcome<Planning> {
    let mut plan = Plan::<Bytes>::new(arena)?;
    let mut mapped_at = None;
    for &object in ALL.get() {
        plan.add_loaded(planned(object))?;
    }
    let opened = OnceCell::new();
    let cache = || {
        let file = opened.get_or_init(|| file::read(b"/etc/ld.so.cache")).as_ref()?;
        Cache::new(file.get(0, file.size())?)
    };
    let from = plan.objects.len();
    let library = what.library();
    let first = match what {
        What::Program(path) => plan.add_file(&mut Opener, path)?,
        What::Running(program, bias) => {
            mapped_at = Some(bias);
            plan.add_loaded(*program)?
        }
        What::Library(..) => from,
    };
    let program = plan.objects.get(from).and_then(|object| object.image);
    if let Some(interpreter) = program.and_then(|image| image.interpreter) {
        IS_MUSL.store(Kind::of(interpreter) == Kind::Musl, Ordering::Relaxed);
    }
    let is_musl = IS_MUSL.load(Ordering::Relaxed);
    let path_file = if is_musl { file::read(b"/etc/ld-musl-x86_64.path") } else { None };
    let rules = Rules {
        keep_going: false,
        without: if without_libc { is_c_library } else { |_| false },
        refuse: if without_libc { |_| false } else { is_c_library },
        search: Search {
            kind: if is_musl { Kind::Musl } else { Kind::Glibc },
            machine: crate::arch::ELF_MACHINE,
            is_64: true,
            level: link::instruction_level,
            secure: options.secure,
            library_path: options.library_path,
            cache: &cache,
            path_file: path_file.as_ref().and_then(|file| file.get(0, file.size())),
            platform: auxv::platform().map_or(b"x86_64", |platform| platform.to_bytes()),
        },
    };
    let mut teller = Teller(options.trace);
    let outcome = plan_all(&mut plan, &rules, &mut teller, arena, library, options, first);
    stats.failed_opens += plan.failed_opens as u64;
    for file in [opened.into_inner().flatten(), path_file].into_iter().flatten() {
        file.release();
    }
    let first = outcome?;
    Ok(Planning { plan, first, from, mapped_at })
}

/// Finds, checks and maps what is asked for and all that it needs. Nothing is bound yet.
///
/// # Errors
/// Why it can't be; then nothing is mapped any more.
#[inline]
pub fn load(
    arena: &'static Arena,
    what: What,
    options: &Options,
    without_libc: bool,
    stats: &mut Stats,
) -> Outcome<Loaded> {
    let mut planning = plan(arena, what, options, without_libc, stats)?;
    let time = || if options.stats { now() } else { 0 };
    stats.times[1] = time();
    let objects = map_all(arena, &mut planning)?;
    stats.objects += (objects.len() - planning.from) as u64;
    stats.times[2] = time();
    let group = group(arena, &objects, planning.first)?;
    let objects = objects.into_slice();
    let new = objects.get(planning.from..).unwrap_or_default();
    let first = objects.get(planning.first).copied().ok_or(Errno::EINVAL)?;
    Ok(Loaded { new, first, group })
}

/// Is told of each library: its name, its path, why it was found there.
pub type Each<'e> = &'e mut dyn FnMut(&[u8], &[u8], Why);

/// Finds and checks a program and all that it needs, and tells of each library its name, its
/// path and why it was found there.
///
/// # Errors
/// Why it can't be loaded.
#[inline]
pub fn plan_only(
    arena: &'static Arena,
    path: &'static [u8],
    options: &Options,
    each: Each,
) -> Outcome<()> {
    let what = What::Program(path);
    let planning = plan(arena, what, options, false, &mut Stats::default())?;
    for object in planning.plan.objects.iter().skip(planning.first + 1) {
        each(object.name, object.path.to_bytes(), object.why);
    }
    Ok(())
}

impl What {
    /// The library, and for whom.
    #[inline]
    fn library(&self) -> Option<(&'static [u8], Option<&'static Object>)> {
        match *self {
            What::Library(name, by) => Some((name, by)),
            _ => None,
        }
    }
}

/// The part of planning that looks for libraries. The result is what was asked for.
#[inline]
fn plan_all(
    plan: &mut Plan<'static, Bytes>,
    rules: &Rules,
    teller: &mut Teller,
    arena: &'static Arena,
    library: Option<(&'static [u8], Option<&'static Object>)>,
    options: &Options,
    first: usize,
) -> Outcome<usize> {
    let from = plan.objects.len();
    if let Some((name, by)) = library {
        let by = by.and_then(|by| ALL.get().iter().position(|&object| core::ptr::eq(object, by)));
        let first = plan.library(&mut Opener, rules, teller, name, by.unwrap_or(0))?;
        plan.add_needed(&mut Opener, rules, teller, from)?;
        plan.check_versions()?;
        return Ok(first);
    }
    let preload = options.preload.filter(|_| !options.secure).unwrap_or_default();
    for name in preload.split(|byte| matches!(byte, b' ' | b':')).filter(|name| !name.is_empty()) {
        let name = arena.bytes(name)?;
        if let Err(error) = plan.library(&mut Opener, rules, teller, name, first) {
            say(&[&"lx ldso: ", &error, &" (to be preloaded): ignored"]);
        }
    }
    let preloaded = plan.objects.len();
    plan.add_needed(&mut Opener, rules, teller, first)?;
    // What is preloaded is initialised as if the program needed it.
    if preloaded > first + 1
        && let Some(program) = plan.objects.get(first)
    {
        let list = || {
            let mut needed = arena.list(8)?;
            (first + 1..preloaded).try_for_each(|index| needed.push(index))?;
            needed.extend(program.needed)?;
            Ok(needed.into_slice())
        };
        let list: crate::Result<&[usize]> = list();
        let list = list?;
        if let Some(program) = plan.objects.get_mut(first) {
            program.needed = list;
        }
    }
    plan.check_versions()?;
    Ok(first)
}

/// What a plan has to know of an object that is there.
#[inline]
fn planned(object: &'static Object) -> Planned<'static, Bytes> {
    let position = |wanted: &Object| ALL.get().iter().position(|&o| core::ptr::eq(o, wanted));
    let at = position(object);
    let bias = object.link.l_addr;
    Planned {
        name: object.name,
        path: object.path,
        origin: object.origin,
        soname: object.soname,
        rpath: object.rpath,
        runpath: object.runpath,
        why: Why::Path,
        needed_by: object.needed_by.get().and_then(position).or(at).unwrap_or(0),
        needed: &[],
        identity: object.identity,
        fault: None,
        image: Some(object.image),
        // For its versions.
        file: Some(Bytes::Memory(super::run::Memory::of(object.image.loads, bias))),
        loaded: at,
        is_program: object.is_program,
    }
}

/// Maps what is new. The result has all of the plan's objects.
#[inline]
fn map_all(
    arena: &'static Arena,
    planning: &mut Planning,
) -> Outcome<List<'static, &'static Object>> {
    let Planning { plan, from, mapped_at, .. } = planning;
    let from = *from;
    let mut objects = arena.list(plan.objects.len())?;
    objects.extend(ALL.get())?;
    for planned in plan.objects.iter_mut().skip(from) {
        let made = map_one(arena, planned, *mapped_at);
        match made.and_then(|object| objects.push(object).map(|()| object)) {
            Ok(object) => {
                let by = objects.get(planned.needed_by).copied();
                object.needed_by.set(by.filter(|&by| !core::ptr::eq(by, object)));
            }
            Err(error) => {
                for object in objects.get(from..).unwrap_or_default() {
                    // SAFETY: mapped just now, and nobody has it.
                    unsafe { unmap_image(object.image, object.link.l_addr) };
                }
                return Err(Error::new(planned.path.to_bytes(), error));
            }
        }
    }
    for (object, planned) in objects.iter().zip(plan.objects.iter()).skip(from) {
        let mut needed = arena.list(8)?;
        for &number in planned.needed {
            if let Some(&object) = objects.get(number) {
                needed.push(object)?;
            }
        }
        object.needed.set(needed.into_slice());
    }
    Ok(objects)
}

#[inline]
fn map_one(
    arena: &'static Arena,
    planned: &mut Planned<'static, Bytes>,
    mapped_at: Option<usize>,
) -> crate::Result<&'static Object> {
    let image = planned.image.ok_or(Errno::ENOEXEC)?;
    let bias = match planned.file {
        // From now on the file is the image's.
        Some(Bytes::File(file)) => {
            planned.file = None;
            map_image(image, file)?
        }
        _ => mapped_at.ok_or(Errno::ENOEXEC)?,
    };
    let names = Names {
        name: planned.name,
        path: planned.path,
        soname: planned.soname,
        origin: planned.origin,
        rpath: planned.rpath,
        runpath: planned.runpath,
        identity: planned.identity,
    };
    let is_program = planned.is_program;
    // SAFETY: mapped just now at this bias, or by the kernel; unmapped only where loading
    // fails, and then nobody has the object.
    unsafe { make(arena, image, bias, names, is_program) }
}

/// An object and all that it needs, breadth first.
#[inline]
fn group(
    arena: &'static Arena,
    objects: &[&'static Object],
    first: usize,
) -> crate::Result<&'static [&'static Object]> {
    // At start-up that is all there is.
    if ALL.get().is_empty() {
        let mut all = arena.list(objects.len())?;
        all.extend(objects)?;
        return Ok(all.into_slice());
    }
    let mut found = arena.list::<&'static Object>(8)?;
    if let Some(&first) = objects.get(first) {
        found.push(first)?;
    }
    let mut next = 0;
    while let Some(&object) = found.get(next) {
        for &needed in object.needed.get() {
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
    let before = state::MODULES.get();
    let mut modules = arena.list(before.len() + new.len())?;
    modules.extend(before)?;
    for &object in new.iter().filter(|object| object.image.tls.is_some()) {
        modules.push(object)?;
        object.tls_module.set(modules.len());
    }
    if modules.len() > before.len() {
        state::MODULES.set(arena.place(modules.into_slice())?);
    }
    Ok(())
}

/// Makes new objects known: to debuggers, to dlopen and its relatives, and with `global` their
/// symbols to everybody.
///
/// # Errors
/// `ENOMEM`.
#[inline]
pub fn publish(
    arena: &'static Arena,
    new: &[&'static Object],
    global: &[&'static Object],
) -> crate::Result<()> {
    let join = |before: &[&'static Object], more: &[&'static Object]| {
        let mut all = arena.list(before.len() + more.len())?;
        all.extend(before)?;
        all.extend(more)?;
        arena.place(all.into_slice())
    };
    let mut scope = arena.list(global.len())?;
    for &object in global {
        if !object.global.swap(true, Ordering::AcqRel) {
            scope.push(object)?;
        }
    }
    if !scope.is_empty() {
        state::GLOBAL.set(join(state::GLOBAL.get(), &scope)?);
    }
    if !new.is_empty() {
        debug::add(ALL.get().last().copied(), new);
        state::ALL.set(join(ALL.get(), new)?);
    }
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
pub fn construct(
    arena: &'static Arena,
    roots: &[&'static Object],
    trace: Trace,
) -> crate::Result<()> {
    let mut order = arena.list::<&'static Object>(roots.len())?;
    let mut stack = arena.list::<(&'static Object, usize)>(8)?;
    for &root in roots {
        if root.constructed.swap(true, Ordering::Relaxed) {
            continue;
        }
        stack.push((root, 0))?;
        while let Some(&(object, next)) = stack.last() {
            let length = stack.len();
            match object.needed.get().get(next) {
                Some(needed) => {
                    stack[length - 1].1 += 1;
                    // What is on its way already closes a circle, which ends here.
                    if !needed.constructed.swap(true, Ordering::Relaxed) {
                        stack.push((needed, 0))?;
                    }
                }
                None => {
                    stack.truncate(length - 1);
                    order.push(object)?;
                }
            }
        }
    }
    let order = order.into_slice();
    let mut all = arena.list(order.len() + CONSTRUCTED.get().len())?;
    all.extend(CONSTRUCTED.get())?;
    all.extend(order)?;
    CONSTRUCTED.set(arena.place(all.into_slice())?);
    for program in order.iter().filter(|object| object.is_program) {
        let functions = program.view::<usize>(program.image.tables.preinit_array);
        functions.iter().for_each(|address| call(program, address, "preinit", trace));
    }
    for object in order.iter().filter(|object| !object.is_program) {
        let tables = &object.image.tables;
        if tables.init != 0 {
            call(object, object.address(tables.init), "init", trace);
        }
        let functions = object.view::<usize>(tables.init_array);
        functions.iter().for_each(|address| call(object, address, "init", trace));
    }
    Ok(())
}

#[inline]
fn call(object: &Object, address: usize, what: &str, trace: Trace) {
    // By convention 0 and -1 are nothing.
    if address == 0 || address == usize::MAX {
        return;
    }
    if trace.has(INIT) {
        say(&[&"init: ", &object.title(), &": ", &what, &" ", &crate::fmt::hex(address).alt()]);
    }
    call_with_arguments(address);
}

/// Calls the destructors of all objects, in the reverse order of their constructors. A program
/// calls it when it ends: it gets its address in rdx.
///
/// # Safety
/// The destructors are the libraries' own code, and the program runs it at its end.
#[inline]
pub unsafe extern "C" fn destruct() {
    let trace = state::OPTIONS.get().trace;
    for object in CONSTRUCTED.get().iter().rev().filter(|object| !object.is_program) {
        if !object.constructed.swap(false, Ordering::AcqRel) {
            continue;
        }
        let tables = &object.image.tables;
        let functions = object.view::<usize>(tables.fini_array);
        for index in (0..functions.len).rev() {
            call(object, functions.get(index).unwrap_or(0), "fini", trace);
        }
        if tables.fini != 0 {
            call(object, object.address(tables.fini), "fini", trace);
        }
    }
}

/// Whether the process's thread pointer is ours to use.
#[inline]
pub fn owns_threads() -> bool {
    tls::started() || link::thread_pointer() == 0
}
