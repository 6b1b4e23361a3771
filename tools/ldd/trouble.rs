//! What keeps a program from starting, in words: why, and what would help.

use alloc::vec::Vec;
use rt::text;
use rt::text::Text;

/// Names each kind of trouble, and has its sentences: the reason and the remedy. `%0` in them
/// is the first one of the names that come with it, and so on.
macro_rules! troubles {
    ($($kind:ident: $reason:literal, $fix:literal;)*) => {
        /// A kind of trouble.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($kind),*
        }

        const SENTENCES: Text = text!(concat!($($reason, "\n", $fix, "\n"),*));
    };
}

troubles! {
    Unreadable: "%0: %1", "get %0 anew";
    NotExecutable: "nobody has permission to execute %0", "chmod +x %0";
    NoexecScript: "%0 is on a file system that is mounted noexec",
        "run the interpreter with the script as its argument, or remount with exec";
    NoexecProgram: "%0 is on a file system that is mounted noexec",
        "mount it with exec (mount -o remount,exec), or copy the program elsewhere";
    NoexecLibrary: "%0 is on a file system that is mounted noexec",
        "mount it with exec (mount -o remount,exec), or copy the library elsewhere";
    EmptyFirstLine: "the first line of %0 names no interpreter", "name one there: #!/bin/sh";
    ScriptCircle: "scripts are each other's interpreters without an end",
        "name a program in the first line of %0";
    CarriageReturn: "the first line of %0 ends with a carriage return, as on Windows: the \
        interpreter is not %1 but %2", "sed -i 's/\\r$//' %0";
    ScriptInterpreter: "the interpreter in its first line, %1, %2",
        "install %1, or name another one in the first line of %0";
    OtherMachine: "%0 is for another machine (e_machine %1)",
        "run it there, or with qemu-user and --root for the libraries";
    NoMusl: "its interpreter %0 (of musl) does not exist",
        "install musl, or build the program for glibc";
    NoInterpreter: "its interpreter %0 does not exist",
        "install the C library that it belongs to, or name another one with patchelf \
        --set-interpreter";
    InterpreterNotExecutable: "nobody has permission to execute its interpreter %0",
        "chmod +x %0";
    Interpreter: "its interpreter %0 can't be used: %1",
        "install the C library for this machine anew";
    NotInherited: "%0, needed by %1, was not found: the RUNPATH of %3, where it is (%2), is not \
        inherited",
        "give %1 a RUNPATH of its own, or link %3 with -Wl,--disable-new-dtags";
    NoPath: "%0, needed by %1, does not exist",
        "put it there, or link %1 with a library that has a SONAME";
    NotFound: "%0, needed by %1, was not found",
        "install the package that has it, or name its directory in LD_LIBRARY_PATH";
    Foreign: "%0, needed by %1, was not found but for others: %2 is %3",
        "install the %4-bit library %0 for the program's machine";
    LibraryPermission: "%2, needed by %1, can't be loaded: %3", "make %2 readable";
    LinkerScript: "%2, needed by %1, can't be loaded: %3",
        "put the shared library that the script names at %2";
    Library: "%2, needed by %1, can't be loaded: %3", "install %2 anew";
    Version: "%0: version `%1' not found (required by %2)",
        "install a newer %3, or build %2 with the one here";
    Symbol: "%0 needs the symbol %1, which no library defines",
        "install the versions of the libraries that %0 was built with";
    SymbolVersion: "%0 needs the symbol %1, version %2, which no library defines",
        "install the versions of the libraries that %0 was built with";
    TooMuch: "%0", "look for who made such files";
}

/// Why a program does not start.
#[derive(Clone, Copy)]
pub struct Problem<'f> {
    pub kind: Kind,
    pub names: [&'f [u8]; 5],
}

impl Problem<'_> {
    /// The reason.
    pub fn reason(&self) -> Vec<u8> {
        self.sentence(0)
    }

    /// What would help.
    pub fn fix(&self) -> Vec<u8> {
        self.sentence(1)
    }

    #[inline(never)]
    fn sentence(&self, which: usize) -> Vec<u8> {
        let mut sentence = Vec::new();
        let mut bytes = SENTENCES.line(2 * self.kind as usize + which);
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                sentence.push(byte);
                continue;
            }
            let place = usize::from(bytes.next().unwrap_or_default().wrapping_sub(b'0'));
            sentence.extend(self.names.get(place).copied().unwrap_or_default());
        }
        sentence
    }
}

/// All that is wrong with a program.
#[derive(Default)]
pub struct Problems<'f>(pub Vec<Problem<'f>>);

impl<'f> Problems<'f> {
    /// Adds one, with the names that its sentences want.
    #[inline(never)]
    pub fn add(&mut self, kind: Kind, given: &[&'f [u8]]) {
        const MOST: usize = 1000;
        if self.0.len() < MOST {
            let mut names = [&b""[..]; 5];
            names.iter_mut().zip(given).for_each(|(name, given)| *name = given);
            self.0.push(Problem { kind, names });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_have_the_names_in_them() {
        let mut problems = Problems::default();
        problems.add(Kind::Unreadable, &[b"a%1", b"b"]);
        problems.add(Kind::TooMuch, &[b"too much"]);
        let [first, last] = &problems.0[..] else { panic!() };
        assert_eq!((first.reason(), first.fix()), (b"a%1: b".to_vec(), b"get a%1 anew".to_vec()));
        assert_eq!((last.reason(), last.fix().len()), (b"too much".to_vec(), 28));
    }
}
