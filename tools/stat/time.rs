//! Times in words, and the zone that they are in.

use super::zone::{Zone, civil};
use crate::words::short;
use alloc::boxed::Box;
use alloc::vec::Vec;
use rt::fmt::{dec, int};
use rt::fs::{Mode, O_NONBLOCK, O_RDONLY, open};
use rt::io::{BufWriter, pread};
use rt::{put, text};

/// Where the zones' files are, unless `TZDIR` says something else.
const ZONES: &[u8] = b"/usr/share/zoneinfo";

/// No zone's file is longer than this.
const LONGEST: usize = 256 << 10;

/// The zone of `TZ`, and without that of /etc/localtime; UTC where there is none.
#[inline(never)]
pub fn local() -> Box<Zone> {
    let mut zone = Box::<Zone>::default();
    let Some(name) = rt::env::var("TZ") else {
        read(&mut zone, b"/etc/localtime");
        return zone;
    };
    let name = name.strip_prefix::<[u8]>(b":").unwrap_or(name);
    if name.is_empty() {
        return zone;
    }
    let mut path = Vec::new();
    if !matches!(name, [b'/', ..]) {
        path.extend(rt::env::var("TZDIR").filter(|dir| !dir.is_empty()).unwrap_or(ZONES));
        path.push(b'/');
    }
    path.extend(name);
    if read(&mut zone, &path).is_none() {
        zone.set_rules(name);
    }
    zone
}

#[inline(never)]
fn read(zone: &mut Zone, path: &[u8]) -> Option<()> {
    // A FIFO in its place must not make us wait.
    let file = open(path, O_RDONLY | O_NONBLOCK, Mode(0)).ok()?;
    let mut bytes = Vec::new();
    for length in [4096, LONGEST] {
        bytes.resize(length, 0);
        let used = pread(&file, &mut bytes, 0).ok()?;
        if used < length {
            bytes.truncate(used);
            break;
        }
    }
    zone.set_file(bytes)
}

/// `2023-11-14 22:13:20.123456789 +0000`; only seconds where the year has no room in C's
/// `struct tm`.
pub fn human(zone: &Zone, seconds: i64, nanoseconds: u32) -> Vec<u8> {
    short(&mut |out| write(out, zone, seconds, nanoseconds))
}

#[inline(never)]
fn write(out: &mut BufWriter, zone: &Zone, seconds: i64, nanoseconds: u32) {
    let offset = zone.offset(seconds);
    let (leap, is_leap) = zone.leap(seconds);
    let local = seconds.checked_add(offset.east).and_then(|local| local.checked_sub(leap));
    let [year, month, day] = civil(local.unwrap_or(0));
    if local.is_none() || i32::try_from(year - 1900).is_err() {
        return put!(out, int(seconds), ".", dec(nanoseconds).zero(9));
    }
    let second = local.unwrap_or(0).rem_euclid(86400) as u64;
    let minute = second / 60;
    let second = second % 60 + u64::from(is_leap);
    let parts = [month as u64, day as u64, minute / 60, minute % 60, second];
    put!(out, int(year).zero(4));
    for (before, part) in b"-- ::".iter().zip(&parts) {
        out.byte(*before);
        put!(out, dec(*part).zero(2));
    }
    let minus = offset.east < 0 || offset.east == 0 && offset.unknown;
    let minutes = offset.east.unsigned_abs() / 60;
    put!(out, ".", dec(nanoseconds).zero(9), if minus { text!(" -") } else { text!(" +") });
    put!(out, dec(minutes / 60 * 100 + minutes % 60).zero(4));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let text = |zone: &[u8], seconds, nanoseconds| {
            let mut at = Zone::default();
            at.set_rules(zone);
            std::string::String::from_utf8(human(&at, seconds, nanoseconds))
        };
        for (zone, seconds, expected) in [
            (&b""[..], 0, "1970-01-01 00:00:00.000000007 +0000"),
            (b"", -1, "1969-12-31 23:59:59.000000007 +0000"),
            (b"<x+3>-3:30", 1_700_000_000, "2023-11-15 01:43:20.000000007 +0330"),
            (b"XST5:30:30", 1_700_000_000, "2023-11-14 16:42:50.000000007 -0530"),
            (b"", -62_167_219_201, "-001-12-31 23:59:59.000000007 +0000"),
            (b"", 253_402_300_800, "10000-01-01 00:00:00.000000007 +0000"),
            (b"", 67_768_036_191_676_799, "2147485547-12-31 23:59:59.000000007 +0000"),
            (b"", 67_768_036_191_676_800, "67768036191676800.000000007"),
            (b"", -67_768_040_609_740_800, "-2147481748-01-01 00:00:00.000000007 +0000"),
            (b"", -67_768_040_609_740_801, "-67768040609740801.000000007"),
            (b"XST-1", i64::MAX, "9223372036854775807.000000007"),
            (b"XST1", i64::MIN, "-9223372036854775808.000000007"),
        ] {
            assert_eq!(text(zone, seconds, 7).unwrap(), expected);
        }
    }
}
