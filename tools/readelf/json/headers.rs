//! `-h`, `-l`, `-S`, `-g`.

use crate::context::Context;
use crate::readelf::file::{File, Symbols};
use crate::readelf::names::machines;
use crate::readelf::names::sections::section_type;
use crate::readelf::names::segments::segment_type;
use crate::readelf::sections::{flag, next_bit};
use crate::readelf::{flags, groups, header as text_header};
use rt::elf::consts::*;
use crate::words::short;
use rt::elf::{CompressionHeader, Record, c_str};
use rt::fmt::Put;

pub fn header(cx: &mut Context, file: &mut File) {
    let h = file.elf.header;
    let ident = h.e_ident;
    let pie = file.is_pie(cx);
    let json = cx.json();
    json.object("header").hex("e_ident", &ident.0);
    let machine = machines::MACHINES.get(h.e_machine.into());
    let named = [
        ("EI_CLASS", ident.class(), machines::CLASSES.get(ident.class().into())),
        ("EI_DATA", ident.data(), machines::ENCODINGS.get(ident.data().into())),
        ("EI_OSABI", ident.osabi(), machines::osabi(ident.osabi(), h.e_machine)),
    ];
    for (key, value, name) in named {
        json.number(key, value.into());
        if let Some(name) = name {
            json.words_named(key, &name);
        }
    }
    let ident = [ident.version(), ident.abi_version()].map(u64::from);
    json.numbers("EI_VERSION EI_ABIVERSION", &ident);
    json.number("e_type", h.e_type.into());
    json.text("e_type_name", &short(&mut |out| text_header::put_type(out, h.e_type, pie)));
    json.bool("pie", pie).number("e_machine", h.e_machine.into());
    if let Some(name) = machine {
        json.words_named("e_machine", &name);
    }
    let addresses = [h.e_version.into(), h.e_entry, h.e_phoff, h.e_shoff, h.e_flags.into()];
    json.numbers("e_version e_entry e_phoff e_shoff e_flags", &addresses);
    let flags = short(&mut |out| flags::put(out, &h));
    json.text("e_flags_name", flags.strip_prefix(b", ").unwrap_or(&flags));
    let sizes = [h.e_ehsize, h.e_phentsize, h.e_phnum, h.e_shentsize, h.e_shnum, h.e_shstrndx];
    let keys = "e_ehsize e_phentsize e_phnum e_shentsize e_shnum e_shstrndx";
    json.numbers(keys, &sizes.map(u64::from));
    // With what section 0 says where they don't fit.
    let whole = [file.phnum(), file.shnum(), file.elf.shstrndx()].map(u64::from);
    json.numbers("phnum shnum shstrndx", &whole).end_object();
}

pub fn segments(cx: &mut Context, file: &File) {
    let header = &file.elf.header;
    let sections = rt::elf::SectionGroups::new(file.sections);
    cx.json().array("segments");
    for (index, s) in file.segments.iter().enumerate() {
        let name = segment_type(s.p_type, header.e_machine, header.e_ident.osabi());
        let json = cx.json();
        json.object("").numbers("index p_type", &[index as u64, s.p_type.into()]);
        json.words_named("p_type", &name.as_ref());
        json.number("p_flags", s.p_flags.into()).array("p_flags_names");
        for (bit, name) in [(PF_R, "R"), (PF_W, "W"), (PF_X, "X")] {
            if s.p_flags & bit != 0 {
                json.words("", &name);
            }
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
                super::section(cx.json().object(""), file, index as u32, &section);
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
    for (index, s) in file.sections.iter().enumerate() {
        let json = cx.json();
        json.object("").number("index", index as u64);
        match file.real_name(&s) {
            Some(name) => json.text("name", name),
            None => json.null("name"),
        };
        let name = section_type(s.sh_type, header.e_machine, header.e_ident.osabi());
        json.numbers("sh_name sh_type", &[s.sh_name, s.sh_type].map(u64::from));
        json.words_named("sh_type", &name.as_ref());
        json.number("sh_flags", s.sh_flags).array("sh_flags_names");
        let mut flags = s.sh_flags;
        while let Some(bit) = next_bit(&mut flags) {
            match flag(file, bit) {
                (0, "") => {}
                (letter, "") => {
                    json.words("", &[letter]);
                }
                (_, name) => {
                    json.words("", &name);
                }
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
            match head.ch_type {
                ELFCOMPRESS_ZLIB => {
                    json.words("ch_type_name", &"ZLIB");
                }
                ELFCOMPRESS_ZSTD => {
                    json.words("ch_type_name", &"ZSTD");
                }
                _ => {}
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
        super::section(cx.json().object(""), file, index as u32, &group);
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
            let section = file.sections.get(member as usize).unwrap_or_default();
            super::section(cx.json().object(""), file, member, &section);
            cx.json().end_object();
            at += 4;
        }
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}

impl Context<'_> {
    /// What the number before it is called: `KEY_name`.
    pub fn words_named(&mut self, key: &str, name: &dyn Put) -> &mut Self {
        self.beside(key, "_name", name)
    }
}
