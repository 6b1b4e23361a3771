//! Machine code that isn't part of this program: mapped, and run in place of it.

use crate::arch;
use crate::errno::{Errno, Result};
use crate::mm::{MAP_PRIVATE, Mapping, PAGE, PROT_EXEC, PROT_READ, PROT_WRITE};

/// Code in memory, with a stack of its own, ready to be run.
pub struct Code {
    mapping: Mapping,
    stack: Mapping,
    entry: usize,
    length: usize,
}

/// When code may be written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writable {
    /// Always: it may change itself.
    Always,
    /// Only before it is run: mapped writable, then made executable (W^X).
    Before,
}

impl Code {
    /// The code's own stack, in bytes; only what is touched takes memory.
    pub const STACK: usize = 1 << 20;

    /// Maps a copy of these bytes, which begin at `at` or else anywhere; running begins
    /// `offset` bytes behind that. The rest of the pages is zeros.
    ///
    /// # Errors
    /// Those of `man 2 mmap` and `man 2 mprotect`: `EACCES` or `EPERM` where memory may not
    /// be writable and executable (SELinux, `PR_SET_MDWE`), `EEXIST` where something else is
    /// at `at`, `EPERM` below `/proc/sys/vm/mmap_min_addr`; `EINVAL` for an offset behind the
    /// code.
    #[inline]
    pub fn new(bytes: &[u8], at: Option<usize>, offset: usize, writable: Writable) -> Result<Code> {
        if offset >= bytes.len() {
            return Err(Errno::EINVAL);
        }
        let skip = at.unwrap_or(0) % PAGE;
        let length = skip.checked_add(bytes.len()).ok_or(Errno::ENOMEM)?;
        let mut prot = PROT_READ | PROT_WRITE;
        if writable == Writable::Always {
            prot |= PROT_EXEC;
        }
        let mut mapping = match at {
            Some(at) => Mapping::anonymous_at(at - skip, length, prot, MAP_PRIVATE)?,
            None => Mapping::anonymous(length, prot, MAP_PRIVATE)?,
        };
        let place = mapping.as_mut_slice().and_then(|all| all.get_mut(skip..length));
        place.ok_or(Errno::EFAULT)?.copy_from_slice(bytes);
        if writable == Writable::Before {
            mapping.protect(PROT_READ | PROT_EXEC)?;
        }
        let stack = Mapping::anonymous(Code::STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE)?;
        let entry = mapping.as_ptr().as_ptr().cast::<u8>().expose_provenance() + skip + offset;
        Ok(Code { mapping, stack, entry, length: bytes.len() })
    }

    /// The address at which running begins.
    #[inline]
    pub fn entry(&self) -> usize {
        self.entry
    }

    /// The address of the first byte.
    #[inline]
    pub fn start(&self) -> usize {
        let pages = self.mapping.as_ptr();
        let end = pages.as_ptr().cast::<u8>().addr() + pages.len();
        end - self.length
    }

    /// How many bytes of code there are.
    #[inline]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Runs it, and never comes back: the process is the code's from now on, as after an
    /// `execve`. The arguments are in the registers that functions have them in (psABI, 3.2.3:
    /// rdi, rsi, rdx, rcx, r8, r9), all other registers are 0, the stack is empty and aligned
    /// to 16 bytes.
    #[inline]
    pub fn run(&mut self, args: &[usize; 6]) -> ! {
        // Something to look at above its top: zeros.
        const ABOVE: usize = 256;
        const WORD: usize = size_of::<usize>();
        let (entry, at) = (self.entry, Code::STACK - ABOVE - WORD);
        let stack = self.stack.as_mut_slice().and_then(|stack| stack.get_mut(at..));
        if let Some(word) = stack.and_then(|stack| stack.first_chunk_mut()) {
            *word = entry.to_ne_bytes();
        }
        let stack = self.stack.as_ptr().as_ptr().cast::<u8>().expose_provenance() + at;
        // SAFETY: the word there is the address to go to. Whatever the code does, nothing of
        // this program runs any more that could be hurt by it.
        unsafe { arch::enter(stack, args) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_lies_where_it_is_wanted() {
        let code = Code::new(b"\xc3\x90\x90", None, 1, Writable::Before).unwrap();
        assert_eq!((code.length(), code.entry() - code.start()), (3, 1));
        assert_eq!(code.mapping.as_slice().unwrap()[..3], *b"\xc3\x90\x90");
        let free = code.start();
        drop(code);
        let code = Code::new(b"\xc3", Some(free + 0x123), 0, Writable::Before).unwrap();
        assert_eq!((code.start(), code.entry()), (free + 0x123, free + 0x123));
        let again = Code::new(b"\xc3", Some(free), 0, Writable::Before);
        assert_eq!(again.err(), Some(Errno::EEXIST));
        let behind = Code::new(b"\xc3", None, 1, Writable::Before);
        assert_eq!(behind.err(), Some(Errno::EINVAL));
    }
}
