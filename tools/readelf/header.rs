//! `-h`: the file header (gABI, "ELF Header").

use super::file::File;
use super::flags;
use super::names::{Names, machines};
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, hex, int};
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
    put!(out, "\n  Version:                           0x", hex(header.e_version));
    put!(out, "\n  Entry point address:               0x", hex(header.e_entry));
    // Offsets are printed as signed numbers.
    put!(out, "\n  Start of program headers:          ", int(header.e_phoff.cast_signed()));
    put!(out, " (bytes into file)\n  Start of section headers:          ");
    put!(out, int(header.e_shoff.cast_signed()), " (bytes into file)");
    put!(out, "\n  Flags:                             0x", hex(header.e_flags));
    flags::put(out, &header);
    put!(out, "\n  Size of this header:               ", dec(header.e_ehsize));
    put!(out, " (bytes)\n  Size of program headers:           ", dec(header.e_phentsize));
    put!(out, " (bytes)\n  Number of program headers:         ", dec(header.e_phnum));
    if header.e_phnum == PN_XNUM && file.phnum() != PN_XNUM.into() {
        put!(out, " (", dec(file.phnum()), ")");
    }
    put!(out, "\n  Size of section headers:           ", dec(header.e_shentsize));
    put!(out, " (bytes)\n  Number of section headers:         ", dec(header.e_shnum));
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
