//! The only assembly of this crate: the system call instruction, the program's entry
//! point with its self-relocation, the memory functions that the compiler calls.
//!
//! One file an architecture, chosen here and nowhere else. (A `cfg` inside an
//! exported macro would be evaluated in the crate that uses the macro.)

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(target_arch = "x86_64")]
#[path = "x86_64_link.rs"]
pub mod link;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("rt knows Linux on x86-64 so far; another architecture is a file in rt/src/arch");
