//! execve in user space: the program and its own interpreter are mapped, and entered as if the
//! kernel had done it. So a program runs that lies on a file system without permission to
//! execute, or whose interpreter is somewhere else.

use super::error::Error;
use super::file::FileMap;
use super::image::{Fault, Image};
use super::map::map_image;
use super::memory::Arena;
use super::run::{enter, start_arena, tell};
use super::search::base_name;
use crate::arch::{nr, syscall};
use crate::errno::Errno;

/// Maps a file for somebody else to bind: its image and bias.
#[inline]
fn map(arena: &'static Arena, path: &[u8]) -> Result<(&'static Image<'static>, usize), Error> {
    let mapped = FileMap::open(path).and_then(|(file, _)| {
        // Its dynamic section is its loader's affair.
        let image = Image::of_file(arena, &file)?;
        if !image.has_code(image.entry) {
            return Err(Fault::Bad(crate::text!("its entry point lies outside its code")));
        }
        match map_image(image, file) {
            Err(Errno::EEXIST) => {
                Err(Fault::Bad(crate::text!("its addresses are taken in this process")))
            }
            bias => Ok((&*image, bias?)),
        }
    });
    mapped.map_err(|fault| Error::of(path, fault))
}

/// Becomes the program in this file, which is behind `words` arguments of lx. Its name for
/// itself is `name` if that is given.
///
/// Returns only where that can't be: why.
#[inline]
pub fn exec(path: &'static [u8], words: usize, name: Option<&[u8]>) -> Error {
    match ready(path, words, name) {
        // SAFETY: code of a program, or of its loader, mapped as it asks for, and the kernel's
        // block was changed to tell of it.
        Ok(entry) => unsafe { enter(entry, 0) },
        Err(error) => error,
    }
}

/// Maps it, and makes the kernel's block tell of it. Where to go.
#[inline]
fn ready(path: &'static [u8], words: usize, name: Option<&[u8]>) -> Result<usize, Error> {
    // SAFETY: lx has one thread.
    let arena = unsafe { start_arena() };
    let (image, bias) = map(arena, path)?;
    let (mut entry, mut base) = (bias.wrapping_add(image.entry as usize), 0);
    if let Some(interpreter) = image.interpreter {
        let (loader, bias) = map(arena, interpreter)?;
        base = bias.wrapping_add(loader.span.at as usize);
        entry = bias.wrapping_add(loader.entry as usize);
    }
    set_command_name(base_name(path));
    // SAFETY: nothing but the program's code looks at the block from now on.
    unsafe { tell(image, bias, base, words, name)? };
    Ok(entry)
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
