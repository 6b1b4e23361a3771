//! What the process was started with: arguments and environment, as the bytes they are.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

/// The arguments, the program's name first (`man 2 execve`). Bytes: they need not be
/// UTF-8. None at all where the caller gave none.
pub fn args() -> Strings<'static> {
    // SAFETY: null, or what the kernel left, which stays as long as the process lives.
    unsafe { args_of(crate::start::stack()) }
}

/// The environment: `NAME=value`, in the caller's order.
pub fn vars() -> Strings<'static> {
    let mut args = args();
    args.by_ref().for_each(drop);
    args.behind()
}

/// The value of the first environment variable with this name.
pub fn var(name: &str) -> Option<&'static [u8]> {
    value(vars(), name)
}

fn value<'a>(mut vars: Strings<'a>, name: &str) -> Option<&'a [u8]> {
    vars.find_map(|entry| {
        let value = entry.to_bytes().strip_prefix(name.as_bytes())?;
        value.strip_prefix::<[u8]>(b"=")
    })
}

/// The argument vector of the kernel's block.
///
/// # Safety
/// `stack` is null or points to a block as [`start`](crate::start) tells, which stays for `'a`.
unsafe fn args_of<'a>(stack: *const usize) -> Strings<'a> {
    // argc itself says nothing that the null at the end doesn't.
    let next = if stack.is_null() { stack } else { stack.wrapping_add(1) };
    Strings { next: next.cast(), block: PhantomData }
}

/// Strings that the kernel put above the stack.
#[derive(Clone)]
pub struct Strings<'a> {
    /// In argv or envp, not past the null that ends it; or null.
    next: *const *const c_char,
    block: PhantomData<&'a CStr>,
}

impl<'a> Strings<'a> {
    /// What comes behind the null that ends this vector, when it is at its end.
    fn behind(self) -> Strings<'a> {
        let next = if self.next.is_null() { self.next } else { self.next.wrapping_add(1) };
        Strings { next, ..self }
    }

    /// Where that is, for the auxiliary vector.
    pub(crate) fn end(mut self) -> *const usize {
        self.by_ref().for_each(drop);
        self.behind().next.cast()
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a CStr;

    fn next(&mut self) -> Option<&'a CStr> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: `next` points into the vector, and not past its end.
        let string = unsafe { *self.next };
        if string.is_null() {
            return None;
        }
        self.next = self.next.wrapping_add(1);
        // SAFETY: not null, so it is one of the strings, which stay for `'a`.
        Some(unsafe { CStr::from_ptr(string) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::vec::Vec;

    /// A block like the kernel's.
    pub fn block(args: &[&'static CStr], vars: &[&'static CStr], auxv: &[usize]) -> Vec<usize> {
        let mut block = std::vec![args.len()];
        for strings in [args, vars] {
            block.extend(strings.iter().map(|string| string.as_ptr().expose_provenance()));
            block.push(0);
        }
        block.extend(auxv);
        block
    }

    pub fn vars_in(block: &[usize]) -> Strings<'_> {
        // SAFETY: as `block` makes it.
        let mut args = unsafe { args_of(block.as_ptr()) };
        args.by_ref().for_each(drop);
        args.behind()
    }

    #[test]
    fn strings_need_not_be_utf_8() {
        let args = [c"name", c"\xff\xfe", c"", c"last"];
        let vars = [c"A=1", c"no equals", c"PATHS=x", c"PATH=a=b", c"PATH=second", c"EMPTY="];
        let block = block(&args, &vars, &[0, 0]);
        // SAFETY: as `block` makes it.
        assert_eq!(unsafe { args_of(block.as_ptr()) }.collect::<Vec<_>>(), args);
        assert_eq!(vars_in(&block).collect::<Vec<_>>(), vars);
        for (name, expected) in
            [("PATH", Some("a=b")), ("EMPTY", Some("")), ("no equals", None), ("B", None)]
        {
            assert_eq!(value(vars_in(&block), name), expected.map(str::as_bytes));
        }
    }

    #[test]
    fn nothing_at_all() {
        let block = block(&[], &[], &[0, 0]);
        // SAFETY: as `block` makes it.
        assert_eq!(unsafe { args_of(block.as_ptr()) }.count(), 0);
        assert_eq!(vars_in(&block).count(), 0);
        assert_eq!(vars_in(&block).end(), &raw const block[3]);
        // Here std's start-up ran, not ours.
        assert_eq!((args().count(), vars().count(), var("PATH")), (0, 0, None));
    }
}
