//! Notes of owner `CORE`, which the kernel writes into core files.

use super::Note;
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use rt::elf::c_str;
use rt::fmt::{dec, hex, left, right};
use rt::put;

/// `NT_FILE`: the files that were mapped.
pub const NT_FILE: u64 = 0x4649_4c45;

/// Prints which parts of which files were mapped. Debian's readelf does that for 32-bit
/// core files only, and so it is done here.
pub fn mapped_files(cx: &mut Context, file: &File, note: &Note) -> bool {
    if file.elf.encoding.is_64() {
        put!(&mut cx.out, "    Cannot decode 64-bit note in 32-bit build\n");
        return true;
    }
    let desc = note.desc;
    let (Some(count), Some(page_size)) = (desc.u32(0), desc.u32(4)) else {
        error!(cx, "    Malformed note - too short for header");
        return false;
    };
    if desc.bytes.last() != Some(&0) {
        error!(cx, "    Malformed note - does not end with \\0");
        return false;
    }
    let names_at = 8 + u64::from(count) * 12;
    if names_at > desc.bytes.len() as u64 {
        error!(cx, "    Malformed note - too short for supplied file count");
        return false;
    }
    put!(&mut cx.out, "    Page size: ", dec(page_size), "\n");
    put!(&mut cx.out, "    ", right("Start", 10), "  ", right("End", 10), " ");
    put!(&mut cx.out, left("Page Offset", 10), "\n");
    let mut name_at = names_at;
    for row in (8..names_at as usize).step_by(12) {
        let Some(name) = c_str(desc.bytes, name_at) else {
            error!(cx, "    Malformed note - filenames end too early");
            return false;
        };
        let field = |at| hex(desc.u32(row + at).unwrap_or_default()).zero(8);
        put!(&mut cx.out, "    0x", field(0), "  0x", field(4), "  0x", field(8), "\n        ");
        put!(&mut cx.out, text::name(name), "\n");
        name_at += name.len() as u64 + 1;
    }
    true
}
