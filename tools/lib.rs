//! The applets of `lx`, and what they share.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

// First, since its macros are used in all the others.
#[macro_use]
mod context;
#[macro_use]
mod cli;

mod applets;
mod args;
mod auxv;
mod colour;
mod env;
mod exec;
mod install;
mod json;
mod ldd;
mod ldso;
mod live;
mod lseek;
mod mapped;
mod maps;
mod process;
mod quote;
mod readelf;
mod redact;
mod shell;
mod sort;
mod stat;
mod strings;
mod truncate;
mod vdso;
mod words;

use alloc::vec::Vec;
use context::Context;
use rt::Errno;
use rt::io::{BufWriter, Write, stdout, stdout_buffer};

/// The multicall program: finds the applet that is meant, runs it, sees to its output.
///
/// Where the kernel started lx as the interpreter of another program, it is that program's
/// dynamic linker instead.
// Not inlined: rt's start-up, where it would be, is compiled for speed.
#[inline(never)]
pub fn main() -> u8 {
    if rt::dl::run::is_interpreter() {
        return rt::dl::run::as_interpreter();
    }
    applets()
}

// Apart, so that its buffers are not on the stack of a program that lx only loads.
#[inline(never)]
fn applets() -> u8 {
    let mut args: Vec<&'static [u8]> = Vec::new();
    for arg in rt::env::args() {
        args.push(arg.to_bytes());
    }
    let mut to = stdout();
    let buffer = stdout_buffer().map_or(&mut [][..], |buffer| &mut buffer[..]);
    let (mut err_to, mut err_buffer) = (rt::io::Escaped(rt::io::stderr()), [0; 512]);
    let out = BufWriter::new(buffer, &mut to);
    let err = BufWriter::new(&mut err_buffer, &mut err_to);
    let mut cx = Context::new(&args, out, err);
    let status = applets::dispatch(&mut cx);
    match cx.out.flush() {
        Ok(()) => status,
        // The reader has gone: nobody is left to tell.
        Err(Errno::EPIPE) => 1,
        Err(error) => {
            message!(&mut cx, "write error: ", error);
            1
        }
    }
}

/// `lx readelf` with these options, of bytes instead of a file: the way in for fuzzing.
/// Messages go to `err`.
pub fn readelf_bytes(
    options: &[&'static [u8]],
    bytes: &[u8],
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let (mut out_buffer, mut err_buffer) = ([0; 4096], [0; 512]);
    let out = BufWriter::new(&mut out_buffer, out);
    let err = BufWriter::new(&mut err_buffer, err);
    let mut cx = Context::new(options, out, err);
    (cx.prefix, cx.applet) = ("lx ", "readelf");
    let status = readelf::report_on(&mut cx, bytes);
    let _ = cx.out.flush();
    status
}

/// `lx ldd` of a program in memory, all of whose libraries are these bytes: the way in for
/// fuzzing. What it tells goes to `out`, messages to `err`.
pub fn ldd_bytes(program: &[u8], library: &[u8], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let (mut out_buffer, mut err_buffer) = ([0; 4096], [0; 512]);
    let out = BufWriter::new(&mut out_buffer, out);
    let err = BufWriter::new(&mut err_buffer, err);
    let mut cx = Context::new(&[], out, err);
    (cx.prefix, cx.applet) = ("lx ", "ldd");
    let status = ldd::report_on_bytes(&mut cx, program, library);
    let _ = cx.out.flush();
    status
}
