//! `-d`: the dynamic section (gABI, "Dynamic Section"); and, for other parts, what it says.

use super::file::{Extent, File, Symbols};
use super::hashes::Hashes;
use super::names::{Names, tags};
use super::notes::{civil, unix_time, vms_time};
use super::{pattern, text};
use crate::context::Context;
use rt::elf::consts::*;
use rt::elf::{Dyn, Elf, Encoding, Record, SectionHeader, Symbol, Table, c_str};
use rt::fmt::{dec, hex, int};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

/// The dynamic section and the tables that it names, as far as they can be read.
pub struct Dynamic<'a> {
    /// Where it lies in the file.
    pub offset: u64,
    /// Its entries up to the first `DT_NULL`, including that.
    pub entries: Table<'a, Dyn>,
    /// The dynamic string table; empty where only single strings of it are wanted.
    pub strings: Option<&'a [u8]>,
    /// Where that lies in the file.
    pub strings_at: Extent,
    /// The dynamic symbols; without section headers they are looked for with `-D` and `-I`
    /// only, since a hash table has to be read to count them.
    pub symbols: Option<Symbols<'a>>,
    /// The hash tables, where one of those needs them.
    pub hashes: Hashes<'a>,
}

impl<'a> Dynamic<'a> {
    /// No dynamic section.
    pub fn none(encoding: Encoding) -> Self {
        let (entries, hashes) = (Table::empty(encoding), Hashes::default());
        let strings_at = Extent::default();
        Dynamic { offset: 0, entries, strings: None, strings_at, symbols: None, hashes }
    }

    /// The value of a tag, 0 where it is missing; where there are more, of the last one.
    pub fn value(&self, tag: i64) -> u64 {
        self.entries.iter().rfind(|entry| entry.d_tag == tag).map_or(0, |entry| entry.d_val)
    }

    /// A string of the dynamic string table. It alone is read, since that may have megabytes.
    pub fn string(&self, elf: &Elf<'a>, at: u64) -> Option<&'a [u8]> {
        const SHORT: u64 = 256;
        let rest = self.strings_at.size.checked_sub(at)?;
        let bytes = |size| c_str(elf.bytes(self.strings_at.offset.checked_add(at)?, size)?, 0);
        let short = bytes(rest.min(SHORT))?;
        if (short.len() as u64) < SHORT { Some(short) } else { bytes(rest) }
    }
}

/// Finds the dynamic section and what it names, for all parts that come after this one;
/// false where the symbols are corrupt.
pub fn load(cx: &mut Context, file: &mut File) -> bool {
    let Some(Extent { offset, size }) = file.dynamic_at else { return true };
    let Some(bytes) = file.read(cx, offset, size, rt::text!("dynamic section")) else {
        return true;
    };
    let all = Table::<Dyn>::packed(file.elf.encoding, bytes);
    let end = all.iter().position(|entry| entry.d_tag == DT_NULL);
    let count = end.map_or(all.len(), |end| end + 1);
    let entries = bytes.get(..count * Dyn::size(file.elf.encoding)).unwrap_or_default();
    file.dynamic.offset = offset;
    file.dynamic.entries = Table::packed(file.elf.encoding, entries);
    // What a section header says of symbols and strings comes first. Without one, a hash
    // table has to be read to count the symbols.
    let options = file.options;
    let by_image = options.use_dynamic && !options.dynamic_symbols;
    let more = options.check.is_some() || options.size.is_some() || options.diff;
    if options.histogram || ((by_image || more) && file.dynamic.symbols.is_none()) {
        file.dynamic.hashes = Hashes::load(cx, file);
        if file.dynamic.symbols.is_none() {
            match symbols(cx, file) {
                Ok(symbols) => file.dynamic.symbols = symbols,
                Err(Corrupt) => return false,
            }
        }
    }
    if file.dynamic.strings.is_none() {
        strings(cx, file);
    }
    true
}

/// The symbols at `DT_SYMTAB`; an error where they are corrupt.
fn symbols<'a>(cx: &mut Context, file: &File<'a>) -> Result<Option<Symbols<'a>>, Corrupt> {
    let count = file.dynamic.hashes.symbols;
    let (address, entsize) = (file.dynamic.value(DT_SYMTAB), file.dynamic.value(DT_SYMENT));
    let size = count.wrapping_mul(entsize);
    if size == 0 || address == 0 {
        return Ok(None);
    }
    let mut load = None;
    for segment in file.segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
        let end = segment.p_offset.checked_add(segment.p_filesz);
        if end.is_none_or(|end| end > file.elf.size()) {
            error!(cx, "Invalid PT_LOAD entry");
            return Err(Corrupt);
        }
        let start = segment.p_vaddr & segment.p_align.wrapping_neg();
        if address >= start && address < segment.p_vaddr.wrapping_add(segment.p_filesz) {
            load = Some(segment);
            break;
        }
    }
    let Some(load) = load else { return Ok(None) };
    let offset = address.wrapping_sub(load.p_vaddr).wrapping_add(load.p_offset);
    let record = Symbol::size(file.elf.encoding) as u64;
    let name = file.section_name(&SectionHeader::default());
    if size > file.elf.size() {
        fill_error!(cx, "Section %s has an invalid sh_size of %#x", size; name);
    } else if count.saturating_mul(record) > size.saturating_add(1) {
        let what = rt::text!("Size (%#x) of section %s is not a multiple of its sh_entsize (%#x)");
        pattern::error(cx, what, &[size, entsize], &[name]);
    } else if let Some(bytes) = file.read(cx, offset, size, rt::text!("symbols")) {
        let bytes = bytes.get(..(count * record) as usize).unwrap_or(bytes);
        return Ok(Some(Symbols::new(Table::packed(file.elf.encoding, bytes))));
    }
    error!(cx, "Corrupt DT_SYMTAB dynamic entry");
    Err(Corrupt)
}

/// The symbols can't be read.
struct Corrupt;

/// Finds the strings at `DT_STRTAB`.
fn strings(cx: &mut Context, file: &mut File) {
    let (address, size) = (file.dynamic.value(DT_STRTAB), file.dynamic.value(DT_STRSZ));
    if address == 0 || size == 0 {
        return;
    }
    let offset = file.locate(cx, address, size);
    file.read_strings(cx, Extent { offset, size }, rt::text!("dynamic string table"));
    if file.dynamic.strings.is_none() {
        error!(cx, "Corrupt DT_STRTAB dynamic entry");
    }
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.dynamic {
        return true;
    }
    let count = file.dynamic.entries.len();
    if count == 0 {
        put!(&mut cx.out, "\nThere is no dynamic section in this file.\n");
        return true;
    }
    put!(&mut cx.out, "\nDynamic section at offset ", hex(file.dynamic.offset).alt(), " contains ");
    put!(
        &mut cx.out,
        dec(count),
        if count == 1 { rt::text!(" entry:\n") } else { rt::text!(" entries:\n") }
    );
    put!(&mut cx.out, "  Tag        Type                         Name/Value\n");
    for entry in file.dynamic.entries.iter() {
        row(&mut cx.out, file, entry);
    }
    true
}

/// A tag, its name in a column, its value.
fn row(out: &mut BufWriter, file: &File, entry: Dyn) {
    let is_64 = file.elf.encoding.is_64();
    let tag = if is_64 { entry.d_tag as u64 } else { u64::from(entry.d_tag as u32) };
    put!(out, " 0x", hex(tag).zero(if is_64 { 16 } else { 8 }), " (");
    let len = put_tag(out, file, tag);
    put!(out, ")");
    // The width of what fills the column up: printf takes a negative one for a positive.
    out.fill(b' ', len.abs_diff(if is_64 { 19 } else { 27 }).max(1));
    put_value(out, file, entry.d_tag, entry.d_val);
    put!(out, "\n");
}

/// The name of a tag, or its number; gives back how long that is.
pub fn put_tag(out: &mut BufWriter, file: &File, tag: u64) -> usize {
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    let short = u32::try_from(tag).ok();
    let name = short.and_then(|tag| tags::tag(tag, header.e_machine, osabi));
    if let Some(name) = &name {
        put!(out, name);
        return name.len();
    }
    let title = match tag {
        0x6000_000d..=0x6fff_f000 => "Operating System specific: ",
        0x6000_0000..0x7000_0000 if header.e_machine == EM_PARISC => "Operating System specific: ",
        0x7000_0000..=0x7fff_ffff => "Processor Specific: ",
        _ => "<unknown>: ",
    };
    put!(out, title, hex(tag));
    title.len() + (67 - (tag | 1).leading_zeros() as usize) / 4
}

/// A value, in the form that goes with its tag.
fn put_value(out: &mut BufWriter, file: &File, tag: i64, value: u64) {
    let string = |out: &mut BufWriter, label: Text, always: bool| {
        let string = file.dynamic.string(&file.elf, value);
        if always || string.is_some() {
            put!(out, label, ": ");
        }
        match string {
            Some(string) => put!(out, "[", text::name(string), "]"),
            None => put!(out, "0x", hex(value)),
        }
    };
    match tag {
        DT_NEEDED => string(out, rt::text!("Shared library"), false),
        DT_SONAME => string(out, rt::text!("Library soname"), false),
        DT_RPATH => string(out, rt::text!("Library rpath"), false),
        DT_RUNPATH => string(out, rt::text!("Library runpath"), false),
        DT_CONFIG => string(out, rt::text!("Configuration file"), true),
        DT_DEPAUDIT => string(out, rt::text!("Dependency audit library"), true),
        DT_AUDIT => string(out, rt::text!("Audit library"), true),
        DT_AUXILIARY => string(out, rt::text!("Auxiliary library"), true),
        DT_FILTER => string(out, rt::text!("Filter library"), true),
        DT_USED if value != 0 => string(out, rt::text!("Not needed object"), false),
        DT_PLTRELSZ | DT_RELASZ | DT_RELAENT | DT_STRSZ | DT_SYMENT | DT_RELSZ | DT_RELENT
        | DT_INIT_ARRAYSZ | DT_FINI_ARRAYSZ | DT_PREINIT_ARRAYSZ | DT_RELRSZ | DT_RELRENT
        | DT_GNU_CONFLICTSZ | DT_GNU_LIBLISTSZ | DT_PLTPADSZ | DT_MOVEENT | DT_MOVESZ => {
            put!(out, dec(value), " (bytes)");
        }
        DT_RELACOUNT | DT_RELCOUNT | DT_VERDEFNUM | DT_VERNEEDNUM => put!(out, dec(value)),
        DT_PLTREL => {
            put_tag(out, file, value);
        }
        DT_BIND_NOW => {}
        DT_FLAGS => {
            let rest = put_flags(out, value, tags::FLAGS, rt::text!(""));
            for i in 0..rest.count_ones() {
                if i != 0 || rest != value {
                    out.byte(b' ');
                }
                put!(out, "unknown");
            }
        }
        DT_GNU_FLAGS_1 => put_titled_flags(out, value, tags::GNU_FLAGS_1),
        DT_FEATURE_1 => put_titled_flags(out, value, tags::FEATURE_1),
        DT_POSFLAG_1 => put_titled_flags(out, value, tags::POSFLAG_1),
        DT_FLAGS_1 => put_titled_flags(out, value, tags::FLAGS_1),
        DT_GNU_PRELINKED => {
            if !put_time(out, value) {
                put!(out, "<corrupt time val: ", hex(value));
            }
        }
        _ => put_special(out, file, tag, value),
    }
}

/// Names of the bits that are set, with `space` before the first one and one space before the
/// others; gives back the bits that have none.
fn put_flags(out: &mut BufWriter, value: u64, names: Names, mut space: Text) -> u64 {
    let mut rest = value;
    for (bit, name) in names.iter().filter(|(bit, _)| value >> bit & 1 == 1) {
        put!(out, space, name);
        space = rt::text!(" ");
        rest ^= 1 << bit;
    }
    rest
}

/// The same with a title; bits without a name are printed as a number.
fn put_titled_flags(out: &mut BufWriter, value: u64, names: Names) {
    put!(out, "Flags: ");
    match put_flags(out, value, names, rt::text!("")) {
        0 if value != 0 => {}
        0 => put!(out, "None"),
        rest => put_rest(out, value, rest),
    }
}

/// The bits without a name, after those that have one.
fn put_rest(out: &mut BufWriter, value: u64, rest: u64) {
    if rest != value {
        out.byte(b' ');
    }
    put!(out, hex(rest));
}

/// Values that mean something on one kind of machine only.
fn put_special(out: &mut BufWriter, file: &File, tag: i64, value: u64) {
    let header = &file.elf.header;
    match (header.e_machine, tag) {
        (EM_AARCH64, DT_AARCH64_BTI_PLT | DT_AARCH64_PAC_PLT) => {}
        (EM_IA_64, DT_IA_64_PLT_RESERVE) => {
            // Three words of the linker's.
            put!(out, "0x", hex(value), " -- 0x", hex(value.wrapping_add(3 * 8)));
        }
        (EM_IA_64, DT_IA_64_VMS_LNKFLAGS) => {
            put!(out, "0x", hex(value));
            put_flags(out, value, tags::VMS_LNKFLAGS, rt::text!(" "));
        }
        (EM_IA_64, DT_IA_64_VMS_LINKTIME) => vms_time(out, value),
        (EM_PARISC, DT_HP_DLD_FLAGS) => {
            match put_flags(out, value, tags::HP_DLD_FLAGS, rt::text!("")) {
                0 if value != 0 => {}
                rest => put_rest(out, value, rest),
            }
        }
        (EM_MIPS | EM_MIPS_RS3_LE, _) => put_mips(out, file, tag, value),
        _ => put!(out, "0x", hex(value)),
    }
}

fn put_mips(out: &mut BufWriter, file: &File, tag: i64, value: u64) {
    match tag {
        DT_MIPS_FLAGS => {
            if value == 0 {
                put!(out, "NONE");
            }
            put_flags(out, value, tags::MIPS_FLAGS, rt::text!(""));
        }
        DT_MIPS_IVERSION => {
            put!(out, "Interface Version: ");
            match file.dynamic.string(&file.elf, value) {
                Some(string) => put!(out, text::name(string)),
                None => put!(out, "<corrupt: ", hex(value), ">"),
            }
        }
        DT_MIPS_TIME_STAMP => {
            put!(out, "Time Stamp: ");
            if !put_time(out, value) {
                put!(out, "<corrupt>");
            }
        }
        DT_MIPS_RLD_VERSION
        | DT_MIPS_LOCAL_GOTNO
        | DT_MIPS_CONFLICTNO
        | DT_MIPS_LIBLISTNO
        | DT_MIPS_SYMTABNO
        | DT_MIPS_UNREFEXTNO
        | DT_MIPS_HIPAGENO
        | DT_MIPS_DELTA_CLASS_NO
        | DT_MIPS_DELTA_INSTANCE_NO
        | DT_MIPS_DELTA_RELOC_NO
        | DT_MIPS_DELTA_SYM_NO
        | DT_MIPS_DELTA_CLASSSYM_NO
        | DT_MIPS_COMPACT_SIZE => put!(out, int(value.cast_signed())),
        _ => put!(out, "0x", hex(value)),
    }
}

/// Seconds since 1970 as a date; false where its year doesn't fit into a C `int`.
fn put_time(out: &mut BufWriter, seconds: u64) -> bool {
    let seconds = seconds.cast_signed();
    let (year, ..) = civil(seconds.div_euclid(86_400));
    let fits = i32::try_from(year - 1900).is_ok();
    if fits {
        unix_time(out, seconds);
    }
    fits
}

// Tags that elf.h has no name for.
pub const DT_GNU_FLAGS_1: i64 = 0x6fff_fdf4;
pub const DT_USED: i64 = 0x7fff_fffe;
pub const DT_HP_DLD_FLAGS: i64 = 0x6000_0001;
pub const DT_IA_64_VMS_LNKFLAGS: i64 = 0x6000_0015;
const DT_IA_64_VMS_LINKTIME: i64 = 0x6000_0035;
