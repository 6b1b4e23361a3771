//! What `-A` shows of MIPS: the ABI flags and the global offset tables.
//!
//! "System V Application Binary Interface, MIPS RISC Processor Supplement", "Global Offset
//! Table"; the module pointer and the second table, which serves the procedure linkage
//! table, are GNU's.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::{attributes as names, symbols};
use crate::readelf::text;
use crate::words::{short, words};
use core::ops::Range;
use rt::elf::consts::*;
use rt::elf::{Data, Reader, Symbol, c_str};
use rt::fmt::{hex, left, right};
use rt::io::BufWriter;
use rt::put;

const DT_MIPS_LOCAL_GOTNO: i64 = 0x7000_000a;
const DT_MIPS_SYMTABNO: i64 = 0x7000_0011;
const DT_MIPS_GOTSYM: i64 = 0x7000_0013;
const DT_MIPS_PLTGOT: i64 = 0x7000_0032;

pub fn show(cx: &mut Context, file: &File) -> bool {
    let fine = abi_flags(cx, file);
    if file.dynamic.entries.is_empty() {
        static_got(cx, file);
        return fine;
    }
    fine & primary_got(cx, file) & plt_got(cx, file)
}

/// `Elf_MIPS_ABIFlags_v0`: which processor and which registers the file needs.
#[inline(never)]
fn abi_flags(cx: &mut Context, file: &File) -> bool {
    let Some(section) = file.section_called(b".MIPS.abiflags") else { return true };
    if section.sh_size != 24 {
        error!(cx, "Corrupt MIPS ABI Flags section.");
        return false;
    }
    let what = rt::text!("MIPS ABI Flags section");
    let Some(bytes) = file.read_section(cx, &section, what) else { return true };
    let r = Reader::new(file.elf.encoding, bytes);
    let byte = |at| r.u8(at).unwrap_or_default();
    let word = |at| r.u32(at).unwrap_or_default();
    let out = &mut cx.out;
    let version = r.u16(0).unwrap_or_default();
    fill!(out, "\nMIPS ABI Flags Version: %u\n\nISA: MIPS%u", version, byte(2));
    if byte(3) > 1 {
        fill!(out, "r%u", byte(3));
    }
    let [gpr, cpr1, cpr2] = [4, 5, 6].map(|at| match byte(at) {
        0 => 0,
        size @ 1..=3 => 16 << size,
        _ => u32::MAX,
    });
    fill!(out, "\nGPR size: %d\nCPR1 size: %d\nCPR2 size: %d\nFP ABI: ", gpr, cpr1, cpr2);
    if !names::MIPS_FP.put(out, byte(7).into()) {
        fill!(out, "??? (%u)", byte(7));
    }
    put!(out, "\nISA Extension: ");
    if !names::MIPS_EXTENSIONS.put(out, word(8)) {
        fill!(out, "Unknown (%d)", word(8));
    }
    put!(out, "\nASEs:\n");
    let mut unknown = word(12);
    // The third DSP ASE comes after the second.
    for place in 0..32u32 {
        let bit = match place {
            2 => 13,
            3..=13 => place - 1,
            _ => place,
        };
        if word(12) & 1 << bit != 0
            && let Some(name) = &names::MIPS_ASES.get(bit)
        {
            put!(out, "\t", name, "\n");
            unknown &= !(1 << bit);
        }
    }
    if word(12) == 0 {
        put!(out, "\tNone\n");
    } else if unknown != 0 {
        fill!(out, "\tUnknown (%x)\n", unknown);
    }
    fill!(out, "FLAGS 1: %08x\nFLAGS 2: %08x\n", word(16), word(20));
    true
}

/// A global offset table, as far as it can be read.
struct Got<'a> {
    address: u64,
    /// Its bytes; none where they aren't in the file.
    data: Option<Reader<'a>>,
    word: u64,
}

impl Got<'_> {
    /// The address that the register `gp` holds.
    fn gp(&self) -> u64 {
        self.address.wrapping_add(0x7ff0)
    }

    /// As many hexadecimal digits as an address has.
    fn digits(&self) -> u8 {
        2 * self.word as u8
    }

    /// Prints an address behind some text.
    fn put_address(&self, out: &mut BufWriter, before: rt::text::Text, address: u64) {
        let mask = if self.word == 8 { u64::MAX } else { u32::MAX.into() };
        put!(out, before, hex(address & mask).zero(self.digits()));
    }

    fn value(&self, at: u64) -> Option<u64> {
        self.data?.word(at as usize)
    }

    /// Prints an entry: its address, how it is reached, what is in it. False where the table
    /// ends before this entry, or nothing can be read of it.
    // Not inlined: it is called in many places.
    #[inline(never)]
    fn entry(&self, cx: &mut Context, at: u64, by_gp: bool) -> bool {
        let address = self.address.wrapping_add(at);
        self.put_address(&mut cx.out, rt::text!("  "), address);
        // Farther away `gp` can't reach.
        if by_gp && at >= 0xfff0 {
            put!(&mut cx.out, "           ");
        } else if by_gp {
            let from_gp = address.wrapping_sub(self.gp()) as u32;
            fill!(&mut cx.out, " %6d(gp)", from_gp);
        }
        if let Some(value) = self.value(at) {
            self.put_address(&mut cx.out, rt::text!(" "), value);
            return true;
        }
        put!(&mut cx.out, " ");
        if self.data.is_some() {
            warn!(cx, "MIPS GOT entry extends beyond the end of available data");
        }
        let shown = if self.data.is_some() { "<corrupt>" } else { "<unknown>" };
        put!(&mut cx.out, right(shown, self.digits().into()));
        false
    }

    /// The local entries up to a place, each by `gp`; whether all could be read.
    fn locals(&self, cx: &mut Context, mut at: u64, end: u64) -> bool {
        while at < end {
            let whole = self.entry(cx, at, true);
            put!(&mut cx.out, "\n");
            if !whole {
                return false;
            }
            at += self.word;
        }
        true
    }

    /// Whether an entry is GNU's module pointer: its highest bit is set.
    fn is_marked(&self, at: u64) -> bool {
        self.value(at).is_some_and(|value| value >> (8 * self.word - 1) != 0)
    }

    /// What is above some entries: of the columns the titles, after a semicolon each, those
    /// of numbers as wide as an address.
    // Not inlined: it is called in many places.
    #[inline(never)]
    fn titles(&self, out: &mut BufWriter, by_gp: bool, titles: rt::text::Text) {
        let width = self.digits().into();
        let titles = short(&mut |out| out.text(titles));
        let mut titles = words(&titles, b';');
        put!(out, titles.next(), "  ", right("Address", width));
        if by_gp {
            put!(out, "     Access");
        }
        for title in titles {
            match title {
                [b' ', ..] => put!(out, title),
                _ => put!(out, " ", right(title, width)),
            }
        }
        put!(out, "\n");
    }

    /// Prints a symbol, the last of so many columns.
    fn symbol(&self, out: &mut BufWriter, file: &File, symbol: &Symbol, before: usize) {
        let header = &file.elf.header;
        let osabi = header.e_ident.osabi();
        self.put_address(out, rt::text!(" "), symbol.st_value);
        let kind = symbols::symbol_type(symbol.kind(), header.e_machine, osabi);
        put!(out, " ", left(&kind, 7).cut(), " ");
        let index = symbol.st_shndx;
        match symbols::special_section(index, header.e_machine, osabi) {
            Some(ref name) => put!(out, right(name, 3)),
            None if u32::from(index) < file.shnum() => fill!(out, "%3u", index),
            None => fill!(out, "bad section index[%3u]", index),
        }
        put!(out, " ");
        let line = if self.word == 8 { 160 } else { 80 };
        let strings = file.dynamic.strings.unwrap_or_default();
        match c_str(strings, symbol.st_name.into()) {
            Some(name) => {
                text::cut(out, file.options, name, line - before - 1);
            }
            None => fill!(out, "<corrupt: %14u>", symbol.st_name),
        }
        put!(out, "\n");
    }
}

fn got<'a>(
    cx: &mut Context,
    file: &File<'a>,
    address: u64,
    size: u64,
    what: rt::text::Text,
) -> Got<'a> {
    let offset = file.locate(cx, address, size);
    let data = file.read(cx, offset, size, what);
    let data = data.map(|data| Reader::new(file.elf.encoding, data));
    Got { address, data, word: file.elf.encoding.word() as u64 }
}

/// The table of a file that is linked dynamically: local entries, and one for each symbol
/// from `DT_MIPS_GOTSYM` on.
#[inline(never)]
fn primary_got(cx: &mut Context, file: &File) -> bool {
    let value = |tag| file.dynamic.value(tag);
    let (address, locals) = (value(DT_PLTGOT), value(DT_MIPS_LOCAL_GOTNO));
    let (first, count) = (value(DT_MIPS_GOTSYM), value(DT_MIPS_SYMTABNO));
    if address == 0 || locals == 0 || file.dynamic.symbols.is_none() {
        return true;
    }
    let Some(globals) = count.checked_sub(first) else {
        fill_error!(
            cx,
            "The GOT symbol offset (%u) is greater than the symbol table size (%u)",
            first,
            count
        );
        return false;
    };
    let word = file.elf.encoding.word() as u64;
    let size = locals.wrapping_add(globals).wrapping_mul(word);
    let got = got(cx, file, address, size, rt::text!("Global Offset Table data"));
    got.put_address(&mut cx.out, rt::text!("\nPrimary GOT:\n Canonical gp value: "), got.gp());
    got.titles(&mut cx.out, true, rt::text!("\n\n Reserved entries:\n;Initial; Purpose"));
    let whole = got.entry(cx, 0, true);
    put!(&mut cx.out, " Lazy resolver\n");
    if whole {
        primary_entries(cx, file, &got, locals, first..count);
    }
    put!(&mut cx.out, "\n");
    true
}

/// What follows the first entry of a dynamically linked file's table.
fn primary_entries(cx: &mut Context, file: &File, got: &Got, locals: u64, globals: Range<u64>) {
    let word = got.word;
    let mut at = word;
    if got.is_marked(at) {
        if !got.entry(cx, at, true) {
            return;
        }
        put!(&mut cx.out, " Module pointer (GNU extension)\n");
        at += word;
    }
    let locals_end = locals.wrapping_mul(word);
    if at < locals_end {
        got.titles(&mut cx.out, true, rt::text!("\n Local entries:\n;Initial"));
        if !got.locals(cx, at, locals_end) {
            return;
        }
        at = locals_end;
    }
    if globals.is_empty() {
        return;
    }
    got.titles(
        &mut cx.out,
        true,
        rt::text!("\n Global entries:\n;Initial;Sym.Val.; Type    Ndx Name"),
    );
    let before = if word == 8 { 76 } else { 52 };
    for index in globals {
        let whole = got.entry(cx, at, true);
        match file.dynamic.symbols.and_then(|symbols| symbols.table.get(index as usize)) {
            Some(symbol) => got.symbol(&mut cx.out, file, &symbol, before),
            None => {
                fill!(&mut cx.out, " <symbol index %u exceeds number of dynamic symbols>\n", index)
            }
        }
        if !whole {
            return;
        }
        at += word;
    }
}

/// The table of a file that is linked statically: the section `.got`.
#[inline(never)]
fn static_got(cx: &mut Context, file: &File) {
    let Some(section) = file.section_called(b".got") else { return };
    let what = rt::text!("Global Offset Table data");
    let data = file.read_section(cx, &section, what);
    let data = data.map(|data| Reader::new(file.elf.encoding, data));
    let word = file.elf.encoding.word() as u64;
    let got = Got { address: section.sh_addr, data, word };
    got.put_address(&mut cx.out, rt::text!("\nStatic GOT:\n Canonical gp value: "), got.gp());
    put!(&mut cx.out, "\n");
    if data.is_none() || static_entries(cx, &got, section.sh_size) {
        put!(&mut cx.out, "\n");
    }
}

fn static_entries(cx: &mut Context, got: &Got, size: u64) -> bool {
    let mut at = 0;
    // Only a table that begins with nothing has reserved entries.
    if got.value(0) == Some(0) {
        got.titles(&mut cx.out, true, rt::text!("\n Reserved entries:\n;Value"));
        let reserved = if got.is_marked(got.word) { 2 * got.word } else { got.word };
        if !got.locals(cx, 0, reserved) {
            return false;
        }
        at = reserved;
    }
    if at < size {
        got.titles(&mut cx.out, true, rt::text!("\n Local entries:\n;Value"));
    }
    got.locals(cx, at, size)
}

/// GNU's second table, with an entry for each relocation of the procedure linkage table.
#[inline(never)]
fn plt_got(cx: &mut Context, file: &File) -> bool {
    let value = |tag| file.dynamic.value(tag);
    let (address, relocs, kind) = (value(DT_MIPS_PLTGOT), value(DT_JMPREL), value(DT_PLTREL));
    let relocs_size = value(DT_PLTRELSZ);
    let none = [address, relocs, kind, relocs_size].contains(&0);
    if none || file.dynamic.symbols.is_none() {
        return true;
    }
    let encoding = file.elf.encoding;
    let rela = kind.cast_signed() == DT_RELA;
    let offset = file.locate(cx, relocs, relocs_size);
    let what = if encoding.is_64() {
        rt::text!("64-bit relocation data")
    } else {
        rt::text!("32-bit relocation data")
    };
    let Some(relocs) = file.read(cx, offset, relocs_size, what) else { return false };
    let word = encoding.word() as u64;
    let entry = if rela { 3 } else { 2 } * encoding.word();
    let count = relocs.len() / entry;
    let r = Reader::new(encoding, relocs);
    let size = (count as u64 + 2) * word;
    let got = got(cx, file, address, size, rt::text!("Procedure Linkage Table data"));
    got.titles(
        &mut cx.out,
        false,
        rt::text!("\nPLT GOT:\n\n Reserved entries:\n;Initial; Purpose"),
    );
    for index in 0..2 {
        let whole = got.entry(cx, index * word, false);
        if index == 0 {
            put!(&mut cx.out, " PLT lazy resolver\n");
        } else {
            put!(&mut cx.out, " Module pointer\n");
        }
        if !whole {
            put!(&mut cx.out, "\n");
            return true;
        }
    }
    got.titles(&mut cx.out, false, rt::text!("\n Entries:\n;Initial;Sym.Val.; Type    Ndx Name"));
    let before = if word == 8 { 65 } else { 41 };
    let symbols = file.dynamic.symbols;
    for index in 0..count {
        let r_info = r.word(index * entry + encoding.word()).unwrap_or_default();
        // In 64 bits `r_info` is no number but a 32-bit one and four bytes.
        let r_sym = match (encoding.is_64(), encoding.data) {
            (false, _) => r_info >> 8,
            (true, Data::Msb) => r_info >> 32,
            (true, Data::Lsb) => r_info & 0xffff_ffff,
        };
        if !got.entry(cx, (index as u64 + 2) * word, false) {
            put!(&mut cx.out, " ");
            break;
        }
        match symbols.and_then(|symbols| symbols.table.get(r_sym as usize)) {
            Some(symbol) => got.symbol(&mut cx.out, file, &symbol, before),
            None => fill!(&mut cx.out, " <corrupt symbol index: %u>\n", r_sym),
        }
    }
    put!(&mut cx.out, "\n");
    true
}
