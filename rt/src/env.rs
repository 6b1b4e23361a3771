//! What the process was started with: arguments and environment, as the bytes they are.

use core::ffi::{CStr, c_char};

/// The arguments, the program's name first (`man 2 execve`). Bytes: they need not be
/// UTF-8. None at all where the caller gave none.
pub fn args() -> Strings {
    let stack = crate::start::stack();
    if stack.is_null() {
        return Strings { next: core::ptr::null() };
    }
    // SAFETY: after argc the argv pointers follow, up to a null.
    Strings { next: unsafe { stack.add(1) }.cast() }
}

/// The environment: `NAME=value`, in the caller's order.
pub fn vars() -> Strings {
    let mut args = args();
    if args.next.is_null() {
        return args;
    }
    args.by_ref().for_each(drop);
    // SAFETY: `next` is at argv's null; the environment follows it, up to another.
    Strings { next: unsafe { args.next.add(1) } }
}

/// The value of an environment variable.
pub fn var(name: &str) -> Option<&'static [u8]> {
    vars().find_map(|entry| {
        let value = entry.to_bytes().strip_prefix(name.as_bytes())?;
        value.strip_prefix(b"=")
    })
}

/// Strings that the kernel put above the stack.
pub struct Strings {
    next: *const *const c_char,
}

impl Iterator for Strings {
    type Item = &'static CStr;

    fn next(&mut self) -> Option<&'static CStr> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: `next` points into argv or envp, not past the null that ends it; the
        // strings stay where they are as long as the process lives.
        unsafe {
            let string = *self.next;
            if string.is_null() {
                return None;
            }
            self.next = self.next.add(1);
            Some(CStr::from_ptr(string))
        }
    }
}
