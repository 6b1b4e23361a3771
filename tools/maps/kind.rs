//! What mappings are for: their kinds, the colours of these, totals.

use super::Options;
use super::source::Source;
use crate::colour::Sgr;
use crate::context::Context;
use crate::words::{utf8, words};
use rt::fmt::{Put, dec, left};
use rt::io::BufWriter;
use rt::maps::{Entry, entries};
use rt::put;

/// What a mapping is for, as far as it shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Code,
    /// Of a file, for reading.
    ReadOnly,
    /// Of a file, written to in private.
    Data,
    Heap,
    /// Private memory without a file.
    Anonymous,
    /// Written to together with others.
    Shared,
    Stack,
    /// The kernel's: `[vdso]`, `[vvar]`, `[vsyscall]`.
    Vdso,
    /// Can be written to and executed.
    Wx,
    /// Can't be accessed at all.
    Reserved,
    /// Of a file; a core file doesn't say more.
    File,
}

/// How kinds are called, in their order.
const NAMES: &[u8] = b"text rodata data heap mmap shared stack vdso wx none file";

/// How they are coloured.
const COLOURS: [Option<Sgr>; COUNT] = [
    Some(Sgr::Green),
    None,
    Some(Sgr::Yellow),
    Some(Sgr::Blue),
    Some(Sgr::Blue),
    Some(Sgr::Cyan),
    Some(Sgr::Magenta),
    Some(Sgr::Cyan),
    Some(Sgr::Red),
    Some(Sgr::Dim),
    None,
];

/// How many kinds there are.
pub const COUNT: usize = 11;

/// How many mappings of a kind there are, and how many bytes.
#[derive(Clone, Copy, Default)]
pub struct Total {
    pub count: u64,
    pub bytes: u64,
}

impl Kind {
    pub fn of(entry: &Entry) -> Kind {
        let (name, [r, w, x, s]) = (entry.name, entry.perms);
        let of_file = matches!(name, [b'/', ..]);
        if name.starts_with(b"[stack") {
            Kind::Stack
        } else if w == b'w' && x == b'x' {
            Kind::Wx
        } else if name == b"[heap]" {
            Kind::Heap
        } else if matches!(name, [b'[', b'v', ..]) || name == b"[uprobes]" {
            Kind::Vdso
        } else if x == b'x' {
            Kind::Code
        } else if w == b'w' {
            match (s, of_file) {
                (b's', _) => Kind::Shared,
                (_, true) => Kind::Data,
                (_, false) => Kind::Anonymous,
            }
        } else if r == b'?' {
            Kind::File
        } else if r != b'r' {
            Kind::Reserved
        } else if of_file {
            Kind::ReadOnly
        } else {
            Kind::Anonymous
        }
    }

    pub fn name(self) -> &'static str {
        name(self as usize)
    }

    pub fn colour(self) -> Option<Sgr> {
        colour(self as usize)
    }
}

/// The totals of all kinds.
pub fn totals(source: &Source, options: &Options) -> [Total; COUNT] {
    let mut totals = [Total::default(); COUNT];
    let mut entries = entries(source.text);
    // By reference: it is a large one.
    while let Some(entry) = &entries.next() {
        if options.filter.wants(entry, source.process)
            && let Some(total) = totals.get_mut(Kind::of(entry) as usize)
        {
            total.count += 1;
            total.bytes = total.bytes.wrapping_add(entry.size());
        }
    }
    totals
}

/// `--summary`: totals by kind.
#[inline(never)]
pub fn summary(cx: &mut Context, source: &Source, options: &Options) {
    put!(&mut cx.out, "Kind    Mappings       Kbytes\n");
    let mut all = Total::default();
    let mut row = |colour: Option<Sgr>, name: &str, total: &Total| {
        paint(&mut cx.out, options, colour, &left(name, 6));
        put!(&mut cx.out, dec(total.count).width(10), dec(total.bytes >> 10).width(13), "\n");
    };
    for (kind, total) in totals(source, options).iter().enumerate() {
        all.count += total.count;
        all.bytes = all.bytes.wrapping_add(total.bytes);
        if total.count > 0 {
            row(colour(kind), name(kind), total);
        }
    }
    row(None, "total", &all);
}

/// Writes an item in a colour, if there are any and it has one.
pub fn paint(out: &mut BufWriter, options: &Options, colour: Option<Sgr>, item: &dyn Put) {
    let sgr = colour.filter(|_| options.colour.is_on());
    sgr.inspect(|sgr| options.colour.begin(out, *sgr));
    item.put(out);
    sgr.inspect(|_| options.colour.end(out));
}

/// The name of the kind with this number.
pub fn name(kind: usize) -> &'static str {
    let name = words(NAMES, b' ').nth(kind).unwrap_or_default();
    utf8(name).unwrap_or_default()
}

fn colour(kind: usize) -> Option<Sgr> {
    COLOURS.get(kind).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (perms, name, kind) in [
            ("r-xp", "/bin/x", "text"),
            ("r--p", "/bin/x", "rodata"),
            ("r--s", "/bin/x", "rodata"),
            ("rw-p", "/bin/x", "data"),
            ("rw-s", "/memfd:x (deleted)", "shared"),
            ("rw-p", "", "mmap"),
            ("r--p", "", "mmap"),
            ("rw-p", "[anon:x]", "mmap"),
            ("---p", "", "none"),
            ("rwxp", "", "wx"),
            ("????", "/bin/x", "file"),
            ("rw-p", "[heap]", "heap"),
            ("rwxp", "[stack]", "stack"),
            ("--xp", "[vsyscall]", "vdso"),
            ("r--p", "[vvar_vclock]", "vdso"),
        ] {
            let line = std::format!("1-2 {perms} 0 0:0 0 {name}");
            assert_eq!(Kind::of(&Entry::parse(line.as_bytes()).unwrap()).name(), kind, "{line}");
        }
    }
}
