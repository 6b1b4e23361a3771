//! `-A`: what only this machine's files have: object attributes, and what MIPS needs to
//! share libraries.

mod attributes;
mod mips;
mod vendors;

use super::file::File;
use crate::context::Context;
use rt::elf::consts::{EM_MIPS, EM_MIPS_RS3_LE};

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.arch {
        return true;
    }
    let fine = attributes::show(cx, file);
    match file.elf.header.e_machine {
        EM_MIPS | EM_MIPS_RS3_LE => fine & mips::show(cx, file),
        _ => fine,
    }
}
