//! The text of `maps` or `smaps`, of a process as a whole and of one program; of a core file,
//! such a text made from its segments.

use super::smaps::Table;
use crate::process::{AUXV_ROOM, Operand, Process, Reason, operand, with_core};
use crate::words::{digits, gathered, short};
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::CStr;
use rt::auxv::{AT_EXECFN, AT_SYSINFO_EHDR, Vector};
use rt::elf::consts::{PF_R, PF_W, PF_X, PT_LOAD};
use rt::elf::{CoreFile, MappedFile, MappedFiles};
use rt::fmt::hex;
use rt::io::{BufWriter, Read};
use rt::maps::Entry;
use rt::process::{AddressSpace, ProcessDir, id};
use rt::{Errno, put};

/// A text of mappings, and whose it is.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub word: &'a [u8],
    pub process: Option<&'a Process>,
    pub core: Option<&'a CoreFile<'a>>,
    /// The auxiliary vector, by which a program is known.
    pub auxv: &'a [u8],
    /// The lines of `maps`; where there is a table, with what is in it in between.
    pub text: &'a [u8],
    /// What `smaps` tells.
    pub table: Option<&'a Table>,
}

impl Source<'_> {
    /// Calls with the memory.
    pub fn memory(
        &self,
        call: &mut dyn FnMut(&dyn AddressSpace) -> rt::Result<()>,
    ) -> rt::Result<()> {
        match (self.process, self.core) {
            (Some(process), _) => call(&process.dir.memory()?),
            (None, Some(core)) => call(core),
            (None, None) => Err(Errno::EIO),
        }
    }

    /// Why reading failed.
    pub fn reason(&self, errno: Errno) -> Reason {
        self.process.map_or(errno.into(), |process| process.reason(errno))
    }

    /// The bytes of a mapping that is small: the vDSO.
    pub fn image(&self, entry: &Entry) -> rt::Result<Vec<u8>> {
        let length = usize::try_from(entry.size()).ok().filter(|length| *length <= 1 << 20);
        let mut image = vec![0; length.ok_or(Errno::EFBIG)?];
        self.memory(&mut |memory| memory.read_exact(entry.start, &mut image))?;
        Ok(image)
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

/// Calls with the text of what a word names; with a table, of `smaps`.
pub fn with(
    word: &[u8],
    mut table: Option<&mut Table>,
    call: &mut dyn FnMut(&Source) -> Result<bool, Reason>,
) -> Result<bool, Reason> {
    let Some(process) = process(word)? else {
        return with_core(word, &mut |core| {
            if table.is_some() {
                return Err(Reason::NoNote);
            }
            let text = &short(&mut |out| of_core(core, out));
            let (core, auxv) = (Some(core), &[][..]);
            call(&Source { word, process: None, core, auxv, text, table: None })
        });
    };
    let mut auxv = [0; AUXV_ROOM];
    let name = if table.is_some() { c"smaps" } else { c"maps" };
    let mut length = Ok(0);
    let text = &gathered(&mut vec![0; 1 << 14], &mut |out| {
        let read = pieces(&process, name, &mut auxv, &mut |text| match &mut table {
            None => out.bytes(text),
            Some(table) => table.add(text, out),
        });
        length = read.map(<[u8]>::len);
        if let Some(table) = &mut table {
            table.end(b"", out);
        }
    });
    let auxv = auxv.get(..length?).unwrap_or_default();
    let (process, table) = (Some(&process), table.as_deref());
    call(&Source { word, process, core: None, auxv, text, table })
}

/// What is read at a time: longer than any line.
const PIECE: usize = 64 << 10;

/// Reads a file of mappings, and calls with the lines of each piece; before the last one it is
/// sure that the process lives, so that there are no more. Gives the auxiliary vector.
pub fn pieces<'b>(
    process: &Process,
    name: &CStr,
    buffer: &'b mut [u8],
    call: &mut dyn FnMut(&[u8]),
) -> Result<&'b [u8], Reason> {
    let mut opened = None;
    let auxv = process.steady(buffer, &mut |dir| {
        opened = Some(dir.file(name)?);
        Ok(())
    })?;
    let Some(mut file) = opened else { return Err(Reason::Gone) };
    let mut piece = vec![0; PIECE];
    let mut kept = 0;
    loop {
        let read = file.read_full(piece.get_mut(kept..).unwrap_or_default());
        let used = kept + read.map_err(|errno| process.reason(errno))?;
        let last = used < piece.len();
        if last {
            // The end may have been that of the process; then there is no end of the list.
            process.still(auxv)?;
        }
        let text = piece.get(..used).unwrap_or_default();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(used, |at| at + 1);
        call(text.get(..whole).unwrap_or_default());
        if last {
            return Ok(auxv);
        }
        piece.copy_within(whole..used, 0);
        kept = used - whole;
    }
}

/// Where the kernel shows the page of the oldest kind of fast system calls
/// (`arch/x86/include/uapi/asm/vsyscall.h`).
const VSYSCALL: u64 = 0xffff_ffff_ff60_0000;

/// The files of `NT_FILE` from some address on.
struct Files<'a> {
    next: Option<MappedFile<'a>>,
    rest: MappedFiles<'a>,
}

impl Files<'_> {
    /// Leaves behind what lies before an address, or all; writes it, if that is wanted.
    #[inline(never)]
    fn pass(&mut self, until: u64, mut out: Option<&mut BufWriter>) {
        while let Some(file) = self.next
            && (file.start < until || until == u64::MAX)
        {
            if let Some(out) = &mut out {
                line(out, &MappedFile { end: file.end.min(until), ..file }, *b"????");
            }
            self.next = file.from(until).or_else(|| self.rest.next());
        }
    }
}

/// What `/proc/PID/maps` would have said, as far as the segments and `NT_FILE` tell: gdb leaves
/// mappings of files out of the segments that only the note has, without permissions.
pub fn of_core(core: &CoreFile, out: &mut BufWriter) {
    const NT_AUXV: u32 = 6;
    let bytes = core.note(b"CORE", NT_AUXV);
    let vector = bytes.map(|bytes| Vector::new(core.elf.encoding, bytes));
    let value = |key| vector.and_then(|vector| vector.get(key)).map(|value| value as u64);
    let (vdso, on_stack) = (value(AT_SYSINFO_EHDR), value(AT_EXECFN));
    let mut files = Files { next: None, rest: core.files() };
    files.next = files.rest.next();
    let Some(segments) = core.elf.segments() else { return files.pass(u64::MAX, Some(out)) };
    for segment in segments.iter() {
        let start = segment.p_vaddr;
        let end = start.saturating_add(segment.p_memsz);
        if segment.p_type != PT_LOAD || start == end {
            continue;
        }
        files.pass(start, Some(out));
        let has = |flag, letter| if segment.p_flags & flag != 0 { letter } else { b'-' };
        let perms = [has(PF_R, b'r'), has(PF_W, b'w'), has(PF_X, b'x'), b'p'];
        let holds = |address: Option<u64>| address.is_some_and(|at| start <= at && at < end);
        let (offset, name) = match files.next {
            Some(file) if file.start == start => (file.offset, file.name),
            _ if vdso == Some(start) => (0, &b"[vdso]"[..]),
            _ if holds(on_stack) => (0, &b"[stack]"[..]),
            _ if start == VSYSCALL => (0, &b"[vsyscall]"[..]),
            _ => (0, &b""[..]),
        };
        line(out, &MappedFile { start, end, offset, name }, perms);
        files.pass(end, None);
    }
    files.pass(u64::MAX, Some(out));
}

#[inline(never)]
fn line(out: &mut BufWriter, file: &MappedFile, perms: [u8; 4]) {
    let MappedFile { start, end, offset, name } = *file;
    put!(out, hex(start).zero(8), "-", hex(end).zero(8), " ", perms, " ", hex(offset).zero(8));
    put!(out, " 00:00 0 ");
    if !name.is_empty() {
        // The kernel's column for names, on 64 bits.
        let used: usize = [start, end, offset].iter().map(|n| digits(*n, 16).max(8)).sum();
        out.fill(b' ', 57usize.saturating_sub(used));
        for byte in name {
            match byte {
                b'\n' => put!(out, "\\012"),
                byte => out.byte(*byte),
            }
        }
    }
    out.byte(b'\n');
}
