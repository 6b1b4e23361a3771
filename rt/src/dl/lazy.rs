//! What a lazy PLT calls.

use super::object::Object;
use super::relocate::slot;
use crate::text;

/// Binds the slot of an object's PLT that was called: the address to go on to. Where that
/// can't be the process ends: there is nobody to return to.
///
/// # Safety
/// The object is one of ours: only its own PLT passes it.
#[inline]
pub unsafe extern "C" fn bind(object: usize, index: usize) -> usize {
    let object = core::ptr::with_exposed_provenance::<Object>(object);
    // SAFETY: the second slot of the object's GOT holds its address, and it stays.
    let object: &'static Object = unsafe { &*object };
    slot(object, index).unwrap_or_else(|error| {
        error.tell(text!("lx ldso: %"));
        crate::process::exit(127)
    })
}
