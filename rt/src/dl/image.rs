//! What one file asks of a loader, checked: nothing that is found here in order leads the
//! later stages outside of the file or of its memory.
//!
//! Addresses are those of the file, before the bias is added.

use super::memory::Arena;
use crate::arch::{ELF_DATA, ELF_MACHINE, PAGE};
use crate::elf::consts::*;
use crate::elf::{
    Class, Data, Dyn, Encoding, FileHeader, GnuHash, Ident, ProgramHeader, Record, Source,
    SysvHash, Table, c_str,
};
use crate::errno::Errno;

/// Why a file can't be loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It can't be opened or mapped.
    Os(Errno),
    /// It is for other machines: a search goes on.
    Foreign(&'static str),
    /// It is not what it should be.
    Bad(&'static str),
}

impl From<Errno> for Fault {
    #[inline]
    fn from(error: Errno) -> Fault {
        Fault::Os(error)
    }
}

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// Where it begins.
    pub at: u64,
    /// How many bytes it has.
    pub size: u64,
}

impl Range {
    /// Whether so many bytes from an address on lie within.
    #[inline]
    pub fn holds(&self, at: u64, size: u64) -> bool {
        let end = at.checked_sub(self.at).and_then(|within| within.checked_add(size));
        end.is_some_and(|end| end <= self.size)
    }
}

/// A PT_LOAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// Its memory.
    pub memory: Range,
    /// How much of that comes from the file.
    pub filesz: u64,
    /// Where it is in the file.
    pub offset: u64,
    /// `PF_R`, `PF_W`, `PF_X`
    pub flags: u32,
}

impl Load {
    /// The part that comes from the file.
    #[inline]
    pub fn of_file(&self) -> Range {
        Range { at: self.memory.at, size: self.filesz }
    }
}

/// A PT_TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tls {
    /// What each thread's block begins with.
    pub initial: Range,
    /// The size of a block, in bytes.
    pub memsz: u64,
    /// A power of two.
    pub align: u64,
    /// The address that the alignment counts from: blocks are congruent to it.
    pub skew: u64,
}

/// The tables of the dynamic section: empty ranges where there are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    /// DT_STRTAB; ends with a zero byte.
    pub strings: Range,
    /// DT_SYMTAB, up to the end of its segment: no entry tells how many there are.
    pub symbols: Range,
    /// DT_GNU_HASH, up to the end of its segment. Filter and buckets lie within.
    pub gnu_hash: Range,
    /// DT_HASH, where there is no DT_GNU_HASH.
    pub hash: Range,
    /// DT_RELA, without what DT_JMPREL has.
    pub rela: Range,
    /// How many of these are R_*_RELATIVE, at the beginning.
    pub relacount: u64,
    /// DT_RELR
    pub relr: Range,
    /// DT_JMPREL
    pub jmprel: Range,
    /// DT_VERSYM, up to the end of its segment.
    pub versym: Range,
    /// DT_VERDEF, up to the end of its segment.
    pub verdef: Range,
    /// DT_VERNEED, up to the end of its segment.
    pub verneed: Range,
    /// DT_PREINIT_ARRAY
    pub preinit_array: Range,
    /// DT_INIT_ARRAY
    pub init_array: Range,
    /// DT_FINI_ARRAY
    pub fini_array: Range,
    /// DT_INIT; 0 for none.
    pub init: u64,
    /// DT_FINI; 0 for none.
    pub fini: u64,
    /// DT_PLTGOT; 0 for none.
    pub pltgot: u64,
    /// DT_FLAGS, with DT_SYMBOLIC, DT_TEXTREL and DT_BIND_NOW as flags.
    pub flags: u64,
    /// DT_FLAGS_1
    pub flags_1: u64,
    /// Offset of DT_SONAME in the strings.
    pub soname: Option<u64>,
    /// Offset of DT_RPATH in the strings.
    pub rpath: Option<u64>,
    /// Offset of DT_RUNPATH in the strings.
    pub runpath: Option<u64>,
}

/// DT_FLAGS: own symbols first.
pub const DF_SYMBOLIC: u64 = 2;
/// DT_FLAGS: relocations in segments that are not written.
pub const DF_TEXTREL: u64 = 4;
/// DT_FLAGS: nothing is bound lazily.
pub const DF_BIND_NOW: u64 = 8;
/// DT_FLAGS_1: nothing is bound lazily.
pub const DF_1_NOW: u64 = 1;
/// DT_FLAGS_1: neither cache nor default directories.
pub const DF_1_NODEFLIB: u64 = 0x800;
/// DT_FLAGS_1: a program.
pub const DF_1_PIE: u64 = 0x0800_0000;

/// A program or library.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// ET_EXEC, ET_DYN
    pub e_type: u16,
    /// The entry point.
    pub entry: u64,
    /// The program headers, where they are in memory.
    pub headers: Option<Range>,
    /// The PT_LOADs, ascending; their pages don't overlap.
    pub loads: &'a [Load],
    /// From the first page of the first one to the last page of the last one.
    pub span: Range,
    /// The strictest alignment of a PT_LOAD, at least a page.
    pub align: u64,
    /// PT_INTERP, without its zero byte.
    pub interpreter: Option<&'a [u8]>,
    /// PT_DYNAMIC
    pub dynamic: Option<Range>,
    /// PT_TLS
    pub tls: Option<Tls>,
    /// The pages of PT_GNU_RELRO.
    pub relro: Range,
    /// The tables.
    pub tables: Tables,
}

/// What this loader takes: 64 bits, of this byte order.
pub const ENCODING: Encoding = Encoding { class: Class::Elf64, data: ELF_DATA };

/// Checks the file header.
///
/// # Errors
/// A sentence that says what is wrong.
#[inline]
pub fn file_header(source: &dyn Source) -> Result<FileHeader, Fault> {
    // Not by `Elf`, which looks at the section headers as well: a page fault at the file's end.
    let head = source.get(0, source.size().min(64)).unwrap_or_default();
    let ident = head.first_chunk().map(|&ident| Ident(ident)).filter(Ident::has_magic);
    let encoding = ident.map_or(ENCODING, |ident| ident.encoding());
    let header = FileHeader::decode(encoding, head).filter(|_| ident.is_some());
    let Some(header) = header else {
        return Err(Fault::Bad(match head {
            [] => "the file is empty",
            [0x7f, b'E', b'L', b'F', ..] => "the file ends within its header",
            [b'#', b'!', ..] => "a script, not an ELF file",
            [b'/', b'*', ..] => "a text for the linker (a linker script), not a library",
            _ if head.starts_with(b"INPUT") || head.starts_with(b"GROUP") => {
                "a text for the linker (a linker script), not a library"
            }
            _ => "not an ELF file",
        }));
    };
    match (encoding.class, header.e_machine) {
        (Class::Elf64, ELF_MACHINE) if encoding.data == ELF_DATA => {}
        (Class::Elf32, _) => return Err(Fault::Foreign("for 32-bit machines")),
        _ => return Err(Fault::Foreign("for another machine")),
    }
    if !matches!(header.e_type, ET_DYN | ET_EXEC) {
        return Err(Fault::Bad("neither a program nor a library"));
    }
    if header.e_phnum > 0 && usize::from(header.e_phentsize) != ProgramHeader::size(ENCODING) {
        return Err(Fault::Bad("its program headers have a strange size"));
    }
    Ok(header)
}

impl<'a> Image<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn read(arena: &'a Arena, source: &dyn Source) -> Result<Image<'a>, Fault> {
        let header = file_header(source)?;
        let size = u64::from(header.e_phnum) * ProgramHeader::size(ENCODING) as u64;
        let bytes = source.get(header.e_phoff, size);
        let bytes = bytes.ok_or(Fault::Bad("truncated: the program headers are missing"))?;
        let mut image = Image::from_headers(arena, source, bytes)?;
        (image.e_type, image.entry) = (header.e_type, header.e_entry);
        image.find_headers(&header);
        Ok(image)
    }

    /// Finds where the program headers are in memory.
    #[inline]
    pub(super) fn find_headers(&mut self, header: &FileHeader) {
        let size = u64::from(header.e_phnum) * ProgramHeader::size(ENCODING) as u64;
        let mut loads = self.loads.iter();
        self.headers = loads.find_map(|load| {
            let within = header.e_phoff.checked_sub(load.offset)?;
            let at = load.memory.at.checked_add(within)?;
            load.of_file().holds(at, size).then_some(Range { at, size })
        });
    }

    /// Checks what these program headers describe.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn from_headers(
        arena: &'a Arena,
        source: &dyn Source,
        headers: &[u8],
    ) -> Result<Image<'a>, Fault> {
        let mut image = Image::of_segments(arena, source, headers)?;
        if let Some(dynamic) = image.dynamic {
            image.tables = Reading { image: &image, source }.tables(dynamic)?;
        }
        Ok(image)
    }

    /// Checks what these program headers describe, but not the dynamic section.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn of_segments(
        arena: &'a Arena,
        source: &dyn Source,
        headers: &[u8],
    ) -> Result<Image<'a>, Fault> {
        let headers = Table::<ProgramHeader>::packed(ENCODING, headers);
        let mut loads = arena.list(4)?;
        let mut align = PAGE as u64;
        for header in headers.iter().filter(|header| header.p_type == PT_LOAD) {
            let load = check_load(source, &header)?;
            if load.memory.size > 0 {
                let last = loads.last().map_or(0, |last: &Load| last.memory.at + last.memory.size);
                if !loads.is_empty() && page_floor(load.memory.at) < page_ceil(last) {
                    return Err(Fault::Bad("its segments overlap or are out of order"));
                }
                loads.push(load)?;
                align = align.max(header.p_align);
            }
        }
        let loads = loads.into_slice();
        let (Some(first), Some(last)) = (loads.first(), loads.last()) else {
            return Err(Fault::Bad("it has nothing to load"));
        };
        let at = page_floor(first.memory.at);
        let span = Range { at, size: page_ceil(last.memory.at + last.memory.size) - at };
        if span.size > 64 << 30 {
            return Err(Fault::Bad("its segments are more than 64 GiB apart"));
        }
        let mut image = Image {
            e_type: ET_DYN,
            entry: 0,
            headers: None,
            loads,
            span,
            align,
            interpreter: None,
            dynamic: None,
            tls: None,
            relro: Range::default(),
            tables: Tables::default(),
        };
        for header in headers.iter() {
            image.take_header(arena, source, &header)?;
        }
        Ok(image)
    }

    #[inline]
    fn take_header(
        &mut self,
        arena: &'a Arena,
        source: &dyn Source,
        header: &ProgramHeader,
    ) -> Result<(), Fault> {
        let memory = Range { at: header.p_vaddr, size: header.p_memsz };
        match header.p_type {
            PT_INTERP if self.interpreter.is_none() => {
                let bytes = source.get(header.p_offset, header.p_filesz.min(4096));
                let path = bytes.and_then(|bytes| bytes.split(|&byte| byte == 0).next());
                let path = path.filter(|path| !path.is_empty() && path.len() < 4096);
                let path = path.ok_or(Fault::Bad("the name of its interpreter is missing"))?;
                self.interpreter = Some(arena.bytes(path)?);
            }
            PT_DYNAMIC if self.dynamic.is_none() => {
                let range = Range { at: header.p_vaddr, size: header.p_filesz };
                if self.part(range).is_none() {
                    return Err(Fault::Bad("its dynamic section lies outside its segments"));
                }
                self.dynamic = Some(range);
            }
            PT_TLS if self.tls.is_none() => self.tls = Some(self.check_tls(header)?),
            PT_GNU_RELRO => {
                let at = page_floor(memory.at);
                let end = memory.at.checked_add(memory.size).map(page_floor);
                let size = end.and_then(|end| end.checked_sub(at)).unwrap_or(0);
                let within = self.loads.iter().any(|load| {
                    let start = page_floor(load.memory.at);
                    let end = page_ceil(load.memory.at + load.memory.size);
                    Range { at: start, size: end - start }.holds(at, size)
                });
                if !within {
                    return Err(Fault::Bad("PT_GNU_RELRO lies outside its segments"));
                }
                self.relro = Range { at, size };
            }
            PT_PHDR if self.part(Range { at: header.p_vaddr, size: header.p_filesz }).is_some() => {
                self.headers = Some(Range { at: header.p_vaddr, size: header.p_filesz });
            }
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn check_tls(&self, header: &ProgramHeader) -> Result<Tls, Fault> {
        let initial = Range { at: header.p_vaddr, size: header.p_filesz };
        let align = header.p_align.max(1);
        let right = header.p_filesz <= header.p_memsz
            && header.p_memsz <= 1 << 30
            && align.is_power_of_two()
            && align <= 1 << 20;
        if !right {
            return Err(Fault::Bad("its thread-local storage makes no sense"));
        }
        if header.p_filesz > 0 && self.part(initial).is_none() {
            return Err(Fault::Bad("its thread-local storage lies outside its segments"));
        }
        Ok(Tls { initial, memsz: header.p_memsz, align, skew: header.p_vaddr & (align - 1) })
    }

    /// The segment whose file part holds a range, and that can be read.
    #[inline]
    pub fn part(&self, range: Range) -> Option<&'a Load> {
        let holds =
            |load: &&Load| load.flags & PF_R != 0 && load.of_file().holds(range.at, range.size);
        self.loads.iter().find(holds)
    }

    /// Whether there is code at an address.
    #[inline]
    pub fn has_code(&self, at: u64) -> bool {
        let mut loads = self.loads.iter();
        loads.any(|load| load.flags & PF_X != 0 && load.memory.holds(at, 1))
    }

    /// The bytes of a range out of the file.
    #[inline]
    pub fn bytes<'s>(&self, source: &'s dyn Source, range: Range) -> Option<&'s [u8]> {
        let load = self.part(range)?;
        source.get(load.offset.checked_add(range.at.checked_sub(load.memory.at)?)?, range.size)
    }

    /// The string at an offset of the string table.
    #[inline]
    pub fn string<'s>(&self, source: &'s dyn Source, at: u64) -> Option<&'s [u8]> {
        c_str(self.bytes(source, self.tables.strings)?, at)
    }

    /// The entries of the dynamic section.
    #[inline]
    pub fn entries<'s>(&self, source: &'s dyn Source) -> impl Iterator<Item = Dyn> + use<'s> {
        let bytes = self.dynamic.and_then(|range| self.bytes(source, range)).unwrap_or_default();
        Table::<Dyn>::packed(ENCODING, bytes).iter().take_while(|entry| entry.d_tag != DT_NULL)
    }

    /// The names of the libraries that it needs.
    #[inline]
    pub fn needed<'s>(&self, source: &'s dyn Source) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        let strings = self.bytes(source, self.tables.strings).unwrap_or_default();
        let needed = self.entries(source).filter(|entry| entry.d_tag == DT_NEEDED);
        needed.filter_map(|entry| c_str(strings, entry.d_val)).filter(|name| !name.is_empty())
    }
}

/// The beginning of the page that an address is in.
#[inline]
pub const fn page_floor(address: u64) -> u64 {
    address & !(PAGE as u64 - 1)
}

/// The first page boundary at or behind an address.
#[inline]
pub const fn page_ceil(address: u64) -> u64 {
    page_floor(address.saturating_add(PAGE as u64 - 1))
}

#[inline]
fn check_load(source: &dyn Source, header: &ProgramHeader) -> Result<Load, Fault> {
    const TOP: u64 = 1 << 47;
    let memory = Range { at: header.p_vaddr, size: header.p_memsz };
    if header.p_filesz > header.p_memsz {
        return Err(Fault::Bad("a segment is longer in the file than in memory"));
    }
    if memory.at.checked_add(memory.size).is_none_or(|end| end >= TOP - PAGE as u64) {
        return Err(Fault::Bad("a segment goes past the end of the address space"));
    }
    let skew = header.p_vaddr.wrapping_sub(header.p_offset);
    let align = header.p_align;
    if align > 1 && !align.is_power_of_two() || align > 1 << 30 || !skew.is_multiple_of(PAGE as u64)
    {
        return Err(Fault::Bad("a segment's place in the file doesn't fit its alignment"));
    }
    let end = header.p_offset.checked_add(header.p_filesz);
    if end.is_none_or(|end| end > source.size()) {
        return Err(Fault::Bad("truncated: the file ends within a segment"));
    }
    let Load { filesz, offset, flags, .. } =
        Load { memory, filesz: header.p_filesz, offset: header.p_offset, flags: header.p_flags };
    Ok(Load { memory, filesz, offset, flags })
}

/// The last tag that has its own number as its slot.
const LAST: usize = DT_RELRENT as usize;

/// Where the value of a tag is kept; out of bounds for the others.
#[inline]
fn slot(tag: i64) -> usize {
    match tag {
        DT_GNU_HASH => LAST + 1,
        DT_VERSYM => LAST + 2,
        DT_RELACOUNT => LAST + 3,
        DT_FLAGS_1 => LAST + 4,
        DT_VERDEF => LAST + 5,
        DT_VERNEED => LAST + 6,
        _ => usize::try_from(tag).ok().filter(|&tag| tag <= LAST).unwrap_or(usize::MAX),
    }
}

/// The dynamic section of an image whose segments are checked.
struct Reading<'i, 's> {
    image: &'i Image<'i>,
    source: &'s dyn Source,
}

impl Reading<'_, '_> {
    #[inline]
    fn tables(&self, dynamic: Range) -> Result<Tables, Fault> {
        let bytes = self.image.bytes(self.source, dynamic);
        let bytes = bytes.ok_or(Fault::Bad("its dynamic section is missing"))?;
        let mut tables = Tables::default();
        // The last value of each tag: small ones by their number, some others behind them.
        let mut values = [0u64; LAST + 7];
        let mut given = 0u64;
        let all = Table::<Dyn>::packed(ENCODING, bytes);
        for Dyn { d_tag, d_val } in all.iter().take_while(|entry| entry.d_tag != DT_NULL) {
            let slot = slot(d_tag);
            if let Some(value) = values.get_mut(slot) {
                *value = d_val;
                given |= 1 << slot;
            }
        }
        let value = |tag: i64| values.get(slot(tag)).copied().unwrap_or(0);
        let given = |tag: i64| given >> slot(tag) & 1 == 1;
        for (tag, right, wrong) in [
            (DT_SYMENT, 24, "its symbols have a strange size"),
            (DT_RELAENT, 24, "its relocations have a strange size"),
            (DT_RELRENT, 8, "its packed relocations have a strange size"),
            (DT_PLTREL, DT_RELA as u64, "its PLT has relocations of another kind"),
        ] {
            if given(tag) && value(tag) != right {
                return Err(Fault::Bad(wrong));
            }
        }
        if given(DT_REL) {
            return Err(Fault::Bad("it has relocations without addends"));
        }
        let pair = |at: i64, size: i64| (value(at), value(size));
        let relocations = "its relocations lie outside its segments";
        let arrays = "its constructors lie outside its segments";
        for (place, (at, size), unit, wrong) in [
            (
                &mut tables.strings,
                pair(DT_STRTAB, DT_STRSZ),
                1,
                "its string table lies outside its segments",
            ),
            (&mut tables.rela, pair(DT_RELA, DT_RELASZ), 24, relocations),
            (&mut tables.relr, pair(DT_RELR, DT_RELRSZ), 8, relocations),
            (&mut tables.jmprel, pair(DT_JMPREL, DT_PLTRELSZ), 24, relocations),
            (&mut tables.preinit_array, pair(DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ), 8, arrays),
            (&mut tables.init_array, pair(DT_INIT_ARRAY, DT_INIT_ARRAYSZ), 8, arrays),
            (&mut tables.fini_array, pair(DT_FINI_ARRAY, DT_FINI_ARRAYSZ), 8, arrays),
        ] {
            *place = self.table((at, size), unit, wrong)?;
        }
        let versions = "its symbol versions lie outside its segments";
        for (place, tag, wrong) in [
            (&mut tables.symbols, DT_SYMTAB, "its symbol table lies outside its segments"),
            (&mut tables.versym, DT_VERSYM, versions),
            (&mut tables.verdef, DT_VERDEF, versions),
            (&mut tables.verneed, DT_VERNEED, versions),
        ] {
            *place = self.to_end(value(tag), wrong)?;
        }
        tables.relacount = value(DT_RELACOUNT);
        (tables.init, tables.fini) = (value(DT_INIT), value(DT_FINI));
        tables.pltgot = value(DT_PLTGOT);
        let flag = |tag: i64, flag: u64| if given(tag) { flag } else { 0 };
        tables.flags = value(DT_FLAGS)
            | flag(DT_SYMBOLIC, DF_SYMBOLIC)
            | flag(DT_TEXTREL, DF_TEXTREL)
            | flag(DT_BIND_NOW, DF_BIND_NOW);
        tables.flags_1 = value(DT_FLAGS_1);
        let offset = |tag: i64| given(tag).then(|| value(tag));
        (tables.soname, tables.rpath) = (offset(DT_SONAME), offset(DT_RPATH));
        tables.runpath = offset(DT_RUNPATH);
        // Old linkers count the PLT's relocations among the others.
        if tables.rela.size > 0 && tables.rela.holds(tables.jmprel.at, tables.jmprel.size) {
            tables.rela.size = tables.jmprel.at - tables.rela.at;
        }
        tables.relacount = tables.relacount.min(tables.rela.size / 24);
        if let Some(strings) = self.image.bytes(self.source, tables.strings)
            && strings.last().is_some_and(|&last| last != 0)
        {
            return Err(Fault::Bad("its string table doesn't end with a zero byte"));
        }
        let code = [tables.init, tables.fini];
        if code.iter().any(|&at| at != 0 && !self.image.has_code(at)) {
            return Err(Fault::Bad("its constructors lie outside its code"));
        }
        self.check_hashes(&mut tables, value(DT_HASH), value(DT_GNU_HASH))?;
        Ok(tables)
    }

    /// A table that has a size: all of it lies in the file's part of a segment.
    #[inline]
    fn table(
        &self,
        (at, size): (u64, u64),
        unit: u64,
        wrong: &'static str,
    ) -> Result<Range, Fault> {
        if size == 0 {
            return Ok(Range::default());
        }
        let range = Range { at, size: size - size % unit };
        self.image.part(range).map(|_| range).ok_or(Fault::Bad(wrong))
    }

    /// A table without a size: up to the end of the file's part of its segment.
    #[inline]
    fn to_end(&self, at: u64, wrong: &'static str) -> Result<Range, Fault> {
        if at == 0 {
            return Ok(Range::default());
        }
        let load = self.image.part(Range { at, size: 1 }).ok_or(Fault::Bad(wrong))?;
        Ok(Range { at, size: load.filesz - (at - load.memory.at) })
    }

    #[inline]
    fn check_hashes(&self, tables: &mut Tables, hash: u64, gnu_hash: u64) -> Result<(), Fault> {
        const WRONG: Fault = Fault::Bad("its hash table makes no sense");
        let outside = "its hash table lies outside its segments";
        if gnu_hash != 0 {
            tables.gnu_hash = self.to_end(gnu_hash, outside)?;
            let bytes = self.image.bytes(self.source, tables.gnu_hash).ok_or(WRONG)?;
            let table = GnuHash::new(ENCODING, bytes).ok_or(WRONG)?;
            if table.nbuckets == 0 || !table.bloom_size.is_power_of_two() {
                return Err(WRONG);
            }
        } else if hash != 0 {
            tables.hash = self.to_end(hash, outside)?;
            let bytes = self.image.bytes(self.source, tables.hash).ok_or(WRONG)?;
            let table = SysvHash::new(ENCODING, bytes, false).ok_or(WRONG)?;
            if table.nbucket == 0 {
                return Err(WRONG);
            }
            // Each symbol is in one chain: more steps than symbols are a circle.
            let mut steps = 0;
            for bucket in 0..table.nbucket {
                let mut symbol = table.bucket(bucket).unwrap_or(0);
                while symbol != 0 {
                    steps += 1;
                    if steps > table.nchain {
                        return Err(Fault::Bad("its hash table goes in circles"));
                    }
                    symbol = table.chain(symbol).unwrap_or(0);
                }
            }
        }
        Ok(())
    }
}

/// Whether this byte order is the one that numbers in memory have: then tables of a mapped
/// file are read as they are.
const _: () = assert!(matches!(ELF_DATA, Data::Lsb) == cfg!(target_endian = "little"));
