//! Time zones: how far local time is from UTC. TZif files (RFC 9636) and the rules of
//! POSIX's `TZ` (`man 3 tzset`), as the C library reads them. Only offsets are of interest,
//! so abbreviations are passed over.
//!
//! Bytes to numbers, nothing else; whatever the bytes are, the answer is a number.

use alloc::vec::Vec;

/// Seconds in a day.
const DAY: i64 = 86400;

/// A time zone: UTC where there is nothing better.
#[derive(Default)]
pub struct Zone {
    table: Option<Table>,
    rules: Option<Rules>,
}

/// What is to be added to a time in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offset {
    /// Seconds east of Greenwich.
    pub east: i64,
    /// Leap seconds that went by and aren't in a count of seconds.
    pub leap: i64,
    /// Whether this is a leap second itself.
    pub is_leap: bool,
    /// Whether the offset is an unknown one: `-00`.
    pub unknown: bool,
}

/// The table of a TZif file.
struct Table {
    /// The file.
    bytes: Vec<u8>,
    /// Where the block is that counts, of which kind, and how many are in it.
    block: Block,
}

/// A data block of a TZif file.
#[derive(Clone, Copy)]
struct Block {
    /// Where its data begin.
    start: usize,
    /// Bytes of a time: 4 in the first block, 8 in the second.
    width: usize,
    isutcnt: usize,
    isstdcnt: usize,
    leapcnt: usize,
    timecnt: usize,
    typecnt: usize,
    charcnt: usize,
}

/// `std offset [dst [offset] [,start,end]]`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Rules {
    standard: Offset,
    /// In summer, and when that begins and ends.
    summer: Option<(Offset, Change, Change)>,
}

/// A day of the year and a time on it, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    day: Day,
    time: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Day {
    /// `Jn`: 1 to 365, the 29th of February never counts.
    Julian(i64),
    /// `n`: 0 to 365.
    Zero(i64),
    /// `Mm.w.d`: the w-th weekday d of month m; w = 5 is the last one.
    Month(i64, i64, i64),
}

impl Zone {
    /// The zone of a value of `TZ` that names no file.
    pub fn from_rules(text: &[u8]) -> Zone {
        Zone { table: None, rules: Rules::parse(text) }
    }

    /// The zone of a TZif file; none where it isn't one.
    pub fn from_file(bytes: Vec<u8>) -> Option<Zone> {
        let first = Block::read(&bytes, 0, 4)?;
        let version = *bytes.get(4)?;
        let mut rules = None;
        let block = if version < b'2' {
            first
        } else {
            let second = Block::read(&bytes, first.end()?, 8)?;
            let footer = bytes.get(second.end()?..).and_then(|rest| rest.strip_prefix(b"\n"));
            rules = footer
                .and_then(|footer| footer.split(|&byte| byte == b'\n').next())
                .and_then(Rules::parse);
            second
        };
        (block.typecnt > 0 && block.end()? <= bytes.len())
            .then_some(Zone { table: Some(Table { bytes, block }), rules })
    }

    /// How local time is made of a time in UTC.
    pub fn offset(&self, time: i64) -> Offset {
        let by_rules = || self.rules.map_or(Offset::default(), |rules| rules.offset(time));
        let Some(table) = &self.table else { return by_rules() };
        let offset = table.offset(time, self.rules.is_some()).unwrap_or_else(by_rules);
        let (leap, is_leap) = table.leap(time);
        Offset { leap, is_leap, ..offset }
    }
}

/// A big-endian number at this place.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    let negative = bytes.first()? & 0x80 != 0;
    let start = if negative { -1i64 } else { 0 };
    Some(bytes.iter().fold(start, |value, &byte| value << 8 | i64::from(byte)))
}

impl Block {
    /// The header at this place.
    fn read(bytes: &[u8], at: usize, width: usize) -> Option<Block> {
        let header = bytes.get(at..at.checked_add(44)?)?;
        if !header.starts_with(b"TZif") {
            return None;
        }
        let count = |index: usize| {
            // More than fit into the file would be none of its own.
            let count = usize::try_from(number(header, 20 + 4 * index, 4)?).ok()?;
            (count <= bytes.len()).then_some(count)
        };
        Some(Block {
            start: at + 44,
            width,
            isutcnt: count(0)?,
            isstdcnt: count(1)?,
            leapcnt: count(2)?,
            timecnt: count(3)?,
            typecnt: count(4)?,
            charcnt: count(5)?,
        })
    }

    /// Where the index of the type of each time begins.
    fn indices(&self) -> usize {
        self.start + self.timecnt * self.width
    }

    /// Where the types begin: 6 bytes each.
    fn types(&self) -> usize {
        self.indices() + self.timecnt
    }

    /// Where the leap seconds begin.
    fn leaps(&self) -> usize {
        self.types() + self.typecnt * 6 + self.charcnt
    }

    /// Where the next thing in the file begins.
    fn end(&self) -> Option<usize> {
        let leaps = self.leapcnt.checked_mul(self.width + 4)?;
        self.leaps().checked_add(leaps)?.checked_add(self.isstdcnt)?.checked_add(self.isutcnt)
    }
}

impl Table {
    /// The offset at a time; none after the last one where there are rules for that.
    fn offset(&self, time: i64, rules: bool) -> Option<Offset> {
        let block = self.block;
        let at = |index: usize| {
            number(&self.bytes, block.start + index * block.width, block.width).unwrap_or(i64::MAX)
        };
        // The number of transitions up to this time.
        let (mut low, mut high) = (0, block.timecnt);
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle) <= time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == block.timecnt && rules {
            return None;
        }
        let kind = match low.checked_sub(1) {
            Some(last) => usize::from(*self.bytes.get(block.indices() + last)?),
            // Before all of them: the first type that isn't summer time.
            None => (0..block.typecnt).find(|&kind| !self.is_summer(kind)).unwrap_or(0),
        };
        let kind = if kind < block.typecnt { kind } else { 0 };
        let at = block.types() + kind * 6;
        let name = usize::from(*self.bytes.get(at + 5)?) + block.types() + block.typecnt * 6;
        Some(Offset {
            east: number(&self.bytes, at, 4).unwrap_or(0),
            unknown: self.bytes.get(name) == Some(&b'-'),
            ..Offset::default()
        })
    }

    fn is_summer(&self, kind: usize) -> bool {
        self.bytes.get(self.block.types() + kind * 6 + 4).is_some_and(|&flag| flag != 0)
    }

    /// How many leap seconds went by, in the zones that count them, and whether this is one.
    fn leap(&self, time: i64) -> (i64, bool) {
        let (block, width) = (self.block, self.block.width + 4);
        let at = |index: usize| block.leaps() + index * width;
        let since = |index| number(&self.bytes, at(index), block.width).unwrap_or(i64::MAX);
        let count = |index| number(&self.bytes, at(index) + block.width, 4).unwrap_or(0);
        match (0..block.leapcnt).rev().find(|&index| since(index) <= time) {
            None => (0, false),
            Some(last) => {
                let before = last.checked_sub(1).map_or(0, count);
                (count(last), since(last) == time && count(last) > before)
            }
        }
    }
}

/// What is left of a text to be parsed.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at_checked(digits).filter(|_| digits > 0)?;
        self.0 = rest;
        let add =
            |sum: i64, &digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
        Some(number.iter().fold(0, add))
    }

    /// Passes over `EST` or `<+03>`; whether it is `-00`, or begins so.
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
    fn time(&mut self, hours: i64) -> Option<i64> {
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let mut time = self.number()?.min(hours) * 3600;
        for unit in [60, 1] {
            // A colon without a number is the end of what counts.
            if self.take(b':') {
                time += self.number().unwrap_or(0).min(59) * unit;
            }
        }
        Some(if negative { -time } else { time })
    }

    fn change(&mut self) -> Option<Change> {
        let day = if self.take(b'J') {
            Day::Julian(self.number().filter(|day| (1..=365).contains(day))?)
        } else if self.take(b'M') {
            let month = self.number().filter(|month| (1..=12).contains(month))?;
            let week = self.take(b'.').then(|| self.number())??;
            let day = self.take(b'.').then(|| self.number())??;
            let right = (1..=5).contains(&week) && day <= 6;
            right.then_some(Day::Month(month, week, day))?
        } else {
            Day::Zero(self.number().filter(|day| *day <= 365)?)
        };
        let time = if self.take(b'/') { self.time(167)? } else { 2 * 3600 };
        Some(Change { day, time })
    }
}

impl Rules {
    /// None where it is nothing that POSIX knows: such a zone is UTC. What only begins well
    /// is taken as far as it goes, as glibc does: a day that makes no sense is the first of
    /// January, a summer time without a name is UTC.
    fn parse(text: &[u8]) -> Option<Rules> {
        let mut text = Text(text);
        let unknown = text.name()?;
        let standard = Offset { east: -text.time(24)?, unknown, ..Offset::default() };
        if text.0.is_empty() {
            return Some(Rules { standard, summer: None });
        }
        let mut summer = Offset::default();
        if let Some(unknown) = text.name() {
            let later = standard.east + 3600;
            let east = match text.0 {
                [] | [b',', ..] => later,
                _ => text.time(24).map_or(later, |west| -west),
            };
            summer = Offset { east, unknown, ..summer };
        }
        let mut changes = [(3, 2), (11, 1)].map(|(month, week)| {
            // Without days of its own a zone has those of the United States.
            Change { day: Day::Month(month, week, 0), time: 7200 }
        });
        let mut right = true;
        for change in &mut changes {
            if right && (text.0.is_empty() || text.0 == b",") {
                continue;
            }
            let given = if right && text.take(b',') { text.change() } else { None };
            right = given.is_some();
            *change = given.unwrap_or(Change { day: Day::Zero(0), time: 0 });
        }
        let [start, end] = changes;
        Some(Rules { standard, summer: Some((summer, start, end)) })
    }

    fn offset(&self, time: i64) -> Offset {
        let Some((summer, start, end)) = self.summer else { return self.standard };
        let year = civil(time.div_euclid(DAY)).0;
        // Each change is told in the local time before it.
        let start = start.seconds(year).saturating_sub(self.standard.east);
        let end = end.seconds(year).saturating_sub(summer.east);
        let is_summer =
            if start > end { time < end || time >= start } else { time >= start && time < end };
        if is_summer { summer } else { self.standard }
    }
}

impl Change {
    /// When it is in this year, in seconds since 1970 of its own local time.
    fn seconds(&self, year: i64) -> i64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let january = days(year, 1);
        let day = match self.day {
            Day::Julian(day) => january + day - 1 + i64::from(leap && day >= 60),
            Day::Zero(day) => january + day,
            Day::Month(month, week, weekday) => {
                let first = days(year, month);
                let next = if month == 12 { days(year + 1, 1) } else { days(year, month + 1) };
                // 1970 began on a Thursday.
                let day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                if day >= next { day - 7 } else { day }
            }
        };
        // In years before 1970 glibc takes the changes to be in that one.
        let day = day - january + days(year.max(1970), 1);
        day.saturating_mul(DAY).saturating_add(self.time)
    }
}

/// The first day of a month, counted from 1970.
fn days(year: i64, month: i64) -> i64 {
    // Years that begin in March: so the odd day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 - 719_468
}

/// The year, month and day of a day that is counted from 1970.
pub fn civil(day: i64) -> (i64, i64, i64) {
    // 400 years have 146,097 days; of these years each begins in March.
    let day = day.saturating_add(719_468);
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn days_and_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(11016), (2000, 2, 29));
        assert_eq!(civil(-719_528), (0, 1, 1));
        for day in (-1_000_000..1_000_000).step_by(13) {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month) + of_month - 1, day);
        }
        for day in [i64::MIN, i64::MAX, i64::MIN / DAY, i64::MAX / DAY] {
            civil(day);
        }
    }

    #[test]
    fn rules_of_posix() {
        let at = |rules: &[u8], time| Zone::from_rules(rules).offset(time).east;
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
        let zone = Zone::from_file(v1.clone()).unwrap();
        let offsets =
            [i64::MIN, -101, -100, 999, 1000, 5000, i64::MAX].map(|t| zone.offset(t).east);
        assert_eq!(offsets, [3208, 3208, 3600, 3600, 7200, 7200, 7200]);
        let leaps = [4999, 5000, 5001].map(|t| (zone.offset(t).leap, zone.offset(t).is_leap));
        assert_eq!(leaps, [(0, false), (1, true), (1, false)]);

        // What the first block says does not count; after the table there are the rules.
        let mut v2 = block(b'2', false, &[], &[(1, 0)]);
        v2.extend(block(b'2', true, &[(-1 << 40, 2), (1000, 1)], &types));
        v2.extend(b"\n<-03>3\n");
        let zone = Zone::from_file(v2.clone()).unwrap();
        assert_eq!(
            [-1 << 41, 0, 1000, 1 << 40].map(|t| zone.offset(t).east),
            [3208, 3600, -10800, -10800]
        );

        for file in [v1, v2] {
            for end in 0..file.len() {
                if let Some(zone) = Zone::from_file(file[..end].to_vec()) {
                    zone.offset(0);
                }
            }
            for at in 0..file.len() {
                for byte in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut damaged = file.clone();
                    damaged[at] = byte;
                    if let Some(zone) = Zone::from_file(damaged) {
                        for time in [i64::MIN, 0, 1000, i64::MAX] {
                            zone.offset(time);
                        }
                    }
                }
            }
        }
    }
}
