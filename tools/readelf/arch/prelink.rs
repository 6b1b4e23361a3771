//! `.gnu.liblist`: the libraries that a prelinked file was bound to.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::notes::unix_time;
use rt::elf::{Reader, c_str};
use rt::fmt::{Cell, left};
use rt::put;

const SHT_GNU_LIBLIST: u32 = 0x6fff_fff7;
/// The size of `Elf32_Lib`, `Elf64_Lib`.
const ENTRY: usize = 20;

// Not inlined: a large frame makes all that uses it longer.
#[inline(never)]
pub fn show(cx: &mut Context, file: &File) -> bool {
    let mut fine = true;
    for section in file.sections.iter() {
        if section.sh_type != SHT_GNU_LIBLIST {
            continue;
        }
        let data = file.read_section(cx, &section, rt::text!("liblist section data"));
        let strings = match (data, file.sections.get(section.sh_link as usize)) {
            (Some(_), Some(linked)) => {
                file.read_section(cx, &linked, rt::text!("liblist string table"))
            }
            _ => None,
        };
        let whole = data.zip(strings).filter(|_| section.sh_entsize == ENTRY as u64);
        let Some((data, strings)) = whole else {
            fine = false;
            continue;
        };
        let (count, name) = (data.len() / ENTRY, file.section_name(&section));
        fill!(
            &mut cx.out,
            "\nLibrary list section '%S' contains %u entries:\n     \
             Library              Time Stamp          Checksum   Version Flags\n",
            count;
            name
        );
        for (index, entry) in data.chunks_exact(ENTRY).enumerate() {
            let out = &mut cx.out;
            let r = Reader::new(file.elf.encoding, entry);
            let word = |at| r.u32(at).unwrap_or_default();
            let name = c_str(strings, word(0).into()).unwrap_or(b"<corrupt>");
            let name: Cell = left(name, 20);
            fill!(out, "%3u: ", index);
            put!(out, if file.options.wide { name } else { name.cut() }, " ");
            unix_time(out, word(4).into());
            fill!(out, " %#010x %-7u %-7u\n", word(8), word(12), word(16));
        }
    }
    fine
}
