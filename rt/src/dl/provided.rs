//! What the loader itself provides under a name: its own interface, and in a process without
//! a C library the little that libraries of pure computation need of one.

use super::heap;
use super::report::say;
use super::state::{LOCK, WITHOUT_LIBC};
use super::tls;
use super::{api, place};
use crate::arch::PAGE;
use crate::arch::link::{self, Stub};
use crate::mm::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE, mmap};
use crate::text;
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    // What `entry!` brings for the compiler.
    fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
    fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
    fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8;
    fn memcmp(one: *const u8, other: *const u8, size: usize) -> i32;
    fn strlen(text: *const u8) -> usize;
}

/// The names of what the loader provides, then of what it provides of a C library. The forms with a check (`_FORTIFY_SOURCE`) have the room as an argument more, which
/// doesn't matter to those without.
const NAMES: &[u8] = b"dlopen dlsym dlclose dlerror dladdr dl_iterate_phdr __tls_get_addr \
    _dl_allocate_tls _dl_deallocate_tls memcpy __memcpy_chk memmove __memmove_chk memset \
    __memset_chk memcmp bcmp strlen malloc calloc realloc free __errno_location";

/// How many of them are the loader's own.
const OWN: usize = 9;

/// The address of what the loader provides under this name. Objects are asked first.
#[inline]
pub fn find(name: &[u8]) -> Option<usize> {
    let index = place(NAMES, name)?;
    if index >= OWN && !WITHOUT_LIBC.load(Ordering::Relaxed) {
        return None;
    }
    // By code and not in a table: addresses in data are relocations when a program starts.
    let function = match index {
        0 => link::dlopen_entry as *const (),
        1 => link::dlsym_entry as *const (),
        2 => api::dlclose as *const (),
        3 => api::dlerror as *const (),
        4 => api::dladdr as *const (),
        5 => api::dl_iterate_phdr as *const (),
        6 => link::tls_get_addr as *const (),
        7 => tls::allocate_tls as *const (),
        8 => tls::deallocate_tls as *const (),
        9 | 10 => memcpy as *const (),
        11 | 12 => memmove as *const (),
        13 | 14 => memset as *const (),
        15 | 16 => memcmp as *const (),
        17 => strlen as *const (),
        18 => heap::malloc as *const (),
        19 => heap::calloc as *const (),
        20 => heap::realloc as *const (),
        21 => heap::free as *const (),
        _ => tls::errno_location as *const (),
    };
    Some(function as usize)
}

#[cfg(test)]
#[test]
fn the_names_are_in_the_order_of_the_functions() {
    let names: std::vec::Vec<_> = super::pieces(NAMES, b" ").collect();
    assert_eq!((names.len(), names[OWN - 1]), (23, &b"_dl_deallocate_tls"[..]));
    assert_eq!((names[17], names[22]), (&b"strlen"[..], &b"__errno_location"[..]));
    assert_eq!(find(b"dlsym"), Some(link::dlsym_entry as *const () as usize));
    assert_eq!((find(b"malloc"), find(b""), find(b"dlopen dlsym")), (None, None, None));
}

/// Zeros for variables that nobody has.
const ZEROS: usize = 64 << 10;
struct Zeros(UnsafeCell<[u8; ZEROS]>);
// SAFETY: only its address is used here.
unsafe impl Sync for Zeros {}
// Behind all small variables: see link.ld.
#[unsafe(link_section = ".bss.large.nothing")]
static NOTHING: Zeros = Zeros(UnsafeCell::new([0; ZEROS]));

/// The page of stubs that is being given out, and how many of it are.
struct Stubs(UnsafeCell<State>);
struct State {
    page: usize,
    used: usize,
}
// SAFETY: only touched under the loader's lock.
unsafe impl Sync for Stubs {}
static STUBS: Stubs = Stubs(UnsafeCell::new(State { page: 0, used: 0 }));

/// So many stubs fit into a page.
const PER_PAGE: usize = PAGE / size_of::<Stub>();

/// What stands for an import that nobody has, in a process without a C library: a function
/// that names itself and exits, or zeros. None where the process has a C library.
#[inline]
pub fn missing(name: &'static [u8], is_function: bool) -> Option<usize> {
    if !WITHOUT_LIBC.load(Ordering::Relaxed) {
        return None;
    }
    if !is_function {
        return Some(NOTHING.0.get() as usize);
    }
    let _guard = LOCK.lock();
    // SAFETY: under the lock, and this doesn't come back here.
    let state = unsafe { &mut *STUBS.0.get() };
    if state.page == 0 || state.used == PER_PAGE {
        (state.page, state.used) = (new_page()?, 0);
    }
    let code = state.page + state.used * size_of::<Stub>();
    let place = state.page + PAGE + state.used * size_of::<&[u8]>();
    // SAFETY: the stub's own place, and nobody can call the stub before this returns.
    unsafe { core::ptr::with_exposed_provenance_mut::<&'static [u8]>(place).write(name) };
    state.used += 1;
    Some(code)
}

/// A page of stubs, and behind it the places of their names.
#[inline]
fn new_page() -> Option<usize> {
    let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    let names = (PER_PAGE * size_of::<&[u8]>()).next_multiple_of(PAGE);
    // SAFETY: nothing is mapped over.
    let page = unsafe { mmap(0, PAGE + names, prot, flags, None, 0) }.ok()?;
    let page = page.as_ptr().expose_provenance();
    let code = core::ptr::with_exposed_provenance_mut::<Stub>(page);
    for stub in 0..PER_PAGE {
        let name = page + PAGE + stub * size_of::<&[u8]>();
        // SAFETY: within the page, which nobody else knows of.
        unsafe { code.add(stub).write(Stub::new(tell_missing as *const () as usize, name)) };
    }
    // SAFETY: as above; from now on it is code.
    unsafe { super::map::protect(page, PAGE, PROT_READ | PROT_EXEC) }.ok()?;
    Some(page)
}

/// What a stub calls.
#[inline]
unsafe extern "C" fn tell_missing(name: *const &'static [u8]) -> ! {
    // SAFETY: the stub has the place of its name.
    let name = unsafe { *name };
    say(text!("lx ldso: %: called, but there is no C library here to provide it"), &[name], &[]);
    crate::process::exit(127)
}
