//! A program and all the libraries that it needs, found as its loader would find them.

use super::facts::{self, Facts, Machine};
use super::files::{Files, Opened};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::OnceCell;
use rt::Errno;
use rt::dl::cache::Cache;
use rt::dl::file::Identity;
use rt::dl::image::Fault;
use rt::dl::memory::{Arena, List};
use rt::dl::search::{Kind, Requester, Search, Visitor, Why, base_name, directory};
use rt::elf::consts::*;
use rt::elf::{Class, Dynamic, Elf, Source, c_str, gnu_hash};
use rt::fs::PATH_MAX;

/// More libraries, needs of libraries and places than anything real has: of what is hostile
/// no more are looked at.
const MOST_OBJECTS: usize = 16 << 10;
const MOST_NEEDS: usize = 64 << 10;
const MOST_PLACES: usize = 1 << 19;

/// A program or library.
pub struct Object {
    /// The name that it was asked for by.
    pub name: Vec<u8>,
    /// Where it is; empty where it wasn't found.
    pub path: Vec<u8>,
    /// Why it was found there.
    pub why: Why,
    /// Who asked for it first: an index.
    pub needed_by: usize,
    /// What it needs, in order: indices.
    pub needed: Vec<usize>,
    /// The directory that it is in: `$ORIGIN`.
    origin: Vec<u8>,
    identity: Identity,
    /// What is wrong with it: with the file at `path`, or ENOENT.
    pub fault: Option<Fault>,
    pub data: Option<Rc<dyn Source>>,
    /// None where something is wrong with it.
    pub facts: Option<Facts>,
    pub noexec: bool,
    /// Where it would be if RUNPATH were inherited, and whose RUNPATH that is.
    pub hint: Option<(usize, Vec<u8>)>,
}

impl Object {
    fn missing(name: &[u8], needed_by: usize) -> Object {
        Object {
            name: name.to_vec(),
            path: Vec::new(),
            why: Why::Default,
            needed_by,
            needed: Vec::new(),
            origin: Vec::new(),
            identity: (0, 0),
            fault: Some(Fault::Os(Errno::ENOENT)),
            data: None,
            facts: None,
            noexec: false,
            hint: None,
        }
    }

    fn new(name: &[u8], path: &[u8], opened: Opened, facts: Facts) -> Object {
        let origin = match directory(path) {
            b"" => b".",
            directory => directory,
        };
        Object {
            path: path.to_vec(),
            origin: origin.to_vec(),
            identity: opened.identity,
            fault: None,
            data: Some(opened.data),
            facts: Some(facts),
            noexec: opened.noexec,
            ..Object::missing(name, 0)
        }
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self.fault, Some(Fault::Os(Errno::ENOENT | Errno::ENOTDIR)))
    }

    /// The path, or else the name.
    pub fn title(&self) -> &[u8] {
        if self.path.is_empty() { &self.name } else { &self.path }
    }

    fn requester(&self) -> Requester<'_> {
        let facts = self.facts.as_ref();
        Requester {
            origin: &self.origin,
            rpath: facts.and_then(|facts| facts.rpath.as_deref()),
            runpath: facts.and_then(|facts| facts.runpath.as_deref()),
            no_default: facts.is_some_and(|facts| facts.no_default),
        }
    }
}

/// What the search depends on besides the files.
#[derive(Clone, Copy, Default)]
pub struct Settings<'s> {
    /// LD_LIBRARY_PATH
    pub library_path: Option<&'s [u8]>,
    /// LD_PRELOAD
    pub preload: Option<&'s [u8]>,
    pub platform: &'s [u8],
}

/// A program and all that it needs, in load order.
pub struct Set<'f> {
    files: &'f dyn Files,
    arena: &'f Arena,
    pub kind: Kind,
    pub machine: Machine,
    /// The first one is what was asked about; the interpreter is among them where it is
    /// needed.
    pub objects: Vec<Object>,
    /// The interpreter.
    pub loader: Option<Object>,
    /// Hashes of the names that objects go by, and whose they are.
    names: Vec<(u32, usize)>,
    /// Directories and whether they have `glibc-hwcaps`.
    directories: Vec<(Vec<u8>, bool)>,
    needs: usize,
    /// How many places were looked at, and how many of these in vain.
    pub places: usize,
    pub failed: usize,
    /// What went beyond what is looked at.
    pub too_much: Option<&'static str>,
}

/// The interpreter of libraries, which name none: glibc's and musl's.
const LOADERS: &[(u16, Class, &str, &str)] = &[
    (EM_X86_64, Class::Elf64, "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"),
    (EM_X86_64, Class::Elf32, "/libx32/ld-linux-x32.so.2", "/lib/ld-musl-x32.so.1"),
    (EM_386, Class::Elf32, "/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"),
    (EM_AARCH64, Class::Elf64, "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"),
    (EM_ARM, Class::Elf32, "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1"),
    (EM_RISCV, Class::Elf64, "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"),
    (EM_PPC64, Class::Elf64, "/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"),
    (EM_S390, Class::Elf64, "/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"),
];

impl<'f> Set<'f> {
    /// What is needed by the file at this path, which has been opened.
    ///
    /// # Errors
    /// Why the file itself can't be loaded.
    pub fn new(
        files: &'f dyn Files,
        arena: &'f Arena,
        settings: &Settings,
        path: &[u8],
        opened: Opened,
    ) -> Result<Set<'f>, Fault> {
        let facts = facts::read(arena, &*opened.data)?;
        let machine = facts.machine;
        let mut set = Set {
            files,
            arena,
            kind: Kind::Glibc,
            machine,
            objects: Vec::new(),
            loader: None,
            names: Vec::new(),
            directories: Vec::new(),
            needs: 0,
            places: 0,
            failed: 0,
            too_much: None,
        };
        let mut program = Object::new(path, path, opened, facts);
        let runs = program.requester();
        let dollar = |list: Option<&[u8]>| list.is_some_and(|list| list.contains(&b'$'));
        // However it is called, the directory that it is in counts.
        if (dollar(runs.rpath) || dollar(runs.runpath))
            && let Some(real) = files.real_path(path)
        {
            program.origin = directory(&real).to_vec();
        }
        program.why = Why::Path;
        set.find_loader(&program);
        set.add(program);
        set.find_all(settings)?;
        Ok(set)
    }

    fn find_loader(&mut self, program: &Object) {
        let Some(facts) = &program.facts else { return };
        let wanted = facts.interpreter.as_deref().or_else(|| {
            let (machine, encoding) = self.machine;
            let mut all = LOADERS.iter();
            let found = all.find(|row| (row.0, row.1) == (machine, encoding.class));
            // A library of musl's tells by the name of its libc.
            let mut is_other = |name: &[u8]| name != b"libc.so" && !name.starts_with(b"libc.musl-");
            let glibc = program.data.as_ref().is_none_or(|d| each_needed(&**d, &mut is_other));
            found.map(|row| if glibc { row.2 } else { row.3 }.as_bytes())
        });
        let Some(wanted) = wanted.filter(|_| facts.is_dynamic) else { return };
        self.kind = Kind::of(wanted);
        let mut loader = Object::missing(wanted, 0);
        loader.path = wanted.to_vec();
        loader.why = Why::Path;
        match self.files.open(wanted) {
            Err(fault) => loader.fault = Some(fault),
            Ok(opened) => match facts::read(self.arena, &*opened.data) {
                Err(fault) => loader.fault = Some(fault),
                Ok(facts) if facts.machine != self.machine => {
                    loader.fault = Some(Fault::Foreign("for another machine"));
                }
                Ok(facts) => {
                    let mode = opened.mode;
                    loader = Object::new(wanted, wanted, opened, facts);
                    if mode & 0o111 == 0 {
                        loader.fault = Some(Fault::Os(Errno::EACCES));
                    }
                }
            },
        }
        self.loader = Some(loader);
    }

    fn add(&mut self, object: Object) -> usize {
        let index = self.objects.len();
        self.names.push((gnu_hash(&object.name), index));
        let soname = object.facts.as_ref().and_then(|facts| facts.soname.as_deref());
        if let Some(soname) = soname.filter(|_| self.kind == Kind::Glibc) {
            self.names.push((gnu_hash(soname), index));
        }
        self.objects.push(object);
        index
    }

    /// The object that goes by this name.
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        let hash = gnu_hash(name);
        let same = |index: usize| {
            let object = self.objects.get(index)?;
            let soname = object.facts.as_ref().and_then(|facts| facts.soname.as_deref());
            let is = object.name == name || soname == Some(name) && self.kind == Kind::Glibc;
            is.then_some(index)
        };
        self.names.iter().filter(|row| row.0 == hash).find_map(|row| same(row.1))
    }

    fn find_all(&mut self, settings: &Settings) -> rt::Result<()> {
        let files = self.files;
        let opened = OnceCell::new();
        let small = |path: &[u8]| files.open(path).ok().map(|opened| opened.data);
        let whole = |data: &Rc<dyn Source>| data.get(0, data.size()).map(<[u8]>::to_vec);
        let bytes = |path: &[u8]| small(path).as_ref().and_then(whole);
        let cache = || {
            let data = opened.get_or_init(|| small(b"/etc/ld.so.cache"));
            let data = data.as_ref()?;
            Cache::new(data.get(0, data.size())?)
        };
        let path_file = match &self.loader {
            Some(loader) if self.kind == Kind::Musl => {
                let name = base_name(&loader.path);
                let name = name.strip_suffix(b".so.1").unwrap_or(name);
                bytes(&super::text(&[&"/etc/", &name, &".path"]))
            }
            _ => None,
        };
        let is_64 = self.machine.1.is_64();
        let search = Search {
            kind: self.kind,
            machine: self.machine.0,
            is_64,
            level: rt::arch::link::instruction_level,
            secure: false,
            library_path: settings.library_path,
            cache: &cache,
            path_file: path_file.as_deref(),
            platform: settings.platform,
        };
        let mut path = self.arena.list();
        self.preload(&search, settings.preload, &mut path, &bytes);
        let mut at = 0;
        while at < self.objects.len() {
            let data = self.objects.get(at).and_then(|object| object.data.clone());
            let mut needed = Vec::new();
            if let Some(data) = data {
                each_needed(&*data, &mut |name| {
                    self.needs += 1;
                    if self.needs > MOST_NEEDS || self.objects.len() >= MOST_OBJECTS {
                        self.too_much = Some("too many libraries are needed");
                        return false;
                    }
                    needed.push(self.library(&search, name, at, &mut path));
                    true
                });
            }
            if let Some(object) = self.objects.get_mut(at) {
                object.needed.append(&mut needed);
            }
            at += 1;
        }
        Ok(())
    }

    /// Adds what is loaded before all that the program needs; what isn't there is left out.
    fn preload(
        &mut self,
        search: &Search,
        list: Option<&[u8]>,
        path: &mut List<u8>,
        read: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) {
        let of_system = match self.kind {
            Kind::Glibc if self.loader.is_some() => read(b"/etc/ld.so.preload"),
            _ => None,
        };
        let lists = [list, of_system.as_deref()].into_iter().flatten();
        let split = |byte: &u8| matches!(byte, b' ' | b':' | b'\t' | b'\n');
        for name in lists.flat_map(|list| list.split(split)).filter(|name| !name.is_empty()) {
            let index = self.library(search, name, 0, path);
            let missing = self.objects.get(index).is_some_and(|object| object.fault.is_some());
            if missing && index > 0 {
                self.objects.truncate(index);
                self.names.retain(|row| row.1 < index);
            }
        }
    }

    /// The object with this name, which `by` needs: one that is there, or else it is looked
    /// for and added.
    fn library(&mut self, search: &Search, name: &[u8], by: usize, path: &mut List<u8>) -> usize {
        if let Some(index) = self.position(name) {
            return index;
        }
        if let Some(loader) = self.loader.as_ref().filter(|loader| self.is_loader(loader, name)) {
            let is_musl = self.kind == Kind::Musl;
            let object = Object {
                name: if is_musl { name.to_vec() } else { loader.name.clone() },
                path: loader.path.clone(),
                why: Why::Path,
                needed_by: by,
                data: loader.data.clone(),
                facts: loader.data.as_ref().and_then(|d| facts::read(self.arena, &**d).ok()),
                fault: loader.fault,
                identity: loader.identity,
                ..Object::missing(name, by)
            };
            let index = self.add(object);
            self.names.push((gnu_hash(name), index));
            return index;
        }
        let (objects, mut chain) = (&self.objects, Vec::new());
        let mut next = Some(by);
        while let Some((index, object)) = next.and_then(|at| Some((at, objects.get(at)?))) {
            chain.push((index, object.requester()));
            // Whoever asked came before.
            next = Some(object.needed_by).filter(|&by| by < index);
            // As long lists cost as much as looking at places.
            let long = |list: Option<&[u8]>| list.map_or(0, <[u8]>::len) / 64;
            self.places += long(object.requester().rpath);
        }
        let mut visit = Visit {
            files: self.files,
            arena: self.arena,
            objects,
            machine: self.machine,
            directories: &mut self.directories,
            places: self.places,
            failed: 0,
            found: None,
            problem: None,
        };
        let mut requesters = chain.iter().map(|link| link.1);
        search.look(name, &mut requesters, path, &mut visit);
        let (mut found, problem, failed) = (visit.found.take(), visit.problem.take(), visit.failed);
        let mut hint = None;
        if found.is_none() && problem.is_none() {
            hint = not_inherited(search, name, &chain, path, &mut visit);
            found = None;
        }
        self.places = visit.places;
        self.failed += failed;
        if self.places > MOST_PLACES {
            self.too_much = Some("libraries are looked for in too many places");
        }
        let object = match (found, problem) {
            (Some(Found::Same(index)), _) => {
                self.names.push((gnu_hash(name), index));
                return index;
            }
            (Some(Found::New(object)), _) => {
                Object { name: name.to_vec(), needed_by: by, ..*object }
            }
            (None, Some((path, fault))) => {
                Object { path, fault: Some(fault), ..Object::missing(name, by) }
            }
            (None, None) => Object { hint, ..Object::missing(name, by) },
        };
        self.add(object)
    }

    /// Whether a name means the interpreter.
    fn is_loader(&self, loader: &Object, name: &[u8]) -> bool {
        match self.kind {
            Kind::Glibc => {
                let soname = loader.facts.as_ref().and_then(|facts| facts.soname.as_deref());
                loader.fault.is_none() && (soname == Some(name) || loader.path == name)
            }
            // musl's libc, under all names that parts of one have.
            Kind::Musl => {
                let parts = ["c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."];
                let rest = name.strip_prefix(b"lib").unwrap_or_default();
                loader.path == name || parts.iter().any(|part| rest.starts_with(part.as_bytes()))
            }
        }
    }
}

/// Calls with each name in DT_NEEDED, until the call says false. Whether it never did.
fn each_needed(source: &dyn Source, call: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let dynamic = Elf::new(source).ok().and_then(Dynamic::new);
    let Some(dynamic) = dynamic else { return true };
    let strings = dynamic.strings().unwrap_or_default();
    let needed = dynamic.entries.iter().filter(|entry| entry.d_tag == DT_NEEDED);
    let names = needed.filter_map(|entry| c_str(strings, entry.d_val));
    let mut names = names.map(|name| name.get(..PATH_MAX).unwrap_or(name));
    names.all(|name| name.is_empty() || call(name))
}

/// Where a library would be if the RUNPATHs of those who brought its requester in counted.
fn not_inherited(
    search: &Search,
    name: &[u8],
    chain: &[(usize, Requester)],
    path: &mut List<u8>,
    visit: &mut Visit,
) -> Option<(usize, Vec<u8>)> {
    if search.kind == Kind::Musl || name.contains(&b'/') {
        return None;
    }
    let inherited = chain.iter().skip(1).filter(|link| link.1.runpath.is_some());
    for &(index, requester) in inherited {
        let only = Requester { no_default: true, ..requester };
        let search = Search { library_path: None, ..*search };
        search.look(name, &mut core::iter::once(only), path, visit);
        if let Some(Found::New(object)) = visit.found.take() {
            return Some((index, object.path));
        }
    }
    None
}

enum Found {
    /// It is there already, under another name.
    Same(usize),
    New(alloc::boxed::Box<Object>),
}

/// Opens what a search offers.
struct Visit<'v> {
    files: &'v dyn Files,
    arena: &'v Arena,
    objects: &'v [Object],
    machine: Machine,
    directories: &'v mut Vec<(Vec<u8>, bool)>,
    places: usize,
    failed: usize,
    found: Option<Found>,
    /// The first file that was there but can't be loaded.
    problem: Option<(Vec<u8>, Fault)>,
}

impl Visit<'_> {
    fn open(&self, path: &[u8], why: Why) -> Result<Found, Fault> {
        let opened = self.files.open(path)?;
        let same =
            |object: &Object| opened.identity != (0, 0) && object.identity == opened.identity;
        if let Some(index) = self.objects.iter().position(same) {
            return Ok(Found::Same(index));
        }
        let facts = facts::read(self.arena, &*opened.data)?;
        if facts.machine.1 != self.machine.1 {
            return Err(Fault::Foreign(match facts.machine.1.class {
                Class::Elf32 => "for 32-bit machines",
                Class::Elf64 => "for 64-bit machines of another byte order",
            }));
        }
        if facts.machine.0 != self.machine.0 {
            return Err(Fault::Foreign("for another machine"));
        }
        if facts.is_program {
            return Err(Fault::Bad("a program, not a library"));
        }
        let object = Object { why, ..Object::new(path, path, opened, facts) };
        Ok(Found::New(alloc::boxed::Box::new(object)))
    }
}

impl Visitor for Visit<'_> {
    fn has_hwcaps(&mut self, directory: &[u8]) -> bool {
        let known = self.directories.iter().find(|known| known.0 == directory);
        if let Some(&(_, has)) = known {
            return has;
        }
        let has = self.files.is_directory(&super::text(&[&directory, &"/glibc-hwcaps"]));
        if self.directories.len() < 64 {
            self.directories.push((directory.to_vec(), has));
        }
        has
    }

    fn take(&mut self, path: &[u8], why: Why) -> bool {
        self.places += 1;
        if self.places > MOST_PLACES {
            return true;
        }
        match self.open(path, why) {
            Ok(found) => {
                self.found = Some(found);
                true
            }
            Err(fault) => {
                self.failed += 1;
                let missing = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
                // Another place may have the right one; but what is broken is told.
                let foreign = matches!(fault, Fault::Foreign(_) | Fault::Os(_));
                if !missing && (self.problem.is_none() || !foreign) {
                    self.problem = Some((path.to_vec(), fault));
                }
                !foreign
            }
        }
    }
}
