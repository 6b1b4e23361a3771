//! dlopen and its relatives, for the programs that this loader started (`man 3 dlopen`).
//!
//! Libraries stay once they are loaded, as with musl: dlclose checks its argument, no more.

use super::file::Text;
use super::load::{self, Loaded, What};
use super::memory::Arena;
use super::object::Object;
use super::plan::{Cause, Error};
use super::relocate::{Binder, resolve};
use super::report::Stats;
use super::state::{self, ALL, GLOBAL, LOCK, OPTIONS};
use super::symbols::{Definition, Wanted};
use crate::elf::consts::*;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering;

const RTLD_NOW: c_int = 2;
const RTLD_NOLOAD: c_int = 4;
const RTLD_GLOBAL: c_int = 0x100;
const RTLD_DEFAULT: usize = 0;
const RTLD_NEXT: usize = usize::MAX;

/// What went wrong last, until dlerror tells it.
struct Message(UnsafeCell<State>);
struct State {
    text: Text<511>,
    pending: bool,
}
// SAFETY: written under the loader's lock.
unsafe impl Sync for Message {}
static MESSAGE: Message = Message(UnsafeCell::new(State { text: Text::new(), pending: false }));

#[inline]
fn failed(error: &Error) {
    let _guard = LOCK.lock();
    // SAFETY: under the lock; who got the text of an older message was told that it ends here.
    let state = unsafe { &mut *MESSAGE.0.get() };
    state.text = Text::new();
    state.text.put(&[error, &"\0"]);
    state.pending = true;
}

/// `dlerror`: what went wrong since it was called last, or null.
#[inline]
pub extern "C" fn dlerror() -> *const c_char {
    let _guard = LOCK.lock();
    // SAFETY: under the lock.
    let state = unsafe { &mut *MESSAGE.0.get() };
    if !core::mem::take(&mut state.pending) {
        return null();
    }
    // What was cut off has no zero byte of its own.
    CStr::from_bytes_until_nul(state.text.bytes())
        .map_or(c"too long a message".as_ptr(), CStr::as_ptr)
}

/// The object that an address belongs to.
#[inline]
pub fn object_at(address: usize) -> Option<&'static Object> {
    ALL.get().iter().copied().find(|object| object.holds(address))
}

/// Opens a library for `by`.
///
/// # Errors
/// Why it can't be opened. What the error names is gone after the next call.
#[inline]
pub fn open_or_error(
    name: &[u8],
    flags: c_int,
    by: Option<&'static Object>,
) -> Result<&'static Object, Error<'static>> {
    let text = |_| {
        // SAFETY: under the lock as long as it is written; read before the next call.
        let state = unsafe { &*MESSAGE.0.get() };
        let text = state.text.bytes();
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        Error { file: text, cause: Cause::Told }
    };
    open(name, flags, by).ok_or(()).map_err(text)
}

/// Opens a library for `by`; what goes wrong is told by dlerror.
#[inline]
fn open(name: &[u8], flags: c_int, by: Option<&'static Object>) -> Option<&'static Object> {
    let _guard = LOCK.lock();
    let known = ALL.get().iter().copied().find(|object| {
        object.name == name || object.soname == name || object.path.to_bytes() == name
    });
    if let Some(object) = known {
        if flags & RTLD_GLOBAL != 0 {
            make_global(object);
        }
        return Some(object);
    }
    if flags & RTLD_NOLOAD != 0 {
        failed(&Error { file: name, cause: Cause::Name("not loaded", b"") });
        return None;
    }
    // The arena's head lies in its own memory, so that it can go on without an owner.
    let outer = Arena::new();
    let place = match outer.take(Layout::new::<Arena>()) {
        Ok(place) => place.cast::<Arena>(),
        Err(error) => {
            failed(&Error::new(name, error));
            return None;
        }
    };
    // SAFETY: memory of the layout, which `outer` keeps.
    let arena: &'static Arena = unsafe {
        place.write(Arena::new());
        &*place.as_ptr()
    };
    match open_new(arena, name, flags, by).inspect_err(failed) {
        Ok(Some(object)) => {
            core::mem::forget(outer);
            // Without memory for their order none are called; the library is there.
            let _ = load::construct(arena, &[object], OPTIONS.get().trace);
            Some(object)
        }
        _ => {
            // SAFETY: nothing of it was published, what was mapped is unmapped again, and the
            // error, which may borrow from it, was told.
            unsafe { place.drop_in_place() };
            None
        }
    }
}

/// Loads what isn't there yet. Without a result it was told why.
#[inline]
fn open_new(
    arena: &'static Arena,
    name: &[u8],
    flags: c_int,
    by: Option<&'static Object>,
) -> Result<Option<&'static Object>, Error<'static>> {
    let name = arena.bytes(name)?;
    let options = OPTIONS.get();
    let mut stats = Stats::default();
    let without = state::WITHOUT_LIBC.load(Ordering::Relaxed);
    let Loaded { new, first, group } =
        load::load(arena, What::Library(name, by), options, without, &mut stats)?;
    let modules = state::MODULES.save();
    let numbered = load::number_modules(arena, new).map_err(Error::from);
    for object in new {
        object.group.set(group);
    }
    let bound = numbered.and_then(|()| {
        let now = options.now || flags & RTLD_NOW != 0;
        Binder::new(arena, now, options.trace)?.bind(new)
    });
    let global: &[&Object] = if flags & RTLD_GLOBAL != 0 { group } else { &[] };
    let done = bound.and_then(|()| load::publish(arena, new, global).map_err(Error::from));
    if let Err(error) = &done {
        // Before the names that it tells are unmapped.
        failed(error);
        state::MODULES.restore(modules);
        for object in new {
            // SAFETY: nobody has it: it was not published.
            unsafe { super::map::unmap_image(object.image, object.link.l_addr) };
        }
        return Ok(None);
    }
    Ok(Some(first))
}

/// Makes the symbols of an object and of what it needs known to everybody.
#[inline]
fn make_global(object: &'static Object) {
    let group = object.group.get();
    if object.global.load(Ordering::Acquire) {
        return;
    }
    let outer = Arena::new();
    let Ok(place) = outer.take(Layout::new::<Arena>()) else { return };
    let place = place.cast::<Arena>();
    // SAFETY: memory of the layout, which stays: `outer` is forgotten.
    let arena: &'static Arena = unsafe {
        place.write(Arena::new());
        &*place.as_ptr()
    };
    core::mem::forget(outer);
    let _ = load::publish(arena, &[], group);
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
    open(name, flags, object_at(caller)).map_or(null(), core::ptr::from_ref)
}

/// The definition of a symbol in these objects: a versionless reference of today.
#[inline]
fn find_in(objects: &[&'static Object], name: &[u8]) -> Option<Definition> {
    let wanted = Wanted { newest: true, ..Wanted::new(name) };
    objects.iter().find_map(|object| object.define(&wanted))
}

/// The address that a program gets for a symbol.
#[inline]
fn address_of(found: Definition) -> Result<usize, Error<'static>> {
    if found.symbol.bind() == STB_LOCAL {
        return Ok(0);
    }
    if found.is_indirect() {
        return resolve((found.object, found.address()));
    }
    if let (true, Some(_)) = (found.symbol.kind() == STT_TLS, found.object.image.tls) {
        let (module, offset) = (found.object.tls_module.get(), found.symbol.st_value as usize);
        // SAFETY: this thread runs a program that has thread pointers of ours.
        return Ok(unsafe { super::tls::block(module, offset) });
    }
    Ok(found.address())
}

/// The address of a symbol in an object and what it needs.
///
/// # Errors
/// That nobody has it.
#[inline]
pub fn symbol(object: &'static Object, name: &'static [u8]) -> Result<usize, Error<'static>> {
    let group = object.group.get();
    let group = if group.is_empty() { &[object][..] } else { group };
    let cause = Cause::Undefined(name, b"");
    find_in(group, name).ok_or(Error { file: object.title(), cause }).and_then(address_of)
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
    let found = match handle {
        RTLD_DEFAULT => find_in(GLOBAL.get(), name)
            .or_else(|| object_at(caller).and_then(|object| find_in(object.group.get(), name))),
        RTLD_NEXT => {
            // Behind the caller in the order in which it is looked at.
            let own = object_at(caller);
            let behind = |all: &'static [&'static Object]| {
                let at = all.iter().position(|&o| own.is_some_and(|own| core::ptr::eq(o, own)));
                at.and_then(|at| all.get(at + 1..)).unwrap_or_default()
            };
            let next = find_in(behind(GLOBAL.get()), name);
            next.or_else(|| find_in(behind(own.map_or(&[], |own| own.group.get())), name))
        }
        _ => match handle_object(handle) {
            // Of the program it is all that is for everybody.
            Some(object) if object.is_program => find_in(GLOBAL.get(), name),
            Some(object) if object.group.get().is_empty() => find_group(object, name),
            Some(object) => find_in(object.group.get(), name),
            None => {
                failed(&Error { file: b"dlsym", cause: Cause::Name("no such handle", b"") });
                return null();
            }
        },
    };
    let address = match found {
        Some(found) => address_of(found),
        None => super::provided::find(name).filter(|_| handle == RTLD_DEFAULT).ok_or(Error {
            file: object_at(caller).map_or(b"dlsym", |object| object.title()),
            cause: Cause::Undefined(b"", b""),
        }),
    };
    match address {
        Ok(address) => core::ptr::with_exposed_provenance(address),
        Err(mut error) => {
            if let Cause::Undefined(..) = error.cause {
                error.cause = Cause::Undefined(name, b"");
                failed(&Error { ..error });
            } else {
                failed(&error);
            }
            null()
        }
    }
}

/// Finds a symbol in an object that was loaded at start-up and in what it needs.
#[inline]
fn find_group(object: &'static Object, name: &[u8]) -> Option<Definition> {
    let arena = Arena::new();
    let mut list = arena.list::<&'static Object>(8).ok()?;
    list.push(object).ok()?;
    let mut next = 0;
    while let Some(&object) = list.get(next) {
        if let Some(found) = find_in(&[object], name) {
            return Some(found);
        }
        for needed in object.needed.get() {
            if !list.iter().any(|&known| core::ptr::eq(known, *needed)) {
                list.push(needed).ok()?;
            }
        }
        next += 1;
    }
    None
}

#[inline]
fn handle_object(handle: usize) -> Option<&'static Object> {
    let is = |object: &&&'static Object| core::ptr::from_ref(**object).addr() == handle;
    ALL.get().iter().find(is).copied()
}

/// `dlclose`: nothing but a check, since libraries stay.
#[inline]
pub extern "C" fn dlclose(handle: usize) -> c_int {
    if handle_object(handle).is_some() {
        return 0;
    }
    failed(&Error { file: b"dlclose", cause: Cause::Name("no such handle", b"") });
    -1
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
        let headers = object.image.headers.unwrap_or_default();
        let module = object.tls_module.get();
        let mut info = PhdrInfo {
            dlpi_addr: object.link.l_addr,
            dlpi_name: if object.is_program { c"".as_ptr() } else { object.link.l_name },
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
