//! Whole files: the header with extended numbering, the tables it points to, the dynamic
//! array; and offsets that lie.

use super::*;

/// A file header, to be filled in by the tests; counts and sizes as they should be.
#[derive(Clone, Copy)]
struct Head {
    e: Encoding,
    e_machine: u16,
    e_phoff: u64,
    e_shoff: u64,
    e_phentsize: u16,
    e_phnum: u16,
    e_shentsize: u16,
    e_shnum: u16,
    e_shstrndx: u16,
}

impl Head {
    fn new(e: Encoding) -> Head {
        Head {
            e,
            e_machine: EM_X86_64,
            e_phoff: 0,
            e_shoff: 0,
            e_phentsize: ProgramHeader::size(e) as u16,
            e_phnum: 0,
            e_shentsize: SectionHeader::size(e) as u16,
            e_shnum: 0,
            e_shstrndx: 0,
        }
    }

    fn size(e: Encoding) -> usize {
        FileHeader::size(e)
    }

    fn lay(&self) -> Bytes {
        let mut b = Bytes::new(self.e);
        let class = if self.e.is_64() { ELFCLASS64 } else { ELFCLASS32 };
        let data = if self.e.data == Data::Msb { ELFDATA2MSB } else { ELFDATA2LSB };
        b.raw(b"\x7fELF").u8(class).u8(data).u8(1).pad_to(16);
        b.u16(ET_DYN).u16(self.e_machine).u32(1).word(0).word(self.e_phoff).word(self.e_shoff);
        b.u32(0).u16(Head::size(self.e) as u16).u16(self.e_phentsize).u16(self.e_phnum);
        b.u16(self.e_shentsize).u16(self.e_shnum).u16(self.e_shstrndx);
        assert_eq!(b.bytes.len(), Head::size(self.e));
        b
    }
}

fn section(b: &mut Bytes, name: u32, offset: u64, size: u64, link: u32, info: u32) {
    b.u32(name).u32(SHT_PROGBITS).word(0).word(0).word(offset).word(size);
    b.u32(link).u32(info).word(1).word(0);
}

fn segment(b: &mut Bytes, p_type: u32, offset: u64, address: u64, size: u64) {
    b.u32(p_type);
    if b.e.is_64() {
        b.u32(5);
    }
    b.word(offset).word(address).word(address).word(size).word(size);
    if !b.e.is_64() {
        b.u32(5);
    }
    b.word(0x1000);
}

/// Opens the file that these bytes are.
fn with<T>(bytes: &[u8], look: impl FnOnce(Result<Elf, Error>) -> T) -> T {
    look(Elf::new(&bytes))
}

#[test]
fn every_prefix() {
    for e in ENCODINGS {
        let head = Head {
            e_phoff: Head::size(e) as u64,
            e_shoff: (Head::size(e) + ProgramHeader::size(e)) as u64,
            e_phnum: 1,
            e_shnum: 2,
            e_shstrndx: 1,
            ..Head::new(e)
        };
        let mut b = head.lay();
        segment(&mut b, PT_LOAD, 0, 0x1000, 100);
        let sections = b.bytes.len();
        section(&mut b, 0, 0, 0, 0, 0);
        section(&mut b, 1, 7, 9, 0, 0);
        for size in 0..=b.bytes.len() {
            with(&b.bytes[..size], |elf| match elf {
                Err(Error::NoIdent) => assert!(size < 16),
                Err(Error::BadMagic) => panic!("{size} bytes"),
                Err(Error::NoHeader) => assert!((16..Head::size(e)).contains(&size)),
                Ok(elf) => {
                    assert!(size >= Head::size(e));
                    assert_eq!(elf.size(), size as u64);
                    assert_eq!((elf.shnum(), elf.phnum(), elf.shstrndx()), (2, 1, 1));
                    assert_eq!(elf.segments().is_some(), size >= sections);
                    assert_eq!(elf.sections().is_some(), size == b.bytes.len());
                    assert_eq!(elf.offset_of(0x1001, 99).is_some(), size >= sections);
                }
            });
        }
        with(&b.bytes, |elf| {
            let elf = elf.unwrap();
            let second = elf.sections().unwrap().get(1).unwrap();
            assert_eq!((second.sh_name, second.sh_offset, second.sh_size), (1, 7, 9));
            assert_eq!(elf.segments().unwrap().get(0).unwrap().p_vaddr, 0x1000);
        });
        b.bytes[0] = 0;
        with(&b.bytes, |elf| assert_eq!(elf.err(), Some(Error::BadMagic)));
    }
}

#[test]
fn extended_numbering() {
    for e in ENCODINGS {
        // Section header 0 holds what doesn't fit; 65,280 sections is the first such number.
        let head = Head {
            e_phoff: 64,
            e_shoff: 64,
            e_phnum: PN_XNUM,
            e_shnum: 0,
            e_shstrndx: SHN_XINDEX,
            ..Head::new(e)
        };
        let mut b = head.lay();
        b.pad_to(64);
        section(&mut b, 0, 0, 0xff00, 0xff01, 0x1_0000);
        with(&b.bytes, |elf| {
            let elf = elf.unwrap();
            assert_eq!((elf.shnum(), elf.shstrndx(), elf.phnum()), (0xff00, 0xff01, 0x1_0000));
            // As many as that don't fit into the file.
            assert!(elf.sections().is_none() && elf.segments().is_none());
        });
        let whole = SectionHeader::size(e) * 0xff00 + 64;
        let many = b.pad_to(whole).bytes.clone();
        with(&many, |elf| {
            let elf = elf.unwrap();
            assert_eq!(elf.sections().unwrap().len(), 0xff00);
            assert_eq!(elf.sections().unwrap().iter().count(), 0xff00);
        });

        // Without section header 0 the numbers are what they are.
        for e_shoff in [0, 65, u64::MAX] {
            let e_shoff = if e.is_64() { e_shoff } else { e_shoff as u32 as u64 };
            let mut b = Head { e_shoff, ..head }.lay();
            b.pad_to(64);
            with(&b.bytes, |elf| {
                let elf = elf.unwrap();
                assert_eq!((elf.shnum(), elf.shstrndx()), (0, 0xffff));
                assert_eq!(elf.phnum(), 0xffff);
            });
        }
        // An `sh_info` of 0 says nothing of the program headers (as in core files cut off).
        let mut b = head.lay();
        b.pad_to(64);
        section(&mut b, 0, 0, 1, 0, 0);
        with(&b.bytes, |elf| assert_eq!(elf.unwrap().phnum(), 0xffff));
    }
}

#[test]
fn offsets_that_lie() {
    for e in ENCODINGS {
        let top = if e.is_64() { u64::MAX } else { u32::MAX.into() };
        let places = [1, 51, 63, 64, 65, 1 << 20, top / 2, top / 2 + 1, top - 63, top - 1, top];
        for place in places {
            for count in [0, 1, 2, 0xfffe, 0xffff] {
                for entsize in [0, 1, 31, 32, 40, 56, 64, 0xffff] {
                    let head = Head {
                        e_phoff: place,
                        e_shoff: place,
                        e_phentsize: entsize,
                        e_phnum: count,
                        e_shentsize: entsize,
                        e_shnum: count,
                        ..Head::new(e)
                    };
                    let mut b = head.lay();
                    b.pad_to(128);
                    b.bytes[64..].fill(0xff);
                    with(&b.bytes, |elf| {
                        let elf = elf.unwrap();
                        let rows = elf.sections().map_or(0, |t| t.iter().count());
                        assert!(rows <= 128, "{place:x} {count} {entsize}: {rows}");
                        let rows = elf.segments().map_or(0, |t| t.iter().count());
                        assert!(rows <= 128, "{place:x} {count} {entsize}: {rows}");
                        elf.offset_of(place, place);
                        assert!(elf.shnum() <= top && elf.phnum() <= u32::MAX.into());
                    });
                }
            }
        }
        with(&Head::new(e).lay().bytes, |elf| {
            let elf = elf.unwrap();
            for (offset, size) in
                [(u64::MAX, 1), (1, u64::MAX), (0, 65), (64, 1), (1 << 63, 1 << 63)]
            {
                assert!(elf.bytes(offset, size).is_none());
                assert!(elf.table::<Symbol>(offset, size, 24).is_none());
                assert!(elf.table::<Symbol>(0, u64::MAX, size).is_none());
            }
            assert!(elf.table::<Symbol>(0, 1, 15).is_none());
            assert!(elf.table::<Symbol>(64, 0, 24).is_none_or(|t| t.is_empty()));
        });
    }
}

#[test]
fn segments_and_addresses() {
    for e in ENCODINGS {
        let top = if e.is_64() { u64::MAX } else { u32::MAX.into() };
        let head = Head { e_phoff: 64, e_phnum: 4, ..Head::new(e) };
        let mut b = head.lay();
        b.pad_to(64);
        segment(&mut b, PT_NOTE, 0x77, 0x2000, 0x100); // not loaded
        segment(&mut b, PT_LOAD, 0x10, 0x2000, 0x20);
        segment(&mut b, PT_LOAD, 0x30, 0x2000, 0x40); // hidden but for its end
        segment(&mut b, PT_LOAD, top - 8, top - 16, 16);
        with(&b.bytes, |elf| {
            let elf = elf.unwrap();
            assert_eq!(elf.offset_of(0x2000, 0x20), Some(0x10));
            assert_eq!(elf.offset_of(0x2001, 0x20), Some(0x31));
            assert_eq!(elf.offset_of(0x203f, 1), Some(0x6f));
            assert_eq!(elf.offset_of(0x203f, 2), None);
            assert_eq!(elf.offset_of(0x1fff, 1), None);
            assert_eq!(elf.offset_of(0x2000, u64::MAX), None);
            assert_eq!(elf.offset_of(u64::MAX, u64::MAX), None);
            assert_eq!(elf.offset_of(top - 16, 16), Some(top - 8));
            let end = elf.offset_of(top - 1, 1);
            assert_eq!(end, if e.is_64() { None } else { Some(top + 7) });
        });
    }
}

/// A file that is one segment at address 0x1000: header, PT_LOAD, PT_DYNAMIC, this array,
/// and from 0x400 on these bytes.
fn dynamic_file(e: Encoding, machine: u16, entries: &[(i64, u64)], rest: &[u8]) -> Vec<u8> {
    let head = Head { e_machine: machine, e_phoff: 64, e_phnum: 2, ..Head::new(e) };
    let mut b = head.lay();
    b.pad_to(64);
    segment(&mut b, PT_LOAD, 0, 0x1000, 0x400 + rest.len() as u64);
    let size = (entries.len() * Dyn::size(e)) as u64;
    segment(&mut b, PT_DYNAMIC, 0x200, 0x1200, size);
    b.pad_to(0x200);
    b.words(entries.iter().flat_map(|&(tag, value)| [tag as u64, value]));
    b.pad_to(0x400).raw(rest);
    b.bytes
}

fn with_dynamic<T>(bytes: &[u8], look: impl FnOnce(Dynamic) -> T) -> T {
    with(bytes, |elf| look(Dynamic::new(elf.unwrap()).unwrap()))
}

#[test]
fn dynamic() {
    for e in ENCODINGS {
        let mut rest = Bytes::new(e);
        rest.raw(b"\0libc.so.6\0...."); // 0x1400
        rest.pad_to(16).u32(1).u32(3).u32(2).u32(0).u32(0).u32(1); // 0x1410: DT_HASH
        let symbols = rest.bytes.len();
        rest.pad_to(symbols + 3 * Symbol::size(e));
        let symtab = 0x1400 + symbols as u64;
        let entries = [
            (DT_NEEDED, 5),
            (DT_NEEDED, 1),
            (DT_STRTAB, 0x1400),
            (DT_STRSZ, 11),
            (DT_HASH, 0x1410),
            (DT_SYMTAB, symtab),
            (DT_SYMENT, Symbol::size(e) as u64),
            (-1, 9),
            (DT_NULL, 0),
            (DT_SONAME, 1),
        ];
        let bytes = dynamic_file(e, EM_X86_64, &entries, &rest.bytes);
        with_dynamic(&bytes, |dynamic| {
            assert_eq!(dynamic.entries.len(), 8);
            assert_eq!(dynamic.value(DT_NEEDED), Some(1));
            assert_eq!(dynamic.value(-1), Some(9));
            // What is behind DT_NULL doesn't count.
            assert_eq!((dynamic.value(DT_SONAME), dynamic.value(DT_NULL)), (None, None));
            assert_eq!(dynamic.strings(), Some(&b"\0libc.so.6\0"[..]));
            let hash = dynamic.sysv_hash().unwrap();
            assert_eq!((hash.nbucket, hash.symbol_count()), (1, 3));
            assert_eq!(dynamic.symbols().unwrap().len(), 3);
            assert!(dynamic.gnu_hash().is_none());
        });
        for size in 0..bytes.len() {
            with(&bytes[..size], |elf| {
                let Some(dynamic) = elf.ok().and_then(Dynamic::new) else { return };
                assert!(size >= 0x200 + entries.len() * Dyn::size(e));
                assert!(dynamic.symbols().is_none());
                assert!(dynamic.strings().is_none_or(|_| size >= 0x40b));
                assert!(dynamic.sysv_hash().is_none_or(|_| size >= 0x400 + symbols));
            });
        }
        // No end mark: the segment's end is one.
        with_dynamic(&dynamic_file(e, EM_X86_64, &entries[..4], &rest.bytes), |dynamic| {
            assert_eq!(dynamic.entries.len(), 4);
            assert!(dynamic.symbols().is_none());
        });
        with(&Head::new(e).lay().bytes, |elf| assert!(Dynamic::new(elf.unwrap()).is_none()));
    }
}

#[test]
fn wide_hash_words() {
    // On S/390x and Alpha the words of DT_HASH have 64 bits.
    for (e, machine) in [(ENCODINGS[3], EM_S390), (LSB64, EM_ALPHA)] {
        let mut rest = Bytes::new(e);
        rest.words([1, 2, 1, 0, 0]);
        let bytes = dynamic_file(e, machine, &[(DT_HASH, 0x1400)], &rest.bytes);
        with_dynamic(&bytes, |d| assert_eq!(d.sysv_hash().unwrap().symbol_count(), 2));
    }
}

#[test]
fn dynamic_that_lies() {
    for e in ENCODINGS {
        let top = if e.is_64() { u64::MAX } else { u32::MAX.into() };
        let mut rest = Bytes::new(e);
        rest.u32(1).u32(u32::MAX).u32(1).u32(0).raw(&[0; 64]);
        for address in [0, 1, 0xfff, 0x1000, 0x13ff, 0x1400, 0x144f, 0x1450, top - 1, top] {
            for number in [0, 1, 24, 0x1000, top / 24, top - 1, top] {
                let entries = [
                    (DT_STRTAB, address),
                    (DT_STRSZ, number),
                    (DT_HASH, address),
                    (DT_GNU_HASH, address),
                    (DT_SYMTAB, address),
                    (DT_SYMENT, number),
                ];
                for entries in [&entries[..], &entries[3..]] {
                    with_dynamic(&dynamic_file(e, EM_386, entries, &rest.bytes), |dynamic| {
                        let size = dynamic.strings().map_or(0, <[u8]>::len);
                        assert!(size <= 0x450);
                        let count = dynamic.symbols().map_or(0, |symbols| symbols.iter().count());
                        assert!(count <= 0x450);
                        if let Some(hash) = dynamic.sysv_hash() {
                            assert!(hash.candidates(b"x").count() <= 0x450);
                        }
                        if let Some(hash) = dynamic.gnu_hash() {
                            assert!(hash.candidates(b"x").count() <= 0x450);
                        }
                    });
                }
            }
        }
    }
}
