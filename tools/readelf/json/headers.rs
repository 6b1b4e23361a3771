//! `-h`, `-l`, `-S`, `-g`.

use super::{begin_section, called, each_section, named, read, whole_section};
use crate::context::Context;
use crate::readelf::check::letters;
use crate::readelf::file::{File, Symbols};
use crate::readelf::names::machines;
use crate::readelf::names::sections::section_type;
use crate::readelf::sections::{flag, next_bit};
use crate::readelf::segments::groups as section_groups;
use crate::readelf::{flags, groups, header as text_header};
use crate::words::short;
use rt::elf::consts::*;
use rt::elf::{CompressionHeader, FileHeader, Reader, Record, SectionGroups, SectionHeader, c_str};

// Not inlined: its frame is large.
#[inline(never)]
pub fn header(cx: &mut Context, file: &mut File) {
    let pie = file.is_pie(cx);
    let h = &file.elf.header;
    let (ident, encoding) = (&h.e_ident, file.elf.encoding);
    let json = cx.json();
    json.hex(rt::text!("e_ident"), &ident.0);
    called(json, rt::text!("EI_CLASS"), ident.class().into(), machines::CLASSES);
    called(json, rt::text!("EI_DATA"), ident.data().into(), machines::ENCODINGS);
    let osabi = ident.osabi();
    named(json, rt::text!("EI_OSABI"), osabi.into(), machines::osabi(osabi, h.e_machine));
    let kind = short(&mut |out| text_header::put_type(out, h.e_type, pie));
    let numbers = [ident.version().into(), ident.abi_version().into(), h.e_type.into(), pie.into()];
    json.fill("EI_VERSION EI_ABIVERSION e_type e_type_name$pie?", &numbers, &[Some(&kind)]);
    called(json, rt::text!("e_machine"), h.e_machine.into(), machines::MACHINES);
    let bytes = file.elf.bytes(0, FileHeader::size(encoding) as u64).unwrap_or_default();
    let reader = Reader::new(encoding, bytes);
    read(json, "e_version:e_entry e_phoff e_shoff e_flags:", &reader, 20);
    let flags = short(&mut |out| flags::put(out, h));
    json.text(rt::text!("e_flags_name"), flags.strip_prefix::<[u8]>(b", ").unwrap_or(&flags));
    let keys = "e_ehsize.e_phentsize.e_phnum.e_shentsize.e_shnum.e_shstrndx.";
    read(json, keys, &reader, 28 + 3 * encoding.word());
    // With what section 0 says where they don't fit.
    let counts = [file.phnum(), file.shnum(), file.elf.shstrndx()].map(u64::from);
    json.numbers("phnum shnum shstrndx", &counts);
}

#[inline(never)]
pub fn segments(cx: &mut Context, file: &File) {
    let sections = section_groups(file);
    for index in 0..file.segments.len() {
        segment(cx, file, &sections, index);
    }
}

#[inline(never)]
fn segment(cx: &mut Context, file: &File, sections: &SectionGroups, index: usize) {
    let s = &file.segment(index);
    let json = cx.json();
    let numbers = [index as u64, s.p_type.into(), s.p_flags.into()];
    let keys = "{index p_type p_type_name'p_flags p_flags_names[";
    json.fill(keys, &numbers, &[Some(file.segment_kind(s).as_ref())]);
    for letter in letters(s.p_flags) {
        if letter != b'-' {
            json.words(rt::text!(""), &[letter]);
        }
    }
    let numbers = [s.p_offset, s.p_vaddr, s.p_paddr, s.p_filesz, s.p_memsz, s.p_align];
    json.numbers("]p_offset p_vaddr p_paddr p_filesz p_memsz p_align", &numbers);
    let bytes = file.elf.bytes(s.p_offset, s.p_filesz).filter(|_| s.p_type == PT_INTERP);
    if let Some(name) = bytes.and_then(|bytes| c_str(bytes, 0)) {
        json.text(rt::text!("interpreter"), name);
    }
    json.array(rt::text!("sections"));
    sections.each_in(s, &mut |index, _| {
        if index != 0 {
            whole_section(cx, file, index);
        }
    });
    cx.json().end_array().end_object();
}

pub fn sections(cx: &mut Context, file: &File) {
    each_section(cx, file, &mut |cx, index, section| one_section(cx, file, index, section));
}

fn one_section(cx: &mut Context, file: &File, index: usize, s: &SectionHeader) {
    let header = &file.elf.header;
    let kind = section_type(s.sh_type, header.e_machine, header.e_ident.osabi());
    let json = cx.json();
    let numbers = [index as u64, s.sh_name.into(), s.sh_type.into(), s.sh_flags];
    let keys = "{index name$sh_name sh_type sh_type_name'sh_flags sh_flags_names[";
    json.fill(keys, &numbers, &[file.real_name(s), Some(kind.as_ref())]);
    let mut flags = s.sh_flags;
    while let Some(bit) = next_bit(&mut flags) {
        let (letter, name) = flag(file, bit);
        let name = if name.is_empty() { &[letter] } else { name };
        if name != [0] {
            json.words(rt::text!(""), name);
        }
    }
    let (link, info) = (s.sh_link.into(), s.sh_info.into());
    let numbers = [s.sh_addr, s.sh_offset, s.sh_size, link, info, s.sh_addralign, s.sh_entsize];
    json.numbers("]sh_addr sh_offset sh_size sh_link sh_info sh_addralign sh_entsize", &numbers);
    if s.sh_flags & SHF_COMPRESSED != 0 {
        compression(cx, file, s);
    }
    cx.json().end_object();
}

/// What a compressed section says of itself.
fn compression(cx: &mut Context, file: &File, section: &SectionHeader) {
    let encoding = file.elf.encoding;
    let bytes = file.elf.bytes(section.sh_offset, CompressionHeader::size(encoding) as u64);
    let Some(head) = bytes.and_then(|bytes| CompressionHeader::decode(encoding, bytes)) else {
        return;
    };
    let json = cx.json();
    json.number(rt::text!("ch_type"), head.ch_type.into());
    if let ELFCOMPRESS_ZLIB | ELFCOMPRESS_ZSTD = head.ch_type {
        let is_zlib = head.ch_type == ELFCOMPRESS_ZLIB;
        json.words(rt::text!("ch_type_name"), if is_zlib { b"ZLIB" } else { b"ZSTD" });
    }
    json.numbers("ch_size ch_addralign", &[head.ch_size, head.ch_addralign]);
}

pub fn groups(cx: &mut Context, file: &File) {
    // Most groups are linked with the same symbol table.
    let mut last: Option<(u32, Symbols)> = None;
    each_section(cx, file, &mut |cx, index, group| {
        if group.sh_type != SHT_GROUP {
            return;
        }
        begin_section(cx, file, index, group);
        if last.is_none_or(|(link, _)| link != group.sh_link) {
            last = file.symbols(cx, group.sh_link as usize).map(|s| (group.sh_link, s));
        }
        if let Some((_, symbols)) = &last
            && let Some(symtab) = file.sections.get(group.sh_link as usize)
            && let Some(name) = groups::signature(cx, file, group, &symtab, symbols)
        {
            cx.json().text(rt::text!("signature"), name);
        }
        let members = groups::members(cx, file, group);
        let word = |at| members.and_then(|members| members.u32(at));
        let flags = word(0).unwrap_or(0);
        let numbers = [flags, flags & GRP_COMDAT].map(u64::from);
        cx.json().numbers("flags GRP_COMDAT?members[", &numbers);
        let mut at = 4;
        while let Some(member) = word(at) {
            whole_section(cx, file, member as usize);
            at += 4;
        }
        cx.json().end_array().end_object();
    });
}
