//! `-g`: section groups (gABI, "Section Groups").

use super::error;
use super::file::File;
use crate::context::Context;
use rt::put;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.groups {
        return true;
    }
    if file.shnum() == 0 {
        put!(&mut cx.out, "\nThere are no sections to group in this file.\n");
        return true;
    }
    if file.sections.is_empty() {
        error(cx, &[&"Section headers are not available!"]);
        return true;
    }
    put!(&mut cx.out, "\nThere are no section groups in this file.\n");
    true
}
