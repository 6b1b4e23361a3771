//! What keeps a program from starting, in the order in which kernel and loader notice it.

use super::facts::{Symbols, Use};
use super::set::{Object, Set};
use super::{Options, Report, text, words};
use crate::sort::sort;
use alloc::vec::Vec;
use rt::Errno;
use rt::dl::image::Fault;
use rt::dl::search::Kind;
use rt::elf::consts::*;
use rt::elf::gnu_hash;
use rt::fmt::dec;

/// A symbol that nobody defines.
pub struct Undefined {
    pub name: Vec<u8>,
    pub version: Vec<u8>,
    /// Who needs it: an index.
    pub by: usize,
    /// Whether it is needed only when it is called.
    pub at_call: bool,
}

/// Checks all but the symbols, and these where the options say so. `mode` and `noexec` are
/// those of the program.
pub fn check(report: &mut Report, mode: u32, noexec: bool, options: Options) {
    let Some(set) = report.set.take() else { return };
    if let Some(program) = set.objects.first() {
        check_program(report, &set, program, mode, noexec, options.rooted);
    }
    check_loader(report, &set);
    for object in set.objects.iter().skip(1) {
        check_library(report, &set, object);
    }
    check_versions(report, &set);
    if let Some(text) = set.too_much {
        report.problem(&[], text, "look for who made such files");
    }
    if options.symbols {
        check_symbols(report, &set);
    }
    report.set = Some(set);
}

fn check_program(
    report: &mut Report,
    set: &Set,
    program: &Object,
    mode: u32,
    noexec: bool,
    rooted: bool,
) {
    let Some(facts) = &program.facts else { return };
    let title = program.title();
    let machine = set.machine.0;
    if !rooted && !matches!(machine, EM_X86_64 | EM_386) {
        report.problem(
            &[title, &text(&[&dec(machine)])],
            "%0 is for another machine (e_machine %1)",
            "run it there, or with qemu-user and --root for the libraries",
        );
    }
    if noexec {
        report.problem(
            &[title],
            "%0 is on a file system that is mounted noexec",
            "mount it with exec (mount -o remount,exec), or copy the program elsewhere",
        );
    }
    if facts.is_program && mode & 0o111 == 0 {
        report.problem(&[title], "nobody has permission to execute %0", "chmod +x %0");
    }
}

fn check_loader(report: &mut Report, set: &Set) {
    let program = set.objects.first().and_then(|program| program.facts.as_ref());
    let named = program.is_some_and(|facts| facts.interpreter.is_some());
    let Some(loader) = set.loader.as_ref().filter(|_| named) else { return };
    let path = loader.title();
    match loader.fault {
        None if loader.noexec => noexec_library(report, loader),
        None => {}
        Some(_) if loader.is_missing() && set.kind == Kind::Musl => report.problem(
            &[path],
            "its interpreter %0 (of musl) does not exist",
            "install musl, or build the program for glibc",
        ),
        Some(_) if loader.is_missing() => report.problem(
            &[path],
            "its interpreter %0 does not exist",
            "install the C library that it belongs to, or name another one with patchelf \
             --set-interpreter",
        ),
        Some(Fault::Os(Errno::EACCES)) => report.problem(
            &[path],
            "nobody has permission to execute its interpreter %0",
            "chmod +x %0",
        ),
        Some(fault) => report.problem(
            &[path, words(fault).as_bytes()],
            "its interpreter %0 can't be used: %1",
            "install the C library for this machine anew",
        ),
    }
}

fn noexec_library(report: &mut Report, library: &Object) {
    report.problem(
        &[library.title()],
        "%0 is on a file system that is mounted noexec",
        "mount it with exec (mount -o remount,exec), or copy the library elsewhere",
    );
}

fn check_library(report: &mut Report, set: &Set, object: &Object) {
    let title = |index: usize| set.objects.get(index).map_or(&b"?"[..], |object| object.title());
    let what = object.fault.map_or("", words);
    let mut names = [&object.name, title(object.needed_by), &object.path, what.as_bytes(), b""];
    let (reason, fix) = match object.fault {
        None if object.noexec => return noexec_library(report, object),
        None => return,
        Some(_) if object.is_missing() => match &object.hint {
            Some((owner, path)) => {
                (names[2], names[3]) = (path, title(*owner));
                (
                    "%0, needed by %1, was not found: the RUNPATH of %3, where it is (%2), is not \
                     inherited",
                    "give %1 a RUNPATH of its own, or link %3 with -Wl,--disable-new-dtags",
                )
            }
            None if object.name.contains(&b'/') => (
                "%0, needed by %1, does not exist",
                "put it there, or link %1 with a library that has a SONAME",
            ),
            None => (
                "%0, needed by %1, was not found",
                "install the package that has it, or name its directory in LD_LIBRARY_PATH",
            ),
        },
        Some(Fault::Foreign(_)) => {
            names[4] = if set.machine.1.is_64() { b"64" } else { b"32" };
            (
                "%0, needed by %1, was not found but for others: %2 is %3",
                "install the %4-bit library %0 for the program's machine",
            )
        }
        Some(fault) => (
            "%2, needed by %1, can't be loaded: %3",
            match fault {
                Fault::Os(_) => "make %2 readable",
                _ if what.contains("linker script") => {
                    "put the shared library that the script names at %2"
                }
                _ => "install %2 anew",
            },
        ),
    };
    report.problem(&names, reason, fix);
}

fn check_versions(report: &mut Report, set: &Set) {
    // What each library defines is read once.
    type Defined<'a> = (bool, Vec<&'a [u8]>);
    let mut defined: Vec<Option<Defined>> = Vec::new();
    defined.resize_with(set.objects.len(), || None);
    // musl looks at no versions.
    let objects = set.objects.iter().enumerate();
    for (by_index, object) in objects.filter(|_| set.kind == Kind::Glibc) {
        let Some(symbols) = object.data.as_deref().and_then(Symbols::of) else {
            continue;
        };
        // Needs of one library come one after the other.
        let mut last = (&b""[..], None);
        symbols.needs(&mut |library, version, _, weak| {
            if last.0 != library {
                last = (library, set.position(library));
            }
            let Some(at) = last.1.filter(|_| !weak) else { return };
            let Some(provider) = set.objects.get(at).filter(|p| p.fault.is_none()) else { return };
            let Some(place) = defined.get_mut(at) else { return };
            let (any, all) = place.get_or_insert_with(|| {
                let mut all = Vec::new();
                let symbols = provider.data.as_deref().and_then(Symbols::of);
                let any = symbols.is_some_and(|s| s.definitions(&mut |name, _| all.push(name)));
                sort(&mut all, &|a, b| a < b);
                (any, all)
            });
            if *any && all.binary_search(&version).is_err() {
                let (title, by) = (provider.title(), object.title());
                report.problem(
                    &[title, version, by, library],
                    "%0: version `%1' not found (required by %2)",
                    "install a newer %3, or build %2 with the one here",
                );
                if let Some(problem) = report.problems.last_mut() {
                    problem.version = Some((by_index, version.to_vec()));
                }
            }
        });
    }
}

/// A symbol that is looked for.
struct Wanted<'a> {
    hash: u32,
    name: &'a [u8],
    version: &'a [u8],
    by: usize,
    at_call: bool,
    is_copy: bool,
    found: bool,
}

/// Names of hostile files may be long, and many of them the same bytes: so many are looked at.
const MOST_BYTES: usize = 1 << 29;

fn check_symbols(report: &mut Report, set: &Set) {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut bytes = 0usize;
    let all = || {
        let objects = set.objects.iter().enumerate();
        objects.filter_map(|(index, object)| Some((index, Symbols::of(object.data.as_deref()?)?)))
    };
    for (by, symbols) in all() {
        let versions = symbols.versions();
        symbols.each(&mut |symbol, name, versym, used| {
            // What is copied into the program is defined there, and by somebody else as well.
            let is_copy = used == Use::Copy;
            let undefined = symbol.st_shndx == SHN_UNDEF && symbol.bind() != STB_WEAK || is_copy;
            bytes = bytes.saturating_add(name.len());
            if undefined && used != Use::No && !name.is_empty() && bytes < MOST_BYTES {
                let index = usize::from(versym.unwrap_or(0) & 0x7fff);
                let version = versions.get(index).map_or(&b""[..], |version| version.0);
                let now = set.objects.get(by).and_then(|object| object.facts.as_ref());
                let at_call = used == Use::Call && !now.is_some_and(|facts| facts.binds_now);
                let hash = gnu_hash(name);
                wanted.push(Wanted { hash, name, version, by, at_call, is_copy, found: false });
            }
        });
    }
    sort(&mut wanted, &|a, b| a.hash < b.hash);
    for (at, symbols) in all() {
        let versions = symbols.versions();
        let has_versions = versions.iter().any(|version| version.1);
        symbols.each(&mut |symbol, name, versym, _| {
            bytes = bytes.saturating_add(name.len());
            if symbol.st_shndx == SHN_UNDEF || bytes >= MOST_BYTES {
                return;
            }
            let hash = gnu_hash(name);
            let from = wanted.partition_point(|wanted| wanted.hash < hash);
            let versym = versym.filter(|_| has_versions).unwrap_or(1);
            let (number, hidden) = (versym & 0x7fff, versym & 0x8000 != 0);
            let own = versions.get(usize::from(number)).map_or(&b""[..], |v| v.0);
            for wanted in wanted.iter_mut().skip(from).take_while(|wanted| wanted.hash == hash) {
                // A definition without a version is taken for any; a reference without one
                // means what is not hidden, or the first one there was.
                let fits = match wanted.version {
                    b"" => number != 0 && (!hidden || number <= 2),
                    version => own == version || number == 1 && !hidden,
                };
                wanted.found |= fits && wanted.name == name && !(wanted.is_copy && wanted.by == at);
            }
        });
    }
    if bytes >= MOST_BYTES {
        report.problem(&[], "its symbols are too many", "look for who made such files");
        return;
    }
    wanted.retain(|wanted| !wanted.found);
    let key = |wanted: &Wanted| (wanted.by, wanted.at_call, wanted.hash);
    sort(&mut wanted, &|a, b| key(a) < key(b));
    for Wanted { name, version, by, at_call, .. } in wanted {
        let title = set.objects.get(by).map_or(&b"?"[..], |object| object.title());
        let reason = match version {
            b"" => "%0 needs the symbol %1, which no library defines",
            _ => "%0 needs the symbol %1, version %2, which no library defines",
        };
        let fix = "install the versions of the libraries that %0 was built with";
        report.problem(&[title, name, version], reason, fix);
        let (name, version) = (name.to_vec(), version.to_vec());
        report.undefined.push(Undefined { name, version, by, at_call });
    }
}
