//! The output of pmap of procps 4.0.2, but for `-X`. Its header shows UTF-8 as it does in
//! such a locale.

use super::smaps::Rows;
use super::source::Source;
use super::{DEVICE, EXTENDED, Options, PATH, QUIET};
use crate::context::Context;
use crate::process::Reason;
use crate::words::number;
use rt::fmt::{Put, dec, hex};
use rt::io::BufWriter;
use rt::maps::{Entry, Lines};
use rt::put;

/// Prints the number and the command line, or the name of a process without one. Gives where
/// the stack of the first thread begins.
///
/// All of it is of the program whose mappings were read, or nothing is printed.
pub fn header(cx: &mut Context, source: &Source) -> Result<u64, Reason> {
    let Some(process) = source.process else {
        put!(&mut cx.out, crate::quote::Tamed(source.word), ":\n");
        return Ok(0);
    };
    let mut stat = [0; 1024];
    let words = process.read(c"cmdline").unwrap_or_default();
    // As much as pmap shows.
    let words = words.get(..(128 << 10) - 1).unwrap_or(&words);
    let stat = process.dir.stat(&mut stat);
    process.still(source.auxv)?;
    let stat = stat.map_err(|errno| process.reason(errno))?;
    let used = words.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let words = words.get(..used).unwrap_or_default();
    put!(&mut cx.out, dec(process.pid), ":   ");
    if words.is_empty() {
        put!(&mut cx.out, "[", Words(stat.comm), "]\n");
    } else {
        put!(&mut cx.out, Words(words), "\n");
    }
    Ok(stat.field(28).unwrap_or(0))
}

/// A command line as pmap shows it: spaces for zeros and newlines, `?` for control characters;
/// from the first byte that isn't UTF-8 on `?` for all that isn't ASCII, and `.` for those.
struct Words<'a>(&'a [u8]);

impl Put for Words<'_> {
    fn put(&self, out: &mut BufWriter) {
        let mut chunks = self.0.utf8_chunks();
        let valid = chunks.next().map_or("", |chunk| chunk.valid());
        for (at, char) in valid.char_indices() {
            match char {
                '\0' | '\n' => out.byte(b' '),
                char if char.is_control() => out.byte(b'?'),
                char => out.bytes(&self.0[at..at + char.len_utf8()]),
            }
        }
        for byte in self.0.get(valid.len()..).unwrap_or_default() {
            out.byte(match byte {
                0 | b'\n' => b' ',
                b' '..=b'~' => *byte,
                0x80.. => b'?',
                _ => b'.',
            });
        }
    }
}

/// What stands in the column of mappings.
struct Mapping<'a> {
    entry: &'a Entry<'a>,
    /// Where the stack of the first thread begins.
    stack: u64,
    path: bool,
}

impl Put for Mapping<'_> {
    fn put(&self, out: &mut BufWriter) {
        let (entry, stack) = (self.entry, self.stack);
        let Some(slash) = entry.name.iter().position(|byte| *byte == b'/') else {
            let on_it = entry.start <= stack && stack <= entry.end;
            return put!(out, if on_it { "  [ stack ]" } else { "  [ anon ]" });
        };
        let name = entry.name.get(slash..).unwrap_or_default();
        if is_sysv(name) {
            return put!(out, "  [ shmid=0x", hex(entry.inode), " ]");
        }
        let name = if self.path { name } else { super::last_part(name) };
        let shown = |byte: &u8| if (b' '..=b'~').contains(byte) { *byte } else { b'?' };
        name.iter().for_each(|byte| out.byte(shown(byte)));
    }
}

/// What the kernel calls System V shared memory: `/SYSV0000abcd (deleted)`.
fn is_sysv(name: &[u8]) -> bool {
    let key = name
        .strip_prefix::<[u8]>(b"/SYSV")
        .and_then(|name| name.strip_suffix::<[u8]>(b" (deleted)"));
    key.is_some_and(|key| key.len() == 8 && key.iter().all(u8::is_ascii_hexdigit))
}

/// In bytes, but for what smaps tells in kB.
#[derive(Default)]
struct Totals {
    size: u64,
    private: u64,
    shared: u64,
    resident: u64,
    dirty: u64,
}

/// `-x`, `-d`, or neither, with `-p`, `-q`, `-A`.
#[inline(never)]
pub fn run(cx: &mut Context, source: &Source, options: &Options) -> Result<bool, Reason> {
    let stack = header(cx, source)?;
    if options.has(QUIET) {
    } else if options.has(EXTENDED) {
        put!(&mut cx.out, "Address           Kbytes     RSS   Dirty Mode  Mapping\n");
    } else if options.has(DEVICE) {
        put!(&mut cx.out, "Address           Kbytes Mode  Offset           Device    Mapping\n");
    }
    let mut totals = Totals::default();
    for row in Rows(Lines(source.text)) {
        let (mut resident, mut dirty) = (0u64, 0u64);
        if let Some(table) = source.table {
            for (name, digits) in table.named(&row) {
                // As slices, and not by `place`: there are some twenty numbers in each row.
                let to = if name == b"Rss" {
                    &mut resident
                } else if name == b"Shared_Dirty" || name == b"Private_Dirty" {
                    &mut dirty
                } else {
                    continue;
                };
                *to = to.wrapping_add(number(digits, 10).unwrap_or(0));
            }
        }
        // By reference: it is a large one.
        let Some(entry) = &Entry::parse(row.line) else { continue };
        // Behind the range pmap looks no further.
        if entry.start > options.filter.range.high {
            break;
        }
        if options.filter.wants_anywhere(entry, source.process) {
            // Before the range pmap counts these, too.
            totals.resident = totals.resident.wrapping_add(resident);
            totals.dirty = totals.dirty.wrapping_add(dirty);
        }
        if options.filter.wants(entry, source.process) {
            totals.add(entry);
            put_row(cx, options, entry, [stack, resident, dirty]);
        }
    }
    if !options.has(QUIET) {
        totals.put(cx, options);
    }
    Ok(true)
}

fn put_row(cx: &mut Context, options: &Options, entry: &Entry, [stack, resident, dirty]: [u64; 3]) {
    let [r, w, x, share] = entry.perms;
    let mode = [b' ', r, w, x, if share == b's' { b's' } else { b'-' }, b'-', b' '];
    let size = entry.size() >> 10;
    let out = &mut cx.out;
    let plain = !options.has(EXTENDED | DEVICE);
    put!(out, hex(entry.start).zero(16), " ", dec(size).width(if plain { 6 } else { 7 }));
    if plain {
        put!(out, "K");
    } else if options.has(EXTENDED) {
        put!(out, " ", dec(resident).width(7), " ", dec(dirty).width(7));
    }
    put!(out, mode);
    if options.has(DEVICE) {
        put!(out, hex(entry.offset).zero(16), " ", hex(entry.major).zero(3));
        put!(out, ":", hex(entry.minor).zero(5), " ");
    }
    put!(out, Mapping { entry, stack, path: options.has(PATH) }, "\n");
}

impl Totals {
    fn add(&mut self, entry: &Entry) {
        let add = |to: &mut u64, value| *to = to.wrapping_add(value);
        add(&mut self.size, entry.size());
        if entry.may(b's') {
            add(&mut self.shared, entry.size());
        } else if entry.may(b'w') {
            add(&mut self.private, entry.size());
        }
    }

    fn put(&self, cx: &mut Context, options: &Options) {
        let (out, size) = (&mut cx.out, dec(self.size >> 10));
        if options.has(EXTENDED) {
            put!(out, "---------------- ------- ------- ------- \ntotal kB ", size.width(15), " ");
            put!(out, dec(self.resident).width(7), " ", dec(self.dirty).width(7), "\n");
        } else if options.has(DEVICE) {
            put!(out, "mapped: ", size, "K    writeable/private: ", dec(self.private >> 10));
            put!(out, "K    shared: ", dec(self.shared >> 10), "K\n");
        } else {
            put!(out, " total ", size.width(16), "K\n");
        }
    }
}
