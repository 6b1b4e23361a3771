//! Which libraries a program needs, where they are, and whether all fits together: the first
//! stage, after which nothing has been mapped that could be run.

use super::file::{Contents, Files, Identity, real_path};
use super::image::{DF_1_NODEFLIB, DF_1_PIE, ENCODING, Fault, Image};
use super::memory::{Arena, List};
use super::search::{Requester, Search, Visitor, Why, base_name, directory};
use super::versions;
use crate::elf::consts::*;
use crate::elf::{Source, sysv_hash};
use crate::errno::Errno;
use crate::fmt::{Put, dec};
use crate::fs::PATH_MAX;
use crate::io::BufWriter;
use core::ffi::CStr;

/// Why something can't be loaded: which file, and what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Error<'a> {
    /// The file.
    pub file: &'a [u8],
    /// What is wrong.
    pub cause: Cause<'a>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// It can't be loaded.
    Fault(Fault),
    /// There is no such library; who needs it.
    NotFound(&'a [u8]),
    /// It lacks a version that somebody needs: the version, and who.
    Version(&'a [u8], &'a [u8]),
    /// A symbol that nobody has, and its version, or none.
    Undefined(&'a [u8], &'a [u8]),
    /// It is a C library, which has a loader of its own.
    CLibrary(&'a [u8]),
    /// What `file` says is all there is to say.
    Told,
    /// A sentence, and a number that it ends with.
    Number(&'static str, u64),
    /// A sentence, and the name of a symbol that it ends with.
    Name(&'static str, &'a [u8]),
}

impl<'a> Error<'a> {
    /// A file that can't be loaded.
    #[inline]
    pub fn new(file: &'a [u8], fault: impl Into<Fault>) -> Error<'a> {
        Error { file, cause: Cause::Fault(fault.into()) }
    }
}

/// Memory that isn't there, or another thing that has nothing to do with a file.
impl From<Errno> for Error<'_> {
    #[cold]
    #[inline]
    fn from(error: Errno) -> Self {
        Error::new(b"lx", error)
    }
}

/// `FILE: what is wrong`.
impl Put for Error<'_> {
    #[inline]
    fn put(&self, out: &mut BufWriter) {
        let Error { file, cause } = *self;
        crate::put!(out, file);
        if let Cause::Told = cause {
            return;
        }
        crate::put!(out, ": ");
        match cause {
            Cause::Told => {}
            Cause::Fault(Fault::Os(errno)) => errno.put(out),
            Cause::Fault(Fault::Foreign(text) | Fault::Bad(text)) => text.put(out),
            Cause::NotFound(by) => crate::put!(out, "no such library (needed by ", by, ")"),
            Cause::Version(version, by) => {
                crate::put!(out, "version '", version, "' not found (needed by ", by, ")");
            }
            Cause::Undefined(name, b"") => crate::put!(out, "undefined symbol: ", name),
            Cause::Undefined(name, version) => {
                crate::put!(out, "undefined symbol: ", name, ", version ", version);
            }
            Cause::CLibrary(name) => {
                crate::put!(out, "needs ", name, ", which only its own loader can start: ");
                crate::put!(out, "use lx ldso --exec");
            }
            Cause::Number(text, number) => crate::put!(out, text, dec(number)),
            Cause::Name(text, name) => crate::put!(out, text, name),
        }
    }
}

/// A program or library of a plan.
#[derive(Clone, Copy)]
pub struct Planned<'a, F> {
    /// The name that it was asked for by.
    pub name: &'a [u8],
    /// Where it is; what was asked for where it wasn't found.
    pub path: &'a CStr,
    /// The directory of the file: `$ORIGIN`.
    pub origin: &'a [u8],
    /// DT_SONAME; empty for none.
    pub soname: &'a [u8],
    /// DT_RPATH
    pub rpath: Option<&'a [u8]>,
    /// DT_RUNPATH
    pub runpath: Option<&'a [u8]>,
    /// Why it was found there.
    pub why: Why,
    /// Who asked for it first: an index into the plan; of the program its own.
    pub needed_by: usize,
    /// What it needs, in order: indices into the plan.
    pub needed: &'a [usize],
    /// Which file it is.
    pub identity: Identity,
    /// What is wrong with it, where the plan goes on in spite of that.
    pub fault: Option<Fault>,
    /// What it asks for; none where something is wrong with it.
    pub image: Option<&'a Image<'a>>,
    /// Its bytes, until they are taken away.
    pub file: Option<F>,
    /// Whether it is the program, not a library.
    pub is_program: bool,
    /// Whoever made the plan may put a number here: where it was loaded already.
    pub loaded: Option<usize>,
}

impl<'a, F: Contents> Planned<'a, F> {
    /// A file that was checked, at this path.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn of(
        arena: &'a Arena,
        path: &'a CStr,
        image: &'a Image<'a>,
        source: &dyn Source,
        file: F,
    ) -> crate::Result<Planned<'a, F>> {
        let string = |at: Option<u64>| -> crate::Result<Option<&'a [u8]>> {
            let text = at.and_then(|at| image.string(source, at));
            text.map(|text| arena.bytes(text)).transpose()
        };
        let origin = directory(path.to_bytes());
        Ok(Planned {
            name: path.to_bytes(),
            path,
            origin: if origin.is_empty() { b"." } else { origin },
            soname: string(image.tables.soname)?.unwrap_or_default(),
            rpath: string(image.tables.rpath)?,
            runpath: string(image.tables.runpath)?,
            why: Why::Path,
            needed_by: 0,
            needed: &[],
            identity: (0, 0),
            fault: None,
            image: Some(image),
            file: Some(file),
            loaded: None,
            is_program: false,
        })
    }

    /// The directory that the file is in, however it is called, where that matters to it.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn real_origin(&self, arena: &'a Arena, path: &[u8]) -> crate::Result<&'a [u8]> {
        let has_token = |list: Option<&[u8]>| list.is_some_and(|list| list.contains(&b'$'));
        if !has_token(self.rpath) && !has_token(self.runpath) {
            return Ok(self.origin);
        }
        let mut buffer = [0; PATH_MAX];
        arena.bytes(directory(real_path(path, &mut buffer)))
    }
}

/// What a plan tells of its progress.
pub trait Watch {
    /// A place was looked at; whether the library was there.
    fn tried(&mut self, name: &[u8], path: &[u8], why: Why, fault: Option<Fault>);
}

/// How a plan deals with what is not in order.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Go on where a library is missing or broken: it is in the plan with its fault.
    pub keep_going: bool,
    /// What is left out: the C library of a process that has none.
    pub without: fn(&[u8]) -> bool,
    /// What makes the plan fail: libraries that need their own loader.
    pub refuse: fn(&[u8]) -> bool,
    /// Where libraries are looked for.
    pub search: Search<'a>,
}

/// The program, what was loaded before, and all that these need, in load order.
pub struct Plan<'a, F: Contents> {
    arena: &'a Arena,
    /// Breadth first, each once.
    pub objects: List<'a, Planned<'a, F>>,
    path: List<'a, u8>,
    /// Directories and whether they have a `glibc-hwcaps`.
    directories: List<'a, (&'a [u8], bool)>,
    /// How many paths were tried in vain.
    pub failed_opens: usize,
}

impl<F: Contents> Drop for Plan<'_, F> {
    #[inline]
    fn drop(&mut self) {
        for object in self.objects.iter_mut() {
            if let Some(file) = object.file.take() {
                file.release();
            }
        }
    }
}

type Outcome<'a, T> = core::result::Result<T, Error<'a>>;

impl<'a, F: Contents> Plan<'a, F> {
    /// An empty plan.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn new(arena: &'a Arena) -> crate::Result<Plan<'a, F>> {
        let objects = arena.list(8)?;
        let (path, directories) = (arena.list(256)?, arena.list(0)?);
        Ok(Plan { arena, objects, path, directories, failed_opens: 0 })
    }

    /// Adds the program that is in this file.
    ///
    /// # Errors
    /// That it can't be loaded.
    #[inline]
    pub fn add_file(&mut self, files: &mut dyn Files<File = F>, path: &[u8]) -> Outcome<'a, usize> {
        let path = self.arena.c_str(path)?;
        let name = path.to_bytes();
        let opened = files.open(name).and_then(|(file, identity)| {
            self.add(name, path, file, identity, Why::Path, self.objects.len())
        });
        let index = opened.map_err(|fault| Error::new(name, fault))?;
        if let Some(program) = self.objects.get_mut(index) {
            program.is_program = true;
        }
        Ok(index)
    }

    /// Adds what is loaded already.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn add_loaded(&mut self, object: Planned<'a, F>) -> crate::Result<usize> {
        self.objects.push(object)?;
        Ok(self.objects.len() - 1)
    }

    #[inline]
    fn add(
        &mut self,
        name: &'a [u8],
        path: &'a CStr,
        file: F,
        identity: Identity,
        why: Why,
        needed_by: usize,
    ) -> core::result::Result<usize, Fault> {
        let added = self.planned(name, path, file, identity, why, needed_by);
        if added.is_err() {
            file.release();
        }
        self.objects.push(added?)?;
        Ok(self.objects.len() - 1)
    }

    #[inline]
    fn planned(
        &mut self,
        name: &'a [u8],
        path: &'a CStr,
        file: F,
        identity: Identity,
        why: Why,
        needed_by: usize,
    ) -> core::result::Result<Planned<'a, F>, Fault> {
        let image = &*self.arena.place(Image::read(self.arena, &file)?)?;
        let mut planned = Planned::of(self.arena, path, image, &file, file)?;
        // Of the program the real path counts, however it was called.
        if needed_by == self.objects.len() {
            planned.origin = planned.real_origin(self.arena, path.to_bytes())?;
        }
        Ok(Planned { name, why, needed_by, identity, ..planned })
    }

    /// Finds what object number `from` and all after it need, and adds it.
    ///
    /// # Errors
    /// The first library that is missing or can't be loaded.
    #[inline]
    pub fn add_needed(
        &mut self,
        files: &mut dyn Files<File = F>,
        rules: &Rules,
        watch: &mut dyn Watch,
        from: usize,
    ) -> Outcome<'a, ()> {
        let mut next = from;
        while let Some(&Planned { image, file, path, loaded: None, .. }) = self.objects.get(next) {
            let (Some(image), Some(file)) = (image, file) else {
                next += 1;
                continue;
            };
            let mut needed = self.arena.list(8)?;
            for name in image.needed(&file) {
                if (rules.without)(name) {
                    continue;
                }
                let name = self.arena.bytes(name)?;
                if (rules.refuse)(name) {
                    return Err(Error { file: path.to_bytes(), cause: Cause::CLibrary(name) });
                }
                let index = self.library(files, rules, watch, name, next)?;
                needed.push(index)?;
            }
            if let Some(object) = self.objects.get_mut(next) {
                object.needed = needed.into_slice();
            }
            next += 1;
        }
        Ok(())
    }

    /// The library with this name, which object `needed_by` needs: one that is there, or
    /// else it is looked for and added.
    ///
    /// # Errors
    /// That it is missing or can't be loaded, unless the rules say to go on.
    #[inline]
    pub fn library(
        &mut self,
        files: &mut dyn Files<File = F>,
        rules: &Rules,
        watch: &mut dyn Watch,
        name: &'a [u8],
        needed_by: usize,
    ) -> Outcome<'a, usize> {
        if let Some(index) = self.position(name) {
            return Ok(index);
        }
        let mut path = core::mem::replace(&mut self.path, self.arena.list(0)?);
        let mut visit =
            Visit { plan: self, files, watch, name, needed_by, found: None, problem: None };
        let chain = Chain { at: Some(needed_by), objects: &visit.plan.objects };
        // The chain borrows the objects, which the visit changes: a copy of the few.
        let mut requesters = visit.plan.arena.list(4)?;
        for requester in chain {
            requesters.push(requester)?;
        }
        let mut requesters = requesters.iter().copied();
        rules.search.look(name, &mut requesters, &mut path, &mut visit);
        let (found, problem) = (visit.found, visit.problem);
        self.path = path;
        if let Some(index) = found {
            return Ok(index);
        }
        let by = self.objects.get(needed_by).map_or(&b""[..], |object| object.path.to_bytes());
        let error = match problem {
            Some((path, fault)) => Error { file: path, cause: Cause::Fault(fault) },
            None => Error { file: name, cause: Cause::NotFound(by) },
        };
        if !rules.keep_going {
            return Err(error);
        }
        let fault = problem.map_or(Fault::Os(Errno::ENOENT), |(_, fault)| fault);
        let path = self.arena.c_str(error.file)?;
        let missing = Planned {
            name,
            path,
            origin: b"",
            soname: b"",
            rpath: None,
            runpath: None,
            why: Why::Default,
            needed_by,
            needed: &[],
            identity: (0, 0),
            fault: Some(fault),
            image: None,
            file: None,
            loaded: None,
            is_program: false,
        };
        self.objects.push(missing)?;
        Ok(self.objects.len() - 1)
    }

    /// The object that goes by this name.
    #[inline]
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        let with_slash = name.contains(&b'/');
        self.objects.iter().position(|object| {
            object.name == name
                || !with_slash && (object.soname == name)
                || with_slash && object.path.to_bytes() == name
        })
    }

    /// Whether all versions of symbols that each new object needs are there.
    ///
    /// # Errors
    /// The first one that isn't.
    #[inline]
    pub fn check_versions(&self) -> Outcome<'a, ()> {
        for object in self.objects.iter().filter(|object| object.loaded.is_none()) {
            each_version(object, &mut |library, version, weak| {
                let Some(provider) = self.position(library).and_then(|at| self.objects.get(at))
                else {
                    return Ok(());
                };
                if weak || defines(provider, version) {
                    return Ok(());
                }
                let version = self.arena.bytes(version).unwrap_or(b"?");
                let by = object.path.to_bytes();
                Err(Error { file: provider.path.to_bytes(), cause: Cause::Version(version, by) })
            })?;
        }
        Ok(())
    }
}

/// Who needs something, who needs that, and so on up to the program.
struct Chain<'p, 'a, F> {
    at: Option<usize>,
    objects: &'p [Planned<'a, F>],
}

impl<'a, F> Iterator for Chain<'_, 'a, F> {
    type Item = Requester<'a>;

    #[inline]
    fn next(&mut self) -> Option<Requester<'a>> {
        let index = self.at?;
        let object = self.objects.get(index)?;
        // Whoever asked came before.
        self.at = Some(object.needed_by).filter(|&by| by < index);
        let flags = object.image.map_or(0, |image| image.tables.flags_1);
        Some(Requester {
            origin: object.origin,
            rpath: object.rpath,
            runpath: object.runpath,
            no_default: flags & DF_1_NODEFLIB != 0,
        })
    }
}

/// Opens what a search offers.
struct Visit<'v, 'a, F: Contents> {
    plan: &'v mut Plan<'a, F>,
    files: &'v mut dyn Files<File = F>,
    watch: &'v mut dyn Watch,
    name: &'a [u8],
    needed_by: usize,
    found: Option<usize>,
    /// The first file that was there but can't be loaded.
    problem: Option<(&'a [u8], Fault)>,
}

impl<F: Contents> Visit<'_, '_, F> {
    #[inline]
    fn open(&mut self, path: &[u8], why: Why) -> core::result::Result<usize, Fault> {
        let (file, identity) = self.files.open(path)?;
        let same = |object: &Planned<F>| identity != (0, 0) && object.identity == identity;
        if let Some(index) = self.plan.objects.iter().position(same) {
            file.release();
            return Ok(index);
        }
        let path = self.plan.arena.c_str(path);
        let path = path.inspect_err(|_| file.release())?;
        let index = self.plan.add(self.name, path, file, identity, why, self.needed_by)?;
        let image = self.plan.objects.get(index).and_then(|object| object.image);
        let is_program =
            |image: &Image| image.e_type != ET_DYN || image.tables.flags_1 & DF_1_PIE != 0;
        if image.is_some_and(is_program) {
            file.release();
            self.plan.objects.truncate(index);
            return Err(Fault::Bad("a program, not a library"));
        }
        Ok(index)
    }
}

impl<F: Contents> Visitor for Visit<'_, '_, F> {
    #[inline]
    fn has_hwcaps(&mut self, directory: &[u8]) -> bool {
        let known = self.plan.directories.iter().find(|known| known.0 == directory);
        if let Some(&(_, has)) = known {
            return has;
        }
        let mut has = || {
            let mut path = self.plan.arena.list(directory.len() + 16)?;
            path.extend(directory)?;
            path.extend(b"/glibc-hwcaps")?;
            let has = self.files.is_directory(&path);
            self.plan.directories.push((self.plan.arena.bytes(directory)?, has))?;
            Ok::<_, Errno>(has)
        };
        has().unwrap_or(false)
    }

    #[inline]
    fn take(&mut self, path: &[u8], why: Why) -> bool {
        let opened = self.open(path, why);
        self.watch.tried(self.name, path, why, opened.err());
        match opened {
            Ok(index) => self.found = Some(index),
            Err(fault) => {
                self.plan.failed_opens += 1;
                let missing = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
                // Another place may have the right one; but what is broken is told.
                let foreign = matches!(fault, Fault::Foreign(_) | Fault::Os(_));
                if !missing && (self.problem.is_none() || !foreign) {
                    let path = self.plan.arena.bytes(path).unwrap_or(self.name);
                    self.problem = Some((path, fault));
                }
                return !foreign;
            }
        }
        true
    }
}

type EachVersion<'e, 'a> = &'e mut dyn FnMut(&[u8], &[u8], bool) -> Outcome<'a, ()>;

/// Calls with each version that an object needs: of which library, its name, whether it is
/// weak.
///
/// # Errors
/// The first one of the calls.
#[inline]
pub fn each_version<'a, F: Contents>(
    object: &Planned<F>,
    call: EachVersion<'_, 'a>,
) -> Outcome<'a, ()> {
    let (Some(image), Some(file)) = (object.image, object.file) else { return Ok(()) };
    let needs = image.bytes(&file, image.tables.verneed).unwrap_or_default();
    let mut outcome = Ok(());
    versions::needs(ENCODING, needs, &mut |library, entry| {
        let string = |at: u32| image.string(&file, at.into()).unwrap_or_default();
        let weak = entry.vna_flags & VER_FLG_WEAK != 0;
        outcome = call(string(library), string(entry.vna_name), weak);
        outcome.is_ok()
    });
    outcome
}

/// Whether an object defines a version; one that defines none at all is taken as it is.
#[inline]
pub fn defines<F: Contents>(object: &Planned<F>, version: &[u8]) -> bool {
    let (Some(image), Some(file)) = (object.image, object.file) else { return true };
    let definitions = image.bytes(&file, image.tables.verdef).unwrap_or_default();
    let (hash, mut found) = (sysv_hash(version), definitions.is_empty());
    versions::definitions(ENCODING, definitions, &mut |def, name| {
        let same = || image.string(&file, name.into()) == Some(version);
        found |= def.vd_hash == hash && same();
        !found
    });
    found
}

/// The libraries that are part of a C library, or its loader: these can't be loaded by
/// another one.
#[inline]
pub fn is_c_library(name: &[u8]) -> bool {
    let name = base_name(name);
    let starts = |prefixes: &[&[u8]]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    starts(&[
        b"libc.so.6",
        b"libc.musl-",
        b"ld-linux",
        b"ld-musl-",
        b"ld64.so",
        b"libpthread.so.0",
        b"libdl.so.2",
        b"librt.so.1",
    ]) || name == b"libc.so"
}

#[cfg(test)]
mod tests {
    use super::super::search::Kind;
    use super::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// Files in memory, by path.
    struct Shelf<'f>(Vec<(&'f str, &'f [u8])>);

    impl<'f> Files for Shelf<'f> {
        type File = &'f [u8];

        fn open(&mut self, path: &[u8]) -> core::result::Result<(&'f [u8], Identity), Fault> {
            let at = self.0.iter().position(|file| file.0.as_bytes() == path);
            let at = at.ok_or(Fault::Os(Errno::ENOENT))?;
            Ok((self.0[at].1, (1, at as u64 + 1)))
        }

        fn is_directory(&mut self, _: &[u8]) -> bool {
            false
        }
    }

    struct Quiet;

    impl Watch for Quiet {
        fn tried(&mut self, _: &[u8], _: &[u8], _: Why, _: Option<Fault>) {}
    }

    const RULES: Rules = Rules {
        keep_going: true,
        without: |_| false,
        refuse: |_| false,
        search: Search {
            kind: Kind::Glibc,
            machine: EM_X86_64,
            is_64: true,
            level: || 1,
            secure: false,
            library_path: Some(b"/l"),
            cache: &|| None,
            path_file: None,
            platform: b"x86_64",
        },
    };

    const PROGRAM: &[u8] = include_bytes!("../../../fixtures/bin/program-x86_64");
    const LIBRARY: &[u8] = include_bytes!("../../../fixtures/bin/libone-x86_64.so");
    const FOREIGN: &[u8] = include_bytes!("../../../fixtures/bin/libone-aarch64.so");

    /// What a plan of these files has: a row for each object, and what is wrong.
    fn planned(files: &[(&str, &[u8])], rules: &Rules) -> (Vec<String>, Option<String>) {
        let arena = Arena::new();
        let mut shelf = Shelf(files.to_vec());
        let mut plan = Plan::new(&arena).unwrap();
        let text = |error: Error| {
            let mut text = super::super::file::Text::<200>::new();
            text.put(&[&error]);
            String::from_utf8_lossy(text.bytes()).into_owned()
        };
        let done = plan.add_file(&mut shelf, b"/p").and_then(|_| {
            plan.add_needed(&mut shelf, rules, &mut Quiet, 0)?;
            plan.check_versions()
        });
        let row = |object: &Planned<&[u8]>| {
            let path = object.path.to_str().unwrap_or("?");
            std::format!("{path} {:?}", object.fault)
        };
        (plan.objects.iter().map(row).collect(), done.err().map(text))
    }

    #[test]
    fn finds_what_is_there_and_tells_what_is_not() {
        let (rows, error) = planned(&[("/p", PROGRAM), ("/l/libone.so.1", LIBRARY)], &RULES);
        let missing = "libbase.so Some(Os(ENOENT))".to_string();
        assert_eq!(rows[..2], ["/p None".to_string(), "/l/libone.so.1 None".to_string()]);
        assert!(rows.contains(&missing), "{rows:?}");
        assert_eq!(error, None);
        let rules = Rules { keep_going: false, ..RULES };
        let (_, error) = planned(&[("/p", PROGRAM), ("/l/libone.so.1", LIBRARY)], &rules);
        assert_eq!(error.unwrap(), "libbase.so: no such library (needed by /l/libone.so.1)");
        // For another machine: it is passed over, and told where there is no other.
        let (_, error) = planned(&[("/p", PROGRAM), ("/l/libone.so.1", FOREIGN)], &rules);
        assert_eq!(error.unwrap(), "/l/libone.so.1: for another machine");
        let rules = Rules { refuse: |name| name == b"libone.so.1", ..rules };
        let (_, error) = planned(&[("/p", PROGRAM)], &rules);
        assert!(error.unwrap().ends_with("use lx ldso --exec"));
        let (_, error) = planned(&[("/p", b"#!/bin/sh")], &RULES);
        assert_eq!(error.unwrap(), "/p: a script, not an ELF file");
    }

    #[test]
    fn any_bytes_are_planned_or_refused() {
        for end in (0..PROGRAM.len()).step_by(8) {
            planned(&[("/p", &PROGRAM[..end]), ("/l/libone.so.1", LIBRARY)], &RULES);
        }
        for end in (0..LIBRARY.len()).step_by(8) {
            planned(&[("/p", PROGRAM), ("/l/libone.so.1", &LIBRARY[..end])], &RULES);
        }
        let mut seed = 1u32;
        for round in 0..4000 {
            let (mut program, mut library) = (PROGRAM.to_vec(), LIBRARY.to_vec());
            for _ in 0..1 + round % 4 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let bytes = if seed >> 31 == 0 { &mut program } else { &mut library };
                let at = (seed >> 8) as usize % bytes.len();
                bytes[at] = match seed & 3 {
                    0 => 0xff,
                    1 => 0,
                    2 => bytes[at] ^ 1 << (seed >> 2 & 7),
                    _ => (seed >> 16) as u8,
                };
            }
            planned(&[("/p", &program), ("/l/libone.so.1", &library)], &RULES);
        }
    }

    #[test]
    fn c_libraries_are_known_by_name() {
        for name in ["libc.so.6", "/lib64/ld-linux-x86-64.so.2", "libc.musl-x86_64.so.1"] {
            assert!(is_c_library(name.as_bytes()), "{name}");
        }
        for name in ["libcrypt.so.1", "libcc.so", "libdl1.so", "libm.so.6"] {
            assert!(!is_c_library(name.as_bytes()), "{name}");
        }
    }
}
