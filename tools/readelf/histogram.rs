//! `-I`: how long the chains of the hash tables are.

use super::file::File;
use super::hashes::{GnuHash, SysvHash};
use crate::context::Context;
use alloc::vec;
use alloc::vec::Vec;
use rt::fmt::dec;
use rt::io::BufWriter;
use rt::text::Text;
use rt::{put, text};

pub fn show(cx: &mut Context, file: &File) -> bool {
    if let Some(hash) = &file.dynamic.hashes.sysv {
        head(&mut cx.out, text!(""), hash.buckets.len());
        sysv(cx, hash).show(&mut cx.out, hash.buckets.len());
    }
    if let Some(hash) = &file.dynamic.hashes.gnu {
        let which = if hash.mips { text!("`.MIPS.xhash' ") } else { text!("`.gnu.hash' ") };
        head(&mut cx.out, which, hash.buckets.len());
        gnu(hash).show(&mut cx.out, hash.buckets.len());
    }
    true
}

/// How long the chains of a `DT_HASH` are.
pub fn sysv(cx: &mut Context, hash: &SysvHash) -> Lengths {
    let mut lengths = Lengths::new();
    // A chain that comes to a symbol twice goes in a circle, or into another one.
    let mut visited = vec![false; hash.chains.len()];
    for bucket in hash.buckets.iter() {
        let mut length = 0;
        let mut symbol = bucket;
        while symbol != 0 {
            length += 1;
            let place = usize::try_from(symbol).ok().and_then(|at| visited.get_mut(at));
            if place.is_none_or(|place| core::mem::replace(place, true)) {
                error!(cx, "histogram chain is corrupt");
                break;
            }
            symbol = hash.chains.get(symbol).unwrap_or(0);
        }
        lengths.add(length);
    }
    lengths
}

/// How long the chains of a `DT_GNU_HASH` are.
pub fn gnu(hash: &GnuHash) -> Lengths {
    let mut lengths = Lengths::new();
    for bucket in hash.buckets.iter() {
        let mut length = 0;
        if bucket != 0 {
            length = 1;
            let mut at = bucket.wrapping_sub(hash.symndx.into());
            while hash.chains.get(at).is_some_and(|word| word & 1 == 0) {
                (length, at) = (length + 1, at + 1);
            }
        }
        lengths.add(length);
    }
    lengths
}

fn head(out: &mut BufWriter, which: Text, buckets: usize) {
    put!(out, "\nHistogram for ", which, "bucket list length (total of ", dec(buckets), " bucket");
    if buckets != 1 {
        out.byte(b's');
    }
    put!(out, "):\n");
}

/// How many chains there are of each length.
pub struct Lengths {
    pub counts: Vec<u32>,
    symbols: u64,
}

impl Lengths {
    fn new() -> Self {
        Lengths { counts: vec![0], symbols: 0 }
    }

    fn add(&mut self, length: usize) {
        if self.counts.len() <= length {
            self.counts.resize(length + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(length) {
            *count += 1;
        }
        self.symbols += length as u64;
    }

    fn show(&self, out: &mut BufWriter, buckets: usize) {
        put!(out, " Length  Number     % of total  Coverage\n");
        let mut covered = 0;
        for (length, count) in self.counts.iter().enumerate() {
            fill!(out, "%7u  %-10u (", length, *count);
            percent(out, u64::from(*count), buckets as u64);
            put!(out, "%)");
            if length > 0 {
                covered += u64::from(*count) * length as u64;
                put!(out, "    ");
                percent(out, covered, self.symbols);
                put!(out, "%");
            }
            put!(out, "\n");
        }
    }
}

/// `%5.1f` of a part of a hundred, with the error that a double has.
fn percent(out: &mut BufWriter, part: u64, whole: u64) {
    let tenths = tenths(part as f64 * 100.0 / whole as f64);
    fill!(out, "%3u.%u", tenths / 10, tenths % 10);
}

/// Ten times a number below 2^60, rounded to an integer as `printf` does: of two that are
/// equally near, the even one.
fn tenths(value: f64) -> u64 {
    let bits = value.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let scaled = (fraction | 1 << 52) * 10;
    // value = fraction * 2^(exponent - 1075)
    let shift = 1075u64.saturating_sub(exponent);
    if !(1..64).contains(&shift) {
        return 0;
    }
    let (whole, rest) = (scaled >> shift, scaled & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && whole & 1 == 1);
    whole + u64::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_as_printf_does() {
        for whole in 1..400u64 {
            for part in 0..=whole {
                let value = part as f64 * 100.0 / whole as f64;
                let text = std::format!("{value:.1}").replace('.', "");
                assert_eq!(tenths(value), text.parse().unwrap(), "{part}/{whole}");
            }
        }
    }
}
