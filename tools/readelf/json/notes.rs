//! `-n`: a note with what is known of its kind.

use super::{Nothing, UNNAMED, beside, lines};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::notes::build::{Regions, is_attribute};
use crate::readelf::notes::core_file::NT_FILE;
use crate::readelf::notes::property::of_processor;
use crate::readelf::notes::{self, Note};
use crate::words::short;
use rt::elf::c_str;

const NT_AUXV: u64 = 6;

pub fn one(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let desc = note.desc;
    let json = cx.json();
    json.object("")
        .numbers("n_namesz n_descsz n_type", &[note.n_namesz, note.n_descsz, note.n_type]);
    json.text("n_type_name", &short(&mut |out| notes::kind(out, file, note)));
    json.text("name", note.owner).hex("desc", desc.bytes);
    let word = |at: usize| desc.u32(4 * at).map(u64::from);
    let address = |at: usize| desc.word(at * desc.encoding.word());
    let mut rest = false;
    match (note.author, note.n_type) {
        (b"GNU", 1) => {
            json.number("os", word(0).unwrap_or_default()).array("abi");
            for number in [1, 2, 3].into_iter().filter_map(word) {
                json.number("", number);
            }
            json.end_array();
        }
        (b"GNU", 2) => {
            let words = [0, 1].map(|at| word(at).unwrap_or_default());
            json.numbers("entries enabled_mask", &words);
        }
        (b"GNU", 3) => {
            json.hex("build_id", desc.bytes);
        }
        (b"GNU", 4) => {
            json.text("version", c_str(desc.bytes, 0).unwrap_or_default());
        }
        (b"GNU", 5) => properties(cx, file, note),
        (b"stapsdt", _) => {
            let strings = desc.bytes.get(3 * desc.encoding.word()..).unwrap_or_default();
            if let [Some(pc), Some(base), Some(semaphore)] = [0, 1, 2].map(address) {
                json.numbers("pc base semaphore", &[pc, base, semaphore]);
            }
            for (key, string) in
                ["provider", "probe", "arguments"].into_iter().zip(strings.split(|&b| b == 0))
            {
                json.text(key, string);
            }
        }
        (b"FDO", 0xcafe_1a7e) => {
            json.text("packaging_metadata", c_str(desc.bytes, 0).unwrap_or_default());
        }
        (b"CORE", NT_FILE) => {
            let count = address(0).unwrap_or_default();
            json.number("page_size", address(1).unwrap_or_default()).array("files");
            let mut name_at = count.saturating_mul(3).saturating_add(2);
            name_at = name_at.saturating_mul(desc.encoding.word() as u64);
            for row in 0..usize::try_from(count).unwrap_or_default() {
                let first = row.saturating_mul(3).saturating_add(2);
                let Some(name) = c_str(desc.bytes, name_at) else { break };
                let place = [0, 1, 2].map(|at| address(first.saturating_add(at)));
                let [Some(start), Some(end), Some(offset)] = place else { break };
                json.object("").numbers("start end page_offset", &[start, end, offset]);
                json.text("name", name).end_object();
                name_at = name_at.saturating_add(name.len() as u64 + 1);
            }
            json.end_array();
        }
        (b"CORE", NT_AUXV) => {
            json.array("auxv");
            for at in 0..desc.bytes.len() / (2 * desc.encoding.word()) {
                let pair = [2 * at, 2 * at + 1].map(|at| address(at).unwrap_or_default());
                json.object("").numbers("a_type a_val", &pair).end_object();
            }
            json.end_array();
        }
        (author, _) => {
            rest = author.starts_with(b"IPF/VMS")
                || author.starts_with(b"NetBSD")
                || author.starts_with(b"PaX")
                || is_attribute(note);
        }
    }
    if is_attribute(note) {
        let size = usize::try_from(note.n_namesz).unwrap_or_default();
        cx.json().hex("name_bytes", note.rest.get(..size).unwrap_or_default());
    }
    let mut fine = true;
    let mut print = |cx: &mut Context| fine = notes::one(cx, file, note, regions);
    if rest {
        lines(cx, &mut print);
    } else {
        beside(UNNAMED, &mut Nothing, None, &mut print);
    }
    cx.json().end_object();
    fine
}

/// `NT_GNU_PROPERTY_TYPE_0`
fn properties(cx: &mut Context, file: &File, note: &Note) {
    let desc = note.desc;
    cx.json().array("properties");
    let mut at = 0usize;
    while let (Some(pr_type), Some(size)) = (desc.u32(at), desc.u32(at.saturating_add(4))) {
        let Some(data) = desc.slice(at + 8, size as usize) else { break };
        let json = cx.json();
        json.object("").numbers("pr_type pr_datasz", &[pr_type.into(), size.into()]);
        json.hex("pr_data", data);
        let value = desc.u32(at + 8).filter(|_| size == 4);
        if let Some(value) = value {
            json.number("value", value.into());
            if let Some((name, bits, _)) = of_processor(file.elf.header.e_machine, pr_type) {
                json.words("pr_type_name", &name).array("value_names");
                for (_, name) in bits.iter().filter(|(bit, _)| value >> bit & 1 == 1) {
                    json.words("", &name);
                }
                json.end_array();
            }
        }
        json.end_object();
        at = at.saturating_add(8 + data.len().next_multiple_of(desc.encoding.word()));
    }
    cx.json().end_array();
}
