//! What mappings are for: their kinds, the colours of these, totals.

use super::Options;
use super::source::Source;
use crate::colour::Sgr;
use crate::context::Context;
use rt::fmt::{dec, left};
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

/// How kinds are called, and coloured, in their order.
const KINDS: [(&str, Option<Sgr>); 11] = [
    ("text", Some(Sgr::Green)),
    ("rodata", None),
    ("data", Some(Sgr::Yellow)),
    ("heap", Some(Sgr::Blue)),
    ("mmap", Some(Sgr::Blue)),
    ("shared", Some(Sgr::Cyan)),
    ("stack", Some(Sgr::Magenta)),
    ("vdso", Some(Sgr::Cyan)),
    ("wx", Some(Sgr::Red)),
    ("none", Some(Sgr::Dim)),
    ("file", None),
];

/// How many kinds there are.
pub const COUNT: usize = KINDS.len();

impl Kind {
    pub fn of(entry: &Entry) -> Kind {
        let name = entry.name;
        if name.starts_with(b"[stack") {
            Kind::Stack
        } else if entry.may(b'w') && entry.may(b'x') {
            Kind::Wx
        } else if name == b"[heap]" {
            Kind::Heap
        } else if name.starts_with(b"[v") || name == b"[uprobes]" {
            Kind::Vdso
        } else if entry.may(b'x') {
            Kind::Code
        } else if entry.may(b'w') {
            match (entry.may(b's'), name.starts_with(b"/")) {
                (true, _) => Kind::Shared,
                (false, true) => Kind::Data,
                (false, false) => Kind::Anonymous,
            }
        } else if entry.may(b'?') {
            Kind::File
        } else if !entry.may(b'r') {
            Kind::Reserved
        } else if name.starts_with(b"/") {
            Kind::ReadOnly
        } else {
            Kind::Anonymous
        }
    }

    pub fn name(self) -> &'static str {
        KINDS.get(self as usize).map_or("", |kind| kind.0)
    }

    pub fn colour(self) -> Option<Sgr> {
        KINDS.get(self as usize).and_then(|kind| kind.1)
    }
}

/// How many mappings of each kind there are, and how many bytes.
pub fn totals(source: &Source, options: &Options) -> [(u64, u64); COUNT] {
    let mut totals = [(0u64, 0u64); COUNT];
    for entry in entries(source.text).filter(|entry| options.filter.wants(entry, source.process)) {
        if let Some(total) = totals.get_mut(Kind::of(&entry) as usize) {
            total.0 += 1;
            total.1 = total.1.saturating_add(entry.size());
        }
    }
    totals
}

/// `--summary`: totals by kind.
pub fn summary(cx: &mut Context, source: &Source, options: &Options) {
    let totals = totals(source, options);
    put!(&mut cx.out, "Kind    Mappings       Kbytes\n");
    let (mut count, mut size) = (0u64, 0u64);
    for (kind, total) in KINDS.iter().zip(totals).filter(|(_, total)| total.0 > 0) {
        count += total.0;
        size = size.saturating_add(total.1);
        let name = options.colour.paint_as(kind.1, left(kind.0, 6));
        put!(&mut cx.out, name, dec(total.0).width(10), dec(total.1 >> 10).width(13), "\n");
    }
    put!(&mut cx.out, left("total", 6), dec(count).width(10), dec(size >> 10).width(13), "\n");
}

/// The names of the kinds with their totals.
pub fn named(totals: [(u64, u64); COUNT]) -> impl Iterator<Item = (&'static str, (u64, u64))> {
    KINDS.iter().map(|kind| kind.0).zip(totals)
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
