//! Files: opening, what is known of them, their size, directories.
//!
//! Functions bear the names of the system calls, and take whatever has a descriptor
//! ([`AsFd`](crate::io::AsFd)) or names a file ([`Path`]). Reading, writing and seeking are
//! the traits of [`io`](crate::io). A call that a signal interrupts is made again.

mod copy;
mod directory;
mod extents;
mod names;
mod open;
mod path;
mod size;
mod stat;
mod statfs;
mod statx;
#[cfg(test)]
mod tests;
mod xattr;

pub use copy::*;
pub use directory::*;
pub use extents::*;
pub use names::*;
pub use open::*;
pub use path::*;
pub use size::*;
pub use stat::*;
pub use statfs::*;
pub use statx::*;
pub use xattr::*;

use path::{at_path, with_path};
