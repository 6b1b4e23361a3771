//! `-h`: the file header (gABI, "ELF Header").

use super::file::File;
use super::flags;
use super::names::{Names, machines};
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

pub fn show(cx: &mut Context, file: &mut File) -> bool {
    if file.options.header {
        print(cx, file);
    }
    true
}

fn print(cx: &mut Context, file: &mut File) {
    let header = file.elf.header;
    let ident = header.e_ident;
    let out = &mut cx.out;
    put!(out, "ELF Header:\n  Magic:   ");
    for byte in &ident.0 {
        put!(out, hex(*byte).zero(2), " ");
    }
    put!(out, "\n  Class:                             ");
    put_name(out, machines::CLASSES, ident.class());
    put!(out, "\n  Data:                              ");
    put_name(out, machines::ENCODINGS, ident.data());
    put!(out, "\n  Version:                           ", dec(ident.version()));
    put!(out, machines::version(ident.version()), "\n  OS/ABI:                            ");
    match &machines::osabi(ident.osabi(), header.e_machine) {
        Some(name) => put!(out, name),
        None => put_unknown(out, ident.osabi()),
    }
    put!(out, "\n  ABI Version:                       ", dec(ident.abi_version()), "\n");
    // Whether a shared object is a program is looked up in its dynamic segment.
    let pie = file.is_pie(cx);
    let out = &mut cx.out;
    put!(out, "  Type:                              ");
    put_type(out, header.e_type, pie);
    put!(out, "\n  Machine:                           ");
    if !machines::MACHINES.put(out, header.e_machine.into()) {
        put!(out, "<unknown>: 0x", hex(header.e_machine));
    }
    // Offsets are printed as signed numbers.
    fill!(
        out,
        "\n  Version:                           0x%x\n\
         \x20 Entry point address:               0x%x\n\
         \x20 Start of program headers:          %ld (bytes into file)\n\
         \x20 Start of section headers:          %ld (bytes into file)\n\
         \x20 Flags:                             0x%x",
        header.e_version,
        header.e_entry,
        header.e_phoff,
        header.e_shoff,
        header.e_flags
    );
    flags::put(out, &header);
    fill!(
        out,
        "\n  Size of this header:               %u (bytes)\n\
         \x20 Size of program headers:           %u (bytes)\n\
         \x20 Number of program headers:         %u",
        header.e_ehsize,
        header.e_phentsize,
        header.e_phnum
    );
    if header.e_phnum == PN_XNUM && file.phnum() != PN_XNUM.into() {
        put!(out, " (", dec(file.phnum()), ")");
    }
    fill!(
        out,
        "\n  Size of section headers:           %u (bytes)\n\
         \x20 Number of section headers:         %u",
        header.e_shentsize,
        header.e_shnum
    );
    let extended = file.elf.first_section().is_some();
    if header.e_shnum == 0 && extended {
        put!(out, " (", dec(file.shnum()), ")");
    }
    put!(out, "\n  Section header string table index: ", dec(header.e_shstrndx));
    let shstrndx = file.elf.shstrndx();
    if header.e_shstrndx == SHN_XINDEX && extended {
        put!(out, " (", dec(shstrndx), ")");
    }
    if shstrndx != 0 && shstrndx >= file.shnum() {
        put!(out, " <corrupt: out of range>");
    }
    put!(out, "\n");
}

fn put_name(out: &mut BufWriter, names: Names, number: u8) {
    if !names.put(out, number.into()) {
        put_unknown(out, number);
    }
}

fn put_unknown(out: &mut BufWriter, number: u8) {
    put!(out, "<unknown: ", hex(number), ">");
}

/// What kind of file it is: `e_type`, and whether a shared object is a program.
pub fn put_type(out: &mut BufWriter, e_type: u16, pie: bool) {
    match e_type {
        _ if pie => put!(out, machines::PIE),
        _ if machines::TYPES.put(out, e_type.into()) => {}
        ET_LOPROC..=ET_HIPROC => put!(out, "Processor Specific: (", hex(e_type), ")"),
        ET_LOOS..=ET_HIOS => put!(out, "OS Specific: (", hex(e_type), ")"),
        _ => put!(out, "<unknown>: ", hex(e_type)),
    }
}
