//! What keeps a program from starting, in the order in which kernel and loader notice it.

use super::facts::Facts;
use super::facts::Is;
use super::set::{Object, Set};
use super::symbols::{self, Known, Use};
use super::text;
use super::trouble::{Kind, Problems};
use crate::sort::sort;
use alloc::boxed::Box;
use alloc::vec::Vec;
use rt::Errno;
use rt::dl::image::{Fault, LINKER_SCRIPT};
use rt::dl::search;
use rt::elf::consts::*;
use rt::elf::{Source, gnu_hash};
use rt::fmt::dec;

/// Checks the program itself. `mode` is its `st_mode`; `rooted` says that it is of another
/// tree.
#[inline(never)]
pub fn program<'f>(problems: &mut Problems<'f>, set: &Set<'f>, mode: u32, rooted: bool) {
    let Some(program) = set.objects.first() else { return };
    let Some(facts) = &program.facts else { return };
    let title = program.title();
    let machine = set.machine.0;
    if !rooted && !matches!(machine, EM_X86_64 | EM_386) {
        problems.add(Kind::OtherMachine, &[title, set.store.bytes(&text(&[&dec(machine)]))]);
    }
    if program.noexec {
        problems.add(Kind::NoexecProgram, &[title]);
    }
    if facts.is_program && mode & 0o111 == 0 {
        problems.add(Kind::NotExecutable, &[title]);
    }
    if facts.interpreter.is_some()
        && let Some(loader) = &set.loader
    {
        let kind = match loader.fault {
            None if loader.noexec => Kind::NoexecLibrary,
            None => return,
            Some(_) if loader.is_missing() && set.kind == search::Kind::Musl => Kind::NoMusl,
            Some(_) if loader.is_missing() => Kind::NoInterpreter,
            Some(Fault::Os(Errno::EACCES)) => Kind::InterpreterNotExecutable,
            Some(_) => Kind::Interpreter,
        };
        problems.add(kind, &[loader.title(), what(set, loader)]);
    }
}

/// What is wrong with a file.
fn what<'f>(set: &Set<'f>, object: &Object<'f>) -> &'f [u8] {
    object.fault.map_or(b"", |fault| set.store.words(fault))
}

/// Checks whether a library can be loaded.
#[inline(never)]
pub fn library<'f>(problems: &mut Problems<'f>, set: &Set<'f>, object: &Object<'f>) {
    let (mut path, mut what) = (object.path, what(set, object));
    let kind = match object.fault {
        None if object.noexec => return problems.add(Kind::NoexecLibrary, &[object.title()]),
        None => return,
        Some(_) if object.is_missing() => match object.hint {
            Some((owner, place)) => {
                (path, what) = (place, set.title(owner));
                Kind::NotInherited
            }
            None if object.name.contains(&b'/') => Kind::NoPath,
            None => Kind::NotFound,
        },
        Some(Fault::Foreign(_)) => Kind::Foreign,
        Some(Fault::Os(_)) => Kind::LibraryPermission,
        Some(Fault::Bad(text)) if text == LINKER_SCRIPT => Kind::LinkerScript,
        Some(Fault::Bad(_)) => Kind::Library,
    };
    let bits: &[u8] = if set.machine.1.is_64() { b"64" } else { b"32" };
    problems.add(kind, &[object.name, set.title(object.needed_by), path, what, bits]);
}

/// Checks whether each library defines the versions that others need of it.
pub fn versions<'f>(problems: &mut Problems<'f>, set: &Set<'f>) {
    // musl looks at no versions.
    for object in set.objects.iter().filter(|_| set.kind == search::Kind::Glibc) {
        let Some(facts) = object.facts else { continue };
        facts.wanted(&mut |library, versions| {
            let provider = set.position(library).and_then(|at| set.objects.get(at));
            let Some(provider) = provider.filter(|provider| provider.fault.is_none()) else {
                return;
            };
            let Some(own) = provider.facts.filter(|own| own.has_definitions) else { return };
            for need in versions.iter().filter(|need| need.is != Is::Weak && !own.defines(need)) {
                let names = [provider.title(), need.name, object.title(), library];
                problems.add(Kind::Version, &names);
            }
        });
    }
}

/// A symbol that nobody defines.
pub struct Undefined<'f> {
    pub name: &'f [u8],
    pub version: &'f [u8],
    /// Who needs it: an index.
    pub by: usize,
    /// Whether it is needed only when it is called.
    pub at_call: bool,
}

/// Is told of a symbol: whose it is, an index and facts, and its version.
type Told<'c, 'a> = dyn FnMut(usize, &Facts<'a>, &Known<'a>, &'a [u8]) + 'c;

/// Calls with each symbol of all files.
fn each<'a>(set: &'a Set, all: &'a [Option<Box<dyn Source + 'a>>], call: &mut Told<'_, 'a>) {
    for (by, (object, data)) in set.objects.iter().zip(all).enumerate() {
        let (Some(facts), Some(data)) = (object.facts, data) else { continue };
        let versions = facts.versions();
        symbols::each(&**data, &mut |symbol| {
            let version = versions.get(usize::from(symbol.versym.unwrap_or(0) & 0x7fff));
            call(by, facts, symbol, version.copied().unwrap_or_default());
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

/// Checks whether each symbol that is needed is defined, and says which are not.
#[inline(never)]
pub fn symbols<'f>(problems: &mut Problems<'f>, set: &Set<'f>) -> Vec<Undefined<'f>> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut bytes = 0usize;
    let mut all = Vec::new();
    for object in &set.objects {
        all.push(set.data(object));
    }
    each(set, &all, &mut |by, facts, symbol, version| {
        // What is copied into the program is defined there, and by somebody else as well.
        let Known { name, used, .. } = *symbol;
        let is_copy = used == Use::Copy;
        let undefined = !symbol.is_defined && !symbol.is_weak || is_copy;
        bytes = bytes.saturating_add(name.len());
        if undefined && used != Use::No && !name.is_empty() && bytes < MOST_BYTES {
            let at_call = used == Use::Call && !facts.binds_now;
            let hash = gnu_hash(name);
            wanted.push(Wanted { hash, name, version, by, at_call, is_copy, found: false });
        }
    });
    sort(&mut wanted, &|a, b| a.hash < b.hash);
    each(set, &all, &mut |at, facts, symbol, own| {
        let Known { name, versym, .. } = *symbol;
        bytes = bytes.saturating_add(name.len());
        if !symbol.is_defined || bytes >= MOST_BYTES {
            return;
        }
        let hash = gnu_hash(name);
        let from = wanted.partition_point(|wanted| wanted.hash < hash);
        let versym = versym.filter(|_| !facts.defined.is_empty()).unwrap_or(1);
        let (number, hidden) = (versym & 0x7fff, versym & 0x8000 != 0);
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
    let mut undefined = Vec::new();
    if bytes >= MOST_BYTES {
        problems.add(Kind::TooMuch, &[b"its symbols are too many"]);
        return undefined;
    }
    wanted.retain(|wanted| !wanted.found);
    let key = |wanted: &Wanted| (wanted.by, wanted.at_call, wanted.hash);
    sort(&mut wanted, &|a, b| key(a) < key(b));
    for Wanted { name, version, by, at_call, .. } in wanted {
        let kind = if version.is_empty() { Kind::Symbol } else { Kind::SymbolVersion };
        let [name, version] = [name, version].map(|name| set.store.bytes(name));
        problems.add(kind, &[set.title(by), name, version]);
        undefined.push(Undefined { name, version, by, at_call });
    }
    undefined
}
