//! What one file asks of a loader, checked: nothing that is found here in order leads the
//! later stages outside of the file or of its memory.
//!
//! Addresses are those of the file, before the bias is added.

use super::error::Error;
use super::memory::Arena;
use super::pieces;
use super::tables::{Part, Tables};
use crate::arch::{ELF_DATA, ELF_MACHINE, PAGE};
use crate::elf::consts::*;
use crate::elf::{
    Class, Data, Dyn, Encoding, FileHeader, Ident, ProgramHeader, Record, Source, Table, c_str,
};
use crate::errno::Errno;
use crate::fmt::Put;
use crate::io::BufWriter;
use crate::text::Text;

/// Why a file can't be loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It can't be opened or mapped.
    Os(Errno),
    /// It is for other machines: a search goes on.
    Foreign(Text),
    /// It is not what it should be.
    Bad(Text),
}

/// What is said of a text in a library's place.
pub const LINKER_SCRIPT: Text =
    crate::text!("a text for the linker (a linker script), not a library");

/// What `ENOMEM` says.
const NO_MEMORY: Text = crate::text!("Cannot allocate memory");

impl Fault {
    /// In words, for which there is room.
    #[inline]
    pub fn text(self, room: &mut [u8]) -> &[u8] {
        let text = match self {
            Fault::Os(errno) => return errno.message().as_bytes(),
            Fault::Foreign(text) | Fault::Bad(text) => text,
        };
        let mut length = 0;
        for (place, byte) in room.iter_mut().zip(text.bytes()) {
            *place = byte;
            length += 1;
        }
        room.get(..length).unwrap_or_default()
    }
}

/// In words.
impl Put for Fault {
    #[inline]
    fn put(&self, out: &mut BufWriter) {
        match self {
            Fault::Os(errno) => errno.put(out),
            Fault::Foreign(text) | Fault::Bad(text) => text.put(out),
        }
    }
}

impl From<Errno> for Fault {
    #[inline]
    fn from(error: Errno) -> Fault {
        Fault::Os(error)
    }
}

/// What is right, or a sentence that says what is wrong.
pub type Checked<T> = Result<T, Text>;

impl From<Text> for Fault {
    #[inline]
    fn from(text: Text) -> Fault {
        Fault::Bad(text)
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
// In this order: what is asked for most is near the beginning, where code finds it by short
// offsets.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Image<'a> {
    /// The PT_LOADs, ascending; their pages don't overlap.
    pub loads: &'a [Load],
    /// From the first page of the first one to the last page of the last one.
    pub span: Range,
    /// PT_DYNAMIC
    pub dynamic: Option<Range>,
    /// The entry point.
    pub entry: u64,
    /// The program headers, where they are in memory; nothing where they are in no segment.
    pub headers: Range,
    /// PT_INTERP, without its zero byte.
    pub interpreter: Option<&'a [u8]>,
    /// The pages of PT_GNU_RELRO.
    pub relro: Range,
    /// ET_EXEC, ET_DYN
    pub e_type: u16,
    /// PT_TLS
    pub tls: Option<Tls>,
    /// The strictest alignment of a PT_LOAD, at least a page.
    pub align: u64,
    /// The tables.
    pub tables: Tables,
}

/// What this loader takes: 64 bits, of this byte order.
pub const ENCODING: Encoding = Encoding { class: Class::Elf64, data: ELF_DATA };

/// The bytes of the file header, checked.
///
/// # Errors
/// A sentence that says what is wrong.
#[inline]
pub fn file_header(source: &dyn Source) -> Result<&[u8], Fault> {
    const FOREIGN: Text = crate::text!("for another machine");
    // Not by `Elf`, which looks at the section headers as well: a page fault at the file's end.
    let head = source.get(0, source.size().min(64)).unwrap_or_default();
    if let Some(ident) = head.first_chunk().map(|&ident| Ident(ident)).filter(Ident::has_magic) {
        let encoding = ident.encoding();
        if matches!(encoding.class, Class::Elf32) {
            return Err(Fault::Foreign(crate::text!("for 32-bit machines")));
        }
        if encoding.data != ELF_DATA {
            return Err(Fault::Foreign(FOREIGN));
        }
    }
    let start = pieces(b"\x7fELF #! /* INPUT GROUP", b" ").position(|text| head.starts_with(text));
    let header = FileHeader::decode(ENCODING, head);
    let (Some(header), Some(0)) = (header, start) else {
        return Err(Fault::Bad(match start {
            _ if head.is_empty() => crate::text!("the file is empty"),
            Some(0) => crate::text!("the file ends within its header"),
            Some(1) => crate::text!("a script, not an ELF file"),
            Some(_) => LINKER_SCRIPT,
            None => crate::text!("not an ELF file"),
        }));
    };
    if header.e_machine != ELF_MACHINE {
        return Err(Fault::Foreign(FOREIGN));
    }
    if !matches!(header.e_type, ET_DYN | ET_EXEC) {
        return Err(Fault::Bad(crate::text!("neither a program nor a library")));
    }
    if header.e_phnum > 0 && usize::from(header.e_phentsize) != ProgramHeader::size(ENCODING) {
        return Err(Fault::Bad(crate::text!("its program headers have a strange size")));
    }
    Ok(head)
}

impl<'a> Image<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn read(arena: &'a Arena, source: &dyn Source) -> Result<&'a mut Image<'a>, Fault> {
        let image = Image::of_file(arena, source)?;
        image.read_dynamic(source)?;
        Ok(image)
    }

    /// Checks what a file's program headers describe, but not the dynamic section.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn of_file(arena: &'a Arena, source: &dyn Source) -> Result<&'a mut Image<'a>, Fault> {
        let header = FileHeader::decode(ENCODING, file_header(source)?);
        let header = header.ok_or(Fault::Bad(crate::text!("the file ends within its header")))?;
        let size = u64::from(header.e_phnum) * ProgramHeader::size(ENCODING) as u64;
        let bytes = source.get(header.e_phoff, size);
        let bytes =
            bytes.ok_or(Fault::Bad(crate::text!("truncated: the program headers are missing")))?;
        let headers = Table::packed(ENCODING, bytes);
        let loads = loads(arena, &headers, source.size())?;
        let image = Image::of_segments(arena, source, &headers, loads)?;
        (image.e_type, image.entry) = (header.e_type, header.e_entry);
        for load in image.loads {
            let at = load.memory.at.wrapping_add(header.e_phoff.wrapping_sub(load.offset));
            if image.headers.size == 0 && load.of_file().holds(at, size) {
                image.headers = Range { at, size };
            }
        }
        Ok(image)
    }

    /// Checks what these program headers describe besides the segments, which are checked, but
    /// not the dynamic section.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn of_segments(
        arena: &'a Arena,
        source: &dyn Source,
        headers: &Table<ProgramHeader>,
        loads: &'a [Load],
    ) -> Checked<&'a mut Image<'a>> {
        let image = arena.place(Image::default()).map_err(|_| NO_MEMORY)?;
        (image.e_type, image.align, image.loads) = (ET_DYN, PAGE as u64, loads);
        let [first, ..] = loads else { return Err(crate::text!("it has nothing to load")) };
        let (at, last) = (page_floor(first.memory.at), loads.last().unwrap_or(first).memory);
        image.span = Range { at, size: page_ceil(last.at + last.size) - at };
        if image.span.size > 64 << 30 {
            return Err(crate::text!("its segments are more than 64 GiB apart"));
        }
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
    ) -> Checked<()> {
        let of_file = Range { at: header.p_vaddr, size: header.p_filesz };
        match header.p_type {
            PT_LOAD if header.p_memsz > 0 => self.align = self.align.max(header.p_align),
            PT_INTERP if self.interpreter.is_none() => {
                let bytes = source.get(header.p_offset, header.p_filesz.min(4096));
                let path = c_str(bytes.unwrap_or_default(), 0).filter(|path| !path.is_empty());
                let path = path.ok_or(crate::text!("the name of its interpreter is missing"))?;
                self.interpreter = Some(arena.bytes(path).map_err(|_| NO_MEMORY)?);
            }
            PT_DYNAMIC if self.dynamic.is_none() => {
                if self.part(of_file).is_none() {
                    return Err(crate::text!("its dynamic section lies outside its segments"));
                }
                self.dynamic = Some(of_file);
            }
            PT_TLS if self.tls.is_none() => self.tls = Some(self.check_tls(header)?),
            PT_GNU_RELRO => {
                let at = page_floor(header.p_vaddr);
                let end = page_floor(header.p_vaddr.saturating_add(header.p_memsz));
                let relro = Range { at, size: end.saturating_sub(at) };
                let pages = |load: &Load| {
                    let at = page_floor(load.memory.at);
                    Range { at, size: page_ceil(load.memory.at + load.memory.size) - at }
                };
                if !self.loads.iter().any(|load| pages(load).holds(at, relro.size)) {
                    return Err(crate::text!("PT_GNU_RELRO lies outside its segments"));
                }
                self.relro = relro;
            }
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn check_tls(&self, header: &ProgramHeader) -> Checked<Tls> {
        let initial = Range { at: header.p_vaddr, size: header.p_filesz };
        let align = header.p_align.max(1);
        let right = header.p_filesz <= header.p_memsz
            && header.p_memsz <= 1 << 30
            && align.is_power_of_two()
            && align <= 1 << 20;
        if !right {
            return Err(crate::text!("its thread-local storage makes no sense"));
        }
        if header.p_filesz > 0 && self.part(initial).is_none() {
            return Err(crate::text!("its thread-local storage lies outside its segments"));
        }
        Ok(Tls { initial, memsz: header.p_memsz, align, skew: header.p_vaddr & (align - 1) })
    }

    /// The segment whose file part holds a range, and that can be read.
    // Not inlined, as the next one: it is called in many places.
    #[inline(never)]
    pub fn part(&self, range: Range) -> Option<&'a Load> {
        let holds =
            |load: &&Load| load.flags & PF_R != 0 && load.of_file().holds(range.at, range.size);
        self.loads.iter().find(holds)
    }

    /// Whether there is code at an address.
    #[inline(never)]
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

    /// The bytes of a table out of the file; none where there is no such table.
    // Not inlined, as the next one: it is called in many places.
    #[inline(never)]
    pub fn table<'s>(&self, source: &'s dyn Source, part: Part) -> &'s [u8] {
        self.bytes(source, self.tables.part(part)).unwrap_or_default()
    }

    /// The string at an offset of the string table; nothing where there is none.
    #[inline(never)]
    pub fn string<'s>(&self, source: &'s dyn Source, at: u64) -> &'s [u8] {
        c_str(self.table(source, Part::Strings), at).unwrap_or_default()
    }

    /// Calls with each entry of the dynamic section.
    #[inline]
    pub fn each_entry(
        &self,
        source: &dyn Source,
        call: &mut dyn FnMut(Dyn) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let bytes = self.dynamic.and_then(|range| self.bytes(source, range)).unwrap_or_default();
        for entry in Table::<Dyn>::packed(ENCODING, bytes).iter() {
            if entry.d_tag == DT_NULL {
                break;
            }
            call(entry)?;
        }
        Ok(())
    }
}

/// The segments that these program headers describe, of a file of so many bytes.
///
/// # Errors
/// A sentence that says what is wrong.
#[inline]
pub fn loads<'a>(
    arena: &'a Arena,
    headers: &Table<ProgramHeader>,
    size: u64,
) -> Checked<&'a [Load]> {
    let (mut loads, mut end) = (arena.list::<Load>(), 0);
    for header in headers.iter().filter(|header| header.p_type == PT_LOAD) {
        let load = check_load(&header, size)?;
        if load.memory.size > 0 {
            if page_floor(load.memory.at) < end {
                return Err(crate::text!("its segments overlap or are out of order"));
            }
            end = page_ceil(load.memory.at + load.memory.size);
            loads.push(load).map_err(|_| NO_MEMORY)?;
        }
    }
    Ok(loads.into_slice())
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
fn check_load(header: &ProgramHeader, size: u64) -> Checked<Load> {
    const TOP: u64 = 1 << 47;
    let memory = Range { at: header.p_vaddr, size: header.p_memsz };
    if header.p_filesz > header.p_memsz {
        return Err(crate::text!("a segment is longer in the file than in memory"));
    }
    if memory.at.checked_add(memory.size).is_none_or(|end| end >= TOP - PAGE as u64) {
        return Err(crate::text!("a segment goes past the end of the address space"));
    }
    let skew = header.p_vaddr.wrapping_sub(header.p_offset);
    let align = header.p_align;
    if align > 1 && !align.is_power_of_two() || align > 1 << 30 || !skew.is_multiple_of(PAGE as u64)
    {
        return Err(crate::text!("a segment's place in the file doesn't fit its alignment"));
    }
    let end = header.p_offset.checked_add(header.p_filesz);
    if end.is_none_or(|end| end > size) {
        return Err(crate::text!("truncated: the file ends within a segment"));
    }
    Ok(Load { memory, filesz: header.p_filesz, offset: header.p_offset, flags: header.p_flags })
}

/// Whether this byte order is the one that numbers in memory have: then tables of a mapped
/// file are read as they are.
const _: () = assert!(matches!(ELF_DATA, Data::Lsb) == cfg!(target_endian = "little"));
