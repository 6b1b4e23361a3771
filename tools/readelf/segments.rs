//! `-l`: the program headers (gABI, "Program Header"), and which sections lie in which of them.

use super::file::{Extent, File};
use super::header::put_type;
use super::names::segments::segment_type;
use super::pattern;
use super::text;
use crate::colour::Sgr;
use crate::context::Context;
use rt::elf::consts::*;
use rt::elf::{ProgramHeader, SectionGroups, c_str};
use rt::fmt::{Put, dec, left};
use rt::io::BufWriter;
use rt::put;

/// Reads and checks the program headers, which finds the dynamic array, and prints them.
pub fn show(cx: &mut Context, file: &mut File) -> bool {
    let wanted = file.options.segments;
    let header = file.elf.header;
    let phnum = file.phnum();
    if phnum == 0 {
        if header.e_phoff != 0 {
            warn!(
                cx,
                "possibly corrupt ELF header - it has a non-zero program header offset, but no \
                 program headers"
            );
        } else if wanted {
            put!(&mut cx.out, "\nThere are no program headers in this file.\n");
        }
        return true;
    }
    if wanted && !file.options.header {
        let pie = file.is_pie(cx);
        let out = &mut cx.out;
        put!(out, "\nElf file type is ");
        put_type(out, header.e_type, pie);
        fill!(out, "\nEntry point 0x%x\n", header.e_entry);
        let line = match phnum {
            1 => rt::text!("There is %u program header, starting at offset %u\n"),
            _ => rt::text!("There are %u program headers, starting at offset %u\n"),
        };
        pattern::numbers(out, line, &[phnum.into(), header.e_phoff]);
    }
    if !file.load_segments(cx) {
        return true;
    }
    let is_64 = file.elf.encoding.is_64();
    if wanted {
        let out = &mut cx.out;
        put!(out, "\nProgram Headers:\n  Type           Offset ");
        match (is_64, file.options.wide) {
            (false, _) => put!(out, "  VirtAddr   PhysAddr   FileSiz MemSiz  Flg Align\n"),
            (true, true) => {
                put!(out, "  VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align\n");
            }
            (true, false) => put!(
                out,
                "            VirtAddr           PhysAddr\n                 \
                 FileSiz            MemSiz              Flags  Align\n"
            ),
        }
    }
    let mut loads = false;
    for index in 0..file.segments.len() {
        let segment = file.segment(index);
        if wanted {
            put_row(&mut cx.out, file, &segment);
        }
        check(cx, file, &segment, &mut loads);
    }
    if wanted && file.has_names() {
        put_mapping(&mut cx.out, file);
    }
    true
}

// Not inlined, as the next ones: they look at the segment where it is, and have small frames.
#[inline(never)]
fn put_row(out: &mut BufWriter, file: &File, segment: &ProgramHeader) {
    let is_64 = file.elf.encoding.is_64();
    let flag = |bit, letter| if segment.p_flags & bit != 0 { letter } else { b' ' };
    let flags = [flag(PF_R, b'R'), flag(PF_W, b'W'), flag(PF_X, b'E')];
    let header = &file.elf.header;
    let kind = segment_type(segment.p_type, header.e_machine, header.e_ident.osabi());
    let colour = file.options.colour;
    let sgr = match segment.p_type {
        PT_LOAD => Sgr::Bold,
        PT_GNU_STACK | PT_GNU_RELRO | PT_TLS => Sgr::Magenta,
        _ => Sgr::Cyan,
    };
    let kind = colour.paint(sgr, left(&kind, 14).cut());
    let sgr = match (segment.p_flags & PF_W != 0, segment.p_flags & PF_X != 0) {
        (true, true) => Sgr::Red,
        (_, true) => Sgr::Green,
        (true, _) => Sgr::Yellow,
        _ => Sgr::Dim,
    };
    let flags = colour.paint(sgr, flags);
    put!(out, "  ", kind);
    let narrow = is_64 && !file.options.wide;
    let (offset, address, size) = match (is_64, narrow) {
        (_, true) => (16, 16, 16),
        (true, _) => (6, 16, 6),
        (false, _) => (6, 8, 5),
    };
    let (line, tail) = if narrow {
        (
            rt::text!(" 0x%0*x 0x%0*x 0x%0*x\n                 0x%0*x 0x%0*x  "),
            rt::text!("    0x%x\n"),
        )
    } else {
        (rt::text!(" 0x%0*x 0x%0*x 0x%0*x 0x%0*x 0x%0*x "), rt::text!(" %#x\n"))
    };
    let numbers = [
        offset,
        segment.p_offset,
        address,
        segment.p_vaddr,
        address,
        segment.p_paddr,
        size,
        segment.p_filesz,
        size,
        segment.p_memsz,
    ];
    pattern::numbers(out, line, &numbers);
    flags.put(out);
    pattern::numbers(out, tail, &[segment.p_align]);
}

/// Tells what is wrong with a segment, after its row; finds the dynamic array.
#[inline(never)]
fn check(cx: &mut Context, file: &mut File, segment: &ProgramHeader, loads: &mut bool) {
    match segment.p_type {
        PT_LOAD => {
            *loads = true;
            if segment.p_filesz > segment.p_memsz {
                error!(cx, "the segment's file size is larger than its memory size");
            }
        }
        PT_PHDR => {
            if *loads {
                error!(cx, "the PHDR segment must occur before any LOAD segment");
            }
            // GNU readelf looks for it from the second program header on, and lets PA-RISC be.
            let parisc = file.elf.header.e_machine == EM_PARISC;
            let covered = (1..file.segments.len()).any(|index| {
                let load = file.segment(index);
                let size = segment.p_filesz;
                load.p_type == PT_LOAD
                    && covers(load.p_offset, load.p_filesz, segment.p_offset, size)
                    && covers(load.p_vaddr, load.p_filesz, segment.p_vaddr, size)
            });
            if !covered && !parisc {
                error!(cx, "the PHDR segment is not covered by a LOAD segment");
            }
        }
        PT_DYNAMIC => find_dynamic(cx, file, segment),
        PT_INTERP => {
            let bytes = file.elf.bytes(segment.p_offset, segment.p_filesz);
            match bytes.and_then(|bytes| c_str(bytes, 0)) {
                None => error!(cx, "Unable to find program interpreter name"),
                Some(name) if file.options.segments => {
                    fill!(&mut cx.out, "      [Requesting program interpreter: %s]\n"; name);
                }
                Some(_) => {}
            }
        }
        _ => {}
    }
}

fn covers(outer: u64, length: u64, inner: u64, size: u64) -> bool {
    outer <= inner && outer.wrapping_add(length) >= inner.wrapping_add(size)
}

/// Where the dynamic array lies: the section says more exactly than the segment does.
fn find_dynamic(cx: &mut Context, file: &mut File, segment: &ProgramHeader) {
    if file.dynamic_at.is_some_and(|before| before.offset != 0) {
        error!(cx, "more than one dynamic segment");
    }
    let mut dynamic = Extent { offset: segment.p_offset, size: segment.p_filesz };
    if !file.sections.is_empty() {
        let Some(section) = file.dynamic_section() else {
            error!(cx, "no .dynamic section in the dynamic segment");
            file.dynamic_at = Some(dynamic);
            return;
        };
        dynamic = section;
    }
    file.dynamic_at = Some(dynamic);
    if dynamic.offset > file.elf.size() || dynamic.size > file.elf.size() - dynamic.offset {
        error!(cx, "the dynamic segment offset + size exceeds the size of the file");
        file.dynamic_at = None;
    }
}

// Its frame is large: nobody pays for it who asks for no segments.
#[inline(never)]
fn put_mapping(out: &mut BufWriter, file: &File) {
    put!(out, "\n Section to Segment mapping:\n  Segment Sections...\n");
    let sections = groups(file);
    for i in 0..file.segments.len() {
        let segment = file.segment(i);
        put!(out, "   ", dec(i).zero(2), "     ");
        sections.each_in(&segment, &mut |index, section| {
            // Section 0 is none.
            if index != 0 {
                put!(out, text::section(file.section_name(&section)), " ");
            }
        });
        put!(out, "\n");
    }
}

/// Where the sections lie.
// One copy for all who ask.
#[inline(never)]
pub fn groups<'a>(file: &File<'a>) -> SectionGroups<'a> {
    SectionGroups::new(file.sections)
}
