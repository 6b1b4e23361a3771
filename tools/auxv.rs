//! `lx auxv`: what the kernel told a program about itself and the machine.

use crate::cli::Help;
use crate::context::Context;
use crate::maps::source;
use crate::process::{
    AUXV_ROOM, JSON, Operand, Process, Reason, Subject, WHY, contents, each, given, operand, tell,
    with_core,
};
use crate::shell::{Literal, Text};
use crate::words::{short, words};
use alloc::vec;
use alloc::vec::Vec;
use rt::auxv::{
    AT_BASE, AT_ENTRY, AT_HWCAP, AT_HWCAP2, AT_PHDR, AT_RANDOM, AT_SYSINFO_EHDR, Entry, HWCAP_X86,
    HWCAP2_X86, Shown, Vector, name, shown,
};
use rt::elf::CoreFile;
use rt::elf::consts::{EM_386, EM_X86_64};
use rt::fmt::{dec, hex, int, left};
use rt::maps::entries;
use rt::process::{AddressSpace, ProcessDir};
use rt::{Errno, auxv, put};

const HELP: Help = help!(
    "\
The auxiliary vector of processes and core files, as glibc prints it with LD_SHOW_AUXV=1. A PID
is decimal or 'self' (lx, the default); all else is the path of a core file.

  -v, --verbose  the form of gdb's 'info auxv': number, name, description, value
  -d, --decode   what values mean: processor features, random bytes, what is mapped there
      --json     an array with an object for each operand
      --why      why something can't be read, and what helps
      --help     this text
"
);

/// What gdb says of each key, by number; lx's words where gdb 13 has none.
const DESCRIPTIONS: rt::text::Text = rt::text!(
    "End of vector
Entry should be ignored
File descriptor of program
Program headers for program
Size of program header entry
Number of program headers
System page size
Base address of interpreter
Flags
Entry point of program
Program is not ELF
Real user ID
Effective user ID
Real group ID
Effective group ID
String identifying platform
Machine-dependent CPU capability hints
Frequency of times()
Used FPU control word
Data cache block size
Instruction cache block size
Unified cache block size
Entry should be ignored
Boolean, was exec setuid-like?
String identifying base platform
Address of 16 random bytes
Extension of AT_HWCAP
Size of struct rseq
Alignment of struct rseq
Extension of AT_HWCAP
Extension of AT_HWCAP
File name of executable
Special system info/entry points
System-supplied DSO's ELF header
L1 Instruction cache information
L1 Data cache information
L2 cache information
L3 cache information


L1 Instruction cache size
L1 Instruction cache geometry
L1 Data cache size
L1 Data cache geometry
L2 cache size
L2 cache geometry
L3 cache size
L3 cache geometry
ADI block size
ADI version bits
ADI error is reported
Minimum stack size for signal delivery"
);

/// The keys that gdb shows in decimal.
fn is_decimal(key: usize) -> bool {
    matches!(key, 2 | 4..=6 | 10..=14 | 17..=23 | 27 | 28)
}

const KEYS: &[u8] = b"json why v d";
const VERBOSE: u32 = 4;
const DECODE: u32 = 8;

/// The status is 1 where something couldn't be read.
pub fn run(cx: &mut Context) -> u8 {
    let given =
        match given(cx, rt::text!("[OPTION]... [PID|CORE]..."), HELP, KEYS, &mut |_, _| true) {
            Ok(given) => given,
            Err(status) => return status,
        };
    let options = given.options;
    each(cx, &given.operands, options, true, &mut |cx, subject| match operand(subject.word) {
        Operand::Own => own(cx, options, subject),
        Operand::Pid(pid) => of_process(cx, options, subject, pid),
        Operand::Path(path) => with_core(path, &mut |core| of_core(cx, options, subject, core)),
    })
}

/// A vector, and what its addresses point to.
struct Found<'a> {
    vector: Vector<'a>,
    /// Where its strings are; not of lx itself.
    memory: Option<&'a dyn AddressSpace>,
    /// Whether it is lx's.
    own: bool,
    /// Which file is mapped where, as lines of `maps`.
    maps: &'a [u8],
    /// Whether HWCAP is what it is on x86.
    x86: bool,
}

fn own(cx: &mut Context, options: u32, subject: Subject) -> Result<bool, Reason> {
    let mut maps = Ok(Vec::new());
    if options & DECODE != 0 {
        maps = ProcessDir::own().and_then(|dir| dir.file(c"maps")).and_then(contents);
    }
    let text = maps.as_deref().unwrap_or_default();
    let found = Found { vector: auxv::own(), memory: None, own: true, maps: text, x86: true };
    let fine = report(cx, options, subject, &found, None);
    maps.map(|_| fine).map_err(|_| Reason::NoProc)
}

// Not inlined, as the next one: its buffers would make the stack pages deeper for all, and each
// page is a page fault.
#[inline(never)]
fn of_process(cx: &mut Context, options: u32, subject: Subject, pid: u32) -> Result<bool, Reason> {
    let process = Process::open(pid)?;
    let mut buffer = [0; AUXV_ROOM];
    let (mut memory, mut maps) = (Err(Errno::ESRCH), None);
    let bytes = process.steady(&mut buffer, &mut |dir| {
        // Without permission for that, there are the numbers at least.
        memory = dir.memory();
        maps = if options & DECODE != 0 { Some(dir.file(c"maps")?) } else { None };
        if matches!(memory, Err(Errno::ESRCH)) { Err(Errno::ESRCH) } else { Ok(()) }
    })?;
    let maps = maps.map(contents).transpose().map_err(|errno| process.reason(errno))?;
    let found = Found {
        vector: Vector::of_process(bytes),
        memory: memory.as_ref().ok().map(|memory| memory as &dyn AddressSpace),
        own: false,
        maps: maps.as_deref().unwrap_or_default(),
        x86: true,
    };
    let fine = report(cx, options, subject, &found, Some(&process));
    match memory {
        // Said once, not for each string.
        Err(errno) => Err(process.reason(errno)),
        Ok(_) => Ok(fine),
    }
}

#[inline(never)]
fn of_core(
    cx: &mut Context,
    options: u32,
    subject: Subject,
    core: &CoreFile,
) -> Result<bool, Reason> {
    const NT_AUXV: u32 = 6;
    let bytes = core.note(b"CORE", NT_AUXV).ok_or(Reason::NoNote)?;
    let mut maps = Vec::new();
    if options & DECODE != 0 {
        maps = short(&mut |out| source::of_core(core, out));
    }
    let found = Found {
        vector: Vector::new(core.elf.encoding, bytes),
        memory: Some(core),
        own: false,
        maps: &maps,
        x86: matches!(core.elf.header.e_machine, EM_386 | EM_X86_64),
    };
    Ok(report(cx, options, subject, &found, None))
}

/// Prints all entries; says whether all could be read.
fn report(
    cx: &mut Context,
    options: u32,
    subject: Subject,
    found: &Found,
    process: Option<&Process>,
) -> bool {
    subject.header(cx);
    let mut buffer = Vec::new();
    if !found.own {
        // As long as a path can be.
        buffer = vec![0; rt::fs::PATH_MAX];
    }
    let mut failed = None;
    if options & JSON != 0 {
        let json = subject.object(cx);
        let bits = 8 * found.vector.encoding().word() as u64;
        json.number(rt::text!("bits"), bits).array(rt::text!("entries"));
    }
    let mut each = |entry: Entry| {
        let text = found.text(entry, &mut buffer);
        if let Some(Err(errno)) = text
            && found.memory.is_some()
        {
            failed = failed.or(Some((entry, errno)));
        }
        if options & JSON != 0 {
            in_json(cx, options, found, entry, text);
        } else {
            row(cx, options, found, entry, text);
        }
    };
    found.vector.entries().for_each(&mut each);
    if options & (VERBOSE | JSON) == VERBOSE {
        found.vector.end().into_iter().for_each(&mut each);
    }
    if options & JSON != 0 {
        cx.json().end_array().end_object();
    }
    match (failed, process) {
        (None, _) => true,
        (Some((_, errno @ Errno::ESRCH)), Some(process)) => {
            tell(cx, subject.word, process.reason(errno), options & WHY != 0)
        }
        (Some((entry, _)), _) => {
            message!(
                cx,
                subject.word,
                ": ",
                name(entry.key),
                ": no string at 0x",
                hex(entry.value)
            );
            false
        }
    }
}

impl Found<'_> {
    /// The string that an entry points to, if it points to one.
    fn text<'b>(&self, entry: Entry, buffer: &'b mut [u8]) -> Option<Result<&'b [u8], Errno>> {
        if shown(entry.key) != Shown::Text {
            return None;
        }
        Some(match (self.own, self.memory) {
            (true, _) => auxv::text(entry.key).map(|text| text.to_bytes()).ok_or(Errno::EIO),
            (_, Some(memory)) => memory.string(entry.value as u64, buffer),
            _ => Err(Errno::EACCES),
        })
    }

    /// The bytes that [`AT_RANDOM`] points to.
    fn random(&self, entry: Entry) -> Option<[u8; 16]> {
        let mut bytes = [0; 16];
        match self.memory {
            Some(memory) => memory.read_exact(entry.value as u64, &mut bytes).ok()?,
            None if self.own => bytes = *auxv::random()?,
            None => return None,
        }
        Some(bytes)
    }

    /// The names of the bits of a key, if it has such.
    fn features(&self, entry: Entry) -> Option<&'static str> {
        match entry.key {
            AT_HWCAP if self.x86 => Some(HWCAP_X86),
            AT_HWCAP2 if self.x86 => Some(HWCAP2_X86),
            _ => None,
        }
    }

    /// The name of what is mapped at an entry's address, and which byte of the file that is.
    fn place(&self, entry: Entry) -> Option<(&[u8], u64)> {
        if !matches!(entry.key, AT_PHDR | AT_BASE | AT_ENTRY | AT_SYSINFO_EHDR) {
            return None;
        }
        let address = entry.value as u64;
        let found = entries(self.maps).find(|entry| entry.holds(address))?;
        Some((found.name, found.offset.wrapping_add(address - found.start)))
    }
}

/// An entry as a line: in glibc's form, or gdb's.
fn row(
    cx: &mut Context,
    options: u32,
    found: &Found,
    entry: Entry,
    text: Option<Result<&[u8], Errno>>,
) {
    let (out, Entry { key, value }) = (&mut cx.out, entry);
    if options & VERBOSE != 0 {
        let descriptions = short(&mut |out| out.text(DESCRIPTIONS));
        let description = words(&descriptions, b'\n').nth(key).unwrap_or_default();
        let name = name(key).unwrap_or("???");
        put!(out, int(key as i64).left(4), " ", left(name, 20), " ", left(description, 30), " ");
        match text {
            _ if is_decimal(key) => put!(out, int(value as i64)),
            None => put!(out, "0x", hex(value)),
            Some(Ok(text)) => put!(out, "0x", hex(value), " ", Literal(text)),
            Some(Err(_)) => {
                put!(out, "0x", hex(value), " <error: Cannot access memory at address 0x");
                put!(out, hex(value), ">");
            }
        }
    } else if let Some(name) = name(key) {
        put!(out, name, ":");
        out.fill(b' ', 21usize.saturating_sub(name.len()));
        match (shown(key), text) {
            (_, Some(Ok(text))) => put!(out, Text(text)),
            (Shown::Decimal, _) => put!(out, dec(value)),
            (Shown::Bits, _) => put!(out, hex(value)),
            _ => put!(out, "0x", hex(value)),
        }
    } else {
        put!(out, "AT_??? (0x", hex(key), "): 0x", hex(value));
    }
    if options & DECODE != 0 {
        decoded(cx, found, entry);
    }
    put!(&mut cx.out, "\n");
}

/// Calls with those of the names, with a space between them, whose bits are set.
fn each_feature(names: &'static str, value: usize, call: &mut dyn FnMut(&[u8])) {
    for (bit, name) in words(names.as_bytes(), b' ').enumerate() {
        if value >> bit & 1 == 1 {
            call(name);
        }
    }
}

/// What an entry's value means, behind it.
fn decoded(cx: &mut Context, found: &Found, entry: Entry) {
    let out = &mut cx.out;
    if let Some(names) = found.features(entry) {
        each_feature(names, entry.value, &mut |name| put!(out, " ", name));
    } else if entry.key == AT_RANDOM {
        if let Some(bytes) = found.random(entry) {
            bytes.iter().for_each(|byte| put!(out, " ", hex(*byte).zero(2)));
        }
    } else if let Some((name, offset)) = found.place(entry) {
        put!(out, " ", Text(name));
        if matches!(name, [b'/', ..]) {
            put!(out, "+0x", hex(offset));
        }
    }
}

/// An entry as an object.
fn in_json(
    cx: &mut Context,
    options: u32,
    found: &Found,
    entry: Entry,
    text: Option<Result<&[u8], Errno>>,
) {
    let json = cx.json();
    json.object(rt::text!("")).number(rt::text!("a_type"), entry.key as u64);
    if let Some(name) = name(entry.key) {
        json.text(rt::text!("a_type_name"), name);
    }
    json.number(rt::text!("a_val"), entry.value as u64);
    if let Some(Ok(text)) = text {
        json.text(rt::text!("string"), text);
    }
    if options & DECODE != 0 {
        if let Some(names) = found.features(entry) {
            json.array(rt::text!("features"));
            each_feature(names, entry.value, &mut |name| _ = json.text(rt::text!(""), name));
            json.end_array();
        }
        if entry.key == AT_RANDOM
            && let Some(bytes) = found.random(entry)
        {
            json.array(rt::text!("bytes"));
            bytes.iter().for_each(|byte| {
                json.number(rt::text!(""), (*byte).into());
            });
            json.end_array();
        }
        if let Some((name, offset)) = found.place(entry) {
            json.text(rt::text!("mapping"), name).number(rt::text!("offset"), offset);
        }
    }
    json.end_object();
}
