//! `lx env --live`: the environment that a process has now, in its memory.
//!
//! The C library keeps it as `environ`, an array of pointers. Where that variable is, the
//! symbol tables of the program and of its libraries tell; a program that isn't linked with a
//! C library, such as one in Go, has none.

use crate::mapped;
use crate::maps::source;
use crate::process::{Process, Reason};
use crate::words::{file_name, place};
use alloc::vec::Vec;
use rt::auxv::Vector;
use rt::elf::consts::{PT_LOAD, SHN_UNDEF};
use rt::elf::{Encoding, Reader, c_str};
use rt::maps::{Entry, entries};
use rt::process::{AddressSpace, Memory};
use rt::{Errno, row};

/// How a variable differs from what it was when the program was started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Same,
    Added,
    Changed,
    Removed,
}

/// No larger environment is read: 64 MiB.
const LARGEST: usize = 64 << 20;

/// Calls with the environment now, and as it was in the beginning: both as strings with a zero
/// byte behind each.
pub fn with(word: &[u8], call: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<bool, Reason> {
    source::with(word, None, &mut |source| {
        let process = source.process.ok_or(Reason::NoLiveCore)?;
        let memory = process.dir.memory().map_err(|errno| process.reason(errno))?;
        process.loaded()?;
        let environ = process.read(c"environ")?;
        let encoding = Vector::of_process(source.auxv).encoding();
        let address = find(process, source.text, encoding);
        let now = address.map(|address| strings(&memory, encoding, address));
        // If it has ended by now, what was read isn't all, and if it became another program, it
        // isn't what is asked for.
        process.still(source.auxv)?;
        let now = now.ok_or(Reason::NoEnviron)?.map_err(|errno| match errno {
            Errno::EIO => Reason::Changing,
            _ => process.reason(errno),
        })?;
        Ok(call(&now, &environ))
    })
}

/// The strings that the array points to whose address is at an address.
// Not inlined, as the next ones: nothing else is needed at the same time.
#[inline(never)]
fn strings(memory: &Memory, encoding: Encoding, environ: u64) -> Result<Vec<u8>, Errno> {
    let mut all = Vec::new();
    let mut at = word(memory, encoding, environ)?;
    // It is null after clearenv.
    while at != 0 {
        let pointer = word(memory, encoding, at)?;
        if pointer == 0 {
            break;
        }
        append(memory, pointer, &mut all)?;
        at = at.checked_add(encoding.word() as u64).ok_or(Errno::EIO)?;
    }
    Ok(all)
}

/// The word at an address.
#[inline(never)]
fn word(memory: &Memory, encoding: Encoding, at: u64) -> Result<u64, Errno> {
    let mut bytes = [0; 8];
    memory.read_exact(at, bytes.get_mut(..encoding.word()).unwrap_or_default())?;
    Ok(Reader::new(encoding, &bytes).word(0).unwrap_or(0))
}

/// Adds the string at an address, and its zero byte.
fn append(memory: &Memory, mut at: u64, all: &mut Vec<u8>) -> Result<(), Errno> {
    let mut buffer = [0; 512];
    while all.len() < LARGEST {
        let read = memory.read(at, &mut buffer)?;
        let read = buffer.get(..read).unwrap_or_default();
        let end = row::find(read, 0).map_or(read.len(), |end| end + 1);
        all.extend_from_slice(read.get(..end).unwrap_or_default());
        if all.last() == Some(&0) {
            return Ok(());
        }
        at = at.checked_add(end as u64).ok_or(Errno::EIO)?;
    }
    Err(Errno::E2BIG)
}

/// The address of the variable. The program's definition counts, where it has one, as the
/// dynamic linker takes it; else the C library's.
#[inline(never)]
fn find(process: &Process, maps: &[u8], encoding: Encoding) -> Option<u64> {
    for wanted in 0..3 {
        let mut last = 0;
        let mut entries = entries(maps);
        // By reference: it is a large one.
        while let Some(entry) = &entries.next() {
            let is_first = entry.offset == 0 && entry.inode != last;
            if is_first && matches!(entry.name, [b'/', ..]) && rank(entry.name) == wanted {
                last = entry.inode;
                if let Some(address) = in_file(process, entry, encoding) {
                    return Some(address);
                }
            }
        }
    }
    None
}

/// Which file is looked at first: those that are no C library, libc, the dynamic linker.
fn rank(path: &[u8]) -> u8 {
    let name = file_name(path);
    let is =
        |word: &[u8]| name.starts_with(word) && matches!(name.get(word.len()), Some(b'.' | b'-'));
    if is(b"libc") { 1 } else { u8::from(is(b"ld")) * 2 }
}

/// The address of the variable that a file defines.
fn in_file(process: &Process, entry: &Entry, encoding: Encoding) -> Option<u64> {
    let mut address = None;
    mapped::open(Some(process), entry, &mut |elf| {
        if elf.encoding != encoding {
            return None;
        }
        let load = elf.segments()?.iter().find(|segment| segment.p_type == PT_LOAD)?;
        // The mapping begins at a page of the file.
        let bias = entry.start.wrapping_sub(load.p_vaddr.wrapping_sub(load.p_offset));
        mapped::symbols(elf, &mut |symbols, strings| {
            for symbol in symbols.iter() {
                if symbol.st_shndx != SHN_UNDEF
                    && symbol.st_value != 0
                    && let Some(name) = c_str(strings, symbol.st_name.into())
                    && place(b"environ __environ _environ", name).is_some()
                {
                    address = Some(bias.wrapping_add(symbol.st_value));
                    break;
                }
            }
        });
        Some(())
    });
    address
}
