//! The unwind tables of HP-PA: an entry of 16 bytes for each function.
//!
//! "32-bit PA-RISC Run-time Architecture Document", appendix "Stack unwind library".

use super::functions::{Address, Functions, segment_base};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::unwind::{HPPA_FLAGS, HPPA_MORE_FLAGS};
use crate::readelf::text;
use rt::elf::Reader;
use rt::fmt::{dec, hex};
use rt::put;

/// The size of an entry.
const ENTRY: usize = 16;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.has_names() {
        return false;
    }
    let Some(functions) = Functions::new(cx, file) else { return false };
    let mut any = false;
    let mut fine = true;
    for (index, section) in file.sections.iter().enumerate() {
        let name = file.section_name(&section);
        if name != b".PARISC.unwind" {
            continue;
        }
        any = true;
        let count = section.sh_size / ENTRY as u64;
        put!(&mut cx.out, "\nUnwind section '", text::section(name), "' at offset 0x");
        put!(&mut cx.out, hex(section.sh_offset), " contains ", dec(count));
        put!(&mut cx.out, if count == 1 { " entry:\n" } else { " entries:\n" });
        let base = segment_base(cx, file, &section);
        let data =
            base.and_then(|_| file.read(cx, section.sh_offset, section.sh_size, "unwind table"));
        match base.zip(data).filter(|_| count > 0) {
            Some((base, data)) => table(cx, file, &functions, index, base, data),
            None => fine = false,
        }
    }
    if any { fine } else { super::none(cx) }
}

fn table(
    cx: &mut Context,
    file: &File,
    functions: &Functions,
    index: usize,
    base: u64,
    data: &[u8],
) {
    let relocated = functions.segment_relative(cx, file, index);
    put!(&mut cx.out, "\n");
    for (index, entry) in data.chunks_exact(ENTRY).enumerate() {
        let r = Reader::new(file.elf.encoding, entry);
        let word = |at: usize| r.u32(at).unwrap_or_default();
        let address = |at: usize| {
            let place = (index * ENTRY + at) as u64;
            let found = relocated.iter().rfind(|(offset, _)| *offset == place);
            let offset = base.wrapping_add(word(at).into());
            let plain = Address { section: 0, offset };
            found.map_or(plain, |(_, address)| *address)
        };
        let (start, end) = (address(0), address(4));
        put!(&mut cx.out, "<");
        functions.name(&mut cx.out, start, "", "+");
        put!(&mut cx.out, ">: [0x", hex(start.offset), "-0x", hex(end.offset), "]\n\t");
        let flags = word(8);
        for (place, name) in HPPA_FLAGS.iter() {
            let mask = match place {
                10 => 15,
                15 => 31,
                _ => 1,
            };
            let number = flags >> (31 - place) & mask;
            match number {
                0 => {}
                1 if mask == 1 => put!(&mut cx.out, name, " "),
                _ => put!(&mut cx.out, name, dec(number), " "),
            }
        }
        let more = word(12);
        for (place, name) in HPPA_MORE_FLAGS.iter() {
            if more >> (31 - place) & 1 != 0 {
                put!(&mut cx.out, name, " ");
            }
        }
        let size = more & 0x7ff_ffff;
        if size != 0 {
            put!(&mut cx.out, "Total_frame_size=", dec(size), " ");
        }
        put!(&mut cx.out, "\n");
    }
}
