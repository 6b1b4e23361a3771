//! Notes of NetBSD, of SystemTap's probes, and of package managers.

use super::{Note, unknown};
use crate::context::Context;
use crate::readelf::file::File;
use crate::words::words;
use rt::elf::consts::{EM_ALPHA, EM_FAKE_ALPHA, EM_SH, EM_SPARC, EM_SPARC32PLUS, EM_SPARCV9};
use rt::elf::{Data, c_str};
use rt::io::BufWriter;
use rt::put;

/// NetBSD marks its programs with a version, the processor, and what PaX may do.
pub fn netbsd(cx: &mut Context, note: &Note) -> bool {
    let out = &mut cx.out;
    let desc = note.desc.bytes;
    let size = note.n_descsz;
    let value = || {
        // As many bytes as there are, up to four.
        let bytes = desc.iter().take(4).map(|&byte| u32::from(byte));
        match note.desc.encoding.data {
            Data::Msb => bytes.fold(0, |value, byte| value << 8 | byte),
            Data::Lsb => bytes.rev().fold(0, |value, byte| value << 8 | byte),
        }
    };
    match note.n_type {
        1 if !desc.is_empty() => {
            let version = value();
            let (major, minor) = (version / 100_000_000, version / 1_000_000 % 100);
            fill!(out, "  NetBSD\t\t0x%08x\tIDENT %u (%u.%u", size, version, major, minor);
            // Between releases NetBSD counts in letters.
            let letters = version / 10_000;
            if letters % 100 == 0 {
                fill!(out, ".%u", version / 100 % 100);
            } else {
                put!(out, if letters % 100 > 26 { "Z" } else { "" });
                out.byte(b'A' + (letters % 26) as u8);
            }
            put!(out, ")\n");
        }
        5 => {
            // GNU readelf reads up to the next zero byte, wherever that is.
            let march = note.tail.split(|&byte| byte == 0).next().unwrap_or_default();
            fill!(out, "  NetBSD\t\t0x%08x\tMARCH <%s>\n", size; march);
        }
        3 if !desc.is_empty() => {
            fill!(out, "  NetBSD\t\t0x%08x\tPaX <", size);
            let flags = b"+mprotect -mprotect +guard -guard +ASLR -ASLR";
            for (bit, flag) in words(flags, b' ').enumerate() {
                if value() & 1 << bit != 0 {
                    put!(out, flag);
                }
            }
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
    let e_machine = if e_machine == EM_FAKE_ALPHA { EM_ALPHA } else { e_machine };
    let name = match (n_type, e_machine) {
        (1, _) => "NetBSD procinfo structure",
        (2, _) => "NetBSD ELF auxiliary vector data",
        (24, _) => "PT_LWPSTATUS (ptrace_lwpstatus structure)",
        (..PT_FIRSTMACH, _) => return unknown(out, n_type),
        (33, EM_SH) => "PT___GETREGS40 (old reg structure)",
        (35, EM_SH) | (32, EM_ALPHA | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9) => {
            "PT_GETREGS (reg structure)"
        }
        (37, EM_SH) | (34, EM_ALPHA | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9) => {
            "PT_GETFPREGS (fpreg structure)"
        }
        (_, EM_SH | EM_ALPHA | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9) => "",
        (33, _) => "PT_GETREGS (reg structure)",
        (35, _) => "PT_GETFPREGS (fpreg structure)",
        _ => "",
    };
    if name.is_empty() {
        fill!(out, "PT_FIRSTMACH+%d", n_type.wrapping_sub(PT_FIRSTMACH));
    } else {
        put!(out, name);
    }
}

/// A probe of SystemTap: where it is, and what it can tell.
pub fn stapsdt(cx: &mut Context, file: &File, note: &Note) -> bool {
    let desc = &note.desc;
    let word = file.elf.encoding.word();
    let mut strings = desc.bytes.get(3 * word..).unwrap_or_default().split(|&b| b == 0);
    // All three strings have their zero byte: there is a piece after the last of them.
    let pieces = [strings.next(), strings.next(), strings.next(), strings.next()];
    let (
        [Some(pc), Some(base), Some(semaphore)],
        [Some(provider), Some(name), Some(args), Some(rest)],
    ) = ([0, word, 2 * word].map(|at| desc.word(at)), pieces)
    else {
        put!(&mut cx.out, "  <corrupt - note is too small>\n");
        error!(cx, "corrupt stapdt note - the data size is too small");
        return false;
    };
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
    rest.is_empty() && strings.next().is_none()
}

/// What package the file is of, as JSON.
pub fn packaging(cx: &mut Context, note: &Note) -> bool {
    const FDO_PACKAGING_METADATA: u64 = 0xcafe_1a7e;
    if note.n_type != FDO_PACKAGING_METADATA || note.desc.bytes.is_empty() {
        return false;
    }
    let json = c_str(note.desc.bytes, 0).unwrap_or_default();
    fill!(&mut cx.out, "    Packaging Metadata: %s\n"; json);
    true
}
