//! Which libraries a program needs, where they are, and whether all fits together: the first
//! stage, after which nothing has been mapped that could be run.

use super::error::Error;
use super::file::{Contents, Files, Identity};
use super::image::{DF_1_NODEFLIB, DF_1_PIE, ENCODING, Fault, Image};
use super::memory::{Arena, List};
use super::pieces;
use super::search::{Requester, Search, Visitor, Why, base_name, directory};
use super::tables::Part;
use super::versions;
use crate::elf::consts::*;
use crate::elf::{c_str, sysv_hash};
use crate::errno::Errno;
use crate::fs::PATH_MAX;
use crate::text;
use core::cell::Cell;
use core::ffi::CStr;

/// How something was asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The name that it was asked for by.
    pub name: &'a [u8],
    /// Where it is.
    pub path: &'a CStr,
    /// Why it was found there.
    pub why: Why,
    /// Who asked for it first: an index into the plan; of the program its own.
    pub needed_by: usize,
    /// Which file it is.
    pub identity: Identity,
    /// Whether it is the program, not a library.
    pub is_program: bool,
}

/// A program or library of a plan.
// In this order: what is asked for most is near the beginning.
#[repr(C)]
pub struct Planned<'a, F> {
    /// How it was asked for.
    pub asked: Asked<'a>,
    /// What it asks for.
    pub image: &'a Image<'a>,
    /// What it needs, in order: indices into the plan.
    pub needed: Cell<&'a [usize]>,
    /// The directory of the file: `$ORIGIN`.
    pub origin: &'a [u8],
    /// Its bytes, until they are taken away.
    pub file: Cell<Option<F>>,
    /// DT_SONAME, DT_RPATH, DT_RUNPATH
    names: [Option<&'a [u8]>; 3],
}

impl<'a, F: Contents> Planned<'a, F> {
    /// A file that was checked.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn new(
        arena: &'a Arena,
        asked: &Asked<'a>,
        image: &'a Image<'a>,
        file: F,
    ) -> crate::Result<&'a Planned<'a, F>> {
        let planned = arena.place(Planned {
            asked: *asked,
            image,
            needed: Cell::new(&[]),
            origin: directory(asked.path.to_bytes()),
            file: Cell::new(Some(file)),
            names: [None; 3],
        })?;
        if planned.origin.is_empty() {
            planned.origin = b".";
        }
        let mut is_relative = false;
        for index in 0..3 {
            if let Some(at) = image.tables.name(index) {
                let text = arena.bytes(image.string(&file, at))?;
                is_relative |= text.contains(&b'$');
                planned.names[index] = Some(text);
            }
        }
        // Of the program the real path counts, where that matters to it.
        if asked.is_program && is_relative {
            let real = file.real_path(arena.zeros(PATH_MAX)?);
            planned.origin = real.map_or(planned.origin, directory);
        }
        Ok(planned)
    }

    /// Its path: the name that it is called by in messages.
    #[inline]
    pub fn title(&self) -> &'a [u8] {
        self.asked.path.to_bytes()
    }

    /// Whether it goes by this name: as it was asked for, its SONAME, or its path.
    #[inline]
    pub fn is(&self, name: &[u8]) -> bool {
        let other = if name.contains(&b'/') { Some(self.title()) } else { self.names[0] };
        self.asked.name == name || other == Some(name)
    }
}

/// What a plan depends on.
pub struct Rules<'r, F> {
    /// Opens files.
    pub files: &'r mut dyn Files<File = F>,
    /// Where libraries are looked for.
    pub search: Search<'r>,
    /// The C library is left out, in a process that has none; else what needs one is refused.
    pub without_libc: bool,
}

/// The program, what was loaded before, and all that these need, in load order.
pub struct Plan<'a, F: Contents> {
    pub(super) arena: &'a Arena,
    /// Breadth first, each once.
    pub objects: List<'a, &'a Planned<'a, F>>,
    /// Directories and whether they have a `glibc-hwcaps`.
    directories: List<'a, (&'a [u8], bool)>,
    /// How many objects were there before.
    pub from: usize,
    /// How many paths were tried in vain.
    pub failed_opens: usize,
}

impl<F: Contents> Drop for Plan<'_, F> {
    #[inline]
    fn drop(&mut self) {
        self.forget(self.from);
    }
}

type Outcome<T> = core::result::Result<T, Error>;

impl<'a, F: Contents> Plan<'a, F> {
    /// An empty plan.
    #[inline]
    pub fn new(arena: &'a Arena) -> Plan<'a, F> {
        let (objects, directories) = (arena.list(), arena.list());
        Plan { arena, objects, directories, from: 0, failed_opens: 0 }
    }

    /// Adds one that is loaded already.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn add_loaded(&mut self, object: &'a Planned<'a, F>) -> crate::Result<()> {
        self.objects.push(object)?;
        self.from = self.objects.len();
        Ok(())
    }

    /// Takes the objects from an index on away, and gives their files back.
    #[inline]
    fn forget(&mut self, from: usize) {
        for object in self.objects.iter().skip(from) {
            if let Some(file) = object.file.take() {
                file.release();
            }
        }
        self.objects.truncate(from);
    }

    /// Adds the program that is in this file.
    ///
    /// # Errors
    /// That it can't be loaded.
    #[inline]
    pub fn add_file(&mut self, files: &mut dyn Files<File = F>, path: &'a [u8]) -> Outcome<usize> {
        let needed_by = self.objects.len();
        self.add(files, path, path, Why::Path, needed_by, true)
            .map_err(|fault| Error::of(path, fault))
    }

    /// Adds what is in a file, unless it is there already.
    fn add(
        &mut self,
        files: &mut dyn Files<File = F>,
        name: &'a [u8],
        path: &[u8],
        why: Why,
        needed_by: usize,
        is_program: bool,
    ) -> core::result::Result<usize, Fault> {
        let (file, identity) = files.open(path)?;
        let same = |object: &&Planned<F>| identity != (0, 0) && object.asked.identity == identity;
        if let Some(index) = self.objects.iter().position(same) {
            file.release();
            return Ok(index);
        }
        let added = (|| {
            let path = self.arena.c_str(path)?;
            let image = Image::read(self.arena, &file)?;
            let flags = image.tables.value(DT_FLAGS_1);
            if !is_program && (image.e_type != ET_DYN || flags & DF_1_PIE != 0) {
                return Err(Fault::Bad(crate::text!("a program, not a library")));
            }
            let asked = Asked { name, path, why, needed_by, identity, is_program };
            self.objects.push(Planned::new(self.arena, &asked, image, file)?)?;
            Ok(self.objects.len() - 1)
        })();
        added.inspect_err(|_| file.release())
    }

    /// Finds what object number `from` and all after it need, and adds it.
    ///
    /// # Errors
    /// The first library that is missing or can't be loaded.
    #[inline(never)]
    pub fn add_needed(&mut self, rules: &mut Rules<F>, from: usize) -> Outcome<()> {
        let mut next = from.max(self.from);
        while let Some(&object) = self.objects.get(next) {
            let mut needed = self.arena.list();
            if let Some(file) = object.file.get() {
                let strings = object.image.table(&file, Part::Strings);
                object.image.each_entry(&file, &mut |entry| {
                    if entry.d_tag != DT_NEEDED {
                        return Ok(());
                    }
                    let name = c_str(strings, entry.d_val).unwrap_or_default();
                    if name.is_empty() {
                        return Ok(());
                    }
                    if is_c_library(name) {
                        if rules.without_libc {
                            return Ok(());
                        }
                        let text = text!(
                            "%: needs %, which only its own loader can start: \
                                    use lx ldso --exec"
                        );
                        return Err(Error::new(text, &[object.title(), name], &[]));
                    }
                    Ok(needed.push(self.library(rules, self.arena.bytes(name)?, next)?)?)
                })?;
            }
            object.needed.set(needed.into_slice());
            next += 1;
        }
        Ok(())
    }

    /// The library with this name, which object `needed_by` needs: one that is there, or
    /// else it is looked for and added.
    ///
    /// # Errors
    /// That it is missing or can't be loaded.
    #[inline]
    pub fn library(
        &mut self,
        rules: &mut Rules<F>,
        name: &'a [u8],
        needed_by: usize,
    ) -> Outcome<usize> {
        if let Some(index) = self.position(name) {
            return Ok(index);
        }
        // The search borrows who needs it, while the visit adds to the objects: a copy of the
        // few.
        let mut requesters = self.arena.list();
        let mut at = needed_by;
        while let Some(object) = self.objects.get(at) {
            requesters.push(*object)?;
            // Whoever asked came before.
            if object.asked.needed_by >= at {
                break;
            }
            at = object.asked.needed_by;
        }
        let mut chain = requesters.iter().map(|object| Requester {
            origin: object.origin,
            rpath: object.names[1],
            runpath: object.names[2],
            no_default: object.image.tables.value(DT_FLAGS_1) & DF_1_NODEFLIB != 0,
        });
        let mut path = self.arena.list();
        let files = &mut *rules.files;
        let mut visit = Visit { plan: self, files, name, needed_by, found: None, problem: None };
        rules.search.look(name, &mut chain, &mut path, &mut visit);
        match (visit.found, visit.problem) {
            (Some(index), _) => Ok(index),
            (_, Some((path, fault))) => Err(Error::of(path, fault)),
            _ => {
                let by = requesters.first().map_or(&b""[..], |object| object.title());
                Err(Error::new(text!("%: no such library (needed by %)"), &[name, by], &[]))
            }
        }
    }

    /// The object that goes by this name.
    #[inline]
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        self.objects.iter().position(|object| object.is(name))
    }

    /// Whether all versions of symbols that each new object needs are there.
    ///
    /// # Errors
    /// The first one that isn't.
    #[inline(never)]
    pub fn check_versions(&self) -> Outcome<()> {
        for object in self.objects.iter().skip(self.from) {
            let Some(file) = object.file.get() else { continue };
            let needs = object.image.table(&file, Part::Verneed);
            let string = |at: u32| object.image.string(&file, at.into());
            let mut outcome = Ok(());
            versions::needs(ENCODING, needs, &mut |library, entry| {
                let (library, version) = (string(library), string(entry.vna_name));
                let provider = self.position(library).and_then(|at| self.objects.get(at));
                let weak = entry.vna_flags & VER_FLG_WEAK != 0;
                if let Some(provider) = provider.filter(|by| !weak && !defines(by, version)) {
                    let names = [provider.title(), version, object.title()];
                    let text = text!("%: version '%' not found (needed by %)");
                    outcome = Err(Error::new(text, &names, &[]));
                }
                outcome.is_ok()
            });
            outcome?;
        }
        Ok(())
    }
}

/// Opens what a search offers.
struct Visit<'v, 'a, F: Contents> {
    plan: &'v mut Plan<'a, F>,
    files: &'v mut dyn Files<File = F>,
    name: &'a [u8],
    needed_by: usize,
    found: Option<usize>,
    /// The first file that was there but can't be loaded.
    problem: Option<(&'a [u8], Fault)>,
}

impl<F: Contents> Visitor for Visit<'_, '_, F> {
    #[inline]
    fn has_hwcaps(&mut self, directory: &[u8]) -> bool {
        let known = self.plan.directories.iter().find(|known| known.0 == directory);
        if let Some(&(_, has)) = known {
            return has;
        }
        let mut has = || {
            let mut path = self.plan.arena.list();
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
        let Visit { name, needed_by, .. } = *self;
        let fault = match self.plan.add(self.files, name, path, why, needed_by, false) {
            Ok(index) => {
                self.found = Some(index);
                None
            }
            Err(fault) => Some(fault),
        };
        self.files.tried(name, path, why, fault);
        let Some(fault) = fault else { return true };
        self.plan.failed_opens += 1;
        let missing = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
        // Another place may have the right one; but what is broken is told.
        let foreign = matches!(fault, Fault::Foreign(_) | Fault::Os(_));
        if !missing && (self.problem.is_none() || !foreign) {
            let path = self.plan.arena.bytes(path).unwrap_or(self.name);
            self.problem = Some((path, fault));
        }
        !foreign
    }
}

/// Whether an object defines a version; one that defines none at all is taken as it is.
#[inline]
pub fn defines<F: Contents>(object: &Planned<F>, version: &[u8]) -> bool {
    let Some(file) = object.file.get() else { return true };
    let definitions = object.image.table(&file, Part::Verdef);
    let (hash, mut found) = (sysv_hash(version), definitions.is_empty());
    versions::definitions(ENCODING, definitions, &mut |def, name| {
        let same = || object.image.string(&file, name.into()) == version;
        found |= def.vd_hash == hash && same();
        !found
    });
    found
}

/// The libraries that are part of a C library, or its loader: these can't be loaded by
/// another one.
#[inline]
pub fn is_c_library(name: &[u8]) -> bool {
    const BEGINNINGS: &[u8] = b"libc.so.6 libc.musl- ld-linux ld-musl- ld64.so \
        libpthread.so.0 libdl.so.2 librt.so.1";
    let name = base_name(name);
    name == b"libc.so" || pieces(BEGINNINGS, b" ").any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::super::search::Kind;
    use super::super::state::LOCK;
    use super::*;
    use std::string::String;
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

        fn tried(&mut self, _: &[u8], _: &[u8], _: Why, _: Option<Fault>) {}
    }

    fn search<'a>() -> Search<'a> {
        Search {
            kind: Kind::Glibc,
            machine: EM_X86_64,
            is_64: true,
            level: || 1,
            secure: false,
            library_path: Some(b"/l"),
            cache: &|| None,
            path_file: None,
            platform: b"x86_64",
        }
    }

    const PROGRAM: &[u8] = include_bytes!("../../../fixtures/bin/program-x86_64");
    const LIBRARY: &[u8] = include_bytes!("../../../fixtures/bin/libone-x86_64.so");
    const FOREIGN: &[u8] = include_bytes!("../../../fixtures/bin/libone-aarch64.so");

    /// What a plan of these files has: a path for each object, and what is wrong.
    fn planned(files: &[(&str, &[u8])]) -> (Vec<String>, Option<String>) {
        let arena = Arena::new();
        let mut shelf = Shelf(files.to_vec());
        let mut plan = Plan::new(&arena);
        // The sentence is the process's: of other tests none may come in between.
        let _guard = LOCK.lock();
        let done = plan.add_file(&mut shelf, b"/p").and_then(|_| {
            let mut rules = Rules { files: &mut shelf, search: search(), without_libc: false };
            plan.add_needed(&mut rules, 0)?;
            plan.check_versions()
        });
        let text = |error: Error| {
            let (mut text, mut to) = ([0; 200], crate::io::stderr());
            let mut out = crate::io::BufWriter::new(&mut text, &mut to);
            crate::put!(&mut out, error);
            let left = out.rest().len();
            String::from_utf8_lossy(&text[..200 - left]).into_owned()
        };
        let row = |object: &&Planned<&[u8]>| String::from_utf8_lossy(object.title()).into_owned();
        (plan.objects.iter().map(row).collect(), done.err().map(text))
    }

    #[test]
    fn finds_what_is_there_and_tells_what_is_not() {
        let (paths, error) = planned(&[
            ("/p", PROGRAM),
            ("/l/libone.so.1", LIBRARY),
            ("/lib64/libbase.so", LIBRARY),
        ]);
        assert_eq!(paths[..3], ["/p", "/l/libone.so.1", "/lib64/libbase.so"]);
        let missing = "version 'BASE_1.1' not found (needed by /l/libone.so.1)";
        assert_eq!(error.unwrap(), std::format!("/lib64/libbase.so: {missing}"));
        let (_, error) = planned(&[("/p", PROGRAM), ("/l/libone.so.1", LIBRARY)]);
        assert_eq!(error.unwrap(), "libbase.so: no such library (needed by /l/libone.so.1)");
        // For another machine: it is passed over, and told where there is no other.
        let (_, error) = planned(&[("/p", PROGRAM), ("/l/libone.so.1", FOREIGN)]);
        assert_eq!(error.unwrap(), "/l/libone.so.1: for another machine");
        let files = [("/l/libone.so.1", FOREIGN), ("/lib64/libone.so.1", LIBRARY)];
        let (paths, _) = planned(&[("/p", PROGRAM), files[0], files[1]]);
        assert_eq!(paths[..2], ["/p", "/lib64/libone.so.1"]);
        let (_, error) = planned(&[("/p", b"#!/bin/sh")]);
        assert_eq!(error.unwrap(), "/p: a script, not an ELF file");
    }

    #[test]
    fn any_bytes_are_planned_or_refused() {
        for end in (0..PROGRAM.len()).step_by(8) {
            planned(&[("/p", &PROGRAM[..end]), ("/l/libone.so.1", LIBRARY)]);
        }
        for end in (0..LIBRARY.len()).step_by(8) {
            planned(&[("/p", PROGRAM), ("/l/libone.so.1", &LIBRARY[..end])]);
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
            planned(&[("/p", &program), ("/l/libone.so.1", &library)]);
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
