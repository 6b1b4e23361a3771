//! Notes of OpenVMS on IA-64.

use super::Note;
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use crate::words::unpacked;
use rt::elf::c_str;
use rt::elf::consts::{ELFOSABI_OPENVMS, EM_IA_64};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

/// Whether the three numbers of a note's header have 64 bits each.
pub fn wide_header(file: &File) -> bool {
    let header = &file.elf.header;
    header.e_machine == EM_IA_64 && header.e_ident.osabi() == ELFOSABI_OPENVMS
}

#[inline(never)]
pub fn describe(cx: &mut Context, note: &Note) -> bool {
    let out = &mut cx.out;
    let desc = &note.desc;
    let string = |at| c_str(desc.bytes, at).unwrap_or_default();
    let n32 = |at| desc.u32(at).unwrap_or_default();
    let n64 = |at| desc.u64(at).unwrap_or_default();
    let size = desc.bytes.len();
    let types = b"\x02\x06\x65\x66\x67\x68\x6a\x6c\x01\x6b";
    const TITLES: Text = rt::text!(
        "   Language: \n   Floating Point mode: \n   Link time: \n    Image name: \n    Image id: \n    \
        Linker id: \n    Global symbol table name: \n   Patch time: "
    );
    if size > 0 {
        let Some(place) = types.iter().position(|&known| u64::from(known) == note.n_type) else {
            return false;
        };
        put!(out, &unpacked(TITLES, b'\n', place)[..]);
    }
    let fine = match note.n_type {
        1 if size > 36 => {
            // Two dates of 17 characters, then two strings.
            let cell = |at: usize| {
                let bytes = desc.bytes.get(at..at + 17).unwrap_or_default();
                c_str(bytes, 0).unwrap_or_default()
            };
            let module = string(34);
            let version = string(34 + module.len() as u64 + 1);
            fill!(
                out,
                "    Creation date  : %s\n    Last patch date: %s\n    Module name    : %s\n    \
                 Module version : %s\n";
                cell(0),
                cell(17),
                module,
                version
            );
            true
        }
        6 if size >= 8 => {
            fill!(out, "0x%016x\n", n64(0));
            true
        }
        0x65 | 0x6c if size >= 8 => {
            time(out, n64(0));
            put!(out, "\n");
            true
        }
        0x6b if size >= 34 => {
            fill!(out, "   Major id: %u,  minor id: %u\n   Last modified  : ", n32(0), n32(4));
            time(out, n64(8));
            let (link, header, id) = (n64(16), n32(24), string(32));
            put!(out, "\n");
            fill!(out, "   Link flags  : 0x%016x\n   Header flags: 0x%08x\n", link, header);
            put!(out, "   Image id    : ", text::name(id), "\n");
            true
        }
        2 | 0x66 | 0x67 | 0x68 | 0x6a if size > 0 => {
            put!(out, text::name(string(0)), "\n");
            true
        }
        _ => false,
    };
    if !fine {
        put!(out, "  <corrupt - data size is too small>\n");
        error!(cx, "corrupt IA64 note: data size is too small");
    }
    fine
}

/// A time as OpenVMS counts it: tenths of a microsecond since 1858-11-17.
pub fn time(out: &mut BufWriter, ticks: u64) {
    const EPOCH: i64 = 3_506_716_800;
    unix_time(out, (ticks.cast_signed().wrapping_sub(EPOCH * 10_000_000)) / 10_000_000);
}

/// A time in seconds since 1970.
pub fn unix_time(out: &mut BufWriter, unix: i64) {
    let (days, seconds) = (unix.div_euclid(86_400), unix.rem_euclid(86_400) as u64);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    fill!(
        out,
        "%04u-%02u-%02uT%02u:%02u:%02u",
        // As a C `int`, which only a corrupt time makes negative.
        year as u32,
        month,
        day,
        hour,
        minute,
        second
    );
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
