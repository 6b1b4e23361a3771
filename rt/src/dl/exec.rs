//! execve in user space: the program and its own interpreter are mapped, and entered as if the
//! kernel had done it. So a program runs that lies on a file system without permission to
//! execute, or whose interpreter is somewhere else.

use super::file::FileMap;
use super::image::{Fault, Image, file_header};
use super::map::map_image;
use super::memory::Arena;
use super::plan::Error;
use super::run::{set_auxv, start_arena, take_words};
use super::search::base_name;
use crate::arch::{link, nr, syscall};
use crate::auxv::{AT_BASE, AT_ENTRY, AT_EXECFN, AT_PHDR, AT_PHENT, AT_PHNUM};
use crate::elf::{ProgramHeader, Record, Source};
use crate::errno::Errno;
use core::ffi::CStr;

type Outcome<T> = core::result::Result<T, Error<'static>>;

/// Maps a file for somebody else to bind: its image and bias.
#[inline]
fn map(arena: &'static Arena, path: &'static [u8]) -> Outcome<(Image<'static>, usize)> {
    let wrong = |fault: Fault| Error::new(path, fault);
    let (file, _) = FileMap::open(path).map_err(wrong)?;
    let header = file_header(&file).map_err(wrong)?;
    let size = u64::from(header.e_phnum) * ProgramHeader::size(super::image::ENCODING) as u64;
    let headers = file.get(header.e_phoff, size);
    let headers = headers.ok_or(wrong(Fault::Bad("truncated: the program headers are missing")))?;
    // Its dynamic section is its loader's affair.
    let mut image = Image::of_segments(arena, &file, headers).map_err(wrong)?;
    (image.e_type, image.entry) = (header.e_type, header.e_entry);
    image.find_headers(&header);
    if !image.has_code(image.entry) {
        return Err(wrong(Fault::Bad("its entry point lies outside its code")));
    }
    let bias = map_image(&image, file).map_err(|error| match error {
        Errno::EEXIST => wrong(Fault::Bad("its addresses are taken in this process")),
        error => wrong(Fault::Os(error)),
    })?;
    Ok((image, bias))
}

/// Becomes the program that argument number `words` names, which gets the arguments from there
/// on. Its name for itself is `name` if that is given.
///
/// # Errors
/// Why that can't be.
#[inline]
pub fn exec(words: usize, name: Option<&'static CStr>) -> Outcome<core::convert::Infallible> {
    let path = crate::env::args().nth(words).unwrap_or(c"");
    // SAFETY: lx has one thread.
    let arena = unsafe { start_arena() };
    let (image, bias) = map(arena, path.to_bytes())?;
    let at = |address: u64| bias.wrapping_add(address as usize);
    let (mut entry, mut base) = (at(image.entry), 0);
    if let Some(interpreter) = image.interpreter {
        let (loader, loader_bias) = map(arena, interpreter)?;
        base = loader_bias.wrapping_add(loader.span.at as usize);
        entry = loader_bias.wrapping_add(loader.entry as usize);
    }
    let headers = image.headers.unwrap_or_default();
    let size = ProgramHeader::size(super::image::ENCODING);
    let command = base_name(path.to_bytes());
    set_command_name(command);
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
