//! `lx vdso`: the small library that the kernel maps into each process.

use crate::cli;
use crate::context::Context;
use crate::maps::source::with;
use crate::process::{Given, JSON, Operand, WHY, contents, given, operand, tell};
use crate::readelf::{self, fill};
use crate::words::{Hex, short, word, words};
use alloc::vec::Vec;
use rt::elf::{Dynamic, Elf, Reader, c_str, note};
use rt::fmt::{dec, left, right};
use rt::fs::{Mode, O_CLOEXEC, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY};
use rt::io::{BufWriter, Write};
use rt::maps::{Entry, entries};
use rt::row::is_printable;
use rt::time::{CLOCK_MONOTONIC, CLOCK_NAMES, Clock, now};
use rt::vdso::{Function, Random, Way, image, repeat};
use rt::{Errno, Result, put};

const HELP: cli::Help = help!(
    "\
The vDSO, the library by which the kernel saves system calls, of lx itself, a process or a core
file: its dynamic symbols, as 'readelf -sW' shows them, and where it lies.

  -d, --dump=FILE   write the image to FILE
  -n, --notes       its notes: Linux version, build salt, build ID
  -b, --bench       how long a call takes by the vDSO and by the system call
  -c, --call        one call of each function, with its result
      --json        one JSON document: numbers beyond 2^53 are strings
      --why         why a process can't be read, and what helps
      --help        this text

-b and -c are about lx's own only. 'fast' is less than two thirds of the system call's time.
"
);

const KEYS: &[u8] = b"json why d n b c";
const DUMP: u32 = 4;
const NOTES: u32 = 8;
const BENCH: u32 = 16;
const CALL: u32 = 32;

struct Options<'a> {
    given: u32,
    dump: Option<&'a [u8]>,
}

/// An image, and where it is mapped.
struct Mapped<'a> {
    start: u64,
    bytes: &'a [u8],
}

pub fn run(cx: &mut Context) -> u8 {
    let mut dump = None;
    let given = given(cx, rt::text!("[OPTION]... [PID|CORE]"), HELP, KEYS, &mut |bit, value| {
        if bit == DUMP {
            dump = value;
        }
        true
    });
    let Given { options: given, operands } = match given {
        Ok(given) => given,
        Err(status) => return status,
    };
    let options = Options { given, dump };
    let word = match *operands {
        [] => &b"self"[..],
        [word] => word,
        [_, extra, ..] => {
            message!(cx, "extra operand '", extra, "'");
            return cli::misused(cx);
        }
    };
    let own = operand(word) == Operand::Own;
    if !own && given & (BENCH | CALL) != 0 {
        message!(cx, "--bench and --call are about lx's own vDSO: no process can be given");
        return 1;
    }
    let done = if own { of_lx(cx, &options) } else { of_other(cx, word, &options) };
    !done as u8
}

/// Of this process. Without a vDSO there are still system calls to show.
fn of_lx(cx: &mut Context, options: &Options) -> bool {
    match image() {
        Some(bytes) => {
            show(cx, options, Some(&Mapped { start: bytes.as_ptr().addr() as u64, bytes }))
        }
        None => {
            message!(cx, "no vDSO: the kernel gave this process none (vdso=0, or a sandbox)");
            options.given & (BENCH | CALL) != 0 && show(cx, options, None)
        }
    }
}

/// Of another process, or of one that left a core file.
fn of_other(cx: &mut Context, word: &[u8], options: &Options) -> bool {
    let done = with(word, None, &mut |source| {
        // Of a file it would be the path.
        let is_it = |entry: &Entry| entry.name == b"[vdso]" && entry.inode == 0;
        let Some(entry) = entries(source.text).find(is_it) else {
            message!(cx, word, ": no vDSO is mapped into this process");
            return Ok(false);
        };
        let image = source.image(&entry).map_err(|errno| source.reason(errno))?;
        if let Some(process) = source.process {
            process.still(source.auxv)?;
        }
        Ok(show(cx, options, Some(&Mapped { start: entry.start, bytes: &image })))
    });
    done.unwrap_or_else(|reason| tell(cx, word, reason, options.given & WHY != 0))
}

fn show(cx: &mut Context, options: &Options, mapped: Option<&Mapped>) -> bool {
    let bytes = mapped.map_or(&[][..], |mapped| mapped.bytes);
    if let Some(path) = options.dump
        && let Err(errno) = write_file(path, bytes)
    {
        message!(cx, "cannot write '", path, "': ", errno);
        return false;
    }
    let json = options.given & JSON != 0;
    match mapped {
        Some(mapped) if !show_image(cx, options.given, mapped) => return false,
        None if json => _ = cx.json().object(rt::text!("")),
        _ => {}
    }
    for option in [CALL, BENCH] {
        if options.given & option != 0 {
            rows(cx, json, option == BENCH);
        }
    }
    if json {
        cx.json().end_object().end_document();
    }
    true
}

/// What an image tells of itself; false where it is no ELF file.
#[inline(never)]
fn show_image(cx: &mut Context, given: u32, mapped: &Mapped) -> bool {
    let Ok(elf) = &Elf::new(&mapped.bytes) else {
        message!(cx, "the vDSO is not an ELF file");
        return false;
    };
    let json = given & JSON != 0;
    if json {
        json_image(cx, mapped, elf);
    } else if given & (DUMP | NOTES | CALL | BENCH) == 0 {
        table(cx, mapped, elf);
    }
    if given & NOTES != 0 {
        notes(cx, json, elf);
    }
    true
}

fn write_file(path: &[u8], bytes: &[u8]) -> Result<()> {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    rt::fs::open(path, flags, Mode(0o666))?.write_all(bytes)
}

/// The symbols as readelf has them, then the image.
// Not inlined, as the next ones: their frames are large.
#[inline(never)]
fn table(cx: &mut Context, mapped: &Mapped, elf: &Elf) {
    let args = cx.args;
    cx.args = &[b"-sW"];
    readelf::report_on(cx, mapped.bytes);
    cx.args = args;
    fill!(
        &mut cx.out,
        "\n%s at 0x%x, %u bytes, version %s\n",
        mapped.start, mapped.bytes.len();
        shown(soname(elf)), shown(version(elf))
    );
}

/// A name that is printed only if nothing in it can drive a terminal.
fn shown(name: Option<&[u8]>) -> &[u8] {
    name.filter(|name| is_printable(name)).unwrap_or(b"?")
}

fn soname<'a>(elf: &Elf<'a>) -> Option<&'a [u8]> {
    let dynamic = Dynamic::new(*elf)?;
    c_str(dynamic.strings()?, dynamic.value(rt::elf::consts::DT_SONAME)?)
}

/// The version of the functions: that of the first symbol which has one.
fn version<'a>(elf: &Elf<'a>) -> Option<&'a [u8]> {
    let dynamic = Dynamic::new(*elf)?;
    (1..dynamic.symbols()?.len() as u64).find_map(|index| dynamic.defined_version(index))
}

#[inline(never)]
fn json_image(cx: &mut Context, mapped: &Mapped, elf: &Elf) {
    let json = cx.json();
    json.object(rt::text!(""))
        .number(rt::text!("address"), mapped.start)
        .number(rt::text!("size"), mapped.bytes.len() as u64);
    json.text(rt::text!("soname"), soname(elf).unwrap_or_default()).array(rt::text!("symbols"));
    if let Some(dynamic) = Dynamic::new(*elf)
        && let Some(symbols) = dynamic.symbols()
    {
        let strings = dynamic.strings().unwrap_or_default();
        for index in 1..symbols.len() {
            let Some(symbol) = symbols.get(index) else { break };
            json.object(rt::text!(""))
                .text(rt::text!("name"), c_str(strings, symbol.st_name.into()).unwrap_or_default());
            json.text_or_null(rt::text!("version"), dynamic.defined_version(index as u64));
            let values = [symbol.st_value, symbol.st_size, symbol.st_shndx.into()];
            json.numbers("st_value st_size st_shndx", &values);
            // STT_NOTYPE, STT_OBJECT, STT_FUNC
            let kind = word(b" OBJECT FUNC", b' ', symbol.kind().into()).unwrap_or_default();
            json.words(rt::text!("type"), kind).end_object();
        }
    }
    json.end_array();
}

/// The notes that a vDSO has (include/linux/elfnote.h, include/linux/build-salt.h).
#[inline(never)]
fn notes(cx: &mut Context, json: bool, elf: &Elf) {
    const LINUX_ELFNOTE_BUILD_SALT: u32 = 0x100;
    const NT_GNU_BUILD_ID: u32 = 3;
    let code = note(elf, b"Linux", 0).and_then(|desc| Reader::new(elf.encoding, desc).u32(0));
    let salt = note(elf, b"Linux", LINUX_ELFNOTE_BUILD_SALT).and_then(|desc| c_str(desc, 0));
    let build_id = note(elf, b"GNU", NT_GNU_BUILD_ID);
    if json {
        cx.json().object(rt::text!("notes"));
        code.map(|code| cx.json().number(rt::text!("LINUX_VERSION_CODE"), code.into()));
        salt.map(|salt| cx.json().text(rt::text!("build_salt"), salt));
        build_id.map(|build_id| cx.json().hex(rt::text!("build_id"), build_id));
        cx.json().end_object();
        return;
    }
    let out = &mut cx.out;
    if let Some([_, major, minor, patch]) = code.map(u32::to_be_bytes) {
        fill!(out, "Linux version: %u.%u.%u\n", major, minor, patch);
    }
    if salt.is_some() {
        put!(out, "Build salt:    ", shown(salt), "\n");
    }
    if let Some(build_id) = build_id {
        put!(out, "Build ID:      ", Hex(build_id), "\n");
    }
}

/// A row for each function, and each clock of one that has clocks; of `clock_getres` only for one
/// clock where it is measured, since they all cost the same.
#[inline(never)]
fn rows(cx: &mut Context, json: bool, bench: bool) {
    let text = if bench { clocksource() } else { Vec::new() };
    let source = words(&text, b'\n').next();
    if json {
        if bench {
            cx.json().text(rt::text!("clocksource"), source.unwrap_or_default());
        }
        cx.json().array(if bench { rt::text!("bench") } else { rt::text!("calls") });
    } else if bench {
        put!(&mut cx.out, left("function", 40), "   vDSO ns  system ns  ratio\n");
    }
    let random = &mut Random::new();
    for function in Function::ALL {
        let names = match function {
            Function::ClockGettime => CLOCK_NAMES,
            Function::ClockGetres if !bench => CLOCK_NAMES,
            // One without a name.
            _ => " ",
        };
        for (clock, name) in words(names.as_bytes(), b' ').enumerate() {
            if name == b"-" {
                continue;
            }
            if json {
                cx.json().object(rt::text!("")).words(rt::text!("function"), function.name());
                if !name.is_empty() {
                    cx.json().words(rt::text!("clock"), name);
                }
            } else {
                put!(&mut cx.out, left(function.name(), 14), left(name, 26));
            }
            let clock = Clock(clock as i32);
            if bench {
                measured(cx, json, function, clock, random);
            } else {
                called(cx, json, function, clock, random);
            }
            if json {
                cx.json().end_object();
            } else {
                put!(&mut cx.out, "\n");
            }
        }
    }
    if json {
        cx.json().end_array();
    } else if bench {
        put!(&mut cx.out, "clocksource: ", shown(source), "\n");
    }
}

/// One call, by the way that it takes in this process.
#[inline(never)]
fn called(cx: &mut Context, json: bool, function: Function, clock: Clock, random: &mut Random) {
    let (way, by) = match function.address() {
        Some(_) => (Way::Vdso, "vDSO"),
        None => (Way::System, "system call"),
    };
    // Without memory for its state the vDSO's own form of getrandom can't be called.
    let said = repeat(function, clock.0, way, random, 1)
        .or_else(|_| repeat(function, clock.0, Way::System, random, 1));
    let (key, text) = match said {
        Ok(said) => (rt::text!("result"), short(&mut |out| put_said(out, function, said))),
        Err(errno) => (rt::text!("error"), short(&mut |out| put!(out, errno))),
    };
    if json {
        cx.json().text(rt::text!("by"), by).text(key, &text);
    } else {
        put!(&mut cx.out, left(by, 13), text.as_slice());
    }
}

/// Writes what a function says.
fn put_said(out: &mut BufWriter, function: Function, said: [u64; 2]) {
    let [first, second] = said;
    let digits = match function {
        Function::ClockGettime | Function::ClockGetres => 9,
        Function::Gettimeofday => 6,
        Function::Time => return put!(out, dec(first)),
        Function::Getcpu => return put!(out, "cpu ", dec(first), ", node ", dec(second)),
        Function::Getrandom => {
            return said.iter().for_each(|word| put!(out, Hex(&word.to_ne_bytes())));
        }
    };
    put!(out, dec(first), ".", dec(second).zero(digits));
}

/// Tenths of a nanosecond that a call takes: the least of some runs, each of about two
/// milliseconds, since all that disturbs a run makes it longer.
#[inline(never)]
fn measure(function: Function, clock: Clock, way: Way, random: &mut Random) -> Result<u64> {
    const RUNS: u32 = 12;
    const RUN: u64 = 2_000_000;
    // The first ones say how often it must be called to take so long.
    let (mut times, mut least) = (10, u64::MAX);
    for run in 0..RUNS + 2 {
        let start = now(CLOCK_MONOTONIC)?;
        repeat(function, clock.0, way, random, times)?;
        let end = now(CLOCK_MONOTONIC)?;
        let took = (end.tv_sec - start.tv_sec) * 1_000_000_000 + end.tv_nsec - start.tv_nsec;
        let took = took.max(1) as u64;
        match run {
            0 => times = 200,
            1 => times = (RUN * 200 / took).clamp(100, 1_000_000) as u32,
            _ => least = least.min(took),
        }
    }
    Ok(least * 10 / u64::from(times))
}

/// How long a call takes by either way, and what that means.
#[inline(never)]
fn measured(cx: &mut Context, json: bool, function: Function, clock: Clock, random: &mut Random) {
    let vdso = measure(function, clock, Way::Vdso, random);
    let system = measure(function, clock, Way::System, random);
    let verdict = match (vdso, system) {
        (Ok(vdso), Ok(system)) if vdso * 3 < system * 2 => "fast",
        (Ok(_), Ok(_)) => "falls back to the kernel",
        (Err(Errno::ENOSYS), Ok(_)) => "not in the vDSO",
        (_, Err(errno)) | (Err(errno), _) => errno.message(),
    };
    let (vdso, system) = (vdso.ok(), system.ok());
    if json {
        cx.json().number_or_null(rt::text!("vdso_ps"), vdso.map(|tenths| tenths * 100));
        cx.json().number_or_null(rt::text!("system_ps"), system.map(|tenths| tenths * 100));
        cx.json().text(rt::text!("verdict"), verdict);
        return;
    }
    let ratio = vdso.zip(system).and_then(|(vdso, system)| (system * 10).checked_div(vdso));
    for (tenths, width) in [(vdso, 8), (system, 9), (ratio, 5)] {
        match tenths {
            Some(tenths) => {
                put!(&mut cx.out, dec(tenths / 10).width(width), ".", dec(tenths % 10));
            }
            None => put!(&mut cx.out, right("-", usize::from(width) + 2)),
        }
    }
    put!(&mut cx.out, "  ", verdict);
}

/// What the kernel takes its time from: a line.
fn clocksource() -> Vec<u8> {
    const PATH: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let text = rt::fs::open(PATH, O_RDONLY | O_CLOEXEC, Mode(0)).and_then(contents);
    text.unwrap_or_default()
}
