//! The names of users and groups, out of /etc/passwd and /etc/group.

use super::lines::find_line;
use crate::words::{number, words};
use alloc::vec::Vec;
use core::ffi::CStr;

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

    fn look_up(&mut self, id: u32) -> bool {
        find_line(self.file, &mut |line| {
            // NAME:PASSWORD:ID:
            let mut fields = words(line, b':');
            let name = fields.next().unwrap_or_default();
            let found = fields.nth(1).and_then(|id| number(id, 10)) == Some(id.into());
            let found = found && !name.is_empty() && !matches!(name, [b'#', ..]);
            if found {
                self.name.extend(name);
            }
            found
        })
    }
}
