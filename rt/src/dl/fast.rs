//! The relocations that are many. Like looking symbols up this is compiled for speed, as all
//! of `rt` is; what calls it is compiled for size: see the [module](super). So all that is
//! rare, and all that is wrong, is left to [`relocate`](super::relocate), which knows all kinds.

use super::image::Range;
use super::object::{Object, RelaWords, View};
use super::relocate::{R_64, R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE};
use super::report::{LOOKUPS, PROBES, Stats};
use super::symbols::find;
use super::tables::Part;
use crate::elf::consts::PF_W;

/// The segment that is written to and holds so many bytes from an address on.
#[inline(never)]
pub fn writable(object: &Object, at: u64, size: u64) -> Option<Range> {
    let mut loads = object.image.loads.iter();
    let load = loads.find(|load| load.flags & PF_W != 0 && load.memory.holds(at, size))?;
    Some(load.memory)
}

/// Whether there is such a segment.
#[inline(never)]
pub fn is_writable(object: &Object, at: u64, size: u64) -> bool {
    writable(object, at, size).is_some()
}

/// Relocates one after the other as long as they are of the kinds that are many and nothing is
/// wrong; how many these were. With `lazily` slots of the PLT lead back into the PLT.
#[inline(never)]
pub fn relocate(
    object: &'static Object,
    rela: View<RelaWords>,
    lazily: bool,
    stats: &mut Stats,
) -> usize {
    let Some(first) = rela.get(0) else { return 0 };
    let Some(window) = writable(object, first.r_offset, 8) else { return 0 };
    let bias = object.link.l_addr as u64;
    let place =
        |at: u64| core::ptr::with_exposed_provenance_mut::<u64>(bias.wrapping_add(at) as usize);
    let mut done = 0;
    // These come first, and of some files there are no others.
    while let Some(rela) = rela.get(done) {
        if rela.kind() != R_RELATIVE || !window.holds(rela.r_offset, 8) {
            break;
        }
        let value = bias.wrapping_add_signed(rela.r_addend);
        // SAFETY: within a segment of the object that is mapped writable, before RELRO. Nobody
        // holds references into objects.
        unsafe { place(rela.r_offset).write_unaligned(value) };
        done += 1;
    }
    stats.counts[R_RELATIVE as usize] += done as u64;
    while let Some(rela) = rela.get(done) {
        let (kind, place) = (rela.kind(), place(rela.r_offset));
        if !window.holds(rela.r_offset, 8) {
            break;
        }
        let value = match kind {
            // SAFETY: as below; what is mapped writable can be read.
            R_JUMP_SLOT if lazily => bias.wrapping_add(unsafe { place.read_unaligned() }),
            R_GLOB_DAT | R_JUMP_SLOT | R_64 => {
                let mut probes = 0;
                let found = find(object, &rela, &mut probes);
                let Some(found) = found.filter(|found| !found.is_indirect()) else { break };
                stats.counts[LOOKUPS] += 1;
                stats.counts[PROBES] += probes;
                let addend = if kind == R_64 { rela.r_addend } else { 0 };
                (found.address() as u64).wrapping_add_signed(addend)
            }
            _ => break,
        };
        // SAFETY: as above.
        unsafe { place.write_unaligned(value) };
        stats.count(kind);
        done += 1;
    }
    done
}

/// DT_RELR: an even word is an address, an odd one a bitmap of the 63 words after. How many
/// words were relocated.
///
/// # Errors
/// An address that may not be written to.
#[inline(never)]
pub fn packed(object: &Object) -> Result<u64, u64> {
    let bias = object.link.l_addr as u64;
    let (mut next, mut count, mut window) = (0u64, 0, Range::default());
    let mut add = |at: u64| {
        if !window.holds(at, 8) {
            window = writable(object, at, 8).ok_or(at)?;
        }
        let address = bias.wrapping_add(at) as usize;
        let place = core::ptr::with_exposed_provenance_mut::<u64>(address);
        // SAFETY: as in `relocate`; what is mapped writable can be read.
        unsafe { place.write_unaligned(place.read_unaligned().wrapping_add(bias)) };
        count += 1;
        Ok::<(), u64>(())
    };
    for word in object.view::<u64>(Part::Relr).iter() {
        if word & 1 == 0 {
            add(word)?;
            next = word.wrapping_add(8);
            continue;
        }
        let mut bits = word >> 1;
        while bits != 0 {
            add(next.wrapping_add(8 * u64::from(bits.trailing_zeros())))?;
            bits &= bits - 1;
        }
        next = next.wrapping_add(63 * 8);
    }
    Ok(count)
}
