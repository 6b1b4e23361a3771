//! execve in user space: the program and its own interpreter are mapped, and entered as if the
//! kernel had done it. So a program runs that lies on a file system without permission to
//! execute, or whose interpreter is somewhere else.

use super::error::Error;
use super::file::FileMap;
use super::image::{ENCODING, Fault, Image};
use super::map::map_image;
use super::memory::Arena;
use super::run::{argument, set_auxv, start_arena, take_words};
use super::search::base_name;
use crate::arch::{link, nr, syscall};
use crate::auxv::{AT_BASE, AT_ENTRY, AT_EXECFN, AT_PHDR, AT_PHENT, AT_PHNUM};
use crate::elf::{ProgramHeader, Record};
use crate::errno::Errno;
use core::ffi::CStr;

/// Maps a file for somebody else to bind: its image and bias.
#[inline]
fn map(arena: &'static Arena, path: &[u8]) -> Result<(&'static Image<'static>, usize), Error> {
    let mapped = FileMap::open(path).and_then(|(file, _)| {
        // Its dynamic section is its loader's affair.
        let image = Image::of_file(arena, &file)?;
        if !image.has_code(image.entry) {
            return Err(Fault::Bad("its entry point lies outside its code"));
        }
        match map_image(image, file) {
            Err(Errno::EEXIST) => Err(Fault::Bad("its addresses are taken in this process")),
            bias => Ok((&*image, bias?)),
        }
    });
    mapped.map_err(|fault| Error::of(path, fault))
}

/// Becomes the program that argument number `words` names, which gets the arguments from there
/// on. Its name for itself is `name` if that is given.
///
/// Returns only where that can't be: why.
#[inline]
pub fn exec(words: usize, name: Option<&'static CStr>) -> Error {
    let path = argument(words);
    // SAFETY: lx has one thread.
    let arena = unsafe { start_arena() };
    let (image, bias) = match map(arena, path.to_bytes()) {
        Ok(mapped) => mapped,
        Err(error) => return error,
    };
    let at = |address: u64| bias.wrapping_add(address as usize);
    let (mut entry, mut base) = (at(image.entry), 0);
    if let Some(interpreter) = image.interpreter {
        let (loader, bias) = match map(arena, interpreter) {
            Ok(mapped) => mapped,
            Err(error) => return error,
        };
        base = bias.wrapping_add(loader.span.at as usize);
        entry = bias.wrapping_add(loader.entry as usize);
    }
    let (headers, size) = (image.headers, ProgramHeader::size(ENCODING));
    set_command_name(base_name(path.to_bytes()));
    // SAFETY: this doesn't return, and the program's code is all that looks at it.
    unsafe {
        take_words(words, name);
        set_auxv(&[
            (AT_PHDR, at(headers.at)),
            (AT_PHENT, size),
            (AT_PHNUM, headers.size as usize / size),
            (AT_BASE, base),
            (AT_ENTRY, at(image.entry)),
            (AT_EXECFN, path.as_ptr().expose_provenance()),
        ]);
    }
    // SAFETY: code of a program, or of its loader, mapped as it asks for; the kernel's block,
    // changed to tell of it; nothing on the stack below is needed any more.
    unsafe { link::enter(entry, crate::start::stack(), 0) }
}

/// Sets what the kernel calls this thread, as execve does (`man 2 PR_SET_NAME`).
#[inline]
fn set_command_name(name: &[u8]) {
    const PR_SET_NAME: usize = 15;
    let mut bytes = [0u8; 16];
    bytes.iter_mut().take(15).zip(name).for_each(|(to, from)| *to = *from);
    // SAFETY: the kernel reads at most 16 bytes.
    unsafe { syscall(nr::PRCTL, [PR_SET_NAME, bytes.as_ptr() as usize]) };
}
