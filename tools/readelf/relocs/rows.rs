//! The rows of a table of relocations.
//!
//! This is where the time goes: a shared object has hundreds of thousands of them. Each is
//! put together in the output buffer itself, in cells of constant size, and what doesn't
//! change from row to row is made once.

use super::{Form, Symbols};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::Names;
use crate::readelf::names::relocations::{relocation_type, relocations};
use crate::readelf::text;
use crate::words::{short, unpacked, word};
use rt::elf::consts::*;
use rt::elf::{Data, Encoding, Rel, Rela, Relr, Symbol, Table, c_str};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;
use rt::row::{Line, Middle};
use rt::text::Text;

/// Everything that the rows of one table have in common.
struct Rows<'f, 'a> {
    file: &'f File<'a>,
    form: Form,
    is_64: bool,
    wide: bool,
    /// ELF64 MIPS has three types in an entry.
    mips64: bool,
    /// Whether a row may have something after the addend.
    special: bool,
    /// How many digits offset and info have at least.
    digits: usize,
    kinds: Option<Names>,
    symbols: &'f Symbols<'a>,
}

/// The info as it is printed, the symbol's index, and the type's number.
#[inline]
pub fn split(encoding: Encoding, machine: u16, r_info: u64) -> (u64, u32, u32) {
    if !encoding.is_64() {
        return (r_info, (r_info >> 8) as u32, relocation_type(machine, r_info as u32 & 0xff));
    }
    if machine == EM_MIPS {
        // The symbol is a word of 32 bits, what follows are bytes: the order of the
        // bytes in the latter is the same whatever that in the former is.
        let info = match encoding.data {
            Data::Lsb => r_info << 32 | u64::from(((r_info >> 32) as u32).swap_bytes()),
            Data::Msb => r_info,
        };
        return (info, (info >> 32) as u32, info as u32 & 0xff);
    }
    (r_info, (r_info >> 32) as u32, relocation_type(machine, r_info as u32))
}

/// The head and the rows of a table at an offset.
pub fn show(cx: &mut Context, file: &File, form: Form, offset: u64, size: u64, symbols: &Symbols) {
    let encoding = file.elf.encoding;
    let is_64 = encoding.is_64();
    let what = match (form, is_64) {
        (Form::Relr, _) => rt::text!("RELR relocation data"),
        (_, true) => rt::text!("64-bit relocation data"),
        (_, false) => rt::text!("32-bit relocation data"),
    };
    let Some(bytes) = file.read(cx, offset, size, what) else { return };
    if form == Form::Relr {
        return relr_rows(&mut cx.out, encoding, bytes);
    }
    let header = &file.elf.header;
    let rows = Rows {
        file,
        form,
        is_64,
        wide: file.options.wide,
        mips64: is_64 && header.e_machine == EM_MIPS,
        special: matches!(header.e_machine, EM_MIPS | EM_ALPHA | EM_SPARCV9),
        digits: match (is_64, file.options.wide) {
            (true, true) => 16,
            (true, false) => 12,
            (false, _) => 8,
        },
        kinds: relocations(header.e_machine, header.e_ident.osabi(), header.e_flags),
        symbols,
    };
    let head = unpacked(HEADS, b'\n', 2 * usize::from(is_64) + usize::from(rows.wide));
    put!(
        &mut cx.out,
        &head[..],
        if form == Form::Rela { rt::text!(" + Addend\n") } else { rt::text!("\n") }
    );
    let mut cells = Cells::new(&rows);
    if form == Form::Rela {
        for Rela { r_offset, r_info, r_addend } in Table::packed(encoding, bytes).iter() {
            rows.row(cx, &mut cells, r_offset, r_info, r_addend);
        }
    } else {
        for Rel { r_offset, r_info } in Table::packed(encoding, bytes).iter() {
            rows.row(cx, &mut cells, r_offset, r_info, 0);
        }
    }
}

fn relr_rows(out: &mut BufWriter, encoding: Encoding, bytes: &[u8]) {
    let table = Table::<Relr>::packed(encoding, bytes);
    let mut count = 0u64;
    for _ in table.addresses(encoding) {
        count += 1;
    }
    put!(
        out,
        "  ",
        dec(count),
        if count == 1 { rt::text!(" offset\n") } else { rt::text!(" offsets\n") }
    );
    let digits = encoding.word() * 2;
    for address in table.addresses(encoding) {
        put_line(out, |line| {
            line.put_hex(address, digits);
            line.put(b"\n", 1);
        });
    }
}

/// Fills in a line in the buffer itself.
#[inline(always)]
fn put_line(out: &mut BufWriter, fill: impl FnOnce(&mut Line<ROW>)) {
    let Some(bytes) = out.room() else { return };
    let mut line = Line { bytes, len: 0 };
    fill(&mut line);
    let len = line.len;
    out.advance(len);
}

/// The heads of the columns: 32 bits, narrow and wide, then 64 bits.
const HEADS: Text = rt::text!(
    " Offset     Info    Type            Sym.Value  Sym. Name
 Offset     Info    Type                Sym. Value  Symbol's Name
  Offset          Info           Type           Sym. Value    Sym. Name
    Offset             Info             Type               Symbol's Value  Symbol's Name"
);

/// Room for a row up to the symbol's name.
const ROW: usize = 192;

/// What is between the offset and the addend of a row without a symbol, for one `r_info`.
struct Plain {
    r_info: u64,
    middle: Middle,
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

/// The cells that were needed last: most tables have few types, and a name is looked for long.
struct Cells<'f, 'a> {
    rows: &'f Rows<'f, 'a>,
    kinds: [Kind; 64],
    plain: Plain,
}

impl<'f, 'a> Cells<'f, 'a> {
    fn new(rows: &'f Rows<'f, 'a>) -> Self {
        let nothing = Kind { number: 0, len: 0, cell: [0; Kind::ROOM] };
        let plain = Plain { r_info: 0, middle: Middle { text: [0; Middle::ROOM], len: 0 } };
        Cells { rows, kinds: [nothing; 64], plain }
    }

    #[inline]
    fn kind(&mut self, number: u32) -> &Kind {
        let place = &mut self.kinds[number as usize % 64];
        if place.len == 0 || place.number != number {
            *place = self.rows.kind(number, self.rows.wide);
        }
        place
    }
}

impl Rows<'_, '_> {
    /// `%-22s` in a wide report, `%-17.17s` in a narrow one; `unrecognized: %-7x` for a
    /// number without a name.
    fn kind(&self, number: u32, wide: bool) -> Kind {
        let mut is_known = false;
        let shown = short(&mut |out| {
            is_known = self.kinds.is_some_and(|kinds| kinds.put(out, number));
            if !is_known {
                put!(out, "unrecognized: ", hex(number));
            }
        });
        let (width, most) = match (is_known, wide) {
            (false, _) => (21, Kind::ROOM),
            (true, true) => (22, Kind::ROOM),
            (true, false) => (17, 17),
        };
        let len = shown.len().min(most);
        let mut cell = [b' '; Kind::ROOM];
        for (place, &byte) in cell.iter_mut().zip(&shown).take(len) {
            *place = byte;
        }
        Kind { number, len: len.max(width) as u8, cell }
    }

    /// One row: the columns up to the symbol in one piece, then the rest.
    #[inline]
    fn row(&self, cx: &mut Context, cells: &mut Cells, r_offset: u64, r_info: u64, addend: i64) {
        if cells.plain.r_info == r_info && cells.plain.middle.len != 0 {
            return self.plain_row(&mut cx.out, &cells.plain, r_offset, addend);
        }
        let machine = self.file.elf.header.e_machine;
        let (info, index, number) = split(self.file.elf.encoding, machine, r_info);
        if index == 0 && !self.special {
            cells.plain = self.plain(r_info, cells.kind(number));
            return self.plain_row(&mut cx.out, &cells.plain, r_offset, addend);
        }
        let lituse = machine == EM_ALPHA && number == R_ALPHA_LITUSE && self.form == Form::Rela;
        let symbol = if lituse { None } else { self.symbols.symbols.table.get(index as usize) };
        let symbol = symbol.filter(|_| index != 0);
        let function = symbol.is_some_and(|symbol| symbol.kind() == STT_GNU_IFUNC);
        let kind = cells.kind(number);
        put_line(&mut cx.out, |line| {
            line.put_hex(r_offset, self.digits);
            line.put(b"  ", 2);
            line.put_hex(info, self.digits);
            line.put(b" ", 1);
            line.put(&kind.cell, kind.len.into());
            if let Some(symbol) = symbol {
                line.put(b" ", 1);
                if !function {
                    line.put_hex(symbol.st_value, if self.is_64 { 16 } else { 8 });
                    line.put(b"   ", if self.is_64 { 1 } else { 3 });
                }
            }
        });
        if lituse {
            put_lituse(&mut cx.out, addend);
        } else if let Some(symbol) = symbol {
            if function {
                self.function(cx, index, &symbol);
            }
            self.name(cx, index, &symbol);
            if self.form == Form::Rela {
                put_line(&mut cx.out, |line| {
                    line.put(if addend < 0 { b" - " } else { b" + " }, 3);
                    line.put_hex(addend.unsigned_abs(), 1);
                });
            }
        } else if index != 0 {
            fill_error!(cx, " bad symbol index: %08x in reloc", index);
        } else if self.form == Form::Rela {
            cx.out.fill(b' ', self.gap());
            put!(
                &mut cx.out,
                if addend < 0 { rt::text!("-") } else { rt::text!("") },
                hex(addend.unsigned_abs())
            );
        }
        if machine == EM_SPARCV9 && number == R_SPARC_OLO10 {
            // The second addend lies above the type, in 24 bits.
            let second = i64::from(r_info as u32 as i32 >> 8);
            fill!(&mut cx.out, " + %x", second as u64);
        }
        put!(&mut cx.out, "\n");
        if self.mips64 {
            self.more_kinds(&mut cx.out, info);
        }
    }

    /// How many spaces an addend without a symbol stands behind.
    fn gap(&self) -> usize {
        if self.is_64 { 20 } else { 12 }
    }

    /// What is the same in all rows of one type without a symbol: most rows of a program
    /// are such.
    #[inline(never)]
    fn plain(&self, r_info: u64, kind: &Kind) -> Plain {
        let shown = short(&mut |out| {
            put!(out, "  ", hex(r_info).zero(self.digits as u8), " ");
            out.bytes(kind.cell.get(..kind.len.into()).unwrap_or_default());
            if self.form == Form::Rela {
                out.fill(b' ', self.gap());
            }
        });
        let (mut text, len) = ([0; Middle::ROOM], shown.len());
        if let Some(text) = text.get_mut(..len) {
            text.copy_from_slice(&shown);
        }
        Plain { r_info, middle: Middle { text, len } }
    }

    /// A row without a symbol: offset, info, type, addend.
    #[inline]
    fn plain_row(&self, out: &mut BufWriter, plain: &Plain, r_offset: u64, addend: i64) {
        let addend = (self.form == Form::Rela).then_some(addend);
        out.middle_row(r_offset, self.digits, &plain.middle, addend);
    }

    /// The second and third type of an ELF64 MIPS entry.
    #[inline(never)]
    fn more_kinds(&self, out: &mut BufWriter, info: u64) {
        for (title, number) in
            [(rt::text!("Type2: "), info >> 8), (rt::text!("Type3: "), info >> 16)]
        {
            let kind = self.kind(number as u32 & 0xff, false);
            put!(out, "                    ", title);
            out.bytes(kind.cell.get(..kind.len.into()).unwrap_or_default());
            put!(out, "\n");
        }
    }

    /// An indirect function has no value to show but its name, in the same column.
    #[inline(never)]
    fn function(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        let (width, room) = if self.is_64 { (16, 14) } else { (10, 8) };
        let name = self.symbols.strings.filter(|_| symbol.st_name != 0);
        let name = name.and_then(|strings| c_str(strings, symbol.st_name.into()));
        let shown = text::cut(&mut cx.out, self.file.options, name.unwrap_or(b"??"), room);
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
            && self.file.options.spelling.is_plain()
            && let Some(strings) = self.symbols.strings
            && text::whole(&mut cx.out, strings, symbol.st_name)
        {
            return self.version(cx, index, symbol);
        }
        let strings = self.symbols.strings;
        match strings.map(|strings| c_str(strings, symbol.st_name.into())) {
            Some(Some(name)) => {
                text::cut(&mut cx.out, self.file.options, name, 22);
                self.version(cx, index, symbol);
            }
            Some(None) => {
                fill_error!(cx, "<corrupt string table index: %3u>", symbol.st_name);
            }
            None => {
                fill!(&mut cx.out, "<string table index: %3u>", symbol.st_name);
            }
        }
    }

    /// A section's symbol goes by the section's name.
    #[cold]
    #[inline(never)]
    fn nameless(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        let header = &self.file.elf.header;
        if symbol.kind() != STT_SECTION {
            return put!(&mut cx.out, "<null>");
        }
        let special = match (symbol.st_shndx, header.e_machine) {
            (SHN_ABS, _) => Some(rt::text!("ABS")),
            (SHN_COMMON, _) => Some(rt::text!("COMMON")),
            (SHN_MIPS_SCOMMON, EM_MIPS) => Some(rt::text!("SCOMMON")),
            (SHN_MIPS_SUNDEFINED, EM_MIPS) => Some(rt::text!("SUNDEF")),
            (SHN_TIC6X_SCOMMON, EM_TI_C6000) => Some(rt::text!("SCOMMON")),
            (SHN_X86_64_LCOMMON, EM_X86_64 | EM_L10M | EM_K10M) => Some(rt::text!("LARGE_COMMON")),
            (SHN_IA_64_ANSI_COMMON, EM_IA_64) if header.e_ident.osabi() == ELFOSABI_HPUX => {
                Some(rt::text!("ANSI_COM"))
            }
            _ => None,
        };
        // Reserved numbers count from the top of 32 bits.
        let section = match symbol.st_shndx {
            SHN_XINDEX => self.symbols.symbols.long_index(index as usize).unwrap_or(u32::MAX),
            SHN_LORESERVE.. => u32::from(symbol.st_shndx) | 0xffff_0000,
            index => index.into(),
        };
        match self.file.sections.get(section as usize) {
            _ if special.is_some() => put!(&mut cx.out, special),
            Some(section) => {
                let name = self.file.section_name(&section);
                text::cut(&mut cx.out, self.file.options, name, 22);
            }
            None => fill!(&mut cx.out, "<section 0x%x>", section),
        }
    }

    #[inline]
    fn version(&self, cx: &mut Context, index: u32, symbol: &Symbol) {
        if let Some(versions) = &self.symbols.versions
            && let Some(version) = versions.of(cx, self.file, index as usize, symbol)
        {
            put!(&mut cx.out, version);
        }
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
fn put_lituse(out: &mut BufWriter, addend: i64) {
    let uses = b"ADDR BASE BYTOFF JSR TLSGD TLSLDM JSRDIRECT";
    match word(uses, b' ', usize::try_from(addend).unwrap_or(usize::MAX)) {
        Some(name) => put!(out, " (", text::name(name), ")"),
        None => fill!(out, " <unknown addend: %x>", addend as u64),
    }
}
