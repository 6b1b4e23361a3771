//! The names of users and groups, out of /etc/passwd and /etc/group.

use crate::words::{number, words};
use alloc::vec::Vec;
use core::ffi::CStr;
use rt::fs::{Mode, O_RDONLY, open};
use rt::io::BufReader;

/// One of the two files; it is read again only for another number than the last one.
pub struct Ids {
    file: &'static CStr,
    last: Option<u32>,
    name: Vec<u8>,
}

impl Ids {
    pub const fn new(file: &'static CStr) -> Ids {
        Ids { file, last: None, name: Vec::new() }
    }

    /// The name of this number; `UNKNOWN` where there is none.
    pub fn find(&mut self, id: u32) -> &[u8] {
        if self.last != Some(id) {
            self.last = Some(id);
            self.name.clear();
            if !self.look_up(id) {
                self.name.extend(b"UNKNOWN");
            }
        }
        &self.name
    }

    // More reads are cheaper than a page of stack that nobody touched yet.
    #[inline(never)]
    fn look_up(&mut self, id: u32) -> bool {
        let Ok(file) = open(self.file, O_RDONLY, Mode(0)) else { return false };
        let mut buffer = [0; 1024];
        let mut lines = BufReader::new(&mut buffer, file);
        // A line that is longer than the buffer comes in pieces; only the first one counts.
        let mut whole = true;
        while let Ok(Some(line)) = lines.read_until(b'\n') {
            let begins = core::mem::replace(&mut whole, line.ends_with(b"\n"));
            // NAME:PASSWORD:ID:
            let mut fields = words(line.strip_suffix(b"\n").unwrap_or(line), b':');
            let name = fields.next().unwrap_or_default();
            let found = fields.nth(1).and_then(|id| number(id, 10)) == Some(id.into());
            if begins && found && !name.is_empty() && !name.starts_with(b"#") {
                self.name.extend(name);
                return true;
            }
        }
        false
    }
}
