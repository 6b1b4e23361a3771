//! The one table of applets, and how one of them is chosen.

use crate::args;
use crate::auxv;
use crate::context::Context;
use crate::env;
use crate::exec;
use crate::install;
use crate::ldd;
#[cfg(feature = "link")]
use crate::ldso;
use crate::lseek;
use crate::maps;
use crate::readelf;
use crate::stat;
use crate::truncate;
use crate::vdso;
use crate::words::words;
use rt::put;

/// All applets, a line each, sorted by name: the name and what it is for.
// Texts in place of a table with pointers, all of which would be relocated at each start.
const LIST: [&str; 3] = [
    "\
args        the arguments of a process or core file
auxv        the auxiliary vector of a process or core file
env         the environment of a process or core file
exec        runs raw machine code, and explains how it ended
ldd         which libraries a program needs, and why it does not start
",
    LINK,
    "\
lseek       a file's cursor, its data and its holes
maps        what is mapped where in a process
readelf     what is in an ELF file: GNU readelf's report
stat        what is known of files and file systems: GNU stat, and more
truncate    sets the size of files, takes space for them or gives it back
vdso        the kernel's vDSO: its symbols, its notes, how fast it is
",
];

#[cfg(not(feature = "link"))]
const LINK: &str = "";
#[cfg(feature = "link")]
const LINK: &str = "\
ldso        the dynamic linker: runs a program, or calls a library's function
";

/// Calls with the name of each applet, and with its line of the list.
pub fn each(call: &mut dyn FnMut(&'static [u8], &'static [u8])) {
    for line in LIST.iter().flat_map(|lines| words(lines.as_bytes(), b'\n')) {
        if let Some(name) = words(line, b' ').next() {
            call(name, line);
        }
    }
}

/// Runs an applet; the result is the exit status.
type Run = fn(&mut Context) -> u8;

fn find(name: &'static [u8]) -> Option<(&'static str, Run)> {
    let name = core::str::from_utf8(name).ok()?;
    // By `str`: of bytes each one would be compared on its own.
    let run: Run = match name {
        "args" => args::run,
        "auxv" => auxv::run,
        "env" => env::run,
        "exec" => exec::run,
        "ldd" => ldd::run,
        #[cfg(feature = "link")]
        "ldso" => ldso::run,
        "lseek" => lseek::run,
        "maps" => maps::run,
        "readelf" => readelf::run,
        "stat" => stat::run,
        "truncate" => truncate::run,
        "vdso" => vdso::run,
        _ => return None,
    };
    Some((name, run))
}

/// Runs the applet that `argv[0]` names, or else the one that the first argument names.
pub fn dispatch(cx: &mut Context) -> u8 {
    let (name, args) = match cx.args.split_first() {
        Some((&name, args)) => (name, args),
        None => (&b""[..], cx.args),
    };
    let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    cx.args = args;
    if let Some((name, run)) = find(base) {
        cx.applet = name;
        return run(cx);
    }
    match args.split_first() {
        None => usage(cx),
        Some((&b"--help" | &b"-h", _)) => usage(cx),
        Some((&b"--version", _)) => {
            put!(&mut cx.out, "lx ", env!("CARGO_PKG_VERSION"), "\n");
            0
        }
        Some((&b"--list", _)) => {
            each(&mut |name, _| put!(&mut cx.out, name, "\n"));
            0
        }
        Some((&b"--install", rest)) => install::run(cx, rest),
        Some((name, rest)) => match find(name) {
            Some((name, run)) => {
                cx.prefix = "lx ";
                cx.applet = name;
                cx.args = rest;
                run(cx)
            }
            None => {
                message!(cx, "'", name, "' is not an applet; try 'lx --list'");
                127
            }
        },
    }
}

fn usage(cx: &mut Context) -> u8 {
    put!(&mut cx.out, "Usage: lx APPLET [OPTION]... [FILE]...\n\n");
    each(&mut |_, line| put!(&mut cx.out, "  ", line, "\n"));
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
    use super::{each, find};
    use std::vec::Vec;

    #[test]
    fn all_that_is_listed_is_there_and_sorted() {
        let mut names = Vec::new();
        each(&mut |name, line| {
            assert_eq!(find(name).map(|(name, _)| name.as_bytes()), Some(name));
            let purpose = line[name.len()..].trim_ascii_start();
            assert_eq!(line.len() - purpose.len(), 12);
            names.push(name);
        });
        assert!(names.len() >= 10 && names.is_sorted());
    }
}
