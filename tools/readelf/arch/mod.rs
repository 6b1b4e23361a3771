//! `-A`: what only this machine's files have: object attributes, and what MIPS needs to
//! share libraries.

mod attributes;
mod vendors;

use super::file::File;
use crate::context::Context;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.arch {
        return true;
    }
    attributes::show(cx, file)
}
