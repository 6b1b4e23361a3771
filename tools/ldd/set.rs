//! A program and all the libraries that it needs, found as its loader would find them.

use super::facts::{self, Facts, MOST_NEEDS, Machine, Name};
use super::files::{Files, Opened};
use super::store::Store;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::OnceCell;
use rt::Errno;
use rt::dl::cache::Cache;
use rt::dl::file::Identity;
use rt::dl::image::{ENCODING, Fault};
use rt::dl::memory::List;
use rt::dl::search::{Kind, Requester, Search, Visitor, Why, base_name, directory};
use rt::elf::consts::*;
use rt::elf::{Class, Source};

/// More libraries and places than anything real has: of what is hostile no more are looked at.
const MOST_OBJECTS: usize = 16 << 10;
const MOST_PLACES: usize = 1 << 19;

/// A program or library.
#[derive(Clone, Copy)]
pub struct Object<'f> {
    /// The name that it was asked for by.
    pub name: &'f [u8],
    /// Where it is; empty where it wasn't found.
    pub path: &'f [u8],
    /// Why it was found there.
    pub why: Why,
    /// Who asked for it first: an index.
    pub needed_by: usize,
    /// Which of the set's needs are its own: the first one, and the one behind the last.
    needs: (usize, usize),
    /// The directory that it is in: `$ORIGIN`.
    origin: &'f [u8],
    identity: Identity,
    /// What is wrong with it: with the file at `path`, or ENOENT.
    pub fault: Option<Fault>,
    /// None where something is wrong with it.
    pub facts: Option<&'f Facts<'f>>,
    pub noexec: bool,
    /// Where it would be if RUNPATH were inherited, and whose RUNPATH that is.
    pub hint: Option<(usize, &'f [u8])>,
}

impl<'f> Object<'f> {
    fn missing(name: &'f [u8], needed_by: usize) -> Object<'f> {
        static MISSING: Object = Object {
            name: b"",
            path: b"",
            why: Why::Default,
            needed_by: 0,
            needs: (0, 0),
            origin: b"",
            identity: (0, 0),
            fault: Some(Fault::Os(Errno::ENOENT)),
            facts: None,
            noexec: false,
            hint: None,
        };
        Object { name, needed_by, ..MISSING }
    }

    /// The program that is asked about.
    ///
    /// # Errors
    /// Why it can't be loaded.
    pub fn read(store: &Store<'f>, path: &'f [u8], opened: &Opened) -> Result<Object<'f>, Fault> {
        let mut program = Object::missing(path, 0);
        program.found(path, opened, facts::read(store, &*opened.data)?);
        program.why = Why::Path;
        Ok(program)
    }

    /// It was found here.
    fn found(&mut self, path: &'f [u8], opened: &Opened, facts: &'f Facts<'f>) {
        self.path = path;
        self.origin = match directory(path) {
            b"" => b".",
            directory => directory,
        };
        (self.identity, self.noexec) = (opened.identity, opened.noexec);
        (self.fault, self.facts) = (None, Some(facts));
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self.fault, Some(Fault::Os(Errno::ENOENT | Errno::ENOTDIR)))
    }

    /// The path, or else the name.
    pub fn title(&self) -> &'f [u8] {
        if self.path.is_empty() { self.name } else { self.path }
    }

    fn soname(&self) -> Option<&'f [u8]> {
        self.facts.and_then(|facts| facts.soname)
    }

    fn requester(&self) -> Requester<'f> {
        Requester {
            origin: self.origin,
            rpath: self.facts.and_then(|facts| facts.rpath),
            runpath: self.facts.and_then(|facts| facts.runpath),
            no_default: self.facts.is_some_and(|facts| facts.no_default),
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

const CHAINS: usize = 64;

/// A number that tells most names apart.
fn hash(name: &[u8]) -> u32 {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |&bytes| u64::from_le_bytes(bytes));
    // Many begin alike, and end alike.
    let both = word(name.first_chunk()) ^ word(name.last_chunk()).rotate_left(20);
    ((both ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// A name that an object goes by.
struct Alias {
    hash: u32,
    /// Whose it is: an index.
    object: u32,
    /// How many names there were with the next one in the chain.
    next: u32,
}

/// A program and all that it needs, in load order.
pub struct Set<'f> {
    pub files: &'f dyn Files,
    pub store: &'f Store<'f>,
    pub kind: Kind,
    pub machine: Machine,
    /// The first one is what was asked about; the interpreter is among them where it is
    /// needed.
    pub objects: Vec<Object<'f>>,
    /// The interpreter.
    pub loader: Option<Object<'f>>,
    /// The names that objects go by, in chains, and the newest one of each chain: by the last
    /// bits of its hash, how many names there were with it.
    names: Vec<Alias>,
    newest: [u32; CHAINS],
    /// What each object needs, in order: indices.
    needs: Vec<u32>,
    /// Directories and whether they have `glibc-hwcaps`.
    directories: Vec<(&'f [u8], bool)>,
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
    /// An empty one.
    pub fn new(files: &'f dyn Files, store: &'f Store<'f>) -> Set<'f> {
        Set {
            files,
            store,
            kind: Kind::Glibc,
            machine: (0, ENCODING),
            objects: Vec::with_capacity(64),
            loader: None,
            names: Vec::new(),
            newest: [0; CHAINS],
            needs: Vec::with_capacity(512),
            directories: Vec::new(),
            places: 0,
            failed: 0,
            too_much: None,
        }
    }

    /// Finds all that this program needs.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn find(&mut self, settings: &Settings, mut program: Object<'f>) -> rt::Result<()> {
        let Some(facts) = program.facts else { return Ok(()) };
        self.machine = facts.machine;
        let dollar = |list: Option<&[u8]>| list.is_some_and(|list| list.contains(&b'$'));
        // However it is called, the directory that it is in counts.
        if (dollar(facts.rpath) || dollar(facts.runpath))
            && let Some(real) = self.files.real_path(program.path)
        {
            program.origin = self.store.bytes(directory(&real));
        }
        self.find_loader(facts);
        self.add(program);
        self.find_all(settings)?;
        if self.store.is_full() {
            self.too_much = Some("its names are too many");
        }
        Ok(())
    }

    #[inline(never)]
    fn find_loader(&mut self, facts: &Facts<'f>) {
        let wanted = facts.interpreter.or_else(|| {
            let (machine, encoding) = self.machine;
            let mut all = LOADERS.iter();
            let found = all.find(|row| (row.0, row.1) == (machine, encoding.class));
            // A library of musl's tells by the name of its libc.
            let is_musl = |name: &[u8]| name == b"libc.so" || name.starts_with(b"libc.musl-");
            let musl = facts.needed.iter().any(|needed| is_musl(needed.name));
            found.map(|row| if musl { row.3 } else { row.2 }.as_bytes())
        });
        let Some(wanted) = wanted.filter(|_| facts.is_dynamic) else { return };
        self.kind = Kind::of(wanted);
        let loader = self.loader.insert(Object::missing(wanted, 0));
        (loader.path, loader.why) = (wanted, Why::Path);
        let mut buffer = self.store.buffer.borrow_mut();
        let opened = self.files.open(wanted, &mut buffer);
        let facts = opened.as_ref().map_err(|fault| *fault);
        let facts = facts.and_then(|opened| facts::read(self.store, &*opened.data));
        loader.fault = match (opened, facts) {
            (Ok(opened), Ok(facts)) if facts.machine == self.machine => {
                loader.found(wanted, &opened, facts);
                (opened.mode & 0o111 == 0).then_some(Fault::Os(Errno::EACCES))
            }
            (_, Err(fault)) => Some(fault),
            _ => Some(Fault::Foreign(rt::text!("for another machine"))),
        };
    }

    fn add(&mut self, object: Object<'f>) -> usize {
        let index = self.objects.len();
        self.objects.push(object);
        self.goes_by(index, object.name);
        if let Some(soname) = object.soname().filter(|_| self.kind == Kind::Glibc) {
            self.goes_by(index, soname);
        }
        index
    }

    fn goes_by(&mut self, index: usize, name: &[u8]) {
        if self.position(name).is_none() {
            let (hash, object) = (hash(name), index as u32);
            let newest = &mut self.newest[hash as usize % CHAINS];
            self.names.push(Alias { hash, object, next: *newest });
            *newest = self.names.len() as u32;
        }
    }

    /// The object that goes by this name.
    #[inline(never)]
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        let hash = hash(name);
        let mut next = self.newest[hash as usize % CHAINS];
        loop {
            let alias = self.names.get((next as usize).wrapping_sub(1))?;
            if alias.hash == hash {
                let object = self.objects.get(alias.object as usize)?;
                let soname = object.soname().filter(|_| self.kind == Kind::Glibc);
                if object.name == name || soname == Some(name) {
                    return Some(alias.object as usize);
                }
            }
            next = alias.next;
        }
    }

    /// What an object needs, in order: indices.
    pub fn needs(&self, index: usize) -> &[u32] {
        let needs = self.objects.get(index).map(|object| object.needs);
        needs.and_then(|(from, to)| self.needs.get(from..to)).unwrap_or_default()
    }

    /// The title of the object with this index.
    pub fn title(&self, index: usize) -> &'f [u8] {
        self.objects.get(index).map_or(b"?", |object| object.title())
    }

    /// A file anew, for more than is known of it.
    pub fn data(&self, object: &Object) -> Option<Box<dyn Source + 'f>> {
        object.facts?;
        Some(self.files.open(object.path, &mut []).ok()?.data)
    }

    #[inline(never)]
    fn find_all(&mut self, settings: &Settings) -> rt::Result<()> {
        let (files, opened) = (self.files, OnceCell::new());
        let small = |path: &[u8]| files.open(path, &mut []).ok().map(|opened| opened.data);
        let bytes = |path: &[u8]| {
            let data = small(path)?;
            data.get(0, data.size()).map(<[u8]>::to_vec)
        };
        let cache = || {
            let data = opened.get_or_init(|| small(b"/etc/ld.so.cache")).as_ref()?;
            Cache::new(data.get(0, data.size())?)
        };
        let path_file = match &self.loader {
            Some(loader) if self.kind == Kind::Musl => {
                let name = base_name(loader.path);
                let name = name.strip_suffix::<[u8]>(b".so.1").unwrap_or(name);
                bytes(&super::text(&[&"/etc/", &name, &".path"]))
            }
            _ => None,
        };
        let search = Search {
            kind: self.kind,
            machine: self.machine.0,
            is_64: self.machine.1.is_64(),
            level: rt::arch::link::instruction_level,
            secure: false,
            library_path: settings.library_path,
            cache: &cache,
            path_file: path_file.as_deref(),
            platform: settings.platform,
        };
        let mut path = self.store.arena.list();
        self.preload(&search, settings.preload, &mut path, &bytes);
        let mut at = 0;
        while let Some(&object) = self.objects.get(at) {
            let from = self.needs.len();
            for Name { name, .. } in object.facts.map_or(&[][..], |facts| facts.needed) {
                if self.needs.len() >= MOST_NEEDS || self.objects.len() >= MOST_OBJECTS {
                    self.too_much = Some("too many libraries are needed");
                    break;
                }
                let index = self.library(&search, name, at, &mut path);
                self.needs.push(index as u32);
            }
            if let Some(object) = self.objects.get_mut(at) {
                object.needs = (from, self.needs.len());
            }
            at += 1;
        }
        Ok(())
    }

    /// Adds what is loaded before all that the program needs; what isn't there is left out.
    #[inline(never)]
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
        for list in [list, of_system.as_deref()].into_iter().flatten() {
            for name in list.split(|byte| matches!(byte, b' ' | b':' | b'\t' | b'\n')) {
                if name.is_empty() {
                    continue;
                }
                let index = self.library(search, self.store.bytes(name), 0, path);
                let missing = self.objects.get(index).is_some_and(|object| object.fault.is_some());
                if missing && index > 0 {
                    self.objects.truncate(index);
                    let its_own = |alias: &mut Alias| alias.object as usize >= index;
                    while let Some(alias) = self.names.pop_if(its_own) {
                        self.newest[alias.hash as usize % CHAINS] = alias.next;
                    }
                }
            }
        }
    }

    /// The object with this name, which `by` needs: one that is there, or else it is looked
    /// for and added.
    fn library(
        &mut self,
        search: &Search,
        name: &'f [u8],
        by: usize,
        path: &mut List<u8>,
    ) -> usize {
        if let Some(index) = self.position(name) {
            return index;
        }
        let mut object = Object::missing(name, by);
        let same = match self.loader.as_ref().filter(|loader| self.is_loader(loader, name)) {
            Some(loader) => {
                let name = if self.kind == Kind::Musl { name } else { loader.name };
                object = Object { name, needed_by: by, ..*loader };
                None
            }
            None => self.look(search, &mut object, path),
        };
        let index = same.unwrap_or_else(|| self.add(object));
        if object.name != name || same.is_some() {
            self.goes_by(index, name);
        }
        index
    }

    /// Looks for a library. Where it is one of the objects, under another name, that is the
    /// result.
    #[inline(never)]
    fn look(
        &mut self,
        search: &Search,
        object: &mut Object<'f>,
        path: &mut List<u8>,
    ) -> Option<usize> {
        // Whoever asked came before.
        let objects = core::mem::take(&mut self.objects);
        let asked = |&at: &usize| objects.get(at).map(|o| o.needed_by).filter(|&by| by < at);
        let chain = || core::iter::successors(Some(object.needed_by), asked);
        let requester = |at: usize| objects.get(at).map(Object::requester).unwrap_or_default();
        // As long lists cost as much as looking at places.
        let long = |at: usize| requester(at).rpath.map_or(0, <[u8]>::len) / 64;
        self.places += chain().map(long).sum::<usize>();
        let (name, by, mut chain) = (object.name, object.needed_by, chain());
        let mut visit = Visit { set: self, objects: &objects, object: &mut *object, same: None };
        search.look(name, &mut chain.by_ref().map(requester), path, &mut visit);
        let same = visit.same;
        if same.is_none() && visit.object.is_missing() && visit.object.path.is_empty() {
            let failed = visit.set.failed;
            let mut other = Object::missing(name, by);
            visit.object = &mut other;
            let chain = core::iter::successors(Some(by), asked);
            let hint = not_inherited(search, &mut chain.map(|at| (at, requester(at))), path, visit);
            object.hint = hint;
            self.failed = failed;
        }
        if self.places > MOST_PLACES {
            self.too_much = Some("libraries are looked for in too many places");
        }
        self.objects = objects;
        same
    }

    /// Whether a name means the interpreter.
    fn is_loader(&self, loader: &Object, name: &[u8]) -> bool {
        match self.kind {
            Kind::Glibc => {
                loader.fault.is_none() && (loader.soname() == Some(name) || loader.path == name)
            }
            // musl's libc, under all names that parts of one have.
            Kind::Musl => {
                let parts = b"c.\0pthread.\0rt.\0m.\0dl.\0util.\0xnet.";
                let rest = name.strip_prefix::<[u8]>(b"lib").unwrap_or_default();
                let mut parts = parts.split(|&byte| byte == 0);
                loader.path == name || parts.any(|part| rest.starts_with(part))
            }
        }
    }
}

/// Where a library would be if the RUNPATHs of those who brought its requester in counted.
#[inline(never)]
fn not_inherited<'f>(
    search: &Search,
    chain: &mut dyn Iterator<Item = (usize, Requester<'f>)>,
    path: &mut List<u8>,
    mut visit: Visit<'_, 'f>,
) -> Option<(usize, &'f [u8])> {
    let name = visit.object.name;
    if search.kind == Kind::Musl || name.contains(&b'/') {
        return None;
    }
    let search = Search { library_path: None, ..*search };
    for (index, requester) in chain.skip(1).filter(|link| link.1.runpath.is_some()) {
        let only = Requester { no_default: true, ..requester };
        search.look(name, &mut core::iter::once(only), path, &mut visit);
        if visit.same.take().is_none() && visit.object.fault.is_none() {
            return Some((index, visit.object.path));
        }
    }
    None
}

/// Opens what a search offers.
struct Visit<'v, 'f> {
    set: &'v mut Set<'f>,
    objects: &'v [Object<'f>],
    /// What is looked for; what was found, or the first file that was there but can't be
    /// loaded.
    object: &'v mut Object<'f>,
    /// It is there already, under another name.
    same: Option<usize>,
}

impl Visit<'_, '_> {
    fn open(&mut self, path: &[u8], why: Why) -> Result<(), Fault> {
        let (store, machine) = (self.set.store, self.set.machine);
        let mut buffer = store.buffer.borrow_mut();
        let opened = self.set.files.open(path, &mut buffer)?;
        let is = |object: &Object| opened.identity != (0, 0) && object.identity == opened.identity;
        self.same = self.objects.iter().position(is);
        if self.same.is_some() {
            return Ok(());
        }
        let facts = facts::read(store, &*opened.data)?;
        if facts.machine.1 != machine.1 {
            return Err(Fault::Foreign(match facts.machine.1.class {
                Class::Elf32 => rt::text!("for 32-bit machines"),
                Class::Elf64 => rt::text!("for 64-bit machines of another byte order"),
            }));
        }
        if facts.machine.0 != machine.0 {
            return Err(Fault::Foreign(rt::text!("for another machine")));
        }
        if facts.is_program {
            return Err(Fault::Bad(rt::text!("a program, not a library")));
        }
        self.object.why = why;
        self.object.found(store.bytes(path), &opened, facts);
        Ok(())
    }
}

impl Visitor for Visit<'_, '_> {
    fn has_hwcaps(&mut self, directory: &[u8]) -> bool {
        let known = self.set.directories.iter().find(|known| known.0 == directory);
        if let Some(&(_, has)) = known {
            return has;
        }
        let has = self.set.files.is_directory(&super::text(&[&directory, &"/glibc-hwcaps"]));
        if self.set.directories.len() < 64 {
            let directory = self.set.store.bytes(directory);
            self.set.directories.push((directory, has));
        }
        has
    }

    fn take(&mut self, path: &[u8], why: Why) -> bool {
        self.set.places += 1;
        if self.set.places > MOST_PLACES {
            return true;
        }
        let Err(fault) = self.open(path, why) else { return true };
        self.set.failed += 1;
        let missing = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
        // Another place may have the right one; but what is broken is told.
        let foreign = matches!(fault, Fault::Foreign(_) | Fault::Os(_));
        if !missing && (self.object.is_missing() || !foreign) {
            (self.object.path, self.object.fault) = (self.set.store.bytes(path), Some(fault));
        }
        !foreign
    }
}
