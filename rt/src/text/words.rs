//! What the texts of lx have in common.

use super::packing::{COUNT, Words};

/// The words that the bytes from 0x80 on stand for, and those from 0 on: there, `\n`, `\t` and `\x1b`
/// stand for themselves, and 0 for nothing, since it ends a text.
///
/// Chosen for the least bytes of lx's texts and dictionary together: first the commonest pair of
/// neighbours becomes a word, again and again; then a word makes room for a piece of text that
/// saves more than it, as long as there is one. When the texts change, nothing breaks, the words
/// only fit less well.
pub const WORDS: Words = Words::new(LIST);

#[rustfmt::skip]
const LIST: &[&[u8]; COUNT] = &[
    b"\n  ", b"\n      --", b"\n  -", b"  ", b"   ", b"    ", b"     ", b"      ", b"        ",
    b"                ", b" (", b" is ", b"%0", b"%u", b", ", b", --", b"--", b".\n", b". ", b"0x",
    b": ", b": %", b"a ", b"abl", b"ac", b"addres", b"ag", b"al", b"all ", b"an", b"an ", b"and ",
    b"ar", b"are ", b"as ", b"at", b"at ", b"bu", b"by", b"ch", b"co", b"ct", b"d ", b"de",
    b"dynamic ", b"e ", b"e of ", b"ec", b"ed", b"ed ", b"el", b"en", b"end", b"ent", b"er", b"er ",
    b"es", b"es ", b"et", b"ex", b"file", b"file ", b"for ", b"fs\n", b"get", b"header", b"ho",
    b"ic", b"id ", b"il", b"in", b"in ", b"ing", b"ing ", b"ir", b"it", b"it ", b"its ", b"k ",
    b"known", b"l ", b"li", b"librar", b"lin", b"lo", b"loc", b"ma", b"map", b"mem", b"mo", b"nam",
    b"name", b"ne", b"no", b"no ", b"not ", b"numb", b"o ", b"of ", b"off", b"on", b"op", b"or",
    b"or ", b"orrupt ", b"proces", b"program", b"re", b"read", b"res", b"ri", b"ro", b"s ", b"s, ",
    b"se", b"section", b"section ", b"set", b"sh", b"si", b"sion ", b"siz", b"so", b"sp", b"st",
    b"st ", b"support", b"symbol ", b"", b"system", b"t ", b"ta", b"tabl", b"te", b"ter", b"th",
    b"the", b"\t", b"\n", b"the ", b"this ", b"tim", b"tion", b"tion ", b"to ", b"tr", b"type",
    b"ul", b"um", b"un", b"up", b"us", b"val", b"ver", b"wh", b"\x1b", b"with ", b"x ", b"y ",
    b"ymbol",
];
