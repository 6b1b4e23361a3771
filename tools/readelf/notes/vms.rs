//! Notes of OpenVMS on IA-64.

use super::Note;
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use rt::elf::c_str;
use rt::elf::consts::{ELFOSABI_OPENVMS, EM_IA_64};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

/// Whether the three numbers of a note's header have 64 bits each.
pub fn wide_header(file: &File) -> bool {
    let header = &file.elf.header;
    header.e_machine == EM_IA_64 && header.e_ident.osabi() == ELFOSABI_OPENVMS
}

pub fn describe(cx: &mut Context, note: &Note) -> bool {
    let out = &mut cx.out;
    let desc = note.desc;
    let string = |at| text::name(c_str(desc.bytes, at).unwrap_or_default());
    let size = desc.bytes.len();
    let mut fine = size > 0;
    match note.n_type {
        _ if !fine => {}
        1 => {
            fine = size > 36;
            if fine {
                // Two dates of 17 characters, then two strings.
                let cell = |at: usize| {
                    let bytes = desc.bytes.get(at..).unwrap_or_default();
                    let bytes = bytes.get(..17).unwrap_or(bytes);
                    text::name(bytes.split(|&b| b == 0).next().unwrap_or_default())
                };
                let module = c_str(desc.bytes, 34).unwrap_or_default();
                put!(out, "    Creation date  : ", cell(0), "\n    Last patch date: ", cell(17));
                put!(out, "\n    Module name    : ", text::name(module));
                put!(out, "\n    Module version : ", string(34 + module.len() as u64 + 1), "\n");
            }
        }
        2 => put!(out, "   Language: ", string(0), "\n"),
        6 => {
            put!(out, "   Floating Point mode: ");
            match desc.u64(0) {
                Some(mode) => put!(out, "0x", hex(mode).zero(16), "\n"),
                None => fine = false,
            }
        }
        0x65 => {
            put!(out, "   Link time: ");
            fine = time_at(out, note, 0);
        }
        0x66 => put!(out, "    Image name: ", string(0), "\n"),
        0x67 => put!(out, "    Image id: ", string(0), "\n"),
        0x68 => put!(out, "    Linker id: ", string(0), "\n"),
        0x6a => put!(out, "    Global symbol table name: ", string(0), "\n"),
        0x6b => {
            fine = size >= 34;
            if fine {
                let n32 = |at| desc.u32(at).unwrap_or_default();
                let n64 = |at| desc.u64(at).unwrap_or_default();
                put!(out, "   Major id: ", dec(n32(0)), ",  minor id: ", dec(n32(4)), "\n");
                put!(out, "   Last modified  : ");
                time(out, n64(8));
                put!(out, "\n   Link flags  : 0x", hex(n64(16)).zero(16), "\n");
                put!(out, "   Header flags: 0x", hex(n32(24)).zero(8), "\n");
                put!(out, "   Image id    : ", string(32), "\n");
            }
        }
        0x6c => {
            put!(out, "   Patch time: ");
            fine = time_at(out, note, 0);
        }
        _ => return false,
    }
    if !fine {
        put!(out, "  <corrupt - data size is too small>\n");
        error!(cx, "corrupt IA64 note: data size is too small");
    }
    fine
}

fn time_at(out: &mut BufWriter, note: &Note, at: usize) -> bool {
    let Some(ticks) = note.desc.u64(at) else { return false };
    time(out, ticks);
    put!(out, "\n");
    true
}

/// A time as OpenVMS counts it: tenths of a microsecond since 1858-11-17.
pub fn time(out: &mut BufWriter, ticks: u64) {
    const EPOCH: i64 = 3_506_716_800;
    let unix = (ticks.cast_signed().wrapping_sub(EPOCH * 10_000_000)) / 10_000_000;
    let (days, seconds) = (unix.div_euclid(86_400), unix.rem_euclid(86_400) as u64);
    let (year, month, day) = civil(days);
    put!(out, dec(year as u64).zero(4), "-", dec(month).zero(2), "-", dec(day).zero(2), "T");
    put!(out, dec(seconds / 3600).zero(2), ":", dec(seconds / 60 % 60).zero(2), ":");
    put!(out, dec(seconds % 60).zero(2));
}

/// The date of a day since 1970-01-01 in the Gregorian calendar, whose 400 years have
/// 146,097 days each and begin in March here, so that the odd day is the last.
pub fn civil(days: i64) -> (i64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = (day - (365 * year + year / 4 - year / 100)) as u64;
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-40_587), (1858, 11, 17));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(19_358), (2023, 1, 1));
    }
}
