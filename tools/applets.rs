//! The one table of applets, and how one of them is chosen.

use crate::args;
use crate::auxv;
use crate::context::Context;
use crate::env;
use crate::exec;
use crate::install;
use crate::ldd;
use crate::ldso;
use crate::lseek;
use crate::maps;
use crate::readelf;
use crate::stat;
use crate::truncate;
use crate::vdso;
use crate::words::{Words, place, utf8, words};
use rt::put;

/// All applets, a line each, sorted by name: the name and what it is for.
// A text in place of a table with pointers, all of which would be relocated at each start.
const LIST: &str = "\
args        the arguments of a process or core file
auxv        the auxiliary vector of a process or core file
env         the environment of a process or core file
exec        runs raw machine code, and explains how it ended
ldd         which libraries a program needs, and why it does not start
ldso        the dynamic linker: runs a program, or calls a library's function
lseek       a file's cursor, its data and its holes
maps        what is mapped where in a process
readelf     what is in an ELF file: GNU readelf's report
stat        what is known of files and file systems: GNU stat, and more
truncate    sets the size of files, takes space for them or gives it back
vdso        the kernel's vDSO: its symbols, its notes, how fast it is
";

/// Runs an applet; the result is the exit status.
type Run = fn(&mut Context) -> u8;

/// What runs them, in the same order.
const RUNS: &[Run] = &[
    args::run,
    auxv::run,
    env::run,
    exec::run,
    ldd::run,
    ldso::run,
    lseek::run,
    maps::run,
    readelf::run,
    stat::run,
    truncate::run,
    vdso::run,
];

/// A line for each applet.
fn lines() -> Words<'static> {
    words(LIST.as_bytes(), b'\n')
}

/// The names of all applets.
pub fn names() -> impl Iterator<Item = &'static [u8]> {
    lines().filter_map(|line| words(line, b' ').next())
}

/// What runs the applet with this name; it is the one that is meant from now on.
fn find(cx: &mut Context, name: &'static [u8]) -> Option<Run> {
    let place = names().position(|known| known == name)?;
    cx.applet = utf8(name)?;
    RUNS.get(place).copied()
}

/// Takes the first one of the arguments.
fn next(cx: &mut Context) -> Option<&'static [u8]> {
    let (first, rest) = cx.args.split_first()?;
    cx.args = rest;
    Some(first)
}

/// Runs the applet that `argv[0]` names, or else the one that the first argument names.
pub fn dispatch(cx: &mut Context) -> u8 {
    let name = next(cx).unwrap_or_default();
    let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    if let Some(run) = find(cx, base) {
        return run(cx);
    }
    let Some(word) = next(cx) else { return usage(cx) };
    match place(b"--help -h --version --list --install", word) {
        Some(0 | 1) => return usage(cx),
        Some(2) => put!(&mut cx.out, "lx ", env!("CARGO_PKG_VERSION"), "\n"),
        Some(3) => names().for_each(|name| put!(&mut cx.out, name, "\n")),
        Some(_) => return install::run(cx),
        None => {
            if let Some(run) = find(cx, word) {
                cx.prefix = "lx ";
                return run(cx);
            }
            message!(cx, "'", word, "' is not an applet; try 'lx --list'");
            return 127;
        }
    }
    0
}

fn usage(cx: &mut Context) -> u8 {
    put!(&mut cx.out, "Usage: lx APPLET [OPTION]... [FILE]...\n\n");
    lines().for_each(|line| put!(&mut cx.out, "  ", line, "\n"));
    put!(
        &mut cx.out,
        "\n'lx APPLET --help' explains an applet. Under the name of an applet (a link) lx is\n",
        "that applet.\n\n",
        "  lx --list                   names the applets, one a line\n",
        "  lx --install [-s] [-f] DIR  makes links to lx for all applets in DIR: with -s\n",
        "                         symbolic ones, with -f in place of what is there\n",
        "  lx --version                tells the version\n",
    );
    0
}

#[cfg(test)]
mod tests {
    use super::{LIST, RUNS, names};
    use std::vec::Vec;

    #[test]
    fn all_that_is_listed_is_there_and_sorted() {
        let names: Vec<_> = names().collect();
        assert!(names.len() >= 11 && names.len() == RUNS.len() && names.is_sorted());
        for (line, name) in LIST.lines().zip(names) {
            let purpose = line[name.len()..].trim_start();
            assert_eq!(line.len() - purpose.len(), 12);
        }
    }
}
