//! `-u`: the unwind tables of ARM, HP-PA and IA-64, which say how to get out of a function.

mod arm;
mod formats;
mod functions;
mod hppa;
mod ia64;

use super::file::File;
use super::names::machines::MACHINES;
use crate::context::Context;
use functions::Functions;
use rt::elf::SectionHeader;
use rt::elf::consts::*;
use rt::fmt::hex;
use rt::put;

/// `SHT_ARM_EXIDX`, `SHT_IA_64_UNWIND`
const SHT_UNWIND: u32 = 0x7000_0001;
const SHT_C6000_UNWIND: u32 = 0x7000_0001;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.unwind {
        return true;
    }
    let e_machine = file.elf.header.e_machine;
    let one = match e_machine {
        EM_ARM => arm::one,
        EM_PARISC => hppa::one,
        EM_IA_64 => ia64::one,
        // Its tables are like ARM's, with other instructions: they aren't shown yet.
        EM_TI_C6000 if file.sections_of(SHT_C6000_UNWIND).next().is_none() => return none(cx),
        EM_386 | EM_X86_64 => {
            put!(&mut cx.out, "No processor specific unwind information to decode\n");
            return true;
        }
        _ => {
            put!(&mut cx.out, "\nThe decoding of unwind sections for machine type ");
            if !MACHINES.put(&mut cx.out, e_machine.into()) {
                put!(&mut cx.out, "<unknown>: 0x", hex(e_machine));
            }
            put!(&mut cx.out, " is not currently supported.\n");
            return true;
        }
    };
    tables(cx, file, one)
}

/// Prints the table of a section; false where something is wrong with it.
type One = fn(&mut Context, &Functions, usize, &SectionHeader) -> bool;

/// Goes through the sections that hold unwind tables.
fn tables(cx: &mut Context, file: &File, one: One) -> bool {
    let e_machine = file.elf.header.e_machine;
    if e_machine != EM_IA_64 && !file.has_names() {
        return false;
    }
    let mut functions = Functions::new(file);
    if !functions.load(cx) {
        return false;
    }
    let (mut any, mut fine) = (false, true);
    for index in 0..file.sections.len() {
        let section = file.section(index);
        let ours = if e_machine == EM_PARISC {
            file.section_name(&section) == b".PARISC.unwind"
        } else {
            section.sh_type == SHT_UNWIND
        };
        if ours {
            any = true;
            fine &= one(cx, &functions, index, &section);
        }
    }
    if any { fine } else { none(cx) }
}

/// Tells that there is nothing to show.
fn none(cx: &mut Context) -> bool {
    put!(&mut cx.out, "\nThere are no unwind sections in this file.\n");
    true
}
