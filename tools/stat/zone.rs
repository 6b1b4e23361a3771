//! Time zones: how far local time is from UTC. TZif files (RFC 9636) and the rules of
//! POSIX's `TZ` (`man 3 tzset`), as the C library reads them. Only offsets are of interest,
//! so abbreviations are passed over.
//!
//! Bytes to numbers, nothing else; whatever the bytes are, the answer is a number.

use crate::words::{leading, words};
use alloc::vec::Vec;

/// Seconds in a day.
const DAY: i64 = 86400;

/// A time zone: UTC where there is nothing better.
#[derive(Default)]
pub struct Zone {
    /// A TZif file; empty where there is none.
    bytes: Vec<u8>,
    /// The block in it that counts.
    block: Block,
    rules: Rules,
    /// Whether the rules are any.
    has_rules: bool,
}

/// What is to be added to a time in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offset {
    /// Seconds east of Greenwich.
    pub east: i64,
    /// Whether the offset is an unknown one: `-00`.
    pub unknown: bool,
}

/// A data block of a TZif file.
#[derive(Default)]
struct Block {
    /// Where its data begin.
    start: usize,
    /// Bytes of a time: 4 in the first block, 8 in the second.
    width: usize,
    /// isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt.
    counts: [usize; 6],
}

/// `std offset [dst [offset] [,start,end]]`
#[derive(Default)]
struct Rules {
    standard: Offset,
    summer: Offset,
    has_summer: bool,
    /// When summer begins and ends, if there is one.
    changes: [Change; 2],
}

/// A day of the year and a time on it, in seconds.
#[derive(Clone, Copy, Default)]
struct Change {
    kind: Kind,
    month: i64,
    week: i64,
    day: i64,
    time: i64,
}

/// How a day of the year is told.
#[derive(Clone, Copy, Default)]
enum Kind {
    /// `n`: 0 to 365.
    #[default]
    Zero,
    /// `Jn`: 1 to 365, the 29th of February never counts.
    Julian,
    /// `Mm.w.d`: the w-th weekday d of month m; w = 5 is the last one.
    Month,
}

impl Zone {
    /// Becomes the zone of a value of `TZ` that names no file; UTC where it is nothing that POSIX
    /// knows.
    pub fn set_rules(&mut self, text: &[u8]) {
        self.has_rules = self.rules.parse(text).is_some();
    }

    /// Becomes the zone of a TZif file; none where it isn't one.
    pub fn set_file(&mut self, bytes: Vec<u8>) -> Option<()> {
        let block = &mut self.block;
        block.read(&bytes, 0, 4)?;
        let has_rules = *bytes.get(4)? >= b'2';
        if has_rules {
            block.read(&bytes, block.part(7), 8)?;
        }
        if block.typecnt() == 0 {
            return None;
        }
        let behind = bytes.get(block.part(7)..)?;
        if let [b'\n', footer @ ..] = behind
            && has_rules
        {
            self.set_rules(words(footer, b'\n').next().unwrap_or_default());
        }
        self.bytes = bytes;
        Some(())
    }

    /// How local time is made of a time in UTC.
    pub fn offset(&self, time: i64) -> Offset {
        match self.block.offset(&self.bytes, time, self.has_rules) {
            Some(offset) => offset,
            None if self.has_rules => self.rules.offset(time),
            None => Offset::default(),
        }
    }

    /// How many leap seconds went by that aren't in a count of seconds, in the zones that know
    /// them, and whether this is one.
    #[inline(never)]
    pub fn leap(&self, time: i64) -> (i64, bool) {
        let mut found = (0, false);
        let (bytes, block) = (&self.bytes, &self.block);
        for index in 0..block.counts[2] {
            let at = block.part(4) + index * (block.width + 4);
            let since = number(bytes, at, block.width).unwrap_or(i64::MAX);
            if since > time {
                break;
            }
            let count = number(bytes, at + block.width, 4).unwrap_or(0);
            found = (count, since == time && count > found.0);
        }
        found
    }
}

/// A big-endian number at this place.
#[inline(never)]
fn number(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    let start = if bytes.first()? & 0x80 != 0 { -1i64 } else { 0 };
    Some(bytes.iter().fold(start, |value, &byte| value << 8 | i64::from(byte)))
}

impl Block {
    /// Becomes that whose header is at this place.
    #[inline(never)]
    fn read(&mut self, bytes: &[u8], at: usize, width: usize) -> Option<()> {
        if !bytes.get(at..)?.starts_with(b"TZif") {
            return None;
        }
        (self.start, self.width) = (at + 44, width);
        for (index, count) in self.counts.iter_mut().enumerate() {
            *count = usize::try_from(number(bytes, at + 20 + 4 * index, 4)?).ok()?;
            // More than fit into the file would be none of its own.
            if *count > bytes.len() {
                return None;
            }
        }
        Some(())
    }

    fn timecnt(&self) -> usize {
        self.counts[3]
    }

    fn typecnt(&self) -> usize {
        self.counts[4]
    }

    /// Where a part of the data begins: 0 the times, 1 the index of the type of each, 2 the
    /// types, 3 the abbreviations, 4 the leap seconds, 7 what comes next in the file.
    #[inline(never)]
    fn part(&self, part: usize) -> usize {
        let [utc, standard, leaps, times, types, characters] = self.counts;
        let width = self.width;
        let lengths =
            [times * width, times, types * 6, characters, leaps * (width + 4), standard, utc];
        lengths.iter().take(part).fold(self.start, |at, length| at + length)
    }

    /// The offset at a time; none after the last one where there are rules for that.
    #[inline(never)]
    fn offset(&self, bytes: &[u8], time: i64, rules: bool) -> Option<Offset> {
        // The number of transitions up to this time.
        let (mut low, mut high) = (0, self.timecnt());
        while low < high {
            let middle = (low + high) / 2;
            let at = number(bytes, self.start + middle * self.width, self.width);
            if at.unwrap_or(i64::MAX) <= time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == self.timecnt() && rules {
            return None;
        }
        let types = bytes.get(self.part(2)..)?.as_chunks::<6>().0.get(..self.typecnt())?;
        let kind = match low.checked_sub(1) {
            Some(last) => usize::from(*bytes.get(self.part(1) + last)?),
            // Before all of them: the first type that isn't summer time.
            None => types.iter().position(|kind| kind[4] == 0).unwrap_or(0),
        };
        let kind = types.get(kind).or(types.first())?;
        let name = bytes.get(self.part(3) + usize::from(kind[5]));
        Some(Offset { east: number(kind, 0, 4)?, unknown: name == Some(&b'-') })
    }
}

/// What is left of a text to be parsed.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix::<[u8]>(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self) -> Option<i64> {
        leading(&mut self.0).map(|number| number as i64)
    }

    /// A number from `low` to `high`.
    fn within(&mut self, low: i64, high: i64) -> Option<i64> {
        self.number().filter(|number| (low..=high).contains(number))
    }

    /// Passes over `EST` or `<+03>`; whether it is `-00`, or begins so.
    #[inline(never)]
    fn name(&mut self) -> Option<bool> {
        let before = self.0;
        let quoted = self.take(b'<');
        let unknown = self.0.first() == Some(&b'-');
        let fits = |byte: &&u8| {
            byte.is_ascii_alphabetic()
                || quoted && (byte.is_ascii_digit() || matches!(byte, b'+' | b'-'))
        };
        let length = self.0.iter().take_while(fits).count();
        self.0 = self.0.get(length..)?;
        let right = length >= 3 && (!quoted || self.take(b'>'));
        if !right {
            self.0 = before;
        }
        right.then_some(unknown)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds, of at most so many hours.
    #[inline(never)]
    fn time(&mut self, hours: i64) -> Option<i64> {
        let sign = if self.take(b'-') { -1 } else { 1 };
        if sign > 0 {
            self.take(b'+');
        }
        let mut time = self.number()?.min(hours) * 3600;
        for unit in [60, 1] {
            // A colon without a number is the end of what counts.
            if self.take(b':') {
                time += self.number().unwrap_or(0).min(59) * unit;
            }
        }
        Some(time * sign)
    }

    #[inline(never)]
    fn change(&mut self, change: &mut Change) -> Option<()> {
        *change = Change { time: 7200, ..Change::default() };
        let (mut low, mut high) = (0, 365);
        if self.take(b'J') {
            change.kind = Kind::Julian;
            low = 1;
        } else if self.take(b'M') {
            change.kind = Kind::Month;
            for (place, high) in [(&mut change.month, 12), (&mut change.week, 5)] {
                *place = self.within(1, high)?;
                self.take(b'.').then_some(())?;
            }
            high = 6;
        }
        change.day = self.within(low, high)?;
        if self.take(b'/') {
            change.time = self.time(167)?;
        }
        Some(())
    }
}

impl Rules {
    /// None where it is nothing that POSIX knows. What only begins well is taken as far as it
    /// goes, as glibc does: a day that makes no sense is the first of January, a summer time
    /// without a name is UTC.
    #[inline(never)]
    fn parse(&mut self, text: &[u8]) -> Option<()> {
        let mut text = Text(text);
        self.standard.unknown = text.name()?;
        self.standard.east = -text.time(24)?;
        self.has_summer = !text.0.is_empty();
        self.summer = Offset::default();
        if let Some(unknown) = text.name() {
            let west = if matches!(text.0, [] | [b',', ..]) { None } else { text.time(24) };
            self.summer.east = west.map_or(self.standard.east + 3600, |west| -west);
            self.summer.unknown = unknown;
        }
        let mut right = true;
        for (change, (month, week)) in self.changes.iter_mut().zip([(3, 2), (11, 1)]) {
            // Without days of its own a zone has those of the United States.
            *change = Change { kind: Kind::Month, month, week, day: 0, time: 7200 };
            if right && matches!(text.0, b"" | b",") {
                continue;
            }
            right = right && text.take(b',') && text.change(change).is_some();
            if !right {
                *change = Change::default();
            }
        }
        Some(())
    }

    #[inline(never)]
    fn offset(&self, time: i64) -> Offset {
        if !self.has_summer {
            return self.standard;
        }
        let year = civil(time)[0];
        // Each change is told in the local time before it.
        let [start, end] = &self.changes;
        let start = start.seconds(year).saturating_sub(self.standard.east);
        let end = end.seconds(year).saturating_sub(self.summer.east);
        // Where summer begins in one year and ends in the next, it is winter from the end on.
        let is_summer = (time >= start) ^ (time >= end) ^ (start > end);
        if is_summer { self.summer } else { self.standard }
    }
}

impl Change {
    /// When it is in this year, in seconds since 1970 of its own local time.
    #[inline(never)]
    fn seconds(&self, year: i64) -> i64 {
        let january = days(year, 1);
        let mut day = self.day;
        match self.kind {
            Kind::Zero => {}
            Kind::Julian => {
                let leap = days(year, 3) - january == 60;
                day += i64::from(leap && day >= 60) - 1;
            }
            Kind::Month => {
                let first = days(year, self.month);
                // 1970 began on a Thursday.
                day = first + (day - (first + 4)).rem_euclid(7) + (self.week - 1) * 7;
                if day >= days(year, self.month + 1) {
                    day -= 7;
                }
                day -= january;
            }
        }
        // In years before 1970 glibc takes the changes to be in that one.
        (day + days(year.max(1970), 1)).saturating_mul(DAY).saturating_add(self.time)
    }
}

/// The first day of a month, counted from 1970; month 13 is the next January.
#[inline(never)]
fn days(year: i64, month: i64) -> i64 {
    // Years that begin in March: so the odd day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 - 719_468
}

/// The year, month and day of a time, in seconds since 1970.
#[inline(never)]
pub fn civil(time: i64) -> [i64; 3] {
    let day = time.div_euclid(DAY);
    // 400 years have 146,097 days: so this is the year, or one of its neighbours.
    let mut year = 1971 + (day * 400).div_euclid(146_097);
    while days(year, 1) > day {
        year -= 1;
    }
    let mut month = 12;
    while days(year, month) > day {
        month -= 1;
    }
    [year, month, day - days(year, month) + 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn days_and_dates() {
        assert_eq!(civil(0), [1970, 1, 1]);
        assert_eq!(civil(-1), [1969, 12, 31]);
        assert_eq!(civil(11016 * DAY), [2000, 2, 29]);
        assert_eq!(civil(-719_528 * DAY), [0, 1, 1]);
        let begins = (-3000..3000).flat_map(|year| (1..=12).map(move |month| (year, month)));
        for (year, month) in begins.chain([(-292_277_022_656, 2), (292_277_026_596, 11)]) {
            let day = days(year, month);
            assert_eq!(civil(day * DAY), [year, month, 1]);
            let [_, before, last] = civil(day * DAY - 1);
            assert!(before == (month + 10) % 12 + 1 && (28..=31).contains(&last));
            assert_eq!(days(year, 13), days(year + 1, 1));
        }
        for time in [i64::MIN, i64::MAX] {
            let [year, month, of_month] = civil(time);
            assert_eq!(days(year, month) + of_month - 1, time.div_euclid(DAY));
        }
    }

    fn by_rules(text: &[u8]) -> Zone {
        let mut zone = Zone::default();
        zone.set_rules(text);
        zone
    }

    fn by_file(bytes: Vec<u8>) -> Option<Zone> {
        let mut zone = Zone::default();
        zone.set_file(bytes)?;
        Some(zone)
    }

    #[test]
    fn rules_of_posix() {
        let at = |rules: &[u8], time| by_rules(rules).offset(time).east;
        let (july, january) = (1_720_000_000, 1_704_500_000);
        for (rules, winter, summer) in [
            (&b"UTC0"[..], 0, 0),
            (b"XST5", -18000, -18000),
            (b"XST5:30:30", -19830, -19830),
            (b"<+0545>-5:45", 20700, 20700),
            (b"CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200),
            (b"XST5XDT", -18000, -14400),
            (b"XST5XDT4:30,J60,J300", -18000, -16200),
            (b"XST5XDT,59/1,299/25:30", -18000, -14400),
            (b"AEST-10AEDT,M10.1.0,M4.1.0/3", 39600, 36000),
            // These are none: UTC.
            (b"", 0, 0),
            (b"X5", 0, 0),
            (b"<AB5", 0, 0),
            (b"XST", 0, 0),
            (b"5", 0, 0),
        ] {
            assert_eq!(at(rules, january), winter, "{}", rules.escape_ascii());
            assert_eq!(at(rules, july), summer, "{}", rules.escape_ascii());
        }
        // 2024-03-10 02:00 and 2024-11-03 02:00, in New York's local time.
        let new_york = b"EST5EDT,M3.2.0,M11.1.0";
        assert_eq!([-1, 0].map(|by| at(new_york, 1_710_054_000 + by)), [-18000, -14400]);
        assert_eq!([-1, 0].map(|by| at(new_york, 1_730_613_600 + by)), [-14400, -18000]);
        for time in [i64::MIN, i64::MAX] {
            at(b"EST5EDT,J365/167,0/-167", time);
        }
        at(b"EST99999999999999999999EDT,J1/99999999999999999999,M12.5.6", 0);
    }

    /// A header and a block of these times (and types), with one leap second.
    fn block(version: u8, wide: bool, times: &[(i64, u8)], types: &[(i32, u8)]) -> Vec<u8> {
        let mut file = vec![];
        file.extend(b"TZif");
        file.push(version);
        file.extend([0; 15]);
        for count in [0, 0, 1, times.len(), types.len(), 4] {
            file.extend((count as u32).to_be_bytes());
        }
        let time = |file: &mut Vec<u8>, time: i64| {
            let bytes = time.to_be_bytes();
            file.extend(if wide { &bytes[..] } else { &bytes[4..] });
        };
        times.iter().for_each(|&(at, _)| time(&mut file, at));
        file.extend(times.iter().map(|&(_, kind)| kind));
        for (offset, summer) in types {
            file.extend(offset.to_be_bytes());
            file.extend([*summer, 0]);
        }
        file.extend(b"LMT\0");
        time(&mut file, 5000);
        file.extend(1i32.to_be_bytes());
        file
    }

    #[test]
    fn files() {
        let types = [(7200, 1), (3208, 0), (3600, 0)];
        let v1 = block(0, false, &[(-100, 2), (1000, 0)], &types);
        let zone = by_file(v1.clone()).unwrap();
        let offsets =
            [i64::MIN, -101, -100, 999, 1000, 5000, i64::MAX].map(|t| zone.offset(t).east);
        assert_eq!(offsets, [3208, 3208, 3600, 3600, 7200, 7200, 7200]);
        let leaps = [4999, 5000, 5001].map(|t| zone.leap(t));
        assert_eq!(leaps, [(0, false), (1, true), (1, false)]);

        // What the first block says does not count; after the table there are the rules.
        let mut v2 = block(b'2', false, &[], &[(1, 0)]);
        v2.extend(block(b'2', true, &[(-1 << 40, 2), (1000, 1)], &types));
        v2.extend(b"\n<-03>3\n");
        let zone = by_file(v2.clone()).unwrap();
        assert_eq!(
            [-1 << 41, 0, 1000, 1 << 40].map(|t| zone.offset(t).east),
            [3208, 3600, -10800, -10800]
        );

        for file in [v1, v2] {
            for end in 0..file.len() {
                if let Some(zone) = by_file(file[..end].to_vec()) {
                    zone.offset(0);
                }
            }
            for at in 0..file.len() {
                for byte in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut damaged = file.clone();
                    damaged[at] = byte;
                    if let Some(zone) = by_file(damaged) {
                        for time in [i64::MIN, 0, 1000, i64::MAX] {
                            zone.leap(time);
                            zone.offset(time);
                        }
                    }
                }
            }
        }
    }
}
