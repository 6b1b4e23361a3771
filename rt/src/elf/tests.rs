//! Every record in every class and byte order, laid out here byte by byte; every prefix
//! of every record and file; numbers that lie.

use super::consts::*;
use super::*;
use std::fmt::Debug;
use std::vec::Vec;

mod files;
mod hashes;

const ENCODINGS: [Encoding; 4] = [
    Encoding { class: Class::Elf32, data: Data::Lsb },
    Encoding { class: Class::Elf32, data: Data::Msb },
    Encoding { class: Class::Elf64, data: Data::Lsb },
    Encoding { class: Class::Elf64, data: Data::Msb },
];
const LSB64: Encoding = ENCODINGS[2];

/// Bytes being laid out.
struct Bytes {
    e: Encoding,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new(e: Encoding) -> Self {
        Bytes { e, bytes: Vec::new() }
    }

    fn number(&mut self, value: u64, size: usize) -> &mut Self {
        let le = value.to_le_bytes();
        match self.e.data {
            Data::Lsb => self.bytes.extend(&le[..size]),
            Data::Msb => self.bytes.extend(le[..size].iter().rev()),
        }
        self
    }

    fn u8(&mut self, value: u8) -> &mut Self {
        self.number(value.into(), 1)
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.number(value.into(), 2)
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.number(value.into(), 4)
    }

    fn word(&mut self, value: u64) -> &mut Self {
        self.number(value, self.e.word())
    }

    fn words(&mut self, values: impl IntoIterator<Item = u64>) -> &mut Self {
        for value in values {
            self.word(value);
        }
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    fn pad_to(&mut self, size: usize) -> &mut Self {
        assert!(self.bytes.len() <= size);
        self.bytes.resize(size, 0);
        self
    }
}

/// A number of the class's width that differs in each byte.
fn wide(e: Encoding, seed: u64) -> u64 {
    let n = 0x8070_6050_4030_2010u64.wrapping_add(seed * 0x0101_0101_0101_0101);
    if e.is_64() { n } else { n >> 32 }
}

/// A number of the class's width, its sign extended.
fn signed(e: Encoding, n: u64) -> i64 {
    if e.is_64() { n as i64 } else { i64::from(n as u32 as i32) }
}

/// Decodes a record of all encodings, each prefix of it, and it with more behind it.
fn record<T: Record + PartialEq + Debug>(make: impl Fn(&mut Bytes) -> T) {
    for e in ENCODINGS {
        let mut b = Bytes::new(e);
        let expected = make(&mut b);
        assert_eq!(T::size(e), b.bytes.len(), "{e:?}");
        for size in 0..b.bytes.len() {
            assert_eq!(T::decode(e, &b.bytes[..size]), None, "{e:?}, {size} bytes");
        }
        assert_eq!(T::decode(e, &b.bytes).as_ref(), Some(&expected), "{e:?}");

        // Three of them at odd places, with a byte between one and the next.
        let entsize = b.bytes.len() + 1;
        let row = [&b.bytes[..], b"\xff"].concat();
        let rows = [&row[..], &row, &row].concat();
        let table = Table::<T>::new(e, &rows, entsize as u64).unwrap();
        assert_eq!(table.len(), 3);
        assert!(table.iter().all(|r| r == expected) && table.iter().count() == 3);
        assert_eq!(table.get(2).as_ref(), Some(&expected));
        assert_eq!(table.get(3), None);
        for index in [usize::MAX, usize::MAX / entsize, usize::MAX / entsize + 1] {
            assert_eq!(table.get(index), None);
        }
        // What is left of a last one isn't one, not even where all of its fields are there.
        let cut = Table::<T>::new(e, &rows[..rows.len() - 1], entsize as u64).unwrap();
        assert_eq!((cut.len(), cut.iter().count(), cut.get(2)), (2, 2, None));
        for entsize in [0, 1, T::size(e) as u64 - 1] {
            assert!(Table::<T>::new(e, &rows, entsize).is_none());
        }
        let apart = Table::<T>::new(e, &rows, u64::MAX).unwrap();
        assert_eq!((apart.len(), apart.iter().count(), apart.get(0)), (0, 0, None));
    }
}

#[test]
fn file_header() {
    record(|b| {
        let e = b.e;
        let class = if e.is_64() { ELFCLASS64 } else { ELFCLASS32 };
        let data = if e.data == Data::Msb { ELFDATA2MSB } else { ELFDATA2LSB };
        let ident = [127, b'E', b'L', b'F', class, data, 1, 3, 9, 10, 11, 12, 13, 14, 15, 16];
        b.raw(&ident).u16(0x0102).u16(0x0304).u32(0x0506_0708);
        b.word(wide(e, 1)).word(wide(e, 2)).word(wide(e, 3)).u32(0x1112_1314);
        b.u16(0x2122).u16(0x3132).u16(0x4142).u16(0x5152).u16(0x6162).u16(0x7172);
        FileHeader {
            e_ident: Ident(ident),
            e_type: 0x0102,
            e_machine: 0x0304,
            e_version: 0x0506_0708,
            e_entry: wide(e, 1),
            e_phoff: wide(e, 2),
            e_shoff: wide(e, 3),
            e_flags: 0x1112_1314,
            e_ehsize: 0x2122,
            e_phentsize: 0x3132,
            e_phnum: 0x4142,
            e_shentsize: 0x5152,
            e_shnum: 0x6162,
            e_shstrndx: 0x7172,
        }
    });
}

#[test]
fn ident() {
    let mut bytes = *b"\x7fELF\x02\x02\x01\x03\x05.......";
    let ident = Ident(bytes);
    assert!(ident.has_magic());
    assert_eq!((ident.class(), ident.data(), ident.version()), (2, 2, 1));
    assert_eq!((ident.osabi(), ident.abi_version()), (3, 5));
    assert_eq!(ident.encoding(), ENCODINGS[3]);
    // What is unknown counts as 32 bits, little-endian.
    (bytes[4], bytes[5]) = (7, 0);
    assert_eq!(Ident(bytes).encoding(), ENCODINGS[0]);
    bytes[3] = b'G';
    assert!(!Ident(bytes).has_magic());
}

#[test]
fn program_header() {
    record(|b| {
        let e = b.e;
        b.u32(0x6474_e551);
        if e.is_64() {
            b.u32(0x8000_0005);
        }
        b.words((1..=5).map(|n| wide(e, n)));
        if !e.is_64() {
            b.u32(0x8000_0005);
        }
        b.word(wide(e, 6));
        ProgramHeader {
            p_type: PT_GNU_STACK,
            p_flags: 0x8000_0005,
            p_offset: wide(e, 1),
            p_vaddr: wide(e, 2),
            p_paddr: wide(e, 3),
            p_filesz: wide(e, 4),
            p_memsz: wide(e, 5),
            p_align: wide(e, 6),
        }
    });
}

#[test]
fn section_header() {
    record(|b| {
        let e = b.e;
        b.u32(0x0102_0304).u32(0x6fff_fffe);
        b.words((1..=4).map(|n| wide(e, n)));
        b.u32(0x1112_1314).u32(0x2122_2324).word(wide(e, 5)).word(wide(e, 6));
        SectionHeader {
            sh_name: 0x0102_0304,
            sh_type: SHT_GNU_verneed,
            sh_flags: wide(e, 1),
            sh_addr: wide(e, 2),
            sh_offset: wide(e, 3),
            sh_size: wide(e, 4),
            sh_link: 0x1112_1314,
            sh_info: 0x2122_2324,
            sh_addralign: wide(e, 5),
            sh_entsize: wide(e, 6),
        }
    });
}

#[test]
fn compression_header() {
    record(|b| {
        let e = b.e;
        b.u32(0x0102_0304);
        if e.is_64() {
            b.u32(0xdead_beef);
        }
        b.word(wide(e, 1)).word(wide(e, 2));
        CompressionHeader { ch_type: 0x0102_0304, ch_size: wide(e, 1), ch_addralign: wide(e, 2) }
    });
}

#[test]
fn symbol() {
    record(|b| {
        let e = b.e;
        b.u32(0x0102_0304);
        if e.is_64() {
            b.u8(0xa6).u8(0xfb).u16(0xfff1).word(wide(e, 1)).word(wide(e, 2));
        } else {
            b.word(wide(e, 1)).word(wide(e, 2)).u8(0xa6).u8(0xfb).u16(0xfff1);
        }
        let symbol = Symbol {
            st_name: 0x0102_0304,
            st_info: 0xa6,
            st_other: 0xfb,
            st_shndx: SHN_ABS,
            st_value: wide(e, 1),
            st_size: wide(e, 2),
        };
        assert_eq!((symbol.bind(), symbol.kind(), symbol.visibility()), (10, 6, 3));
        symbol
    });
}

#[test]
fn relocations() {
    record(|b| {
        let e = b.e;
        b.word(wide(e, 1)).word(wide(e, 2));
        Rel { r_offset: wide(e, 1), r_info: wide(e, 2) }
    });
    record(|b| {
        let e = b.e;
        b.word(wide(e, 1)).word(wide(e, 2)).word(wide(e, 3));
        let r_addend = signed(e, wide(e, 3));
        assert!(r_addend < 0);
        Rela { r_offset: wide(e, 1), r_info: wide(e, 2), r_addend }
    });
    record(|b| {
        let e = b.e;
        b.word(wide(e, 1));
        Relr(wide(e, 1))
    });
}

#[test]
fn dynamic_entry() {
    record(|b| {
        let e = b.e;
        b.word(wide(e, 1)).word(wide(e, 2));
        Dyn { d_tag: signed(e, wide(e, 1)), d_val: wide(e, 2) }
    });
}

#[test]
fn versions() {
    record(|b| {
        b.u16(0x0102).u16(0x0304).u16(0x0506).u16(0x0708);
        b.u32(0x1112_1314).u32(0x2122_2324).u32(0x3132_3334);
        Verdef {
            vd_version: 0x0102,
            vd_flags: 0x0304,
            vd_ndx: 0x0506,
            vd_cnt: 0x0708,
            vd_hash: 0x1112_1314,
            vd_aux: 0x2122_2324,
            vd_next: 0x3132_3334,
        }
    });
    record(|b| {
        b.u32(0x1112_1314).u32(0x2122_2324);
        Verdaux { vda_name: 0x1112_1314, vda_next: 0x2122_2324 }
    });
    record(|b| {
        b.u16(0x0102).u16(0x0304).u32(0x1112_1314).u32(0x2122_2324).u32(0x3132_3334);
        Verneed {
            vn_version: 0x0102,
            vn_cnt: 0x0304,
            vn_file: 0x1112_1314,
            vn_aux: 0x2122_2324,
            vn_next: 0x3132_3334,
        }
    });
    record(|b| {
        b.u32(0x1112_1314).u16(0x0102).u16(0x0304).u32(0x2122_2324).u32(0x3132_3334);
        Vernaux {
            vna_hash: 0x1112_1314,
            vna_flags: 0x0102,
            vna_other: 0x0304,
            vna_name: 0x2122_2324,
            vna_next: 0x3132_3334,
        }
    });
}

#[test]
fn reader() {
    for e in ENCODINGS {
        let mut b = Bytes::new(e);
        b.u8(0xfe).u16(0x0102).u32(0x1112_1314).number(0x2122_2324_2526_2728, 8);
        let r = Reader::new(e, &b.bytes);
        assert_eq!(r.u8(0), Some(0xfe));
        assert_eq!(r.u16(1), Some(0x0102));
        assert_eq!(r.u32(3), Some(0x1112_1314));
        assert_eq!(r.u64(7), Some(0x2122_2324_2526_2728));
        let word = if e.is_64() { r.u64(7) } else { r.u32(7).map(u64::from) };
        assert_eq!(r.word(7), word);
        assert_eq!(r.slice(13, 2).map(<[u8]>::len), Some(2));
        assert_eq!(r.slice(15, 0), Some(&[][..]));
        for at in [8, 14, 15, 16, usize::MAX - 1, usize::MAX] {
            assert_eq!(r.u64(at), None);
            assert_eq!(r.slice(at, 8), None);
            assert_eq!(r.slice(at, usize::MAX), None);
        }
        assert_eq!((r.u32(12), r.u16(14), r.u8(15)), (None, None, None));
        assert_eq!((r.u32(usize::MAX), r.u16(usize::MAX), r.u8(usize::MAX)), (None, None, None));
    }
}

#[test]
fn strings() {
    let table = b"\0one\0two";
    assert_eq!(c_str(table, 0), Some(&b""[..]));
    assert_eq!(c_str(table, 1), Some(&b"one"[..]));
    assert_eq!(c_str(table, 3), Some(&b"e"[..]));
    assert_eq!(c_str(table, 5), Some(&b"two"[..]));
    for at in [8, 9, 1 << 32, u64::MAX] {
        assert_eq!(c_str(table, at), None);
    }
    assert_eq!(c_str(b"", 0), None);
}

#[test]
fn sources() {
    let bytes: &[u8] = b"0123456789";
    let source: &dyn Source = &bytes;
    assert_eq!(source.size(), 10);
    assert_eq!(source.get(2, 3), Some(&b"234"[..]));
    assert_eq!(source.get(10, 0), Some(&b""[..]));
    for (offset, size) in [
        (10, 1),
        (11, 0),
        (0, 11),
        (u64::MAX, 1),
        (1, u64::MAX),
        (u64::MAX, u64::MAX),
        (1 << 63, 1 << 63),
    ] {
        assert_eq!(source.get(offset, size), None, "{offset} {size}");
    }
}

#[test]
fn notes() {
    for e in ENCODINGS {
        for align in [4usize, 8] {
            let mut b = Bytes::new(e);
            let up = |n: usize| n.next_multiple_of(align);
            b.u32(4).u32(5).u32(3).raw(b"GNU\0").pad_to(up(16)).raw(b"abcde");
            let second = up(b.bytes.len());
            b.pad_to(second).u32(0).u32(0).u32(7);
            let third = up(b.bytes.len());
            b.pad_to(third).u32(6).u32(1).u32(u32::MAX).raw(b"LINUX\0");
            let desc = up(b.bytes.len());
            b.pad_to(desc).raw(b"z");

            let mut notes = Notes::new(e, &b.bytes, align as u64);
            let one = notes.next().unwrap();
            assert_eq!((one.offset, one.n_namesz, one.n_descsz, one.n_type), (0, 4, 5, 3));
            assert_eq!(
                (one.name, one.owner(), one.desc),
                (&b"GNU\0"[..], &b"GNU"[..], &b"abcde"[..])
            );
            let two = notes.next().unwrap();
            assert_eq!(
                (two.offset, two.n_type, two.name, two.desc),
                (second, 7, &b""[..], &b""[..])
            );
            let three = notes.next().unwrap();
            assert_eq!(
                (three.offset, three.n_type, three.owner()),
                (third, u32::MAX, &b"LINUX"[..])
            );
            assert_eq!(three.desc, b"z");
            assert!(notes.next().is_none() && notes.rest().is_empty());

            for size in 0..b.bytes.len() {
                let whole = Notes::new(e, &b.bytes[..size], align as u64).count();
                assert!(whole < 3, "{size} bytes");
            }
        }
        // An alignment that is none counts as 4.
        for align in [0, 1, 2, 16, u64::MAX] {
            let mut b = Bytes::new(e);
            b.u32(1).u32(1).u32(1).raw(b"\0...d");
            assert_eq!(Notes::new(e, &b.bytes, align).next().unwrap().desc, b"d");
        }
        for (namesz, descsz) in
            [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX - 2, 4)]
        {
            let mut b = Bytes::new(e);
            b.u32(namesz).u32(descsz).u32(1).raw(&[0; 64]);
            let mut notes = Notes::new(e, &b.bytes, 4);
            assert!(notes.next().is_none());
            assert_eq!(notes.rest().len(), b.bytes.len());
        }
    }
}

/// What RELR means, in the plainest words: a list of the places, each a word.
fn relr_model(e: Encoding, entries: &[u64]) -> Vec<u64> {
    let (word, mask) = if e.is_64() { (8u64, u64::MAX) } else { (4, 0xffff_ffff) };
    let (mut next, mut places) = (0u64, Vec::new());
    for &entry in entries {
        if entry % 2 == 0 {
            places.push(entry);
            next = entry.wrapping_add(word);
        } else {
            for bit in 1..word * 8 {
                if (entry >> bit) % 2 == 1 {
                    places.push(next & mask);
                }
                next = next.wrapping_add(word);
            }
        }
        next &= mask;
    }
    places
}

#[test]
fn relr() {
    for e in ENCODINGS {
        let top = if e.is_64() { u64::MAX } else { u32::MAX.into() };
        let mut random = 1u64;
        let mut tables: Vec<Vec<u64>> = std::vec![
            std::vec![],
            std::vec![0x1000],
            std::vec![0x1000, 1],
            std::vec![0x1000, 3, 5, top, 1, top],
            std::vec![top], // a bitmap with nothing before it
            std::vec![top - 1, top, top, 0, 3],
        ];
        for _ in 0..50 {
            tables.push((0..20).map(|_| (next_random(&mut random)) & top).collect());
        }
        for entries in tables {
            let mut b = Bytes::new(e);
            b.words(entries.iter().copied());
            let places: Vec<u64> = Table::<Relr>::packed(e, &b.bytes).addresses(e).collect();
            assert_eq!(places, relr_model(e, &entries), "{e:?} {entries:x?}");
        }
    }
}

/// xorshift: the same numbers in each run.
fn next_random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn hash_functions() {
    // Worked out by hand from the gABI's description and ld's, and seen in real files.
    for (name, sysv, gnu) in [
        (&b""[..], 0, 0x1505),
        (b"printf", 0x0779_05a6, 0x156b_2bb8),
        (b"exit", 0x0006_cf04, 0x7c96_7e3f),
        (b"syscall", 0x0b09_985c, 0xbac2_12a0),
        (b"flapenguin.me", 0x0398_7915, 0x8ae9_f18e),
        (b"GLIBC_2.2.5", 0x0969_1a75, 0x4273_15ba),
    ] {
        assert_eq!(sysv_hash(name), sysv, "{}", name.escape_ascii());
        assert_eq!(gnu_hash(name), gnu, "{}", name.escape_ascii());
    }
    // Bytes above 127 are unsigned; no name is too long.
    assert_eq!(sysv_hash(b"\xff\xff"), 0xff0 + 0xff);
    assert_eq!(gnu_hash(b"\xff"), 5381 * 33 + 255);
    let long = std::vec![0xff; 10_000];
    assert_eq!(sysv_hash(&long) >> 28, 0);
    gnu_hash(&long);
}
