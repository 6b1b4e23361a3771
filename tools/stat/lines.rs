//! Lines of the files in which the system keeps its tables.

use core::ffi::CStr;
use rt::fs::{Mode, O_RDONLY, open};
use rt::io::BufReader;

/// Looks for a line, given without its end; whether there is such a line. Of one that is longer
/// than the buffer only the beginning counts.
pub fn find_line(path: &CStr, buffer: &mut [u8], is_it: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let Ok(file) = open(path, O_RDONLY, Mode(0)) else { return false };
    let mut lines = BufReader::new(buffer, file);
    let mut whole = true;
    while let Ok(Some(line)) = lines.read_until(b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let begins = core::mem::replace(&mut whole, text.len() < line.len());
        if begins && is_it(text) {
            return true;
        }
    }
    false
}
