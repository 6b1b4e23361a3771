//! Archives: a report for each member.

use super::options::Options;
use crate::context::Context;
use rt::elf::Source;

pub fn report(_: &mut Context, _: &Options, _: &[u8], _: &dyn Source) -> bool {
    false
}
