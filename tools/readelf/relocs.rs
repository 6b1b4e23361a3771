//! `-r`: the relocations of each relocation section or, with `-D`, of the tables that the
//! dynamic section names.

use super::error;
use super::file::File;
use super::names::Names;
use super::names::relocations::{relocation_type, relocations};
use super::symver::Versions;
use super::text;
use crate::context::Context;
use rt::elf::consts::*;
use rt::elf::{Encoding, Reader, Record, Rel, Rela, Relr, SectionHeader, Symbol, Table, c_str};
use rt::fmt::{dec, hex, hex_digits};
use rt::io::BufWriter;
use rt::put;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.relocs {
        return true;
    }
    if file.options.use_dynamic {
        by_dynamic(cx, file);
    } else {
        by_sections(cx, file);
    }
    true
}

/// What the entries of a table look like.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Rel,
    Rela,
    Relr,
}

impl Form {
    fn of_section(sh_type: u32) -> Option<Form> {
        match sh_type {
            SHT_REL => Some(Form::Rel),
            SHT_RELA => Some(Form::Rela),
            SHT_RELR => Some(Form::Relr),
            _ => None,
        }
    }

    fn size(self, encoding: Encoding) -> usize {
        match self {
            Form::Rel => Rel::size(encoding),
            Form::Rela => Rela::size(encoding),
            Form::Relr => Relr::size(encoding),
        }
    }
}

fn by_sections(cx: &mut Context, file: &File) {
    let mut found = false;
    for section in file.sections.iter() {
        let Some(form) = Form::of_section(section.sh_type) else { continue };
        if section.sh_size == 0 {
            continue;
        }
        let name = text::name(file.section_name(&section));
        let count = section.sh_size / form.size(file.elf.encoding) as u64;
        let entries = if count == 1 { " entry:\n" } else { " entries:\n" };
        put!(&mut cx.out, "\nRelocation section '", name, "' at offset 0x");
        put!(&mut cx.out, hex(section.sh_offset), " contains ", dec(count), entries);
        found |= section_rows(cx, file, &section, form);
    }
    if found {
        return;
    }
    if file.sections.is_empty() && TABLES.iter().any(|&(_, _, tag, _)| file.dynamic.value(tag) != 0)
    {
        put!(&mut cx.out, "\nThere are no static relocations in this file.\n");
        put!(
            &mut cx.out,
            "To see the dynamic relocations add --use-dynamic to the command line.\n"
        );
    } else {
        put!(&mut cx.out, "\nThere are no relocations in this file.\n");
    }
}

/// What the dynamic section may name: title, address, size, form.
static TABLES: [(&str, i64, i64, Form); 4] = [
    ("REL", DT_REL, DT_RELSZ, Form::Rel),
    ("RELA", DT_RELA, DT_RELASZ, Form::Rela),
    ("RELR", DT_RELR, DT_RELRSZ, Form::Relr),
    ("PLT", DT_JMPREL, DT_PLTRELSZ, Form::Rela),
];

fn by_dynamic(cx: &mut Context, file: &File) {
    let symbols = Symbols {
        table: file.dynamic.symbols.map_or(Table::empty(file.elf.encoding), |s| s.table),
        strings: file.dynamic.strings,
        dynamic: true,
        shndx: &[],
    };
    let mut found = false;
    for (title, address, size, mut form) in TABLES {
        let (address, size) = (file.dynamic.value(address), file.dynamic.value(size));
        if size == 0 {
            continue;
        }
        if title == "PLT" && file.dynamic.value(DT_PLTREL) == DT_REL as u64 {
            form = Form::Rel;
        }
        put!(&mut cx.out, "\n'", title, "' relocation section at offset 0x", hex(address));
        put!(&mut cx.out, " contains ", dec(size), " bytes:\n");
        let offset = file.locate(cx, address, size);
        rows(cx, file, form, offset, size, &symbols);
        found = true;
    }
    if !found {
        put!(&mut cx.out, "\nThere are no dynamic relocations in this file.\n");
    }
}

/// The rows of a relocation section; false where its symbol table is of no use.
fn section_rows(cx: &mut Context, file: &File, section: &SectionHeader, form: Form) -> bool {
    let linked = file.sections.get(section.sh_link as usize).filter(|_| section.sh_link != 0);
    let mut symbols = Symbols::none(file);
    if let Some(linked) = linked.filter(|_| form != Form::Relr) {
        match Symbols::of_section(cx, file, &linked, section.sh_link) {
            Some(these) => symbols = these,
            None => return false,
        }
    }
    rows(cx, file, form, section.sh_offset, section.sh_size, &symbols);
    true
}

/// The symbols that relocations refer to, and their names.
struct Symbols<'a> {
    table: Table<'a, Symbol>,
    /// None where no section is named that holds them.
    strings: Option<&'a [u8]>,
    /// Whether they are the dynamic symbols, which may have versions.
    dynamic: bool,
    /// `SHT_SYMTAB_SHNDX`: the section indices that don't fit into a symbol.
    shndx: &'a [u8],
}

impl<'a> Symbols<'a> {
    fn none(file: &File<'a>) -> Self {
        let table = Table::empty(file.elf.encoding);
        Symbols { table, strings: None, dynamic: false, shndx: &[] }
    }

    /// The symbol table that a relocation section is linked with.
    fn of_section(
        cx: &mut Context,
        file: &File<'a>,
        section: &SectionHeader,
        index: u32,
    ) -> Option<Self> {
        let mut symbols = Symbols::none(file);
        if !matches!(section.sh_type, SHT_SYMTAB | SHT_DYNSYM) || section.sh_size == 0 {
            return None;
        }
        if section.sh_size > file.elf.size() {
            let name = text::name(file.section_name(section));
            let size = hex(section.sh_size);
            error(cx, &[&"Section ", &name, &" has an invalid sh_size of 0x", &size]);
            return None;
        }
        let bytes = file.read(cx, section.sh_offset, section.sh_size, "symbols")?;
        symbols.table = Table::packed(file.elf.encoding, bytes);
        symbols.dynamic = section.sh_type == SHT_DYNSYM;
        if section.sh_link != 0 {
            let Some(strings) = file.sections.get(section.sh_link as usize) else {
                error(cx, &[&"Bad sh_link in symbol table section"]);
                return None;
            };
            let (offset, size) = (strings.sh_offset, strings.sh_size);
            symbols.strings = Some(file.read(cx, offset, size, "string table")?);
        }
        let mut indices = file.sections_of(SHT_SYMTAB_SHNDX);
        let indices = indices.find(|(_, section)| section.sh_link == index);
        symbols.shndx = indices.and_then(|(_, section)| file.data(&section)).unwrap_or_default();
        Some(symbols)
    }
}

/// Everything that the rows of one table have in common.
struct Rows<'f, 'a> {
    file: &'f File<'a>,
    form: Form,
    is_64: bool,
    wide: bool,
    /// ELF64 MIPS has three types in an entry.
    mips64: bool,
    kinds: Option<&'static Names>,
    symbols: &'f Symbols<'a>,
    versions: Versions<'a>,
}

/// The head and the rows of a table at an offset.
fn rows(cx: &mut Context, file: &File, form: Form, offset: u64, size: u64, symbols: &Symbols) {
    let encoding = file.elf.encoding;
    let is_64 = encoding.is_64();
    let what = match (form, is_64) {
        (Form::Relr, _) => "RELR relocation data",
        (_, true) => "64-bit relocation data",
        (_, false) => "32-bit relocation data",
    };
    let Some(bytes) = file.read(cx, offset, size, what) else { return };
    if form == Form::Relr {
        return relr_rows(&mut cx.out, encoding, bytes);
    }
    let header = &file.elf.header;
    let count = if symbols.dynamic { symbols.table.len() } else { 0 };
    let versions = Versions::load(file, count);
    let rows = Rows {
        file,
        form,
        is_64,
        wide: file.options.wide,
        mips64: is_64 && header.e_machine == EM_MIPS,
        kinds: relocations(header.e_machine, header.e_ident.osabi(), header.e_flags),
        symbols,
        versions,
    };
    put!(&mut cx.out, rows.heads());
    let mut kinds = Kinds::new(&rows);
    if form == Form::Rela {
        for Rela { r_offset, r_info, r_addend } in Table::packed(encoding, bytes).iter() {
            rows.row(cx, &mut kinds, r_offset, r_info, r_addend);
        }
    } else {
        for Rel { r_offset, r_info } in Table::packed(encoding, bytes).iter() {
            rows.row(cx, &mut kinds, r_offset, r_info, 0);
        }
    }
}

fn relr_rows(out: &mut BufWriter, encoding: Encoding, bytes: &[u8]) {
    let table = Table::<Relr>::packed(encoding, bytes);
    let count = table.addresses(encoding).count();
    put!(out, "  ", dec(count), if count == 1 { " offset\n" } else { " offsets\n" });
    let digits = encoding.word() * 2;
    for address in table.addresses(encoding) {
        let Some(room) = out.room::<32>() else { return };
        let mut line = Line { bytes: room, len: 0 };
        line.put_hex(address, digits);
        line.put(b"\n", 1);
        let len = line.len;
        out.advance(len);
    }
}

/// A piece of the output, filled in from the left.
struct Line<'b, const N: usize> {
    bytes: &'b mut [u8; N],
    len: usize,
}

impl<const N: usize> Line<'_, N> {
    /// Copies a whole cell, of which `len` bytes count.
    #[inline(always)]
    fn put<const M: usize>(&mut self, cell: &[u8; M], len: usize) {
        if let Some(place) = self.bytes.get_mut(self.len..).and_then(|p| p.first_chunk_mut()) {
            *place = *cell;
            self.len += len;
        }
    }

    /// `%0*lx`: at least so many digits.
    #[inline(always)]
    fn put_hex(&mut self, value: u64, digits: usize) {
        let needed = (67 - (value | 1).leading_zeros() as usize) / 4;
        let digits = needed.max(digits).min(16);
        // The digits that count come first.
        let shift = (16 - digits as u32) * 4;
        self.put(&hex_digits(value << shift), digits);
    }
}

/// A type's name as its column has it.
#[derive(Clone, Copy)]
struct Kind {
    number: u32,
    len: u8,
    cell: [u8; Kind::ROOM],
}

impl Kind {
    /// Longer than any name.
    const ROOM: usize = 48;
}

/// The types' cells that were needed last: most tables have few.
struct Kinds<'f, 'a> {
    rows: &'f Rows<'f, 'a>,
    cache: [Kind; 16],
}

impl<'f, 'a> Kinds<'f, 'a> {
    fn new(rows: &'f Rows<'f, 'a>) -> Self {
        let nothing = Kind { number: 0, len: 0, cell: [b' '; Kind::ROOM] };
        Kinds { rows, cache: [nothing; 16] }
    }

    #[inline]
    fn get(&mut self, number: u32) -> &Kind {
        let place = &mut self.cache[number as usize % 16];
        if place.len == 0 || place.number != number {
            *place = self.rows.kind(number, self.rows.wide);
        }
        place
    }
}

impl Rows<'_, '_> {
    /// The heads of the columns.
    fn heads(&self) -> &'static str {
        match (self.is_64, self.wide, self.form == Form::Rela) {
            (true, true, true) => {
                "    Offset             Info             Type               \
                 Symbol's Value  Symbol's Name + Addend\n"
            }
            (true, true, false) => {
                "    Offset             Info             Type               \
                 Symbol's Value  Symbol's Name\n"
            }
            (true, false, true) => {
                "  Offset          Info           Type           \
                 Sym. Value    Sym. Name + Addend\n"
            }
            (true, false, false) => {
                "  Offset          Info           Type           Sym. Value    Sym. Name\n"
            }
            (false, true, true) => {
                " Offset     Info    Type                Sym. Value  Symbol's Name + Addend\n"
            }
            (false, true, false) => {
                " Offset     Info    Type                Sym. Value  Symbol's Name\n"
            }
            (false, false, true) => {
                " Offset     Info    Type            Sym.Value  Sym. Name + Addend\n"
            }
            (false, false, false) => " Offset     Info    Type            Sym.Value  Sym. Name\n",
        }
    }

    /// `%-22s` in a wide report, `%-17.17s` in a narrow one; `unrecognized: %-7x` for a
    /// number without a name.
    fn kind(&self, number: u32, wide: bool) -> Kind {
        let mut cell = [b' '; Kind::ROOM];
        let mut line = Line { bytes: &mut cell, len: 0 };
        let width = match self.kinds.and_then(|kinds| kinds.get(number)) {
            Some(name) => {
                for &byte in name.prefix().as_bytes().iter().chain(name.rest().as_bytes()) {
                    line.put(&[byte], 1);
                }
                if !wide {
                    line.len = line.len.min(17);
                }
                if wide { 22 } else { 17 }
            }
            None => {
                line.put(b"unrecognized: ", 14);
                line.put_hex(number.into(), 1);
                21
            }
        };
        let end = line.len;
        // What was written past the end, too.
        if let Some(rest) = cell.get_mut(end..) {
            rest.fill(b' ');
        }
        Kind { number, len: end.max(width) as u8, cell }
    }

    /// One row: the columns up to the symbol in one piece, then the rest.
    #[inline]
    fn row(&self, cx: &mut Context, kinds: &mut Kinds, r_offset: u64, r_info: u64, addend: i64) {
        let machine = self.file.elf.header.e_machine;
        let (info, index, number) = self.split(r_info);
        let kind = kinds.get(number);
        let Some(room) = cx.out.room::<192>() else { return };
        let mut line = Line { bytes: room, len: 0 };
        let digits = match (self.is_64, self.wide) {
            (true, true) => 16,
            (true, false) => 12,
            (false, _) => 8,
        };
        line.put_hex(r_offset, digits);
        line.put(b"  ", 2);
        line.put_hex(info, digits);
        line.put(b" ", 1);
        line.put(&kind.cell, kind.len.into());
        if machine == EM_ALPHA && number == R_ALPHA_LITUSE && self.form == Form::Rela {
            let len = line.len;
            cx.out.advance(len);
            lituse(&mut cx.out, addend);
        } else if index == 0 {
            if self.form == Form::Rela {
                line.put(b"                    ", if self.is_64 { 20 } else { 12 });
                if addend < 0 {
                    line.put(b"-", 1);
                }
                line.put_hex(addend.unsigned_abs(), 1);
            }
            let len = line.len;
            cx.out.advance(len);
        } else if let Some(symbol) = self.symbols.table.get(index as usize) {
            line.put(b" ", 1);
            let value = symbol.kind() != STT_GNU_IFUNC;
            if value {
                line.put_hex(symbol.st_value, if self.is_64 { 16 } else { 8 });
                line.put(b"   ", if self.is_64 { 1 } else { 3 });
            }
            let len = line.len;
            cx.out.advance(len);
            if !value {
                self.function(cx, index, &symbol);
            }
            self.name(cx, index, &symbol);
            if self.form == Form::Rela {
                let Some(room) = cx.out.room::<32>() else { return };
                let mut line = Line { bytes: room, len: 0 };
                line.put(if addend < 0 { b" - " } else { b" + " }, 3);
                line.put_hex(addend.unsigned_abs(), 1);
                let len = line.len;
                cx.out.advance(len);
            }
        } else {
            let len = line.len;
            cx.out.advance(len);
            error(cx, &[&" bad symbol index: ", &hex(index).zero(8), &" in reloc"]);
        }
        if machine == EM_SPARCV9 && number == R_SPARC_OLO10 {
            // The second addend lies above the type, in 24 bits.
            let second = i64::from(r_info as u32 as i32 >> 8);
            put!(&mut cx.out, " + ", hex(second as u64));
        }
        put!(&mut cx.out, "\n");
        if self.mips64 {
            self.more_kinds(&mut cx.out, info);
        }
    }

    /// The info as it is printed, the symbol's index, and the type's number.
    #[inline]
    fn split(&self, r_info: u64) -> (u64, u32, u32) {
        let machine = self.file.elf.header.e_machine;
        if !self.is_64 {
            return (r_info, (r_info >> 8) as u32, relocation_type(machine, r_info as u32 & 0xff));
        }
        if self.mips64 {
            // The symbol is a word of 32 bits, what follows are bytes: the order of the
            // bytes in the latter is the same whatever that in the former is.
            let info = match self.file.elf.encoding.data {
                rt::elf::Data::Lsb => {
                    r_info << 32 | u64::from(((r_info >> 32) as u32).swap_bytes())
                }
                rt::elf::Data::Msb => r_info,
            };
            return (info, (info >> 32) as u32, info as u32 & 0xff);
        }
        (r_info, (r_info >> 32) as u32, relocation_type(machine, r_info as u32))
    }

    /// The second and third type of an ELF64 MIPS entry.
    fn more_kinds(&self, out: &mut BufWriter, info: u64) {
        for (title, number) in [("Type2: ", info >> 8), ("Type3: ", info >> 16)] {
            let kind = self.kind(number as u32 & 0xff, false);
            put!(out, "                    ", title);
            out.bytes(kind.cell.get(..kind.len.into()).unwrap_or_default());
            put!(out, "\n");
        }
    }

    /// An indirect function has no value to show but its name, in the same column.
    fn function(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        let width = if self.is_64 { 16 } else { 10 };
        let name = self.string(cx, symbol).unwrap_or_default();
        let shown =
            text::cut(&mut cx.out, self.file.options, name, if self.is_64 { 14 } else { 8 });
        self.version(cx, index, symbol);
        put!(&mut cx.out, "()");
        cx.out.fill(b' ', (width + 1usize).saturating_sub(shown + 2).max(1));
    }

    /// A symbol's name, or what stands for it.
    #[inline]
    fn name(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        if symbol.st_name == 0 {
            return self.nameless(cx, index, symbol);
        }
        if self.wide
            && let Some(strings) = self.symbols.strings
            && text::whole(&mut cx.out, strings, symbol.st_name)
        {
            return self.version(cx, index, symbol);
        }
        let strings = self.symbols.strings;
        match strings.map(|strings| c_str(strings, symbol.st_name.into())) {
            Some(Some(name)) => {
                text::cut(&mut cx.out, self.file.options, name, 22);
            }
            Some(None) => {
                let at = dec(symbol.st_name);
                error(cx, &[&"<corrupt string table index: ", &at.width(3), &">"]);
            }
            None => {
                let at = dec(symbol.st_name);
                put!(&mut cx.out, "<string table index: ", at.width(3), ">");
            }
        }
        self.version(cx, index, symbol);
    }

    /// A section's symbol goes by the section's name.
    #[cold]
    fn nameless(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        let header = &self.file.elf.header;
        if symbol.kind() != STT_SECTION {
            return put!(&mut cx.out, "<null>");
        }
        let special = match (symbol.st_shndx, header.e_machine) {
            (SHN_ABS, _) => "ABS",
            (SHN_COMMON, _) => "COMMON",
            (SHN_MIPS_SCOMMON, EM_MIPS) => "SCOMMON",
            (SHN_MIPS_SUNDEFINED, EM_MIPS) => "SUNDEF",
            (SHN_TIC6X_SCOMMON, EM_TI_C6000) => "SCOMMON",
            (SHN_X86_64_LCOMMON, EM_X86_64 | EM_L10M | EM_K10M) => "LARGE_COMMON",
            (SHN_IA_64_ANSI_COMMON, EM_IA_64) if header.e_ident.osabi() == ELFOSABI_HPUX => {
                "ANSI_COM"
            }
            _ => "",
        };
        let extended = match symbol.st_shndx {
            SHN_XINDEX => Reader::new(self.file.elf.encoding, self.symbols.shndx)
                .u32((index as usize).wrapping_mul(4)),
            _ => None,
        };
        let section = match (extended, symbol.st_shndx) {
            (Some(extended), _) => extended,
            // Reserved numbers count from the top of 32 bits.
            (None, SHN_LORESERVE..) => u32::from(symbol.st_shndx) | 0xffff_0000,
            (None, _) => symbol.st_shndx.into(),
        };
        match self.file.sections.get(section as usize) {
            _ if !special.is_empty() => put!(&mut cx.out, special),
            Some(section) => {
                let name = self.file.section_name(&section);
                text::cut(&mut cx.out, self.file.options, name, 22);
            }
            None => put!(&mut cx.out, "<section 0x", hex(section), ">"),
        }
    }

    #[inline]
    fn version(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        if self.symbols.dynamic
            && let Some(version) = self.versions.of(cx, self.file, index as usize, symbol)
        {
            put!(&mut cx.out, version);
        }
    }

    fn string(&self, _: &mut Context, symbol: &Symbol) -> Option<&[u8]> {
        c_str(self.symbols.strings?, symbol.st_name.into())
    }
}

const R_ALPHA_LITUSE: u32 = 5;
const R_SPARC_OLO10: u32 = 33;

// Special section indices of processors.
const SHN_TIC6X_SCOMMON: u16 = 0xff00;

const SHN_X86_64_LCOMMON: u16 = 0xff02;
const SHN_IA_64_ANSI_COMMON: u16 = 0xff00;

/// How an instruction uses the address that one before it loaded: Alpha puts a number
/// for that into the addend.
fn lituse(out: &mut BufWriter, addend: i64) {
    match addend {
        0 => put!(out, " (ADDR)"),
        1 => put!(out, " (BASE)"),
        2 => put!(out, " (BYTOFF)"),
        3 => put!(out, " (JSR)"),
        4 => put!(out, " (TLSGD)"),
        5 => put!(out, " (TLSLDM)"),
        6 => put!(out, " (JSRDIRECT)"),
        _ => put!(out, " <unknown addend: ", hex(addend as u64), ">"),
    }
}
