//! The text of `maps` or `smaps`, of a process as a whole and of one program; of a core file,
//! such a text made from its segments.

use crate::process::{AUXV_ROOM, Operand, Process, Reason, operand, with_core};
use alloc::vec::Vec;
use core::ffi::CStr;
use rt::auxv::{AT_EXECFN, AT_SYSINFO_EHDR, Vector};
use rt::elf::consts::{PF_R, PF_W, PF_X, PT_LOAD};
use rt::elf::{CoreFile, Source as _, c_str};
use rt::fmt::{dec, hex};
use rt::input::Input;
use rt::io::{BufWriter, Write};
use rt::process::{AddressSpace, Memory, ProcessDir, id};
use rt::put;

/// A text of mappings, and whose it is.
pub struct Source<'a> {
    pub word: &'a [u8],
    pub process: Option<&'a Process>,
    pub core: Option<CoreFile<'a>>,
    /// The auxiliary vector, by which a program is known.
    pub auxv: &'a [u8],
    /// The text; empty where it is read piece by piece.
    pub text: &'a [u8],
}

impl Source<'_> {
    /// The memory, for as long as `memory` lives.
    pub fn memory(&self) -> rt::Result<Box<'_>> {
        match (self.process, &self.core) {
            (Some(process), _) => process.dir.memory().map(Box::Process),
            (None, Some(core)) => Ok(Box::Core(core)),
            (None, None) => Err(rt::Errno::EIO),
        }
    }
}

/// The memory of either.
pub enum Box<'a> {
    Process(Memory),
    Core(&'a CoreFile<'a>),
}

impl Box<'_> {
    pub fn space(&self) -> &dyn AddressSpace {
        match self {
            Box::Process(memory) => memory,
            Box::Core(core) => *core,
        }
    }
}

/// The process that a word names.
pub fn process(word: &[u8]) -> Result<Option<Process>, Reason> {
    match operand(word) {
        Operand::Own => match ProcessDir::own() {
            Ok(dir) => Ok(Some(Process { pid: id(), dir })),
            Err(_) => Err(Reason::NoProc),
        },
        Operand::Pid(pid) => Process::open(pid).map(Some),
        Operand::Path(_) => Ok(None),
    }
}

/// Calls with the text of `maps` or `smaps` of what a word names.
pub fn with(
    word: &[u8],
    name: &CStr,
    call: &mut dyn FnMut(&Source) -> Result<bool, Reason>,
) -> Result<bool, Reason> {
    let Some(process) = process(word)? else {
        return with_core(word, &mut |core| {
            if name != c"maps" {
                return Err(Reason::NoNote);
            }
            let text = of_core(core);
            call(&Source { word, process: None, core: Some(core), auxv: &[], text: &text })
        });
    };
    let mut buffer = [0; AUXV_ROOM];
    let mut opened = None;
    let auxv = process.steady(&mut buffer, &mut |dir| {
        opened = Some(dir.file(name)?);
        Ok(())
    })?;
    let Some(file) = opened else { return Err(Reason::Gone) };
    let input = Input::new(file, 0).map_err(|errno| process.reason(errno))?;
    // The end may have been that of the process.
    process.still(auxv)?;
    let text = input.get(0, input.size()).unwrap_or_default();
    call(&Source { word, process: Some(&process), core: None, auxv, text })
}

/// What is written to it, in memory.
struct Collected(Vec<u8>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }
}

/// Where the kernel shows the page of the oldest kind of fast system calls
/// (`arch/x86/include/uapi/asm/vsyscall.h`).
const VSYSCALL: u64 = 0xffff_ffff_ff60_0000;

/// What `/proc/PID/maps` would have said, as far as the segments and NT_FILE tell.
fn of_core(core: CoreFile) -> Vec<u8> {
    let mut text = Collected(Vec::new());
    let mut buffer = [0; 4096];
    let mut out = BufWriter::new(&mut buffer, &mut text);
    const NT_AUXV: u32 = 6;
    let bytes = core.note(b"CORE", NT_AUXV);
    let vector = bytes.map(|bytes| Vector::new(core.elf.encoding, bytes));
    let value = |key| vector.and_then(|vector| vector.get(key)).map(|value| value as u64);
    let (vdso, on_stack) = (value(AT_SYSINFO_EHDR), value(AT_EXECFN));
    let mut files = Files::new(&core);
    for segment in core.elf.segments().into_iter().flat_map(|segments| segments.iter()) {
        let start = segment.p_vaddr;
        let Some(end) = start.checked_add(segment.p_memsz).filter(|end| *end > start) else {
            continue;
        };
        if segment.p_type != PT_LOAD {
            continue;
        }
        let has = |flag, letter| if segment.p_flags & flag != 0 { letter } else { b'-' };
        let perms = [has(PF_R, b'r'), has(PF_W, b'w'), has(PF_X, b'x'), b'p'];
        let holds = |address: Option<u64>| address.is_some_and(|at| start <= at && at < end);
        let (offset, name) = match files.as_mut().and_then(|files| files.at(start)) {
            Some(found) => found,
            None if vdso == Some(start) => (0, &b"[vdso]"[..]),
            None if holds(on_stack) => (0, &b"[stack]"[..]),
            None if start == VSYSCALL => (0, &b"[vsyscall]"[..]),
            None => (0, &b""[..]),
        };
        line(&mut out, [start, end], perms, offset, name);
    }
    let _ = out.flush();
    text.0
}

fn line(out: &mut BufWriter, [start, end]: [u64; 2], perms: [u8; 4], offset: u64, name: &[u8]) {
    put!(out, hex(start).zero(8), "-", hex(end).zero(8), " ", perms, " ", hex(offset).zero(8));
    put!(out, " 00:00 ", dec(0u8), " ");
    if !name.is_empty() {
        // The kernel's column for names, on 64 bits.
        let digits = |value: u64| (u64::BITS - value.leading_zeros()).div_ceil(4).max(8) as usize;
        out.fill(b' ', 57usize.saturating_sub(digits(start) + digits(end) + digits(offset)));
        for (n, part) in name.split(|byte| *byte == b'\n').enumerate() {
            put!(out, if n > 0 { "\\012" } else { "" }, part);
        }
    }
    out.byte(b'\n');
}

/// NT_FILE: which file is mapped where.
struct Files<'a> {
    reader: rt::elf::Reader<'a>,
    word: usize,
    page: u64,
    left: u64,
    /// Where the next entry begins, and where its name does.
    entry: usize,
    names: &'a [u8],
}

impl<'a> Files<'a> {
    fn new(core: &CoreFile<'a>) -> Option<Files<'a>> {
        const NT_FILE: u32 = 0x4649_4c45;
        let desc = core.note(b"CORE", NT_FILE)?;
        let word = core.elf.encoding.word();
        let reader = rt::elf::Reader::new(core.elf.encoding, desc);
        let (left, page) = (reader.word(0)?, reader.word(word)?);
        let table = usize::try_from(left.checked_mul(3 * word as u64)?).ok()?;
        let names = desc.get(table.checked_add(2 * word)?..)?;
        Some(Files { reader, word, page, left, entry: 2 * word, names })
    }

    /// The offset and the name of the file at an address, not lower than that of the last
    /// call: segments are in the order of addresses, too.
    fn at(&mut self, address: u64) -> Option<(u64, &'a [u8])> {
        let files = self;
        while files.left > 0 {
            let field = |n: usize| files.reader.word(files.entry.checked_add(n * files.word)?);
            let (start, end, offset) = (field(0)?, field(1)?, field(2)?);
            let name = c_str(files.names, 0)?;
            if address < start {
                return None;
            }
            if address < end {
                let offset = offset.checked_mul(files.page)?.checked_add(address - start)?;
                return Some((offset, name));
            }
            files.names = files.names.get(name.len() + 1..).unwrap_or_default();
            files.entry = files.entry.checked_add(3 * files.word)?;
            files.left -= 1;
        }
        None
    }
}
