//! What a Linux program needs, with nothing but `core`.
//!
//! Start-up ([`entry!`]), system calls, errors, I/O, files, memory, arguments,
//! environment, auxiliary vector, vDSO, and reading ELF. Safe to call; the `unsafe`
//! inside is in few places, each with its reason.
//!
//! The crate is an ordinary library: its pure parts are tested on the host with std.

#![no_std]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(test)]
extern crate std;

pub mod arch;
pub mod auxv;
mod bits;
pub mod child;
pub mod code;
pub mod dl;
pub mod elf;
pub mod env;
pub mod errno;
pub mod fmt;
pub mod fs;
pub mod input;
pub mod io;
pub mod maps;
pub mod mm;
pub mod process;
pub mod ptrace;
pub mod row;
pub mod seccomp;
pub mod signal;
pub mod start;
pub mod text;
pub mod time;
pub mod vdso;

pub use errno::{Errno, Result};
