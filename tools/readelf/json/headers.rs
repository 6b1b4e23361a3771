//! `-h`, `-l`, `-S`, `-g`.

use super::{begin_section, named};
use crate::context::Context;
use crate::readelf::check::letters;
use crate::readelf::file::{File, Symbols};
use crate::readelf::names::machines;
use crate::readelf::names::sections::section_type;
use crate::readelf::sections::{flag, next_bit};
use crate::readelf::{flags, groups, header as text_header};
use crate::words::short;
use rt::elf::consts::*;
use rt::elf::{CompressionHeader, Record, c_str};

// Not inlined: its frame is large.
#[inline(never)]
pub fn header(cx: &mut Context, file: &mut File) {
    let pie = file.is_pie(cx);
    let h = &file.elf.header;
    let ident = &h.e_ident;
    let json = cx.json();
    json.object("header").hex("e_ident", &ident.0);
    let (class, data, osabi) = (ident.class(), ident.data(), ident.osabi());
    named(json, "EI_CLASS", class.into(), machines::CLASSES.get(class.into()));
    named(json, "EI_DATA", data.into(), machines::ENCODINGS.get(data.into()));
    named(json, "EI_OSABI", osabi.into(), machines::osabi(osabi, h.e_machine));
    let versions = [ident.version().into(), ident.abi_version().into(), h.e_type.into()];
    json.numbers("EI_VERSION EI_ABIVERSION e_type", &versions);
    json.text("e_type_name", &short(&mut |out| text_header::put_type(out, h.e_type, pie)));
    let machine = machines::MACHINES.get(h.e_machine.into());
    named(json.bool("pie", pie), "e_machine", h.e_machine.into(), machine);
    let addresses = [h.e_version.into(), h.e_entry, h.e_phoff, h.e_shoff, h.e_flags.into()];
    json.numbers("e_version e_entry e_phoff e_shoff e_flags", &addresses);
    let flags = short(&mut |out| flags::put(out, h));
    json.text("e_flags_name", flags.strip_prefix::<[u8]>(b", ").unwrap_or(&flags));
    let sizes = [h.e_ehsize, h.e_phentsize, h.e_phnum, h.e_shentsize, h.e_shnum, h.e_shstrndx];
    let [ehsize, phentsize, phnum, shentsize, shnum, shstrndx] = sizes.map(u64::from);
    // With what section 0 says where they don't fit.
    let whole = [file.phnum(), file.shnum(), file.elf.shstrndx()].map(u64::from);
    let keys = "e_ehsize e_phentsize e_phnum e_shentsize e_shnum e_shstrndx phnum shnum shstrndx";
    let [all_phnum, all_shnum, all_shstrndx] = whole;
    let counts =
        [ehsize, phentsize, phnum, shentsize, shnum, shstrndx, all_phnum, all_shnum, all_shstrndx];
    json.numbers(keys, &counts).end_object();
}

pub fn segments(cx: &mut Context, file: &File) {
    let sections = rt::elf::SectionGroups::new(file.sections);
    cx.json().array("segments");
    for index in 0..file.segments.len() {
        let s = file.segment(index);
        let name = file.segment_kind(&s);
        let json = cx.json();
        json.object("").numbers("index p_type", &[index as u64, s.p_type.into()]);
        json.words("p_type_name", name.as_ref());
        json.number("p_flags", s.p_flags.into()).array("p_flags_names");
        for letter in letters(s.p_flags).into_iter().filter(|letter| *letter != b'-') {
            json.words("", &[letter]);
        }
        json.end_array();
        let numbers = [s.p_offset, s.p_vaddr, s.p_paddr, s.p_filesz, s.p_memsz, s.p_align];
        json.numbers("p_offset p_vaddr p_paddr p_filesz p_memsz p_align", &numbers);
        let bytes = file.elf.bytes(s.p_offset, s.p_filesz).filter(|_| s.p_type == PT_INTERP);
        if let Some(name) = bytes.and_then(|bytes| c_str(bytes, 0)) {
            json.text("interpreter", name);
        }
        json.array("sections");
        sections.each_in(&s, &mut |index, section| {
            if index != 0 {
                begin_section(cx, file, index, &section);
                cx.json().end_object();
            }
        });
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}

pub fn sections(cx: &mut Context, file: &File) {
    let header = &file.elf.header;
    cx.json().array("sections");
    for index in 0..file.sections.len() {
        let s = file.section(index);
        let json = cx.json();
        json.object("").number("index", index as u64);
        json.text_or_null("name", file.real_name(&s));
        let name = section_type(s.sh_type, header.e_machine, header.e_ident.osabi());
        json.numbers("sh_name sh_type", &[s.sh_name, s.sh_type].map(u64::from));
        json.words("sh_type_name", name.as_ref());
        json.number("sh_flags", s.sh_flags).array("sh_flags_names");
        let mut flags = s.sh_flags;
        while let Some(bit) = next_bit(&mut flags) {
            let (letter, name) = flag(file, bit);
            let name = if name.is_empty() { &[letter] } else { name };
            if name != [0] {
                json.words("", name);
            }
        }
        json.end_array();
        let keys = "sh_addr sh_offset sh_size sh_link sh_info sh_addralign sh_entsize";
        let (link, info) = (s.sh_link.into(), s.sh_info.into());
        let values = [s.sh_addr, s.sh_offset, s.sh_size, link, info, s.sh_addralign, s.sh_entsize];
        json.numbers(keys, &values);
        let bytes = file.elf.bytes(s.sh_offset, CompressionHeader::size(file.elf.encoding) as u64);
        let packed = bytes.filter(|_| s.sh_flags & SHF_COMPRESSED != 0);
        let packed = packed.and_then(|b| CompressionHeader::decode(file.elf.encoding, b));
        if let Some(head) = packed {
            json.number("ch_type", head.ch_type.into());
            if let ELFCOMPRESS_ZLIB | ELFCOMPRESS_ZSTD = head.ch_type {
                let is_zlib = head.ch_type == ELFCOMPRESS_ZLIB;
                json.words("ch_type_name", if is_zlib { b"ZLIB" } else { b"ZSTD" });
            }
            json.numbers("ch_size ch_addralign", &[head.ch_size, head.ch_addralign]);
        }
        json.end_object();
    }
    cx.json().end_array();
}

pub fn groups(cx: &mut Context, file: &File) {
    cx.json().array("groups");
    // Most groups are linked with the same symbol table.
    let mut last: Option<(u32, Symbols)> = None;
    for (index, group) in file.sections_of(SHT_GROUP) {
        begin_section(cx, file, index, &group);
        if last.is_none_or(|(link, _)| link != group.sh_link) {
            last = file.symbols(cx, group.sh_link as usize).map(|s| (group.sh_link, s));
        }
        if let Some((_, symbols)) = last
            && let Some(symtab) = file.sections.get(group.sh_link as usize)
            && let Some(name) = groups::signature(cx, file, &group, &symtab, &symbols)
        {
            cx.json().text("signature", name);
        }
        let members = groups::members(cx, file, &group);
        let word = |at| members.and_then(|members| members.u32(at));
        let flags = word(0).unwrap_or(0);
        let json = cx.json();
        json.number("flags", flags.into()).bool("GRP_COMDAT", flags & GRP_COMDAT != 0);
        json.array("members");
        let mut at = 4;
        while let Some(member) = word(at) {
            let section = file.section(member as usize);
            begin_section(cx, file, member as usize, &section);
            cx.json().end_object();
            at += 4;
        }
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}
