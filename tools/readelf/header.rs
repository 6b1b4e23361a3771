//! `-h`: the file header (gABI, "ELF Header").

use super::file::File;
use super::flags;
use super::names::{Names, machines};
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, hex, int, left};
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
    for byte in ident.0 {
        put!(out, hex(byte).zero(2), " ");
    }
    label(out, "Class:");
    put_name(out, machines::CLASSES, ident.class());
    label(out, "Data:");
    put_name(out, machines::ENCODINGS, ident.data());
    label(out, "Version:");
    put!(out, dec(ident.version()), machines::version(ident.version()));
    label(out, "OS/ABI:");
    match &machines::osabi(ident.osabi(), header.e_machine) {
        Some(name) => put!(out, name),
        None => put_unknown(out, ident.osabi()),
    }
    label(out, "ABI Version:");
    put!(out, dec(ident.abi_version()), "\n");
    // Whether a shared object is a program is looked up in its dynamic segment.
    let pie = file.is_pie(cx);
    let out = &mut cx.out;
    put!(out, "  Type:                              ");
    put_type(out, header.e_type, pie);
    label(out, "Machine:");
    if !machines::MACHINES.put(out, header.e_machine.into()) {
        put!(out, "<unknown>: 0x", hex(header.e_machine));
    }
    label(out, "Version:");
    put!(out, "0x", hex(header.e_version));
    label(out, "Entry point address:");
    put!(out, "0x", hex(header.e_entry));
    // Offsets are printed as signed numbers.
    label(out, "Start of program headers:");
    put!(out, int(header.e_phoff.cast_signed()), " (bytes into file)");
    label(out, "Start of section headers:");
    put!(out, int(header.e_shoff.cast_signed()), " (bytes into file)");
    label(out, "Flags:");
    put!(out, "0x", hex(header.e_flags));
    flags::put(out, &header);
    label(out, "Size of this header:");
    put!(out, dec(header.e_ehsize), " (bytes)");
    label(out, "Size of program headers:");
    put!(out, dec(header.e_phentsize), " (bytes)");
    label(out, "Number of program headers:");
    put!(out, dec(header.e_phnum));
    if header.e_phnum == PN_XNUM && file.phnum() != PN_XNUM.into() {
        put!(out, " (", dec(file.phnum()), ")");
    }
    label(out, "Size of section headers:");
    put!(out, dec(header.e_shentsize), " (bytes)");
    label(out, "Number of section headers:");
    put!(out, dec(header.e_shnum));
    let extended = file.elf.first_section().is_some();
    if header.e_shnum == 0 && extended {
        put!(out, " (", dec(file.shnum()), ")");
    }
    label(out, "Section header string table index:");
    put!(out, dec(header.e_shstrndx));
    let shstrndx = file.elf.shstrndx();
    if header.e_shstrndx == SHN_XINDEX && extended {
        put!(out, " (", dec(shstrndx), ")");
    }
    if shstrndx != 0 && shstrndx >= file.shnum() {
        put!(out, " <corrupt: out of range>");
    }
    put!(out, "\n");
}

/// Ends a line and begins the next one.
fn label(out: &mut BufWriter, label: &str) {
    put!(out, "\n  ", left(label, 35));
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
