//! What keeps a program from starting, in the order in which kernel and loader notice it.

use super::facts::{Symbols, Use};
use super::set::{Object, Set};
use super::{Options, Piece, Report, text, words};
use alloc::vec::Vec;
use rt::Errno;
use rt::dl::image::Fault;
use rt::dl::search::Kind;
use rt::elf::consts::*;
use rt::elf::{Class, gnu_hash};
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
        report.problem(&[&text], &[&"look for who made such files"]);
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
    let number = text(&[&dec(machine)]);
    if !rooted && !matches!(machine, EM_X86_64 | EM_386) {
        report.problem(
            &[&title, &" is for another machine (e_machine ", &number, &")"],
            &[&"run it there, or with qemu-user and --root for the libraries"],
        );
    }
    if noexec {
        report.problem(
            &[&title, &" is on a file system that is mounted noexec"],
            &[&"mount it with exec (mount -o remount,exec), or copy the program elsewhere"],
        );
    }
    if facts.is_program && mode & 0o111 == 0 {
        let fix: &[Piece] = &[&"chmod +x ", &title];
        report.problem(&[&"nobody has permission to execute ", &title], fix);
    }
}

fn check_loader(report: &mut Report, set: &Set) {
    let named = set.objects.first().and_then(|program| program.facts.as_ref());
    let named = named.is_some_and(|facts| facts.interpreter.is_some());
    let Some((loader, fault)) = set.loader.as_ref().and_then(|l| Some((l, l.fault?))) else {
        if let Some(loader) = set.loader.as_ref().filter(|loader| named && loader.noexec) {
            noexec_library(report, loader);
        }
        return;
    };
    if !named {
        return;
    }
    let path = loader.title();
    match fault {
        _ if loader.is_missing() => {
            let fix: Piece = match set.kind {
                Kind::Musl => &"install musl, or build the program for glibc",
                Kind::Glibc => {
                    &"install the C library that it belongs to, or name another one \
                                 with patchelf --set-interpreter"
                }
            };
            let of: Piece = match set.kind {
                Kind::Musl => &" (of musl)",
                Kind::Glibc => &"",
            };
            report.problem(&[&"its interpreter ", &path, of, &" does not exist"], &[fix]);
        }
        Fault::Os(Errno::EACCES) => {
            report.problem(
                &[&"nobody has permission to execute its interpreter ", &path],
                &[&"chmod +x ", &path],
            );
        }
        fault => {
            report.problem(
                &[&"its interpreter ", &path, &" can't be used: ", &words(fault)],
                &[&"install the C library for this machine anew"],
            );
        }
    }
}

fn noexec_library(report: &mut Report, library: &Object) {
    report.problem(
        &[&library.title(), &" is on a file system that is mounted noexec"],
        &[&"mount it with exec (mount -o remount,exec), or copy the library elsewhere"],
    );
}

fn check_library(report: &mut Report, set: &Set, object: &Object) {
    let by = set.objects.get(object.needed_by).map_or(&b"?"[..], |by| by.title());
    let name = &object.name;
    match object.fault {
        _ if object.is_missing() => missing(report, set, object, by),
        None if object.noexec => noexec_library(report, object),
        None => {}
        Some(Fault::Foreign(text)) => {
            let wide: Piece = match set.machine.1.class {
                Class::Elf64 => &"64-bit ",
                Class::Elf32 => &"32-bit ",
            };
            report.problem(
                &[
                    &name,
                    &", needed by ",
                    &by,
                    &", was not found but for others: ",
                    &object.path,
                    &" is ",
                    &text,
                ],
                &[&"install the ", wide, &"library ", &name, &" for the program's machine"],
            );
        }
        Some(fault) => {
            let words = words(fault);
            let fix: [Piece; 3] = if words.contains("linker script") {
                [&"put the shared library that the script names at ", &object.path, &""]
            } else if let Fault::Os(_) = fault {
                [&"make ", &object.path, &" readable"]
            } else {
                [&"install ", &object.path, &" anew"]
            };
            let reason: [Piece; 6] =
                [&object.path, &", needed by ", &by, &", can't be loaded: ", &words, &""];
            report.problem(&reason, &fix);
        }
    }
}

fn missing(report: &mut Report, set: &Set, object: &Object, by: &[u8]) {
    let name = &object.name;
    if let Some((owner, path)) = &object.hint {
        let owner = set.objects.get(*owner).map_or(&b"?"[..], |owner| owner.title());
        return report.problem(
            &[
                &name,
                &", needed by ",
                &by,
                &", was not found: the RUNPATH of ",
                &owner,
                &", where it is (",
                path,
                &"), is not inherited",
            ],
            &[
                &"give ",
                &by,
                &" a RUNPATH of its own, or link ",
                &owner,
                &" with -Wl,--disable-new-dtags",
            ],
        );
    }
    if name.contains(&b'/') {
        return report.problem(
            &[&name, &", needed by ", &by, &", does not exist"],
            &[&"put it there, or link ", &by, &" with a library that has a SONAME"],
        );
    }
    report.problem(
        &[&name, &", needed by ", &by, &", was not found"],
        &[&"install the package that has it, or name its directory in LD_LIBRARY_PATH"],
    );
}

fn check_versions(report: &mut Report, set: &Set) {
    // What each library defines is read once.
    let mut defined: Vec<Option<(bool, Vec<&[u8]>)>> = Vec::new();
    defined.resize_with(set.objects.len(), || None);
    // musl looks at no versions.
    let objects = set.objects.iter().enumerate();
    for (by_index, object) in objects.filter(|_| set.kind == Kind::Glibc) {
        let Some(symbols) = object.data.as_deref().and_then(|data| Symbols::of(data)) else {
            continue;
        };
        symbols.needs(&mut |library, version, _, weak| {
            let Some(at) = set.position(library).filter(|_| !weak) else { return };
            let Some(provider) = set.objects.get(at).filter(|p| p.fault.is_none()) else { return };
            let Some(place) = defined.get_mut(at) else { return };
            let (any, all) = place.get_or_insert_with(|| {
                let mut all = Vec::new();
                let symbols = provider.data.as_deref().and_then(|data| Symbols::of(data));
                let any = symbols.is_some_and(|s| s.definitions(&mut |name, _| all.push(name)));
                all.sort_unstable();
                (any, all)
            });
            if *any && all.binary_search(&version).is_err() {
                let (title, by) = (provider.title(), object.title());
                report.problem(
                    &[&title, &": version `", &version, &"' not found (required by ", &by, &")"],
                    &[&"install a newer ", &library, &", or build ", &by, &" with the one here"],
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
        symbols.each(&mut |symbol, name, versym, used| {
            // What is copied into the program is defined there, and by somebody else as well.
            let is_copy = used == Use::Copy;
            let undefined = symbol.st_shndx == SHN_UNDEF && symbol.bind() != STB_WEAK || is_copy;
            bytes = bytes.saturating_add(name.len());
            if undefined && used != Use::No && !name.is_empty() && bytes < MOST_BYTES {
                let index = usize::from(versym.unwrap_or(0) & 0x7fff);
                let version = symbols.versions.get(index).map_or(&b""[..], |version| version.0);
                let now = set.objects.get(by).and_then(|object| object.facts.as_ref());
                let at_call = used == Use::Call && !now.is_some_and(|facts| facts.binds_now);
                let hash = gnu_hash(name);
                wanted.push(Wanted { hash, name, version, by, at_call, is_copy, found: false });
            }
        });
    }
    wanted.sort_unstable_by_key(|wanted| wanted.hash);
    for (at, symbols) in all() {
        let has_versions = symbols.versions.iter().any(|version| version.1);
        symbols.each(&mut |symbol, name, versym, _| {
            bytes = bytes.saturating_add(name.len());
            if symbol.st_shndx == SHN_UNDEF || bytes >= MOST_BYTES {
                return;
            }
            let hash = gnu_hash(name);
            let from = wanted.partition_point(|wanted| wanted.hash < hash);
            let versym = versym.filter(|_| has_versions).unwrap_or(1);
            let (number, hidden) = (versym & 0x7fff, versym & 0x8000 != 0);
            let own = symbols.versions.get(usize::from(number)).map_or(&b""[..], |v| v.0);
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
        report.problem(&[&"its symbols are too many"], &[&"look for who made such files"]);
        return;
    }
    wanted.retain(|wanted| !wanted.found);
    wanted.sort_by_key(|wanted| (wanted.by, wanted.at_call));
    for Wanted { name, version, by, at_call, .. } in wanted {
        let title = set.objects.get(by).map_or(&b"?"[..], |object| object.title());
        let comma = if version.is_empty() { "" } else { ", version " };
        report.problem(
            &[
                &title,
                &" needs the symbol ",
                &name,
                &comma,
                &version,
                &", which no library defines",
            ],
            &[&"install the versions of the libraries that ", &title, &" was built with"],
        );
        let (name, version) = (name.to_vec(), version.to_vec());
        report.undefined.push(Undefined { name, version, by, at_call });
    }
}
