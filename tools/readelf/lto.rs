//! `--lto-syms`: the symbol tables of link-time optimization.

use super::file::File;
use crate::context::Context;

pub fn show(_: &mut Context, _: &File) -> bool {
    true
}
