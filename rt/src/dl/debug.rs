//! What debuggers look at: `struct r_debug` of `<link.h>`, which the program's DT_DEBUG points
//! to, and the list of objects that it begins.

use super::fast::is_writable;
use super::object::Object;
use crate::elf::consts::DT_DEBUG;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

/// `struct r_debug`, version 1.
#[repr(C)]
struct Debug {
    r_version: AtomicI32,
    r_map: AtomicPtr<Object>,
    /// Where debuggers set a breakpoint to hear of changes.
    r_brk: AtomicUsize,
    r_state: AtomicI32,
    r_ldbase: AtomicUsize,
}

static DEBUG: Debug = Debug {
    r_version: AtomicI32::new(1),
    r_map: AtomicPtr::new(core::ptr::null_mut()),
    r_brk: AtomicUsize::new(0),
    r_state: AtomicI32::new(0),
    r_ldbase: AtomicUsize::new(0),
};

const RT_CONSISTENT: i32 = 0;
const RT_ADD: i32 = 1;

/// The function that debuggers stop in.
#[inline]
extern "C" fn changed() {
    core::hint::black_box(());
}

/// Puts objects at the end of the list.
#[inline]
pub fn add(last: Option<&'static Object>, new: &[&'static Object]) {
    let Some(&first) = new.first() else { return };
    DEBUG.r_brk.store(changed as *const () as usize, Ordering::Relaxed);
    DEBUG.r_state.store(RT_ADD, Ordering::Relaxed);
    changed();
    let pointer = |object: &'static Object| core::ptr::from_ref(object).cast_mut();
    for pair in new.windows(2) {
        let [one, other] = *pair else { continue };
        other.link.l_prev.store(pointer(one), Ordering::Relaxed);
        one.link.l_next.store(pointer(other), Ordering::Release);
    }
    match last {
        Some(last) => {
            first.link.l_prev.store(pointer(last), Ordering::Relaxed);
            last.link.l_next.store(pointer(first), Ordering::Release);
        }
        None => DEBUG.r_map.store(pointer(first), Ordering::Release),
    }
    DEBUG.r_state.store(RT_CONSISTENT, Ordering::Relaxed);
    changed();
}

/// Writes the structure's address into the program's DT_DEBUG, where there is one that can be
/// written to. `base` is where the loader is, in a process that it is the interpreter of.
#[inline]
pub fn attach(program: &Object, base: usize) {
    DEBUG.r_ldbase.store(base, Ordering::Relaxed);
    let Some(range) = program.image.dynamic else { return };
    // Most are in a segment that is written; before RELRO all of that can be.
    if !is_writable(program, range.at, range.size) {
        return;
    }
    for at in (0..range.size / 16).map(|entry| program.address(range.at + 16 * entry)) {
        let entry = core::ptr::with_exposed_provenance_mut::<[usize; 2]>(at);
        // SAFETY: an entry of the dynamic section, which is mapped writable.
        unsafe {
            if entry.read_unaligned()[0] == DT_DEBUG as usize {
                entry.write_unaligned([DT_DEBUG as usize, &raw const DEBUG as usize]);
                return;
            }
        }
    }
}
