//! Lines of the files in which the system keeps its tables.

use crate::process::contents;
use crate::words::words;
use core::ffi::CStr;
use rt::fs::{Mode, O_RDONLY, open};

/// Looks for a line, given without its end; whether there is such a line.
pub fn find_line(path: &CStr, is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let text = open(path, O_RDONLY, Mode(0)).and_then(contents).unwrap_or_default();
    words(&text, b'\n').any(is_it)
}
