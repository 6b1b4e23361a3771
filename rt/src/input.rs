//! Mapped input.
use crate::arch::{nr, syscall};
use crate::elf::Source;
use crate::errno::{Result, check};
use crate::io::BorrowedFd;

/// A file to be read.
pub struct Input {
    address: *const u8,
    size: u64,
}

impl Input {
    /// Maps `size` bytes of a file.
    pub fn new(fd: BorrowedFd, size: u64) -> Result<Input> {
        // SAFETY: new private mapping.
        let at =
            check(unsafe { syscall(nr::MMAP, [0, size as usize, 1, 2, fd.number() as usize, 0]) })?;
        Ok(Input { address: at as *const u8, size })
    }
}

impl Source for Input {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        // SAFETY: mapped.
        let all = unsafe { core::slice::from_raw_parts(self.address, self.size as usize) };
        Source::get(all, offset, size)
    }

    fn size(&self) -> u64 {
        self.size
    }
}
