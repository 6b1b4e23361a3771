//! Where a library is looked for: the rules of glibc's and musl's loaders, as a function of
//! what they depend on. Nothing is opened here and there is no global state: a [`Visitor`] is
//! offered one path after the other until it takes one.
//!
//! glibc (`man 8 ld.so`): RPATH of whoever needs it and of all who brought that in, unless it
//! has a RUNPATH; LD_LIBRARY_PATH; its own RUNPATH; the cache; the default directories.
//! musl: LD_LIBRARY_PATH; RPATH or RUNPATH, both inherited; the directories of its path file
//! or the default ones.

use super::cache::Cache;
use super::memory::List;
use super::{pieces, place};
use crate::elf::consts::*;
use crate::fs::PATH_MAX;

/// Whose rules are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// glibc's `ld-linux*.so`
    Glibc,
    /// musl's `ld-musl-*.so.1`
    Musl,
}

impl Kind {
    /// By the program's PT_INTERP; musl's loader tells by its name.
    #[inline]
    pub fn of(interpreter: &[u8]) -> Kind {
        let name = base_name(interpreter);
        if name.starts_with(b"ld-musl-") { Kind::Musl } else { Kind::Glibc }
    }
}

/// Why a library was looked for, or found, in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The name has a slash: it is a path.
    Path,
    /// RPATH of whoever needs it, or was inherited.
    Rpath,
    /// LD_LIBRARY_PATH or `--library-path`.
    LibraryPath,
    /// RUNPATH of whoever needs it.
    Runpath,
    /// `/etc/ld.so.cache`
    Cache,
    /// musl's `/etc/ld-musl-ARCH.path`
    PathFile,
    /// A default directory.
    Default,
}

impl Why {
    /// In a word, as reports show it in brackets.
    #[inline]
    pub fn name(self) -> &'static str {
        match self {
            Why::Path => "path",
            Why::Rpath => "rpath",
            Why::LibraryPath => "LD_LIBRARY_PATH",
            Why::Runpath => "runpath",
            Why::Cache => "ld.so.cache",
            Why::PathFile => "path file",
            Why::Default => "default",
        }
    }
}

/// Who needs a library, as far as the search depends on it.
#[derive(Clone, Copy, Default, Debug)]
pub struct Requester<'a> {
    /// The directory of its real path: `$ORIGIN`.
    pub origin: &'a [u8],
    /// DT_RPATH
    pub rpath: Option<&'a [u8]>,
    /// DT_RUNPATH
    pub runpath: Option<&'a [u8]>,
    /// DF_1_NODEFLIB: neither cache nor default directories.
    pub no_default: bool,
}

/// Is offered paths.
pub trait Visitor {
    /// Whether this directory has a subdirectory `glibc-hwcaps`, without which its levels
    /// are not offered.
    fn has_hwcaps(&mut self, directory: &[u8]) -> bool;

    /// Whether the library is taken from here.
    fn take(&mut self, path: &[u8], why: Why) -> bool;
}

/// What a search depends on besides the requester.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Whose rules.
    pub kind: Kind,
    /// `e_machine` of the program.
    pub machine: u16,
    /// Whether its class is ELFCLASS64.
    pub is_64: bool,
    /// Tells which level of x86-64 the processor has: 2 for `x86-64-v2`, 0 or 1 for none. Only
    /// called where there are libraries by level: asking the processor takes its time where
    /// that is a virtual one.
    pub level: fn() -> u8,
    /// AT_SECURE: no LD_LIBRARY_PATH, no `$ORIGIN`, no directory that isn't absolute.
    pub secure: bool,
    /// LD_LIBRARY_PATH
    pub library_path: Option<&'a [u8]>,
    /// Opens `/etc/ld.so.cache`; called when it is needed.
    pub cache: &'a dyn Fn() -> Option<Cache<'a>>,
    /// What musl's path file says.
    pub path_file: Option<&'a [u8]>,
    /// `$PLATFORM`
    pub platform: &'a [u8],
}

/// Machines and classes of distributions with several architectures, and the names that these
/// have there.
const MACHINES: [(u16, bool); 15] = [
    (EM_X86_64, true),
    (EM_X86_64, false),
    (EM_386, false),
    (EM_AARCH64, true),
    (EM_ARM, false),
    (EM_ARM, false),
    (EM_RISCV, true),
    (EM_PPC64, true),
    (EM_PPC64, true),
    (EM_PPC, false),
    (EM_S390, true),
    (EM_MIPS, true),
    (EM_MIPS, false),
    (EM_MIPS, false),
    (EM_SPARCV9, true),
];
const TRIPLETS: &[u8] = b"x86_64-linux-gnu x86_64-linux-gnux32 i386-linux-gnu aarch64-linux-gnu \
    arm-linux-gnueabihf arm-linux-gnueabi riscv64-linux-gnu powerpc64le-linux-gnu \
    powerpc64-linux-gnu powerpc-linux-gnu s390x-linux-gnu mips64el-linux-gnuabi64 \
    mipsel-linux-gnu mips-linux-gnu sparc64-linux-gnu";

impl Search<'_> {
    /// Offers the visitor all places for a library in order. `needed_by` is who needs it,
    /// then who brought that in, and so on up to the program. `path` is a list to put paths
    /// together in.
    ///
    /// Returns whether the visitor took one.
    #[inline]
    pub fn look(
        &self,
        name: &[u8],
        needed_by: &mut dyn Iterator<Item = Requester>,
        path: &mut List<u8>,
        visitor: &mut dyn Visitor,
    ) -> bool {
        let first = needed_by.next().unwrap_or_default();
        if name.contains(&b'/') {
            return self.expand(name, first.origin, path) && visitor.take(path, Why::Path);
        }
        let is_musl = self.kind == Kind::Musl;
        let mut look = Look { search: self, name, path, visitor };
        for turn in 0..2 {
            // musl looks there first, glibc behind RPATH.
            if is_musl == (turn == 0) {
                let list = self.library_path.filter(|_| !self.secure);
                if look.in_all(list, b"", Why::LibraryPath) {
                    return true;
                }
                continue;
            }
            let mut who = first;
            // With glibc a RUNPATH switches all RPATHs off, its own and the inherited ones.
            while is_musl || first.runpath.is_none() {
                let (list, why) = match who.runpath {
                    None => (who.rpath, Why::Rpath),
                    list => (list.filter(|_| is_musl), Why::Runpath),
                };
                if look.in_all(list, who.origin, why) {
                    return true;
                }
                let Some(next) = needed_by.next() else { break };
                who = next;
            }
        }
        if is_musl {
            let (list, why) = match self.path_file {
                None => (Some(&b"/lib:/usr/local/lib:/usr/lib"[..]), Why::Default),
                list => (list, Why::PathFile),
            };
            return look.in_all(list, b"", why);
        }
        look.in_all(first.runpath, first.origin, Why::Runpath)
            || !first.no_default && (look.in_cache() || look.in_default_directories())
    }

    /// Puts a path with `$ORIGIN`, `$LIB` and `$PLATFORM` replaced into `to`; false where that
    /// is not allowed or makes no sense.
    #[inline]
    fn expand(&self, text: &[u8], origin: &[u8], to: &mut List<u8>) -> bool {
        to.truncate(0);
        let mut rest = text;
        while let Some((byte, tail)) = rest.split_first() {
            let token = if *byte == b'$' { token(tail) } else { None };
            let (piece, after) = match token {
                None => (core::slice::from_ref(byte), tail),
                Some((ORIGIN, _)) if self.secure || origin.is_empty() => return false,
                Some((ORIGIN, after)) => (origin, after),
                // musl knows no other.
                Some(_) if self.kind == Kind::Musl => return false,
                Some((LIB, after)) => (self.lib().as_bytes(), after),
                Some((_, after)) => (self.platform, after),
            };
            if to.extend(piece).is_err() {
                return false;
            }
            rest = after;
        }
        to.len() < PATH_MAX && !(self.secure && to.first() != Some(&b'/'))
    }

    /// `$LIB`: where the distribution has several architectures, as Debian's glibc says it.
    #[inline]
    fn lib(&self) -> &'static str {
        match self.machine {
            EM_X86_64 if self.is_64 => "lib/x86_64-linux-gnu",
            EM_386 => "lib/i386-linux-gnu",
            EM_AARCH64 => "lib/aarch64-linux-gnu",
            _ if self.is_64 => "lib64",
            _ => "lib",
        }
    }

    /// The highest level of instructions whose libraries are looked for; below 2 none.
    #[inline]
    fn highest_level(&self) -> u8 {
        let known = self.kind == Kind::Glibc && self.machine == EM_X86_64 && self.is_64;
        if known { (self.level)() } else { 0 }
    }
}

const TOKENS: &[u8] = b"ORIGIN LIB PLATFORM";
const ORIGIN: usize = 0;
const LIB: usize = 1;

/// Which token is behind a dollar sign, with or without braces, and what follows it.
#[inline]
fn token(text: &[u8]) -> Option<(usize, &[u8])> {
    let (open, body) = text.strip_prefix::<[u8]>(b"{").map_or((false, text), |body| (true, body));
    let is_name = |&b: &u8| b == b'_' || b.is_ascii_alphanumeric();
    let length = body.iter().position(|b| !is_name(b)).unwrap_or(body.len());
    let (name, mut rest) = body.split_at_checked(length)?;
    if open {
        rest = rest.strip_prefix::<[u8]>(b"}")?;
    }
    Some((place(TOKENS, name)?, rest))
}

/// What comes after the last slash.
#[inline]
pub fn base_name(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    path.get(start..).unwrap_or_default()
}

/// What comes before the last slash: `/` for a file of the root directory, nothing for a
/// path without a slash.
#[inline]
pub fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) => b"/",
        Some(at) => path.get(..at).unwrap_or_default(),
        None => b"",
    }
}

/// A search under way.
struct Look<'s, 'a, 'l, 'm> {
    search: &'s Search<'a>,
    name: &'s [u8],
    path: &'l mut List<'m, u8>,
    visitor: &'l mut dyn Visitor,
}

impl Look<'_, '_, '_, '_> {
    /// Looks in all directories of a list. An empty one is the current directory.
    #[inline]
    fn in_all(&mut self, list: Option<&[u8]>, origin: &[u8], why: Why) -> bool {
        let Some(list) = list.filter(|list| !list.is_empty()) else { return false };
        let between: &[u8] = match (self.search.kind, why) {
            (Kind::Musl, _) => b":\n",
            (_, Why::LibraryPath) => b":;",
            _ => b":",
        };
        for directory in pieces(list, between) {
            let directory = if directory.is_empty() { b"." } else { directory };
            if self.search.expand(directory, origin, self.path) && self.in_directory(why) {
                return true;
            }
        }
        false
    }

    /// Looks in the directory that is in `path`, in its levels first.
    #[inline]
    fn in_directory(&mut self, why: Why) -> bool {
        let length = self.path.len();
        if self.search.kind == Kind::Glibc && self.visitor.has_hwcaps(self.path) {
            let mut level = self.search.highest_level();
            while level > 1 {
                let digit = [b'0' + level];
                if self.add(&[b"/glibc-hwcaps/x86-64-v", &digit, b"/"], length, why) {
                    return true;
                }
                level -= 1;
            }
        }
        let slash: &[u8] = if self.path.ends_with(b"/") { b"" } else { b"/" };
        self.add(&[slash], length, why)
    }

    /// Looks for the library behind the first so many bytes of `path` and these pieces.
    #[inline]
    fn add(&mut self, pieces: &[&[u8]], length: usize, why: Why) -> bool {
        let mut taken = false;
        if self.put(pieces, length) && self.put(&[self.name], self.path.len()) {
            taken = self.path.len() < PATH_MAX && self.visitor.take(self.path, why);
        }
        self.path.truncate(length);
        taken
    }

    /// Puts pieces behind the first so many bytes of `path`.
    #[inline]
    fn put(&mut self, pieces: &[&[u8]], length: usize) -> bool {
        self.path.truncate(length);
        pieces.iter().all(|piece| self.path.extend(piece).is_ok())
    }

    #[inline]
    fn in_cache(&mut self) -> bool {
        let Some(cache) = (self.search.cache)() else { return false };
        // Asking for the level takes its time: only where there are libraries by level.
        let first = cache.first(self.name);
        let by_level = cache.find(first, self.name, &mut |entry| entry.hwcaps.is_some());
        let mut level = if by_level { self.search.highest_level().max(1) } else { 1 };
        let Search { machine, is_64, .. } = *self.search;
        while level > 0 {
            let mut name = *b"x86-64-v1";
            name[8] = b'0' + level;
            let taken = cache.find(first, self.name, &mut |entry| {
                // ELF for glibc 2; of the machine's number we know our own.
                let known = machine != EM_X86_64 || entry.flags >> 8 & 0xff == 3;
                let fits = entry.flags & 0xff == 3 && (known || !is_64);
                let right = match entry.hwcaps {
                    None => level == 1,
                    Some(hwcaps) => level > 1 && hwcaps == name,
                };
                fits && right && self.visitor.take(entry.path, Why::Cache)
            });
            if taken {
                return true;
            }
            level -= 1;
        }
        false
    }

    #[inline]
    fn in_default_directories(&mut self) -> bool {
        let Search { machine, is_64, .. } = *self.search;
        for (of, triplet) in MACHINES.iter().zip(pieces(TRIPLETS, b" ")) {
            if *of == (machine, is_64) && self.in_default(b"/", triplet) {
                return true;
            }
        }
        is_64 && self.in_default(b"64", b"") || self.in_default(b"", b"")
    }

    /// Looks in `/lib` and `/usr/lib` with this behind it.
    #[inline]
    fn in_default(&mut self, one: &[u8], other: &[u8]) -> bool {
        for root in pieces(b"/lib /usr/lib", b" ") {
            if self.put(&[root, one, other], 0) && self.in_directory(Why::Default) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Arena;
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// Writes down what it is offered, and takes nothing.
    struct All(Vec<(String, Why)>, bool);

    impl Visitor for All {
        fn has_hwcaps(&mut self, _: &[u8]) -> bool {
            self.1
        }

        fn take(&mut self, path: &[u8], why: Why) -> bool {
            self.0.push((String::from_utf8(path.to_vec()).unwrap(), why));
            false
        }
    }

    const GLIBC: Search = Search {
        kind: Kind::Glibc,
        machine: EM_X86_64,
        is_64: true,
        level: || 3,
        secure: false,
        library_path: Some(b"/env:/two;rel"),
        cache: &|| None,
        path_file: None,
        platform: b"x86_64",
    };

    fn all(search: &Search, name: &str, chain: &[Requester]) -> Vec<String> {
        let arena = Arena::new();
        let mut path = arena.list();
        let mut visitor = All(Vec::new(), false);
        let mut chain = chain.iter().copied();
        assert!(!search.look(name.as_bytes(), &mut chain, &mut path, &mut visitor));
        let row = |(path, why): (String, Why)| std::format!("{} {path}", why.name());
        visitor.0.into_iter().map(row).filter(|row| !row.starts_with("default")).collect()
    }

    const LIBRARY: Requester = Requester {
        origin: b"/opt/lib",
        rpath: Some(b"$ORIGIN/r:/abs/${LIB}"),
        runpath: None,
        no_default: false,
    };
    const PROGRAM: Requester =
        Requester { origin: b"/opt/bin", rpath: Some(b"$ORIGIN/../p"), ..LIBRARY };

    #[test]
    fn an_rpath_is_inherited_and_comes_first() {
        assert_eq!(
            all(&GLIBC, "x.so", &[LIBRARY, PROGRAM]),
            [
                "rpath /opt/lib/r/x.so",
                "rpath /abs/lib/x86_64-linux-gnu/x.so",
                "rpath /opt/bin/../p/x.so",
                "LD_LIBRARY_PATH /env/x.so",
                "LD_LIBRARY_PATH /two/x.so",
                "LD_LIBRARY_PATH rel/x.so",
            ]
        );
    }

    #[test]
    fn a_runpath_comes_later_and_is_not_inherited() {
        let own = Requester { runpath: Some(b"/run:$PLATFORM"), ..LIBRARY };
        let none = Requester { rpath: None, ..LIBRARY };
        let search = Search { library_path: Some(b"/env"), ..GLIBC };
        assert_eq!(
            all(&search, "x.so", &[own, PROGRAM]),
            ["LD_LIBRARY_PATH /env/x.so", "runpath /run/x.so", "runpath x86_64/x.so"]
        );
        assert_eq!(all(&search, "x.so", &[none, own]), ["LD_LIBRARY_PATH /env/x.so"]);
    }

    #[test]
    fn musl_inherits_both_and_reads_its_path_file() {
        let search = Search {
            kind: Kind::Musl,
            path_file: Some(b"/m/lib\n/m/usr"),
            library_path: Some(b"/env"),
            ..GLIBC
        };
        let own = Requester { rpath: None, runpath: Some(b"/run"), ..LIBRARY };
        assert_eq!(
            all(&search, "x.so", &[own, PROGRAM]),
            [
                "LD_LIBRARY_PATH /env/x.so",
                "runpath /run/x.so",
                "rpath /opt/bin/../p/x.so",
                "path file /m/lib/x.so",
                "path file /m/usr/x.so"
            ]
        );
        assert_eq!(Kind::of(b"/lib/ld-musl-x86_64.so.1"), Kind::Musl);
        assert_eq!(Kind::of(b"/lib64/ld-linux-x86-64.so.2"), Kind::Glibc);
    }

    #[test]
    fn at_secure_closes_all_gates() {
        let search = Search { secure: true, ..GLIBC };
        let own = Requester { runpath: Some(b"$ORIGIN:rel::/run"), ..LIBRARY };
        assert_eq!(all(&search, "x.so", &[own]), ["runpath /run/x.so"]);
        assert_eq!(all(&search, "$ORIGIN/x.so", &[own]), Vec::<String>::new());
        assert_eq!(all(&search, "/lib/x.so", &[own]), ["path /lib/x.so"]);
    }

    #[test]
    fn levels_come_before_the_directory() {
        let arena = Arena::new();
        let mut path = arena.list();
        let mut visitor = All(Vec::new(), true);
        let search = Search { library_path: Some(b"/env"), ..GLIBC };
        search.look(b"x.so", &mut core::iter::empty(), &mut path, &mut visitor);
        let paths: Vec<_> = visitor.0.iter().map(|(path, _)| path.as_str()).take(4).collect();
        assert_eq!(
            paths,
            [
                "/env/glibc-hwcaps/x86-64-v3/x.so",
                "/env/glibc-hwcaps/x86-64-v2/x.so",
                "/env/x.so",
                "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/x.so",
            ]
        );
    }

    #[test]
    fn tokens_and_parts_of_paths() {
        assert_eq!(token(b"ORIGIN/x"), Some((ORIGIN, &b"/x"[..])));
        assert_eq!(token(b"{LIB}64"), Some((LIB, &b"64"[..])));
        assert_eq!(token(b"PLATFORM"), Some((2, &b""[..])));
        assert_eq!((token(b"ORIGINAL"), token(b"{LIB"), token(b"")), (None, None, None));
        assert_eq!(
            (directory(b"/a/b"), directory(b"/a"), directory(b"a")),
            (&b"/a"[..], &b"/"[..], &b""[..])
        );
        assert_eq!(base_name(b"/a/b"), b"b");
    }
}
