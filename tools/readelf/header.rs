//! `-h`: the file header (gABI, "ELF Header").

use super::file::File;
use super::flags;
use super::names::machines;
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{Put, dec, hex, int};
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
    put!(out, "\n");
    let unknown = |out: &mut BufWriter, byte: u8| put!(out, "<unknown: ", hex(byte), ">");
    line(out, "Class:", |out| match machines::CLASSES.get(ident.class().into()) {
        Some(name) => put!(out, name),
        None => unknown(out, ident.class()),
    });
    line(out, "Data:", |out| match machines::ENCODINGS.get(ident.data().into()) {
        Some(name) => put!(out, name),
        None => unknown(out, ident.data()),
    });
    let version = ident.version();
    line(out, "Version:", |out| put!(out, dec(version), machines::version(version)));
    line(out, "OS/ABI:", |out| match machines::osabi(ident.osabi(), header.e_machine) {
        Some(name) => put!(out, name),
        None => unknown(out, ident.osabi()),
    });
    line(out, "ABI Version:", |out| put!(out, dec(ident.abi_version())));
    // Whether a shared object is a program is looked up in its dynamic segment.
    let pie = file.is_pie(cx);
    let out = &mut cx.out;
    line(out, "Type:", |out| put_type(out, header.e_type, pie));
    line(out, "Machine:", |out| match machines::MACHINES.get(header.e_machine.into()) {
        Some(name) => put!(out, name),
        None => put!(out, "<unknown>: 0x", hex(header.e_machine)),
    });
    line(out, "Version:", |out| put!(out, "0x", hex(header.e_version)));
    line(out, "Entry point address:", |out| put!(out, "0x", hex(header.e_entry)));
    // Offsets are printed as signed numbers.
    let offset = |offset: u64| int(offset.cast_signed());
    line(out, "Start of program headers:", |out| {
        put!(out, offset(header.e_phoff), " (bytes into file)");
    });
    line(out, "Start of section headers:", |out| {
        put!(out, offset(header.e_shoff), " (bytes into file)");
    });
    line(out, "Flags:", |out| {
        put!(out, "0x", hex(header.e_flags));
        flags::put(out, &header);
    });
    line(out, "Size of this header:", |out| put!(out, dec(header.e_ehsize), " (bytes)"));
    line(out, "Size of program headers:", |out| put!(out, dec(header.e_phentsize), " (bytes)"));
    line(out, "Number of program headers:", |out| {
        put!(out, dec(header.e_phnum));
        if header.e_phnum == PN_XNUM && file.phnum() != PN_XNUM.into() {
            put!(out, " (", dec(file.phnum()), ")");
        }
    });
    line(out, "Size of section headers:", |out| put!(out, dec(header.e_shentsize), " (bytes)"));
    line(out, "Number of section headers:", |out| {
        put!(out, dec(header.e_shnum));
        if header.e_shnum == 0 && file.elf.first_section().is_some() {
            put!(out, " (", dec(file.shnum()), ")");
        }
    });
    line(out, "Section header string table index:", |out| {
        put!(out, dec(header.e_shstrndx));
        if header.e_shstrndx == SHN_XINDEX && file.elf.first_section().is_some() {
            put!(out, " (", dec(file.elf.shstrndx()), ")");
        }
        if file.elf.shstrndx() != 0 && file.elf.shstrndx() >= file.shnum() {
            put!(out, " <corrupt: out of range>");
        }
    });
}

fn line(out: &mut BufWriter, label: &str, value: impl FnOnce(&mut BufWriter)) {
    put!(out, "  ", rt::fmt::left(label, 35));
    value(out);
    put!(out, "\n");
}

/// What kind of file it is: `e_type`, and whether a shared object is a program.
pub fn put_type(out: &mut BufWriter, e_type: u16, pie: bool) {
    match (machines::TYPES.get(e_type.into()), e_type) {
        _ if pie => put!(out, machines::PIE),
        (Some(name), _) => name.put(out),
        (None, ET_LOPROC..=ET_HIPROC) => put!(out, "Processor Specific: (", hex(e_type), ")"),
        (None, ET_LOOS..=ET_HIOS) => put!(out, "OS Specific: (", hex(e_type), ")"),
        (None, _) => put!(out, "<unknown>: ", hex(e_type)),
    }
}
