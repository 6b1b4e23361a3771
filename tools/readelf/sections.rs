//! `-S`, `-t`: the section headers (gABI, "Sections").

// The gABI's and elf.h's own names.
#![allow(non_upper_case_globals)]

use super::file::File;
use super::names::sections::section_type;
use super::pattern;
use super::text;
use crate::colour::Sgr;
use crate::context::Context;
use crate::words::word;
use rt::elf::consts::*;
use rt::elf::{CompressionHeader, Record, SectionHeader};
use rt::fmt::{dec, hex, left, right};
use rt::io::BufWriter;
use rt::put;

/// Reads the section headers, which all that follows needs, and prints them. Says whether
/// they can be read, or there are none.
pub fn show(cx: &mut Context, file: &mut File) -> bool {
    let wanted = file.options.sections;
    let header = file.elf.header;
    let shnum = file.shnum();
    if shnum == 0 {
        if header.e_shoff != 0 {
            warn!(
                cx,
                "possibly corrupt ELF file header - it has a non-zero section header offset, but \
                 no section headers"
            );
        } else if wanted {
            put!(&mut cx.out, "\nThere are no sections in this file.\n");
        }
        return header.e_shoff == 0;
    }
    if wanted && !file.options.header {
        let line = match shnum {
            1 => rt::text!("There is %u section header, starting at offset %#x:\n"),
            _ => rt::text!("There are %u section headers, starting at offset %#x:\n"),
        };
        pattern::numbers(&mut cx.out, line, &[shnum.into(), header.e_shoff]);
    }
    file.load_sections(cx);
    if wanted && !file.sections.is_empty() {
        print(cx, file);
    }
    !file.sections.is_empty()
}

#[inline(never)]
fn print(cx: &mut Context, file: &File) {
    let options = file.options;
    let is_64 = file.elf.encoding.is_64();
    let narrow = is_64 && !options.wide;
    let plural = if file.sections.len() == 1 { rt::text!("") } else { rt::text!("s") };
    let out = &mut cx.out;
    let details = options.section_details;
    put!(out, "\nSection Header", plural, ":\n  [Nr] Name");
    match details {
        true => put!(out, "\n       Type            "),
        false => put!(out, "              Type            "),
    }
    match (narrow, is_64) {
        (true, _) => {}
        (_, true) => put!(out, "Address          Off    Size   ES "),
        (_, false) => put!(out, "Addr     Off    Size   ES "),
    }
    match (details, narrow) {
        (false, false) => put!(out, "Flg Lk Inf Al\n"),
        (true, false) => put!(out, "  Lk Inf Al\n       Flags\n"),
        (false, true) => put!(
            out,
            " Address           Offset\n       \
             Size              EntSize          Flags  Link  Info  Align\n"
        ),
        (true, true) => put!(
            out,
            "  Address          Offset            Link\n       \
             Size              EntSize          Info              Align\n       Flags\n"
        ),
    }
    let header = &file.elf.header;
    for i in 0..file.sections.len() {
        let mut section = file.section(i);
        section.sh_entsize = file.entsize(i, &section);
        check(cx, file, i, &section);
        let out = &mut cx.out;
        put!(out, "  [", dec(i).width(2), "] ");
        if details {
            put!(out, text::section(file.section_name(&section)), "\n      ");
        } else {
            text::column(out, options, file.section_name(&section), 17);
        }
        put!(out, " ");
        let kind = section_type(section.sh_type, header.e_machine, header.e_ident.osabi());
        let kind = if options.wide { left(&kind, 15) } else { left(&kind, 15).cut() };
        put!(out, options.colour.paint(kind_colour(&section), kind));
        match (narrow, details) {
            (false, _) => put_line(out, file, &section, details),
            (true, false) => put_two_lines(out, file, &section),
            (true, true) => fill!(
                out,
                "  %016x  %016x  %u\n       %016x %016x  %-16u  %u\n",
                section.sh_addr,
                section.sh_offset,
                section.sh_link,
                section.sh_size,
                section.sh_entsize,
                section.sh_info,
                section.sh_addralign
            ),
        }
        let link = section.sh_link;
        let ordered = link == SHN_BEFORE.into() || link == SHN_AFTER.into();
        if !is_64 && !ordered && link as usize >= file.sections.len() {
            fill_warning!(
                cx,
                "section %u: sh_link value of %u is larger than the number of sections",
                i,
                link
            );
        }
        if details {
            put_details(cx, file, &section);
        }
    }
    if !details {
        put_key(&mut cx.out, file);
    }
}

/// All of a section in one line, after its name and type.
#[inline(never)]
fn put_line(out: &mut BufWriter, file: &File, section: &SectionHeader, details: bool) {
    let address = 2 * file.elf.encoding.word() as u8;
    put!(out, " ", hex(section.sh_addr).zero(address), " ", hex(section.sh_offset).zero(6));
    put!(out, " ", hex(section.sh_size).zero(6), " ", hex(section.sh_entsize).zero(2), " ");
    if !details {
        put_letters(out, file, section.sh_flags);
    }
    put!(out, " ", dec(section.sh_link).width(2), " ", dec(section.sh_info).width(3));
    put!(out, " ", dec(section.sh_addralign).width(2), "\n");
}

/// 64-bit numbers in lines of 80 characters.
#[inline(never)]
fn put_two_lines(out: &mut BufWriter, file: &File, section: &SectionHeader) {
    put!(out, "  ", hex(section.sh_addr).zero(16), "  ", hex(section.sh_offset).zero(8));
    put!(out, "\n       ", hex(section.sh_size).zero(16), "  ");
    put!(out, hex(section.sh_entsize).zero(16), " ");
    put_letters(out, file, section.sh_flags);
    put!(out, "      ", dec(section.sh_link).width(2), "   ", dec(section.sh_info).width(3));
    put!(out, "     ", dec(section.sh_addralign), "\n");
}

/// Tells what is wrong with a section's fields, before its line.
// Not inlined, as others here: they look at the section where it is, and have small frames.
#[inline(never)]
fn check(cx: &mut Context, file: &File, index: usize, section: &SectionHeader) {
    let (link, info) = (section.sh_link, section.sh_info);
    // Nothing is linked to section 0.
    let linked = |index: u32| match index {
        0 => SHT_NULL,
        index => file.section(index as usize).sh_type,
    };
    let in_memory = matches!(file.elf.header.e_type, ET_EXEC | ET_DYN);
    let wrong_link = match section.sh_type {
        SHT_REL | SHT_RELA if link == 0 && in_memory => FINE,
        SHT_REL | SHT_RELA | SHT_HASH | SHT_GNU_HASH | SHT_GNU_versym | SHT_SYMTAB_SHNDX
        | SHT_GROUP => match linked(link) {
            SHT_SYMTAB | SHT_DYNSYM => FINE,
            _ => SYMTAB,
        },
        SHT_DYNAMIC | SHT_SYMTAB | SHT_DYNSYM | SHT_GNU_verneed | SHT_GNU_verdef
        | SHT_GNU_LIBLIST => match linked(link) {
            SHT_STRTAB => FINE,
            _ => STRING,
        },
        SHT_INIT_ARRAY | SHT_FINI_ARRAY | SHT_PREINIT_ARRAY if link != 0 => UNEXPECTED,
        _ => FINE,
    };
    let wrong_info = match section.sh_type {
        SHT_REL | SHT_RELA => match linked(info) {
            SHT_PROGBITS
            | SHT_NOBITS
            | SHT_NOTE
            | SHT_INIT_ARRAY
            | SHT_FINI_ARRAY
            | SHT_PREINIT_ARRAY
            | SHT_LOOS.. => FINE,
            _ if info != 0 || !in_memory => RELOCATABLE,
            _ => FINE,
        },
        SHT_DYNAMIC | SHT_HASH | SHT_SYMTAB_SHNDX | SHT_INIT_ARRAY | SHT_FINI_ARRAY
        | SHT_PREINIT_ARRAY
            if info != 0 =>
        {
            UNEXPECTED
        }
        SHT_DYNAMIC | SHT_HASH | SHT_SYMTAB_SHNDX | SHT_INIT_ARRAY | SHT_FINI_ARRAY
        | SHT_PREINIT_ARRAY | SHT_NOBITS | SHT_SYMTAB | SHT_DYNSYM | SHT_GROUP => FINE,
        _ if section.sh_flags & SHF_INFO_LINK != 0 => match info as usize {
            info if info == 0 || info >= file.sections.len() => MISSING,
            _ => FINE,
        },
        // What memory it is bound to.
        _ if section.sh_flags & SHF_GNU_MBIND != 0 => FINE,
        ..SHT_LOOS if info != 0 => UNEXPECTED,
        _ => FINE,
    };
    tell_wrong(cx, index, false, link, wrong_link);
    tell_wrong(cx, index, true, info, wrong_info);
    let in_file = !matches!(section.sh_type, SHT_NULL | SHT_NOBITS | SHT_LOOS..);
    if in_file && section.sh_size > file.elf.size() {
        fill_warning!(cx, "Size of section %u is larger than the entire file!", index);
    }
}

/// Tells what is wrong with `sh_link` or with `sh_info`.
#[inline(never)]
fn tell_wrong(cx: &mut Context, index: usize, is_info: bool, value: u32, wrong: u8) {
    let numbers = &[index as u64, value.into()];
    match wrong {
        FINE => {}
        MISSING => warn_open!(
            cx,
            "[",
            dec(index).width(2),
            "]: Expected link to another section in info field"
        ),
        UNEXPECTED => {
            let line = match is_info {
                true => rt::text!("[%2u]: Unexpected value (%u) in info field."),
                false => rt::text!("[%2u]: Unexpected value (%u) in link field."),
            };
            pattern::warning(cx, line, numbers, &[]);
        }
        _ => {
            let line = match is_info {
                true => rt::text!("[%2u]: Info field (%u) should index a %s section."),
                false => rt::text!("[%2u]: Link field (%u) should index a %s section."),
            };
            let wanted = word(b"symtab string relocatable", b' ', (wrong - SYMTAB).into());
            pattern::warning(cx, line, numbers, &[wanted.unwrap_or_default()]);
        }
    }
}

/// What is wrong with a field: nothing, that it isn't 0, that it is no section's number, or that it
/// is none of a section of this kind.
const FINE: u8 = 0;
const UNEXPECTED: u8 = 1;
const MISSING: u8 = 2;
const SYMTAB: u8 = 3;
const STRING: u8 = 4;
const RELOCATABLE: u8 = 5;

/// The flags: which bit, the letter or 0, and the machine that has it, or 0 where it means the same
/// everywhere.
#[rustfmt::skip]
const FLAGS: &[(u8, u8, u16)] = &[
    (0, b'W', 0), (1, b'A', 0), (2, b'X', 0), (4, b'M', 0), (5, b'S', 0), (6, b'I', 0),
    (7, b'L', 0), (8, b'O', 0), (9, b'G', 0), (10, b'T', 0), (11, b'C', 0), (31, b'E', 0),
    (21, b'R', 0), (24, b'D', 0), (28, b'v', EM_PPC), (28, 0, EM_ARM), (29, b'y', EM_ARM),
    (28, 0, EM_IA_64), (29, 0, EM_IA_64),
    (30, 0, EM_SPARC), (30, 0, EM_386), (30, 0, EM_IAMCU), (30, 0, EM_OLD_SPARCV9),
    (30, 0, EM_SPARC32PLUS), (30, 0, EM_SPARCV9), (30, 0, EM_X86_64), (30, 0, EM_L10M),
    (30, 0, EM_K10M),
    (28, b'l', EM_X86_64), (28, b'l', EM_L10M), (28, b'l', EM_K10M),
];
/// Their names in the long form. Those from `ORDERED` on have the last one, those from `LARGE` on
/// have none.
const NAMES: &[u8] = b"WRITE,ALLOC,EXEC,MERGE,STRINGS,INFO LINK,LINK ORDER,OS NONCONF,GROUP,TLS,\
    COMPRESSED,EXCLUDE,GNU_RETAIN,GNU_MBIND,VLE,ENTRYSECT,ARM_PURECODE,SHORT,NORECOV,ORDERED";
const ORDERED: usize = 19;
const LARGE: usize = 28;

/// The letter of a flag and its name; 0 or an empty name where there is none.
pub fn flag(file: &File, bit: u64) -> (u8, &'static [u8]) {
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    let is_gnu = matches!(osabi, ELFOSABI_GNU | ELFOSABI_FREEBSD);
    let found = FLAGS.iter().enumerate().find(|(_, (number, letter, machine))| {
        bit == 1 << number
            && (*machine == 0 || *machine == header.e_machine)
            && match letter {
                b'R' => is_gnu,
                b'D' => is_gnu || osabi == ELFOSABI_NONE,
                _ => true,
            }
    });
    match found {
        Some((LARGE.., flag)) => (flag.1, b""),
        Some((place, flag)) => (flag.1, word(NAMES, b',', place.min(ORDERED)).unwrap_or_default()),
        None => (0, b""),
    }
}

const EM_OLD_SPARCV9: u16 = 11;

/// The lowest bit that is set; it is taken away.
pub fn next_bit(flags: &mut u64) -> Option<u64> {
    let bit = *flags & flags.wrapping_neg();
    *flags &= !bit;
    (bit != 0).then_some(bit)
}

/// One letter for each flag, `o` and `p` for all flags of the system and of the processor
/// that have none.
fn put_letters(out: &mut BufWriter, file: &File, mut flags: u64) {
    let all = flags;
    let mut letters = [0; 64];
    let mut count = 0;
    while let Some(bit) = next_bit(&mut flags) {
        let letter = match flag(file, bit).0 {
            0 if bit & SHF_MASKOS != 0 => {
                flags &= !SHF_MASKOS;
                b'o'
            }
            0 if bit & SHF_MASKPROC != 0 => {
                // With the flags of the processor those beyond 32 bits go, too.
                flags &= 0xfff_ffff;
                b'p'
            }
            0 => b'x',
            letter => letter,
        };
        if let Some(place) = letters.get_mut(count) {
            *place = letter;
            count += 1;
        }
    }
    let letters = right(letters.get(..count).unwrap_or_default(), 3);
    put!(out, file.options.colour.paint(flags_colour(all), letters));
}

/// What is executable, writable, both.
fn flags_colour(sh_flags: u64) -> Sgr {
    match (sh_flags & SHF_WRITE != 0, sh_flags & SHF_EXECINSTR != 0) {
        (true, true) => Sgr::Red,
        (_, true) => Sgr::Green,
        (true, _) => Sgr::Yellow,
        _ => Sgr::Dim,
    }
}

/// Code, data, and what is there for linkers and debuggers.
pub fn kind_colour(section: &SectionHeader) -> Sgr {
    match section.sh_type {
        SHT_NOBITS => Sgr::Magenta,
        SHT_NOTE => Sgr::Blue,
        SHT_SYMTAB
        | SHT_STRTAB
        | SHT_DYNSYM
        | SHT_REL
        | SHT_RELA
        | SHT_RELR
        | SHT_HASH
        | SHT_DYNAMIC
        | SHT_LOOS.. => Sgr::Cyan,
        _ if section.sh_flags & SHF_ALLOC == 0 => Sgr::Dim,
        _ => match flags_colour(section.sh_flags) {
            Sgr::Dim => Sgr::Bold,
            colour => colour,
        },
    }
}

/// The names of all flags, and what is compressed.
#[inline(never)]
fn put_details(cx: &mut Context, file: &File, section: &SectionHeader) {
    let encoding = file.elf.encoding;
    let width = 2 * encoding.word() as u8;
    let out = &mut cx.out;
    put!(out, "       [", hex(section.sh_flags).zero(width), "]: ");
    let (mut system, mut processor, mut unknown) = (0, 0, 0);
    let mut flags = section.sh_flags;
    let mut comma = rt::text!("");
    while let Some(bit) = next_bit(&mut flags) {
        match flag(file, bit).1 {
            b"" if bit & SHF_MASKOS != 0 => system |= bit,
            b"" if bit & SHF_MASKPROC != 0 => processor |= bit,
            b"" => unknown |= bit,
            name => {
                put!(out, comma, name);
                comma = rt::text!(", ");
            }
        }
    }
    for (bits, name) in [
        (system, rt::text!("OS (")),
        (processor, rt::text!("PROC (")),
        (unknown, rt::text!("UNKNOWN (")),
    ] {
        if bits != 0 {
            put!(out, comma, name, hex(bits).zero(width), ")");
            comma = rt::text!(", ");
        }
    }
    put!(out, "\n");
    if section.sh_flags & SHF_COMPRESSED == 0 {
        return;
    }
    // The larger one of both classes is read.
    let bytes = file.read(cx, section.sh_offset, 24, rt::text!("compression header"));
    let Some(header) = bytes.and_then(|bytes| CompressionHeader::decode(encoding, bytes)) else {
        return;
    };
    let out = &mut cx.out;
    put!(out, "       ");
    match header.ch_type {
        ELFCOMPRESS_ZLIB => put!(out, "ZLIB"),
        ELFCOMPRESS_ZSTD => put!(out, "ZSTD"),
        unknown => put!(out, "[<unknown>: 0x", hex(unknown), "]"),
    }
    put!(out, ", ", hex(header.ch_size).zero(width), ", ", dec(header.ch_addralign), "\n");
}

/// What the letters stand for: those that this file could have.
fn put_key(out: &mut BufWriter, file: &File) {
    put!(
        out,
        "Key to Flags:\n  W (write), A (alloc), X (execute), M (merge), S (strings), I (info),\n  \
         L (link order), O (extra OS processing required), G (group), T (TLS),\n  \
         C (compressed), x (unknown), o (OS specific), E (exclude),\n  "
    );
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    if matches!(osabi, ELFOSABI_GNU | ELFOSABI_FREEBSD) {
        put!(out, "R (retain), ");
    }
    if matches!(osabi, ELFOSABI_NONE | ELFOSABI_GNU | ELFOSABI_FREEBSD) {
        put!(out, "D (mbind), ");
    }
    put!(
        out,
        match header.e_machine {
            EM_X86_64 | EM_L10M | EM_K10M => rt::text!("l (large), "),
            EM_ARM => rt::text!("y (purecode), "),
            EM_PPC => rt::text!("v (VLE), "),
            _ => rt::text!(""),
        },
        "p (processor specific)\n"
    );
}
