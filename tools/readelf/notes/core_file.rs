//! Notes of owner `CORE`, which the kernel writes into core files.

use super::Note;
use crate::context::Context;
use crate::readelf::file::File;
use rt::elf::c_str;
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
    let desc = &note.desc;
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
    fill!(&mut cx.out, "    Page size: %u\n         Start         End Page Offset\n", page_size);
    let mut name_at = names_at;
    for row in (8..names_at as usize).step_by(12) {
        let Some(name) = c_str(desc.bytes, name_at) else {
            error!(cx, "    Malformed note - filenames end too early");
            return false;
        };
        let [start, end, offset] = [0, 4, 8].map(|at| desc.u32(row + at).unwrap_or_default());
        let out = &mut cx.out;
        fill!(out, "    0x%08x  0x%08x  0x%08x\n        %s\n", start, end, offset; name);
        name_at += name.len() as u64 + 1;
    }
    true
}
