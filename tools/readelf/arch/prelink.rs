//! `.gnu.liblist`: the libraries that a prelinked file was bound to.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::notes::civil;
use crate::readelf::text;
use rt::elf::{Reader, c_str};
use rt::fmt::{Cell, dec, hex, left};
use rt::io::BufWriter;
use rt::put;

const SHT_GNU_LIBLIST: u32 = 0x6fff_fff7;
/// The size of `Elf32_Lib`, `Elf64_Lib`.
const ENTRY: usize = 20;

pub fn show(cx: &mut Context, file: &File) -> bool {
    let mut fine = true;
    for (_, section) in file.sections_of(SHT_GNU_LIBLIST) {
        let linked = file.sections.get(section.sh_link as usize).unwrap_or_default();
        let data = file.read(cx, section.sh_offset, section.sh_size, "liblist section data");
        let strings = data
            .and_then(|_| file.read(cx, linked.sh_offset, linked.sh_size, "liblist string table"));
        let whole = data.zip(strings).filter(|_| section.sh_entsize == ENTRY as u64);
        let Some((data, strings)) = whole else {
            fine = false;
            continue;
        };
        let count = data.len() / ENTRY;
        put!(&mut cx.out, "\nLibrary list section '", text::section(file.section_name(&section)));
        put!(&mut cx.out, "' contains ", dec(count), " entries:\n");
        put!(
            &mut cx.out,
            "     Library              Time Stamp          Checksum   Version Flags\n"
        );
        for (index, entry) in data.chunks_exact(ENTRY).enumerate() {
            let r = Reader::new(file.elf.encoding, entry);
            let word = |at| r.u32(at).unwrap_or_default();
            put!(&mut cx.out, dec(index).width(3), ": ");
            let name = c_str(strings, word(0).into()).unwrap_or(b"<corrupt>");
            let name: Cell = left(name, 20);
            put!(&mut cx.out, if file.options.wide { name } else { name.cut() }, " ");
            time(&mut cx.out, word(4));
            put!(&mut cx.out, " ", hex(word(8)).alt().zero(10), " ", dec(word(12)).left(7));
            put!(&mut cx.out, " ", dec(word(16)).left(7), "\n");
        }
    }
    fine
}

/// A time in seconds since 1970.
pub fn time(out: &mut BufWriter, seconds: u32) {
    let (year, month, day) = civil((seconds / 86_400).into());
    put!(out, dec(year as u64).zero(4), "-", dec(month).zero(2), "-", dec(day).zero(2), "T");
    put!(out, dec(seconds / 3600 % 24).zero(2), ":", dec(seconds / 60 % 60).zero(2), ":");
    put!(out, dec(seconds % 60).zero(2));
}
