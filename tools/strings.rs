//! The arguments and the environment that a process was started with, as blocks of strings.

use crate::context::Context;
use crate::process::{AUXV_ROOM, Operand, Process, Reason, operand, with_core};
use rt::auxv::{AT_EXECFN, AT_PLATFORM, AT_RANDOM, Vector};
use rt::elf::{CoreFile, Reader};
use rt::env;
use rt::io::BufWriter;
use rt::process::AddressSpace;
use rt::row::find;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Args,
    Env,
}

/// The strings, in order.
#[derive(Clone)]
pub enum Strings<'a> {
    /// Those of lx.
    Own(env::Strings<'static>),
    /// Strings with a zero byte behind each; the last one may be without.
    Block(&'a [u8]),
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Strings::Own(strings) => strings.next().map(|string| string.to_bytes()),
            Strings::Block(b"") => None,
            Strings::Block(block) => {
                let end = find(block, 0).unwrap_or(block.len());
                let string = block.get(..end)?;
                *block = block.get(end + 1..).unwrap_or_default();
                Some(string)
            }
        }
    }
}

impl Strings<'_> {
    /// Writes them as they are.
    pub fn raw(self, out: &mut BufWriter) {
        match self {
            Strings::Block(block) => out.bytes(block),
            own => own.for_each(|string| {
                out.bytes(string);
                out.byte(0);
            }),
        }
    }
}

/// What is done with the strings; the process is there where it is one.
pub type Use<'c> = &'c mut dyn FnMut(&mut Context, Strings, Option<&Process>) -> bool;

/// Calls with the strings of an operand.
pub fn with_strings(
    cx: &mut Context,
    word: &[u8],
    which: Which,
    call: Use,
) -> Result<bool, Reason> {
    match operand(word) {
        Operand::Own => {
            let own = if which == Which::Args { env::args() } else { env::vars() };
            Ok(call(cx, Strings::Own(own), None))
        }
        Operand::Pid(pid) => of_process(cx, pid, which, call),
        Operand::Path(path) => of_core(cx, path, which, call),
    }
}

// Not inlined, as the other two: their buffers would make the stack pages deeper for lx's own
// strings, and each page is a page fault.
#[inline(never)]
fn of_process(cx: &mut Context, pid: u32, which: Which, call: Use) -> Result<bool, Reason> {
    let process = Process::open(pid)?;
    let name = if which == Which::Args { c"cmdline" } else { c"environ" };
    let block = process.whole(name)?;
    Ok(call(cx, Strings::Block(&block), Some(&process)))
}

#[inline(never)]
fn of_core(cx: &mut Context, path: &[u8], which: Which, call: Use) -> Result<bool, Reason> {
    with_core(path, &mut |core| {
        let (args, env) = in_core(core).ok_or(Reason::NoNote)?;
        let block = if which == Which::Args { args } else { env };
        Ok(call(cx, Strings::Block(block), None))
    })
}

/// How many arguments the process was started with: the kernel left the number at the bottom
/// of the stack. None where that can't be read.
pub fn argc(process: &Process) -> Option<u64> {
    let mut buffer = [0; 1024];
    let bottom = process.dir.stat(&mut buffer).ok()?.field(28).filter(|&bottom| bottom > 0)?;
    let mut argc = [0; 8];
    // A 32-bit process has its stack, and a number of four bytes, below 4 GiB.
    let length = if u32::try_from(bottom).is_ok() { 4 } else { 8 };
    process.dir.memory().ok()?.read_exact(bottom, argc.get_mut(..length)?).ok()?;
    Some(u64::from_le_bytes(argc))
}

/// Finds both blocks in a core file.
///
/// They lie on the stack (see `rt::start`): `argc`, `argv`, the environment's pointers, the
/// auxiliary vector, and above those the strings of the arguments, those of the environment,
/// and the one of `AT_EXECFN`, without gaps. `NT_AUXV` has the vector, so it can be found. What
/// lies below it the program may have changed: `argc` and `argv` count if they fit the strings.
fn in_core<'a>(core: &CoreFile<'a>) -> Option<(&'a [u8], &'a [u8])> {
    /// No more pointers than the kernel lets a program have: 6 MiB, with a string each.
    const POINTERS: usize = 1 << 20;
    /// From the vector to the random bytes there are no more than a few strings.
    const NEAR: usize = 8 << 10;
    const NT_AUXV: u32 = 6;
    let (encoding, word) = (core.elf.encoding, core.elf.encoding.word());
    let vector = Vector::new(encoding, core.note(b"CORE", NT_AUXV)?);
    let needle = vector.bytes();
    if needle.is_empty() || needle.len() > AUXV_ROOM {
        return None;
    }
    let near = vector.get(AT_RANDOM).or(vector.get(AT_PLATFORM))? as u64;
    let (base, stack) = core.segment_at(near)?;
    let index = |address: u64| usize::try_from(address.checked_sub(base)?).ok();
    let near = index(near)?;
    let places = near.saturating_sub(NEAR)..near;
    let is_there = |at: &usize| stack.get(*at..).is_some_and(|rest| rest.starts_with(needle));
    let auxv = places.rev().find(is_there)?;
    let reader = Reader::new(encoding, stack);
    // Words below the vector, the first one is the null that ends the environment.
    let below = |n: usize| reader.word(auxv.checked_sub(n.checked_mul(word)?)?);
    let mut n = 2;
    let argc = loop {
        n += 1;
        let argc = below(n).filter(|_| n < POINTERS)?;
        // So many pointers, then a null: no pointer is as small as that.
        let null = usize::try_from(argc).ok().and_then(|argc| (n - 1).checked_sub(argc));
        if argc > 0 && null.is_some_and(|null| null > 1 && below(null) == Some(0)) {
            break argc;
        }
    };
    let strings = auxv.checked_add(needle.len())?;
    let last = vector.get(AT_EXECFN).and_then(|address| index(address as u64));
    let end = last.filter(|&end| end > strings && end <= stack.len()).unwrap_or(stack.len());
    let (mut first, mut last, mut ascending) = (end, 0, true);
    for i in 1..=argc as usize {
        let at = index(below(n - i)?).filter(|at| (strings..end).contains(at))?;
        ascending &= at > last;
        (first, last) = (first.min(at), last.max(at));
    }
    let after = last + find(stack.get(last..end)?, 0)? + 1;
    let (args, env) = (stack.get(first..after)?, stack.get(after..end)?);
    let ends = args.iter().filter(|&&byte| byte == 0).count() as u64;
    match (ends == argc, ascending) {
        // Also where getopt changed the order of the pointers.
        (true, _) => Some((args, env)),
        // Another title was written over the strings, and filled up with zeros.
        (_, true) => {
            let used = args.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 2);
            let unused = env.iter().take_while(|&&byte| byte == 0).count();
            Some((args.get(..used).unwrap_or(args), env.get(unused..)?))
        }
        // Pointers were replaced: which are the arguments isn't known any more.
        _ => None,
    }
}
