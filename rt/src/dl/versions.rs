//! The chains of version records (LSB, "Symbol Versioning"), followed no further than any
//! library has them.

use crate::elf::{Encoding, Record, Verdaux, Verdef, Vernaux, Verneed};

/// More versions than any library has; of a hostile one no more is looked at.
const MOST: usize = 4096;

#[inline]
fn record<T: Record>(encoding: Encoding, bytes: &[u8], at: usize) -> Option<T> {
    T::decode(encoding, bytes.get(at..)?)
}

/// Calls with each definition and the place of its name in the string table, until the call
/// says false. The result says whether all records were among the bytes.
#[inline]
pub fn definitions(
    encoding: Encoding,
    bytes: &[u8],
    call: &mut dyn FnMut(Verdef, u32) -> bool,
) -> bool {
    let (mut at, mut all) = (0usize, true);
    for _ in 0..MOST {
        let Some(def) = record::<Verdef>(encoding, bytes, at) else { return false };
        let name = record::<Verdaux>(encoding, bytes, at.saturating_add(def.vd_aux as usize));
        all &= name.is_some();
        let goes_on = name.is_none_or(|name| call(def, name.vda_name));
        if !goes_on || def.vd_next == 0 {
            break;
        }
        at = at.saturating_add(def.vd_next as usize);
    }
    all
}

/// Calls with each version that is needed and the place of its library's name in the string
/// table, until the call says false. The result says whether all records were among the bytes.
#[inline]
pub fn needs(encoding: Encoding, bytes: &[u8], call: &mut dyn FnMut(u32, Vernaux) -> bool) -> bool {
    let (mut at, mut left, mut all) = (0usize, MOST, true);
    while let Some(need) = record::<Verneed>(encoding, bytes, at) {
        let mut aux = at.saturating_add(need.vn_aux as usize);
        for _ in 0..need.vn_cnt {
            let Some(entry) = record::<Vernaux>(encoding, bytes, aux) else {
                all = false;
                break;
            };
            left = left.saturating_sub(1);
            if left == 0 || !call(need.vn_file, entry) {
                return all;
            }
            if entry.vna_next == 0 {
                break;
            }
            aux = aux.saturating_add(entry.vna_next as usize);
        }
        left = left.saturating_sub(1);
        if need.vn_next == 0 || left == 0 {
            return all;
        }
        at = at.saturating_add(need.vn_next as usize);
    }
    false
}
