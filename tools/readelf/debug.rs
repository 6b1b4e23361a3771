//! `-w`, and what of it `-L` shows: the links to separate files of debugging information
//! (gdb's manual, "Debugging Information in Separate Files"). What needs DWARF, or those
//! files, is told to be missing.

use super::file::File;
use super::text;
use crate::context::Context;
use crate::words::{place, unpacked, words};
use rt::elf::consts::SHT_NOBITS;
use rt::elf::{Reader, SectionHeader, c_str};
use rt::fmt::hex;
use rt::put;
use rt::text::Text;

/// What `-w` asks for.
#[derive(Default)]
pub struct Debug {
    /// Anything at all.
    pub any: bool,
    /// DWARF, which isn't supported yet.
    pub dwarf: bool,
    links: bool,
    /// Not to look for the files that links lead to.
    stay: bool,
}

/// The letters of `-w` and the words of `--debug-dump` that aren't for a kind of DWARF: links, to
/// follow them, and not to.
const LINK_LETTERS: &[u8] = b"kKN";
const LINK_WORDS: &[u8] = b"links follow-links no-follow-links";

/// What `-w` alone asks for: DWARF of any kind, and links.
const ALL: &[u8] = b"ik";

/// The kinds of DWARF.
const LETTERS: &[u8] = b"AFLORTUacfgilmoprstu";
const WORDS: Text = rt::text!(
    "Ranges abbrev addr aranges cu_index decodedline frames frames-interp \
    gdb_index info line loc macro pubnames pubtypes ranges rawline str str-offsets trace_abbrev \
    trace_aranges trace_info"
);

/// The names of sections with DWARF after `.debug_`, those that may end in `.dwo` first.
const DWO: Text =
    rt::text!("abbrev info line loc loclists macinfo macro rnglists str str_offsets types");
const OTHER: Text = rt::text!(
    "addr aranges cu_index frame gnu_pubnames gnu_pubtypes line_str names \
    pubnames pubtypes ranges static_func static_vars sup tu_index weaknames"
);

/// Whether a packed list has this word.
#[inline(never)]
fn has(list: Text, word: &[u8]) -> bool {
    place(&unpacked(list, b'\n', 0), word).is_some()
}

impl Debug {
    /// `-w`, or `-w` and letters.
    pub fn letters(&mut self, cx: &mut Context, letters: Option<&[u8]>) {
        for letter in letters.unwrap_or(ALL) {
            match LINK_LETTERS.iter().position(|known| known == letter) {
                None if !LETTERS.contains(letter) => {
                    warn!(cx, "Unrecognized debug letter option '", [*letter], "'");
                }
                link => self.set(link),
            }
        }
    }

    /// `--debug-dump`, or that and words.
    pub fn words(&mut self, cx: &mut Context, words: Option<&[u8]>) {
        let Some(mut words) = words else { return self.letters(cx, None) };
        while !words.is_empty() {
            let end = words.iter().position(|&byte| byte == b',').unwrap_or(words.len());
            let (word, rest) = words.split_at(end);
            match place(LINK_WORDS, word) {
                // With all that comes after it.
                None if !has(WORDS, word) => warn!(cx, "Unrecognized debug option '", words, "'"),
                link => self.set(link),
            }
            words = rest.get(1..).unwrap_or_default();
        }
    }

    /// A word about links by its place in their list, or a kind of DWARF.
    fn set(&mut self, link: Option<usize>) {
        match link {
            Some(0) => self.links = true,
            Some(stay) => self.stay = stay == 2,
            None => self.dwarf = true,
        }
        self.any |= link != Some(2);
    }
}

/// Shows what `-w` or `-L` wants of a section; false where something is wrong with it.
pub fn show(cx: &mut Context, file: &File, section: &SectionHeader) -> bool {
    let options = file.options;
    let name = file.section_name(section);
    let link = place(b".gnu_debuglink .gnu_debugaltlink", name);
    let wanted = options.lint || link.is_some() && options.debug.links;
    let mut prefixes = words(b".debug_ .zdebug_ .gnu.linkonce.wi. .trace_", b' ');
    let kind = prefixes.find_map(|prefix| name.strip_prefix(prefix));
    if !wanted || kind.is_none() && link.is_none() {
        return true;
    }
    if section.sh_size == 0 {
        put!(&mut cx.out, "\nSection '", text::section(name), "' has no debugging data.\n");
        return true;
    }
    if section.sh_type == SHT_NOBITS {
        put!(
            &mut cx.out,
            "section '",
            text::section(name),
            "' has the NOBITS type - its contents are unreliable.\n"
        );
        return false;
    }
    let Some(link) = link else { return dwarf(cx, name, kind.unwrap_or_default()) };
    let Some(bytes) = file.read_section(cx, section, rt::text!("section contents")) else {
        return false;
    };
    put!(&mut cx.out, "Contents of the ", text::section(name), " section:\n\n");
    let mut fine = match c_str(bytes, 0).filter(|_| bytes.contains(&0)) {
        Some(target) => {
            put!(&mut cx.out, "  Separate debug info file: ", text::name(target), "\n");
            let show = if link == 0 { debug_link } else { alternative_link };
            show(cx, file, bytes, target.len() + 1)
        }
        None => {
            warn!(cx, "The debuglink filename is corrupt/missing");
            false
        }
    };
    if options.debug.links && !options.debug.stay {
        error!(cx, "following links to separate debug files is not supported yet");
        fine = false;
    }
    fine
}

/// A section with DWARF, or one that only its name makes seem so.
fn dwarf(cx: &mut Context, name: &[u8], kind: &[u8]) -> bool {
    let traced = name.starts_with(b".trace_");
    let known = match kind.strip_suffix::<[u8]>(b".dwo") {
        Some(kind) => has(DWO, kind),
        None if traced => has(rt::text!("abbrev aranges info"), kind),
        None => has(DWO, kind) || has(OTHER, kind) || kind.starts_with(b"line."),
    };
    if !known && !name.starts_with(b".gnu") {
        put!(&mut cx.out, "Unrecognized debug section: ", text::section(name), "\n");
        return true;
    }
    fill_error!(cx, "DWARF is not supported yet: section '%S' is not shown"; name);
    false
}

/// What comes behind the name: up to three bytes to fill up, and the file's checksum.
fn debug_link(cx: &mut Context, file: &File, bytes: &[u8], named: usize) -> bool {
    let at = named.next_multiple_of(4);
    let Some(crc) = Reader::new(file.elf.encoding, bytes).u32(at) else {
        warn!(cx, "CRC offset missing/truncated");
        return false;
    };
    fill!(&mut cx.out, "  CRC value: %#x\n", crc);
    let more = bytes.len() - at - 4;
    if more != 0 {
        fill_warning!(cx, "There are %#x extraneous bytes at the end of the section", more);
        return false;
    }
    put!(&mut cx.out, "\n");
    true
}

/// What comes behind the name: the file's build ID.
fn alternative_link(cx: &mut Context, file: &File, bytes: &[u8], named: usize) -> bool {
    let id = bytes.get(named..).unwrap_or_default();
    const LEAST: usize = 0x14;
    const A_LINE: usize = 26;
    if id.len() < LEAST {
        fill_warning!(cx, "Build-ID is too short (%#x bytes)", id.len());
        return false;
    }
    fill!(&mut cx.out, "  Build-ID (%#x bytes):", id.len());
    for (i, &byte) in id.iter().enumerate() {
        if i % A_LINE == 0 && !file.options.wide {
            put!(&mut cx.out, "\n");
        }
        put!(&mut cx.out, " ", hex(byte).zero(2));
    }
    put!(&mut cx.out, "\n\n");
    true
}
