//! The file that is being reported on, and what more than one part looks up in it.

use super::dynamic::Dynamic;
use super::options::Options;
use super::{error, warn};
use crate::context::Context;
use rt::elf::consts::PT_LOAD;
use rt::elf::{Elf, ProgramHeader, SectionHeader, Table, c_str};
use rt::fmt::{dec, hex};

/// The file that is being reported on.
pub struct File<'a> {
    pub options: &'a Options,
    /// Its name as it is shown: `lib.a(member.o)` in an archive.
    pub name: &'a [u8],
    pub elf: Elf<'a>,
    /// The section headers; empty where there are none, or none that can be read.
    pub sections: Table<'a, SectionHeader>,
    /// The program headers; empty where there are none, or none that can be read.
    pub segments: Table<'a, ProgramHeader>,
    /// The dynamic section, once the parts before it have been shown.
    pub dynamic: Dynamic<'a>,
    /// The section header string table.
    names: &'a [u8],
}

impl<'a> File<'a> {
    pub fn new(options: &'a Options, name: &'a [u8], elf: Elf<'a>) -> Self {
        let sections = Table::empty(elf.encoding);
        let segments = Table::empty(elf.encoding);
        let dynamic = Dynamic::none(elf.encoding);
        File { options, name, elf, sections, segments, dynamic, names: &[] }
    }

    /// Finds the tables that most parts need, and tells what is wrong with them.
    pub fn load(&mut self, cx: &mut Context) -> bool {
        match self.elf.sections() {
            Some(sections) => self.sections = sections,
            None => {
                let size = self.elf.shnum() * u64::from(self.elf.header.e_shentsize);
                let tail = " bytes extends past end of file for section headers";
                error(cx, &[&"Reading ", &dec(size), &tail]);
            }
        }
        if let Some(segments) = self.elf.segments() {
            self.segments = segments;
        }
        let names = self.sections.get(self.elf.shstrndx() as usize);
        self.names = names.and_then(|section| self.data(&section)).unwrap_or_default();
        true
    }

    /// A part of the file; where it goes past the end, that is told, and `what` it is.
    pub fn read(
        &self,
        cx: &mut Context,
        offset: u64,
        size: u64,
        what: &'static str,
    ) -> Option<&'a [u8]> {
        let bytes = self.elf.bytes(offset, size);
        if bytes.is_none() {
            let tail = " bytes extends past end of file for ";
            error(cx, &[&"Reading ", &dec(size), &tail, &what]);
        }
        bytes.filter(|bytes| !bytes.is_empty())
    }

    /// The file offset of an address: by the first segment whose part of the file holds
    /// `size` bytes from there, else, with a warning, the address itself.
    pub fn locate(&self, cx: &mut Context, address: u64, size: u64) -> u64 {
        for segment in self.segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
            let start = segment.p_vaddr & segment.p_align.wrapping_neg();
            let end = segment.p_vaddr.wrapping_add(segment.p_filesz);
            if address >= start && address.checked_add(size).is_some_and(|last| last <= end) {
                return address.wrapping_sub(segment.p_vaddr).wrapping_add(segment.p_offset);
            }
        }
        let tail = " not located in any PT_LOAD segment.";
        warn(cx, &[&"Virtual address ", &hex(address).alt(), &tail]);
        address
    }

    /// The bytes of a section; none where they don't lie within the file.
    pub fn data(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        self.elf.bytes(section.sh_offset, section.sh_size)
    }

    /// The name of a section.
    pub fn section_name(&self, section: &SectionHeader) -> &'a [u8] {
        match c_str(self.names, section.sh_name.into()) {
            Some(name) => name,
            None if self.names.is_empty() => b"<no-strings>",
            None => b"<corrupt>",
        }
    }

    /// The sections of a type, with their indices.
    pub fn sections_of(&self, sh_type: u32) -> impl Iterator<Item = (usize, SectionHeader)> {
        self.sections.iter().enumerate().filter(move |(_, s)| s.sh_type == sh_type)
    }

    /// The string table that a section's `sh_link` names; empty where there is none.
    pub fn linked_strings(&self, section: &SectionHeader) -> &'a [u8] {
        let linked = self.sections.get(section.sh_link as usize);
        linked.and_then(|strings| self.data(&strings)).unwrap_or_default()
    }
}
