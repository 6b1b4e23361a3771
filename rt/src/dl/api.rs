//! dlopen and its relatives, for the programs that this loader started (`man 3 dlopen`).
//!
//! Libraries stay once they are loaded, as with musl: dlclose checks its argument, no more.

use super::error::Error;
use super::load::{self, Loaded, What};
use super::memory::Arena;
use super::object::Object;
use super::relocate::{bind, resolve};
use super::report::Stats;
use super::state::{ALL, GLOBAL, LOCK, MODULES, OPTIONS};
use super::symbols::{self, Definition, Wanted};
use crate::elf::consts::*;
use crate::errno::Errno;
use crate::text;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};

const RTLD_NOW: c_int = 2;
const RTLD_NOLOAD: c_int = 4;
const RTLD_GLOBAL: c_int = 0x100;
const RTLD_DEFAULT: usize = 0;
const RTLD_NEXT: usize = usize::MAX;

type Outcome<T> = Result<T, Error>;

/// Whether dlerror has something to tell.
static PENDING: AtomicBool = AtomicBool::new(false);

/// A function's result for C: what it is for an error was told to dlerror.
#[inline]
fn or_null<T>(outcome: Outcome<*const T>) -> *const T {
    outcome.unwrap_or_else(|_| {
        PENDING.store(true, Ordering::Release);
        null()
    })
}

/// `dlerror`: what went wrong since it was called last, or null.
#[inline]
pub extern "C" fn dlerror() -> *const c_char {
    if PENDING.swap(false, Ordering::AcqRel) { Error::c_text() } else { null() }
}

/// The object that an address belongs to.
#[inline]
pub fn object_at(address: usize) -> Option<&'static Object> {
    ALL.get().iter().copied().find(|object| object.holds(address))
}

/// Opens a library for `by`, unless it is there: then nothing but its handle comes of it.
///
/// # Errors
/// Why it can't be opened.
#[inline]
pub fn open(name: &[u8], flags: c_int, by: Option<&'static Object>) -> Outcome<&'static Object> {
    let _guard = LOCK.lock();
    let options = OPTIONS.get();
    if flags & RTLD_NOLOAD != 0 && !ALL.get().iter().any(|object| object.planned.is(name)) {
        return Err(Error::new(text!("%: not loaded"), &[name], &[]));
    }
    let memory = Arena::new();
    // SAFETY: nobody keeps the arena itself, but what it gave. That stays, since it is forgotten
    // where anything was published; else nobody has it.
    let arena: &'static Arena = unsafe { &*core::ptr::from_ref(&memory) };
    let what = What::Library(arena.bytes(name)?, by);
    let mut stats = Stats::default();
    let loaded = load::load(arena, what, &mut stats)?;
    let Some(&object) = loaded.all.get(loaded.first) else {
        return Err(Errno::EINVAL.into());
    };
    let is_global = flags & RTLD_GLOBAL != 0;
    if !loaded.new.is_empty() || is_global && !object.global.load(Ordering::Acquire) {
        let now = options.now || flags & RTLD_NOW != 0;
        let modules = MODULES.save();
        add(arena, &loaded, now, is_global, &mut stats).inspect_err(|_| {
            MODULES.restore(modules);
            load::unmap(loaded.new);
        })?;
        // Without memory for their order none are called; the library is there.
        let _ = load::construct(arena, &[object]);
        core::mem::forget(memory);
    }
    Ok(object)
}

/// Binds what was loaded and makes it known.
#[inline]
fn add(
    arena: &'static Arena,
    loaded: &Loaded,
    now: bool,
    is_global: bool,
    stats: &mut Stats,
) -> Outcome<()> {
    let Loaded { all, new, first } = *loaded;
    let group = load::group(arena, all, first)?;
    for object in new {
        object.group.set(group);
    }
    load::number_modules(arena, new)?;
    bind(arena, new, now, stats)?;
    load::publish(arena, all, new, if is_global { group } else { &[] })?;
    Ok(())
}

/// `dlopen`, told who calls it.
///
/// # Safety
/// `name` is null or a C string.
#[inline]
pub unsafe extern "C" fn dlopen_from(
    name: *const c_char,
    flags: c_int,
    caller: usize,
) -> *const Object {
    if name.is_null() {
        return ALL.get().first().map_or(null(), |&program| core::ptr::from_ref(program));
    }
    // SAFETY: the caller says so.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    or_null(open(name, flags, object_at(caller)).map(core::ptr::from_ref))
}

/// The definition of a symbol in these objects.
#[inline]
fn find_in(objects: &[&'static Object], wanted: &Wanted) -> Option<Definition> {
    symbols::find_in(objects, wanted, &mut 0)
}

/// A versionless reference of today.
#[inline]
fn newest(name: &[u8]) -> Wanted<'_> {
    Wanted { newest: true, ..Wanted::new(name) }
}

/// The address that a program gets for a symbol.
#[inline]
fn address_of(found: Definition) -> Outcome<usize> {
    if found.symbol.bind() == STB_LOCAL {
        return Ok(0);
    }
    if found.is_indirect() {
        return resolve((found.object, found.address()));
    }
    if found.symbol.kind() == STT_TLS && found.object.image.tls.is_some() {
        let (module, offset) = (found.object.tls_module.get(), found.symbol.st_value as usize);
        // SAFETY: this thread runs a program that has thread pointers of ours.
        return Ok(unsafe { super::tls::block(module, offset) });
    }
    Ok(found.address())
}

/// The address of a symbol in an object and what it needs; of the program in all that is for
/// everybody. The message of the error is for `by`.
///
/// # Errors
/// That nobody has it.
#[inline]
pub fn symbol(object: &'static Object, name: &[u8], by: &[u8]) -> Outcome<usize> {
    let wanted = newest(name);
    let mut found = find_in(&[object], &wanted);
    if object.is_program() {
        found = find_in(GLOBAL.get(), &wanted);
    } else if found.is_none() {
        let (arena, all) = (Arena::new(), ALL.get());
        let first = all.iter().position(|&other| core::ptr::eq(other, object));
        found = find_in(load::group(&arena, all, first.unwrap_or(all.len()))?, &wanted);
    }
    address_of(found.ok_or_else(|| undefined(name, by))?)
}

/// That nobody has a symbol.
#[cold]
#[inline]
pub(super) fn undefined(name: &[u8], by: &[u8]) -> Error {
    Error::new(text!("%: undefined symbol: %"), &[by, name], &[])
}

/// `dlsym`, told who calls it.
///
/// # Safety
/// The handle is one of dlopen, and `name` a C string.
#[inline]
pub unsafe extern "C" fn dlsym_from(
    handle: usize,
    name: *const c_char,
    caller: usize,
) -> *const c_void {
    // SAFETY: the caller says so.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let own = object_at(caller);
    let by = own.map_or(&b"dlsym"[..], |own| own.title());
    or_null(
        if handle != RTLD_DEFAULT && handle != RTLD_NEXT {
            handle_object(handle, "dlsym").and_then(|object| symbol(object, name, by))
        } else {
            seen_by(own, name, handle == RTLD_NEXT).unwrap_or_else(|| Err(undefined(name, by)))
        }
        .map(core::ptr::with_exposed_provenance),
    )
}

/// The address of a symbol where an object's references are looked for, or only behind the
/// object.
#[inline]
fn seen_by(own: Option<&'static Object>, name: &[u8], behind: bool) -> Option<Outcome<usize>> {
    let wanted = newest(name);
    let find = |scope: &[&'static Object]| {
        let is_own = |object: &&Object| own.is_some_and(|own| core::ptr::eq(*object, own));
        let at = scope.iter().position(is_own).map_or(scope.len(), |at| at + 1);
        find_in(scope.get(if behind { at } else { 0 }..).unwrap_or_default(), &wanted)
    };
    match find(GLOBAL.get()).or_else(|| find(own?.group.get())) {
        Some(found) => Some(address_of(found)),
        None => super::provided::find(name).filter(|_| !behind).map(Ok),
    }
}

#[inline]
fn handle_object(handle: usize, by: &str) -> Outcome<&'static Object> {
    let is = |object: &&&'static Object| core::ptr::from_ref(**object).addr() == handle;
    let found = ALL.get().iter().find(is).copied();
    found.ok_or_else(|| Error::new(text!("%: no such handle"), &[by.as_bytes()], &[]))
}

/// `dlclose`: nothing but a check, since libraries stay.
#[inline]
pub extern "C" fn dlclose(handle: usize) -> c_int {
    let object = or_null(handle_object(handle, "dlclose").map(core::ptr::from_ref));
    if object.is_null() { -1 } else { 0 }
}

/// `Dl_info` of `<dlfcn.h>`
#[repr(C)]
pub struct DlInfo {
    dli_fname: *const c_char,
    dli_fbase: *const c_void,
    dli_sname: *const c_char,
    dli_saddr: *const c_void,
}

/// `dladdr`: which object an address is in, and the nearest symbol before it.
///
/// # Safety
/// `info` is a place for a `Dl_info`.
#[inline]
pub unsafe extern "C" fn dladdr(address: usize, info: *mut DlInfo) -> c_int {
    let Some(object) = object_at(address) else { return 0 };
    let at = address.wrapping_sub(object.link.l_addr) as u64;
    let mut best = None;
    let count = object.symbol_count();
    for index in 0..count {
        let Some(symbol) = object.symbols.get(index) else { break };
        let defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;
        if !defined || symbol.kind() == STT_TLS || symbol.st_value > at {
            continue;
        }
        let ends_before = symbol.st_size > 0 && at - symbol.st_value >= symbol.st_size;
        let nearer = best.is_none_or(|(value, _)| symbol.st_value > value);
        if !ends_before && nearer {
            best = Some((symbol.st_value, symbol.st_name));
        }
    }
    let base = object.address(object.image.span.at);
    let (name, value) = match best {
        Some((value, name)) => {
            let name = object.strings.string(name as usize).as_ptr().cast();
            (name, core::ptr::with_exposed_provenance(object.address(value)))
        }
        None => (null(), null()),
    };
    let filled = DlInfo {
        dli_fname: object.link.l_name,
        dli_fbase: core::ptr::with_exposed_provenance(base),
        dli_sname: name,
        dli_saddr: value,
    };
    // SAFETY: the caller says so.
    unsafe { info.write(filled) };
    1
}

/// `struct dl_phdr_info` of `<link.h>`
#[repr(C)]
pub struct PhdrInfo {
    dlpi_addr: usize,
    dlpi_name: *const c_char,
    dlpi_phdr: *const c_void,
    dlpi_phnum: u16,
    dlpi_adds: u64,
    dlpi_subs: u64,
    dlpi_tls_modid: usize,
    dlpi_tls_data: *mut c_void,
}

type Callback = unsafe extern "C" fn(*mut PhdrInfo, usize, *mut c_void) -> c_int;

/// `dl_iterate_phdr`: calls with each object until the function returns something else than 0.
///
/// # Safety
/// The function is one that takes this.
#[inline]
pub unsafe extern "C" fn dl_iterate_phdr(callback: Callback, data: *mut c_void) -> c_int {
    let all = ALL.get();
    for object in all {
        let headers = object.image.headers;
        let module = object.tls_module.get();
        let mut info = PhdrInfo {
            dlpi_addr: object.link.l_addr,
            dlpi_name: if object.is_program() { c"".as_ptr() } else { object.link.l_name },
            dlpi_phdr: core::ptr::with_exposed_provenance(object.address(headers.at)),
            dlpi_phnum: (headers.size / 56) as u16,
            dlpi_adds: all.len() as u64,
            dlpi_subs: 0,
            dlpi_tls_modid: module,
            dlpi_tls_data: null_mut(),
        };
        if module != 0 {
            // SAFETY: the program that calls this has thread pointers of ours.
            let block = unsafe { super::tls::block_if_there(module) };
            info.dlpi_tls_data = core::ptr::with_exposed_provenance_mut(block);
        }
        // SAFETY: the caller says so.
        let result = unsafe { callback(&raw mut info, size_of::<PhdrInfo>(), data) };
        if result != 0 {
            return result;
        }
    }
    0
}
