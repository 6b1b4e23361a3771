//! `-t`: who needs what, and why it was found there.

use super::lines::put_found;
use super::set::Set;
use crate::readelf::shown;
use alloc::vec::Vec;
use rt::io::BufWriter;
use rt::put;

/// Puts a row for each need, below who has it. What a library needs itself is told only where
/// it is needed first.
#[inline(never)]
pub fn put(out: &mut BufWriter, set: &Set) {
    let Some(program) = set.objects.first() else { return };
    put!(out, shown(program.title()), "\n");
    // The program's needs come first.
    let mut told = Vec::from([true]);
    told.resize(set.objects.len(), false);
    // Objects under way, and which of its needs is next.
    let mut open = Vec::from([(0, 0)]);
    while let Some((index, next)) = open.pop() {
        let Some(&needed) = set.needs(index).get(next) else { continue };
        let needed = needed as usize;
        open.push((index, next + 1));
        let Some(object) = set.objects.get(needed) else { continue };
        // No deeper than can be read.
        out.fill(b' ', 4 * open.len().min(100));
        put_found(out, object);
        if object.fault.is_none() {
            put!(out, " [", object.why.name(), "]");
        }
        put!(out, "\n");
        let told = told.get_mut(needed).filter(|told| !**told && object.needed_by == index);
        if let Some(told) = told {
            *told = true;
            open.push((needed, 0));
        }
    }
}
