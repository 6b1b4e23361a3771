//! `-A`: what only this machine's files have: object attributes, and what MIPS needs to
//! share libraries.

mod attributes;
mod mips;
mod prelink;
mod vendors;

use super::file::File;
use crate::context::Context;
use rt::elf::consts::{EM_MIPS, EM_MIPS_RS3_LE, EM_NDS32};

pub fn show(cx: &mut Context, file: &File) -> bool {
    let fine = prelink::show(cx, file);
    match file.elf.header.e_machine {
        EM_NDS32 => fine,
        EM_MIPS | EM_MIPS_RS3_LE => fine & attributes::show(cx, file) & mips::show(cx, file),
        _ => fine & attributes::show(cx, file),
    }
}
