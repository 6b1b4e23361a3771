//! The one table of applets, and how one of them is chosen.

use crate::args;
use crate::auxv;
use crate::context::Context;
use crate::env;
use crate::exec;
use crate::install;
#[cfg(feature = "link")]
use crate::ldd;
#[cfg(feature = "link")]
use crate::ldso;
use crate::lseek;
use crate::maps;
use crate::readelf;
use crate::stat;
use crate::truncate;
use crate::vdso;
use rt::fmt::left;
use rt::put;

/// One applet.
pub struct Applet {
    pub name: &'static str,
    /// One line for the list.
    pub purpose: &'static str,
    /// Runs it; the result is the exit status.
    pub run: fn(&mut Context) -> u8,
}

/// All applets, sorted by name.
pub static APPLETS: &[Applet] = &[
    Applet { name: "args", purpose: "the arguments of a process or core file", run: args::run },
    Applet {
        name: "auxv",
        purpose: "the auxiliary vector of a process or core file",
        run: auxv::run,
    },
    Applet { name: "env", purpose: "the environment of a process or core file", run: env::run },
    Applet {
        name: "exec",
        purpose: "runs raw machine code, and explains how it ended",
        run: exec::run,
    },
    #[cfg(feature = "link")]
    Applet {
        name: "ldd",
        purpose: "which libraries a program needs, and why it does not start",
        run: ldd::run,
    },
    #[cfg(feature = "link")]
    Applet {
        name: "ldso",
        purpose: "the dynamic linker: runs a program, or calls a library's function",
        run: ldso::run,
    },
    Applet { name: "lseek", purpose: "a file's cursor, its data and its holes", run: lseek::run },
    Applet { name: "maps", purpose: "what is mapped where in a process", run: maps::run },
    Applet {
        name: "readelf",
        purpose: "what is in an ELF file: GNU readelf's report",
        run: readelf::run,
    },
    Applet {
        name: "stat",
        purpose: "what is known of files and file systems: GNU stat, and more",
        run: stat::run,
    },
    Applet {
        name: "truncate",
        purpose: "sets the size of files, takes space for them or gives it back",
        run: truncate::run,
    },
    Applet {
        name: "vdso",
        purpose: "the kernel's vDSO: its symbols, its notes, how fast it is",
        run: vdso::run,
    },
];

fn find(name: &[u8]) -> Option<&'static Applet> {
    APPLETS.iter().find(|applet| applet.name.as_bytes() == name)
}

/// Runs the applet that `argv[0]` names, or else the one that the first argument names.
pub fn dispatch(cx: &mut Context) -> u8 {
    let (name, args) = match cx.args.split_first() {
        Some((&name, args)) => (name, args),
        None => (&b""[..], cx.args),
    };
    let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    cx.args = args;
    if let Some(applet) = find(base) {
        cx.applet = applet.name;
        return (applet.run)(cx);
    }
    match args.split_first() {
        None => usage(cx),
        Some((&b"--help" | &b"-h", _)) => usage(cx),
        Some((&b"--version", _)) => {
            put!(&mut cx.out, "lx ", env!("CARGO_PKG_VERSION"), "\n");
            0
        }
        Some((&b"--list", _)) => {
            for applet in APPLETS {
                put!(&mut cx.out, applet.name, "\n");
            }
            0
        }
        Some((&b"--install", rest)) => install::run(cx, rest),
        Some((name, rest)) => match find(name) {
            Some(applet) => {
                cx.prefix = "lx ";
                cx.applet = applet.name;
                cx.args = rest;
                (applet.run)(cx)
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
    for applet in APPLETS {
        put!(&mut cx.out, "  ", left(applet.name, 12), applet.purpose, "\n");
    }
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
