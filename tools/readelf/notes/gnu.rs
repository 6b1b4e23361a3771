//! Notes of owner `GNU`.

use super::{Bytes, Note, property};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use crate::words::{Hex, word};
use rt::elf::c_str;
use rt::io::BufWriter;
use rt::put;

const NT_GNU_ABI_TAG: u64 = 1;
const NT_GNU_HWCAP: u64 = 2;
const NT_GNU_BUILD_ID: u64 = 3;
const NT_GNU_GOLD_VERSION: u64 = 4;
const NT_GNU_PROPERTY_TYPE_0: u64 = 5;

#[inline(never)]
pub fn describe(cx: &mut Context, file: &File, note: &Note) -> bool {
    let out = &mut cx.out;
    let desc = &note.desc;
    match note.n_type {
        NT_GNU_ABI_TAG => abi_tag(out, note),
        NT_GNU_HWCAP => {
            put!(out, "      Hardware Capabilities: ");
            if desc.bytes.len() < 8 {
                error!(cx, "<corrupt GNU_HWCAP>");
                return false;
            }
            let n32 = |at| desc.u32(at).unwrap_or_default();
            fill!(out, "num entries: %u, enabled mask: %x\n", n32(0), n32(4));
        }
        NT_GNU_BUILD_ID => {
            put!(out, "    Build ID: ", Hex(desc.bytes), "\n");
        }
        NT_GNU_GOLD_VERSION => {
            put!(out, "    Version: ", text::name(c_str(desc.bytes, 0).unwrap_or_default()), "\n");
        }
        NT_GNU_PROPERTY_TYPE_0 => property::list(out, file, *desc),
        _ => put!(out, "    Description data: ", Bytes(desc.bytes), "\n"),
    }
    true
}

/// The oldest kernel that the file runs on.
fn abi_tag(out: &mut BufWriter, note: &Note) {
    let desc = &note.desc;
    let n32 = |at| desc.u32(at).unwrap_or_default();
    if desc.bytes.len() < 16 {
        return put!(out, "    <corrupt GNU_ABI_TAG>\n");
    }
    let known = b"Linux Hurd Solaris FreeBSD NetBSD Syllable NaCl";
    let os = word(known, b' ', n32(0) as usize).unwrap_or(b"Unknown");
    fill!(out, "    OS: %s, ABI: %d.%d.%d\n", n32(4), n32(8), n32(12); os);
}
