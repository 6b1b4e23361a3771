//! `-u`: the unwind tables of ARM, HP-PA and IA-64, which say how to get out of a function.

mod arm;
mod functions;
mod hppa;
mod ia64;

use super::file::File;
use super::names::machines::MACHINES;
use super::pattern;
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::dec;
use rt::io::BufWriter;
use rt::put;

const SHT_C6000_UNWIND: u32 = 0x7000_0001;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.unwind {
        return true;
    }
    let e_machine = file.elf.header.e_machine;
    match e_machine {
        EM_ARM => arm::show(cx, file),
        EM_PARISC => hppa::show(cx, file),
        EM_IA_64 => ia64::show(cx, file),
        // Its tables are like ARM's, with other instructions: they aren't shown yet.
        EM_TI_C6000 if file.sections_of(SHT_C6000_UNWIND).next().is_none() => none(cx),
        EM_386 | EM_X86_64 => {
            put!(&mut cx.out, "No processor specific unwind information to decode\n");
            true
        }
        _ => {
            put!(&mut cx.out, "\nThe decoding of unwind sections for machine type ");
            if !pattern::known(&mut cx.out, MACHINES, e_machine.into()) {
                fill!(&mut cx.out, "<unknown>: 0x%x", e_machine);
            }
            put!(&mut cx.out, " is not currently supported.\n");
            true
        }
    }
}

/// The registers of a mask, with this text between them.
fn registers(out: &mut BufWriter, name: &str, mask: u32, between: &str) {
    let mut before = "";
    for register in (0..32u8).filter(|register| mask & 1 << register != 0) {
        put!(out, before, name, dec(register));
        before = between;
    }
}

/// Tells that there is nothing to show.
fn none(cx: &mut Context) -> bool {
    put!(&mut cx.out, "\nThere are no unwind sections in this file.\n");
    true
}
