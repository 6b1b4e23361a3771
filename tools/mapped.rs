//! Files that are mapped into a process: how to open the very file, and its symbols.

use crate::process::Process;
use crate::words::short;
use alloc::vec::Vec;
use rt::elf::consts::{SHT_DYNSYM, SHT_SYMTAB};
use rt::elf::{Dynamic, Elf, SectionHeader, Symbol, Table};
use rt::fs::{AtFlags, CWD, DT_REG, File, Mode, O_NONBLOCK, O_RDONLY, fstatat, openat};
use rt::input::Input;
use rt::io::AsFd;
use rt::maps::Entry;
use rt::put;

/// What is mapped, as a path below the process's directory: it leads to the file whatever
/// became of its name, for those who may look.
pub fn link(entry: &Entry) -> Vec<u8> {
    let (start, end) = (rt::fmt::hex(entry.start), rt::fmt::hex(entry.end));
    short(&mut |out| put!(out, "map_files/", start, "-", end))
}

/// The path of a file as the process sees it, below the process's directory; of a core file,
/// the path itself.
pub fn path(process: Option<&Process>, name: &[u8]) -> Vec<u8> {
    [if process.is_some() { &b"root"[..] } else { b"" }, name].concat()
}

/// What is done with an ELF file; none where that fails.
pub type Use<'u> = &'u mut dyn FnMut(&Elf) -> Option<()>;

/// Calls with the file of a mapping: by the mapping itself, or else the file of that name, if
/// it is the same one. Of a core file, the one of that name.
pub fn open(process: Option<&Process>, entry: &Entry, call: Use) -> Option<()> {
    let by_name = path(process, entry.name);
    let inode = process.map(|_| entry.inode);
    if process.is_some()
        && let Some(file) = regular(process, &link(entry), None)
    {
        return image(file, call);
    }
    image(regular(process, &by_name, inode)?, call)
}

/// Calls with a regular file.
pub fn at(process: Option<&Process>, path: &[u8], call: Use) -> Option<()> {
    image(regular(process, path, None)?, call)
}

fn image((file, size): (File, u64), call: Use) -> Option<()> {
    let input = Input::new(file, size).ok()?;
    call(Elf::new(&input).as_ref().ok()?)
}

/// Opens a regular file with this inode, if any is given: what is something else might do
/// something when it is opened. Gives its size, too.
fn regular(process: Option<&Process>, path: &[u8], inode: Option<u64>) -> Option<(File, u64)> {
    let dir = process.map_or(CWD, |process| process.dir.as_fd());
    let stat = fstatat(dir, path, AtFlags(0)).ok()?;
    if stat.file_type() != DT_REG || inode.is_some_and(|inode| inode != stat.st_ino) {
        return None;
    }
    let file = openat(dir, path, O_RDONLY | O_NONBLOCK, Mode(0)).ok()?;
    Some((file, stat.st_size as u64))
}

/// The bytes of a section, by its index.
#[inline(never)]
pub fn section<'a>(
    elf: &Elf<'a>,
    sections: &Table<'a, SectionHeader>,
    index: u32,
) -> Option<&'a [u8]> {
    let section = sections.get(index as usize)?;
    elf.bytes(section.sh_offset, section.sh_size)
}

/// Calls with each symbol table and its strings: with those that have section headers, or else
/// with the one that a loader finds.
pub fn symbols<'a>(elf: &Elf<'a>, call: &mut dyn FnMut(Table<'a, Symbol>, &'a [u8])) {
    let mut any = false;
    if let Some(sections) = elf.sections() {
        for table in sections.iter() {
            if matches!(table.sh_type, SHT_SYMTAB | SHT_DYNSYM)
                && let Some(bytes) = elf.bytes(table.sh_offset, table.sh_size)
                && let Some(symbols) = Table::new(elf.encoding, bytes, table.sh_entsize)
                && let Some(names) = section(elf, &sections, table.sh_link)
            {
                call(symbols, names);
                any = true;
            }
        }
    }
    if !any
        && let Some(dynamic) = Dynamic::new(*elf)
        && let (Some(symbols), Some(names)) = (dynamic.symbols(), dynamic.strings())
    {
        call(symbols, names);
    }
}
