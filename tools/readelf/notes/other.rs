//! Notes of NetBSD, of SystemTap's probes, and of package managers.

use super::{Note, unknown};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use crate::readelf::{contents::relocate, lto};
use crate::words::Bits;
use rt::elf::c_str;
use rt::elf::consts::{EM_ALPHA, EM_FAKE_ALPHA, EM_SH, EM_SPARC, EM_SPARC32PLUS, EM_SPARCV9};
use rt::io::BufWriter;
use rt::put;

/// NetBSD marks its programs with a version, the processor, and what PaX may do.
#[inline(never)]
pub fn netbsd(cx: &mut Context, note: &Note) -> bool {
    let out = &mut cx.out;
    let desc = note.desc.bytes;
    let size = note.n_descsz;
    // As many bytes as there are, up to four.
    let value = relocate::get(desc.get(..4).unwrap_or(desc), note.desc.encoding.data) as u32;
    match note.n_type {
        1 if !desc.is_empty() => {
            let (major, minor) = (value / 100_000_000, value / 1_000_000 % 100);
            fill!(out, "  NetBSD\t\t0x%08x\tIDENT %u (%u.%u", size, value, major, minor);
            // Between releases NetBSD counts in letters.
            let letters = value / 10_000;
            if letters.is_multiple_of(100) {
                fill!(out, ".%u", value / 100 % 100);
            } else {
                put!(out, if letters % 100 > 26 { rt::text!("Z") } else { rt::text!("") });
                out.byte(b'A' + (letters % 26) as u8);
            }
            put!(out, ")\n");
        }
        5 => {
            // GNU readelf reads up to the next zero byte, wherever that is.
            let march = c_str(note.tail, 0).unwrap_or_default();
            fill!(out, "  NetBSD\t\t0x%08x\tMARCH <%s>\n", size; march);
        }
        3 if !desc.is_empty() => {
            fill!(out, "  NetBSD\t\t0x%08x\tPaX <", size);
            let names = b"+mprotect -mprotect +guard -guard +ASLR -ASLR";
            let flags = Bits { bits: &[0, 1, 2, 3, 4, 5], names };
            flags.each(value.into(), &mut |flag| put!(out, flag));
            put!(out, ">\n");
        }
        _ => {
            fill!(out, "  NetBSD\t0x%08x\t", size);
            unknown(out, note.n_type as u32);
            put!(out, "\n");
            return false;
        }
    }
    true
}

/// NetBSD's core files number the registers as ptrace does, each machine in its own way.
pub fn netbsd_core_type(out: &mut BufWriter, e_machine: u16, n_type: u32) {
    const PT_FIRSTMACH: u32 = 32;
    let (regs, fpregs) = match e_machine {
        EM_SH => (35, 37),
        EM_ALPHA | EM_FAKE_ALPHA | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9 => (32, 34),
        _ => (33, 35),
    };
    match n_type {
        1 => put!(out, "NetBSD procinfo structure"),
        2 => put!(out, "NetBSD ELF auxiliary vector data"),
        24 => put!(out, "PT_LWPSTATUS (ptrace_lwpstatus structure)"),
        _ if n_type < PT_FIRSTMACH => unknown(out, n_type),
        _ if n_type == regs => put!(out, "PT_GETREGS (reg structure)"),
        _ if n_type == fpregs => put!(out, "PT_GETFPREGS (fpreg structure)"),
        33 if e_machine == EM_SH => put!(out, "PT___GETREGS40 (old reg structure)"),
        _ => fill!(out, "PT_FIRSTMACH+%d", n_type - PT_FIRSTMACH),
    }
}

/// A probe of SystemTap: where it is, and what it can tell.
#[inline(never)]
pub fn stapsdt(cx: &mut Context, file: &File, note: &Note) -> bool {
    let desc = &note.desc;
    let word = file.elf.encoding.word();
    let mut rest = desc.bytes.get(3 * word..);
    let mut strings = [&[][..]; 3];
    for string in &mut strings {
        let split = rest.and_then(lto::string);
        rest = split.map(|(_, rest)| rest);
        *string = split.map_or(&[], |(string, _)| string);
    }
    let Some(rest) = rest else {
        put!(&mut cx.out, "  <corrupt - note is too small>\n");
        error!(cx, "corrupt stapdt note - the data size is too small");
        return false;
    };
    let [pc, base, semaphore] = [0, word, 2 * word].map(|at| desc.word(at).unwrap_or_default());
    let [provider, name, args] = strings;
    let width = 2 * word;
    fill!(
        &mut cx.out,
        "    Provider: %s\n    Name: %s\n    Location: 0x%0*x, Base: 0x%0*x, \
         Semaphore: 0x%0*x\n    Arguments: %s\n",
        width,
        pc,
        width,
        base,
        width,
        semaphore;
        provider,
        name,
        args
    );
    // More than the three is no error that is told, and yet one.
    rest.is_empty()
}

/// What package the file is of, as JSON.
pub fn packaging(cx: &mut Context, note: &Note) -> bool {
    const FDO_PACKAGING_METADATA: u64 = 0xcafe_1a7e;
    if note.n_type != FDO_PACKAGING_METADATA || note.desc.bytes.is_empty() {
        return false;
    }
    let json = c_str(note.desc.bytes, 0).unwrap_or_default();
    put!(&mut cx.out, "    Packaging Metadata: ", text::name(json), "\n");
    true
}
