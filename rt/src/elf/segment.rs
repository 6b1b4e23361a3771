//! Program headers (gABI, "Program Header").

use super::SectionHeader;
use super::bytes::{Table, record};
use super::consts::*;

record! {
    /// `Elf32_Phdr`, `Elf64_Phdr`
    pub struct ProgramHeader {
        p_type: u32 = 0,
        p_flags: u32 = 24,
        p_offset: u64 = 4,
        p_vaddr: u64 = 8,
        p_paddr: u64 = 12,
        p_filesz: u64 = 16,
        p_memsz: u64 = 20,
        p_align: u64 = 28,
    }
}

impl ProgramHeader {
    /// Whether a section is a part of this segment: of the kind that belongs there, and inside
    /// by its place in the file and, where it has one, in memory.
    #[inline]
    pub fn holds(&self, section: &SectionHeader) -> bool {
        let tls = section.sh_flags & SHF_TLS != 0;
        let allocated = section.sh_flags & SHF_ALLOC != 0;
        let in_file = section.sh_type != SHT_NOBITS;
        let belongs = match self.p_type {
            PT_TLS => tls,
            PT_PHDR => false,
            // `.tbss` takes no room but in the initial image.
            PT_LOAD | PT_GNU_RELRO => allocated && (in_file || !tls),
            PT_DYNAMIC | PT_GNU_EH_FRAME | PT_GNU_STACK | PT_GNU_SFRAME..=PT_GNU_MBIND_HI => {
                allocated && !tls
            }
            _ => !tls,
        };
        let strict = matches!(self.p_type, PT_DYNAMIC | PT_NOTE) && self.p_memsz != 0;
        let lies = |start, begin, length| within(start, section.sh_size, begin, length, strict);
        belongs
            && (!in_file || lies(section.sh_offset, self.p_offset, self.p_filesz))
            && (!allocated || lies(section.sh_addr, self.p_vaddr, self.p_memsz))
    }
}

/// Where the sections of a file lie, in groups: so that not each has to be looked at for each
/// segment, of which there may be as many.
pub struct SectionGroups<'a> {
    sections: Table<'a, SectionHeader>,
    /// How many sections are in a group.
    each: usize,
    groups: [Group; 32],
}

/// Where sections begin that follow one another in the table: the first and the last place.
#[derive(Clone, Copy)]
struct Group {
    /// Those in the file, by offset.
    file: (u64, u64),
    /// Those that are in memory only, by address.
    memory: (u64, u64),
    /// Whether one is in neither: it is a part of any segment.
    anywhere: bool,
}

impl<'a> SectionGroups<'a> {
    /// Looks at all sections.
    // Inlined, so that it is written where it stays: it is most of a page.
    #[inline(always)]
    pub fn new(sections: Table<'a, SectionHeader>) -> Self {
        let none = (u64::MAX, 0);
        let mut groups = [Group { file: none, memory: none, anywhere: false }; 32];
        let each = sections.len().div_ceil(groups.len()).max(1);
        for (i, section) in sections.iter().enumerate() {
            let Some(group) = groups.get_mut(i / each) else { break };
            let (range, at) = match section.sh_type {
                SHT_NOBITS if section.sh_flags & SHF_ALLOC == 0 => {
                    group.anywhere = true;
                    continue;
                }
                SHT_NOBITS => (&mut group.memory, section.sh_addr),
                _ => (&mut group.file, section.sh_offset),
            };
            *range = (range.0.min(at), range.1.max(at));
        }
        SectionGroups { sections, each, groups }
    }

    /// Finds the sections that are parts of a segment.
    ///
    /// The loop is here and not at the caller's since there may be many of both.
    pub fn each_in(&self, segment: &ProgramHeader, found: &mut dyn FnMut(usize, SectionHeader)) {
        let meet = |(first, last): (u64, u64), begin: u64, length: u64| {
            last >= begin && first <= begin.saturating_add(length)
        };
        let count = self.sections.len();
        for (number, group) in self.groups.iter().enumerate() {
            let possible = group.anywhere
                || meet(group.file, segment.p_offset, segment.p_filesz)
                || meet(group.memory, segment.p_vaddr, segment.p_memsz);
            let start = number.saturating_mul(self.each);
            if !possible {
                continue;
            }
            for index in start..start.saturating_add(self.each).min(count) {
                let section = self.sections.get_here(index);
                if let Some(section) = section.filter(|section| segment.holds(section)) {
                    found(index, section);
                }
            }
        }
    }
}

/// Whether a range lies within another one. One that is empty doesn't lie at the other's end
/// (unless that is empty as well), and where that is `strict` not at its beginning either.
#[inline]
fn within(start: u64, size: u64, begin: u64, length: u64, strict: bool) -> bool {
    let Some(from) = start.checked_sub(begin) else { return false };
    if size == 0 {
        return if strict { from != 0 && from < length } else { from < length.max(1) };
    }
    // A size that goes past the end of all numbers counts as GNU readelf counts it.
    from < length && from.wrapping_add(size) <= length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{Class, Data, Encoding};

    #[test]
    fn sections_of_a_segment() {
        let load = ProgramHeader {
            p_type: PT_LOAD,
            p_offset: 0x100,
            p_vaddr: 0x1100,
            p_filesz: 0x40,
            p_memsz: 0x80,
            ..ProgramHeader::default()
        };
        let text = SectionHeader {
            sh_type: SHT_PROGBITS,
            sh_flags: SHF_ALLOC,
            sh_offset: 0x100,
            sh_addr: 0x1100,
            sh_size: 0x40,
            ..SectionHeader::default()
        };
        assert!(load.holds(&text));
        assert!(!load.holds(&SectionHeader { sh_size: 0x41, ..text }));
        assert!(!load.holds(&SectionHeader { sh_flags: 0, ..text }));
        let bss = SectionHeader { sh_type: SHT_NOBITS, sh_addr: 0x1140, ..text };
        assert!(load.holds(&bss));
        assert!(!load.holds(&SectionHeader { sh_flags: SHF_ALLOC | SHF_TLS, ..bss }));
        // What is empty lies at the beginning, not at the end.
        let empty = SectionHeader { sh_size: 0, ..text };
        assert!(load.holds(&empty));
        assert!(!load.holds(&SectionHeader { sh_offset: 0x140, sh_addr: 0x1140, ..empty }));
        assert!(!ProgramHeader { p_type: PT_DYNAMIC, ..load }.holds(&empty));
        assert!(!ProgramHeader { p_type: PT_PHDR, ..load }.holds(&text));
        // Nothing that overflows.
        assert!(!load.holds(&SectionHeader { sh_size: u64::MAX, ..text }));
    }

    #[test]
    fn groups_find_what_looking_at_each_finds() {
        const COUNT: usize = 1000;
        let mut random = 7u64;
        let mut below = |end: u64| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (random >> 33) % end
        };
        let mut bytes = std::vec![0; 64 * COUNT];
        for record in bytes.chunks_mut(64) {
            let kind = if below(4) == 0 { SHT_NOBITS } else { SHT_PROGBITS };
            record[4] = kind as u8;
            record[8] = below(4) as u8 & SHF_ALLOC as u8;
            for at in [16, 24, 32] {
                let value = below(if at == 32 { 20 } else { 5000 });
                record[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        let encoding = Encoding { class: Class::Elf64, data: Data::Lsb };
        let sections = Table::<SectionHeader>::packed(encoding, &bytes);
        let groups = SectionGroups::new(sections);
        for p_type in [PT_LOAD, PT_NOTE, PT_TLS, PT_DYNAMIC] {
            for _ in 0..50 {
                let segment = ProgramHeader {
                    p_type,
                    p_offset: below(5000),
                    p_vaddr: below(5000),
                    p_filesz: below(500),
                    p_memsz: below(500),
                    ..ProgramHeader::default()
                };
                let mut found = std::vec::Vec::new();
                groups.each_in(&segment, &mut |i, section| found.push((i, section)));
                let each = sections.iter().enumerate().filter(|(_, s)| segment.holds(s));
                assert!(each.eq(found));
            }
        }
    }
}
