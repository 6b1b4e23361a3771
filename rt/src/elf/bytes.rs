//! How numbers are stored, and checked ways to read them.

use core::marker::PhantomData;
use core::num::NonZeroUsize;

/// `EI_CLASS`: the width of addresses and offsets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// `ELFCLASS32`
    Elf32,
    /// `ELFCLASS64`
    Elf64,
}

/// `EI_DATA`: the byte order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Data {
    /// `ELFDATA2LSB`: little-endian.
    Lsb,
    /// `ELFDATA2MSB`: big-endian.
    Msb,
}

/// Class and byte order of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoding {
    /// The width of addresses and offsets.
    pub class: Class,
    /// The byte order.
    pub data: Data,
}

impl Encoding {
    /// Whether addresses are 64 bits wide.
    #[inline]
    pub const fn is_64(self) -> bool {
        matches!(self.class, Class::Elf64)
    }

    /// The size of an address in bytes: 4 or 8.
    #[inline]
    pub const fn word(self) -> usize {
        if self.is_64() { 8 } else { 4 }
    }

    // Fields of a record: both the array's length and the offset are constants where
    // these are used, so that the compiler proves each index.

    #[inline(always)]
    pub(super) const fn u16<const N: usize>(self, b: &[u8; N], at: usize) -> u16 {
        let bytes = [b[at], b[at + 1]];
        match self.data {
            Data::Lsb => u16::from_le_bytes(bytes),
            Data::Msb => u16::from_be_bytes(bytes),
        }
    }

    #[inline(always)]
    pub(super) const fn u32<const N: usize>(self, b: &[u8; N], at: usize) -> u32 {
        let bytes = [b[at], b[at + 1], b[at + 2], b[at + 3]];
        match self.data {
            Data::Lsb => u32::from_le_bytes(bytes),
            Data::Msb => u32::from_be_bytes(bytes),
        }
    }

    #[inline(always)]
    pub(super) const fn u64<const N: usize>(self, b: &[u8; N], at: usize) -> u64 {
        let (low, high) = (self.u32(b, at) as u64, self.u32(b, at + 4) as u64);
        match self.data {
            Data::Lsb => low | high << 32,
            Data::Msb => high | low << 32,
        }
    }
}

/// Bytes that are read where they lie: a file, a part of one, an image in memory.
///
/// What is asked for may be mapped or read only then; it stays until the source is gone.
pub trait Source {
    /// `size` bytes from `offset` on; none where any of them lies outside.
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]>;

    /// How many bytes there are.
    fn size(&self) -> u64;

    /// How many bytes are its own: of a member of an archive as many as the archive says,
    /// though more may be there to be read.
    fn own_size(&self) -> u64 {
        self.size()
    }
}

impl Source for [u8] {
    #[inline]
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let end = offset.checked_add(size)?;
        self.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

impl Source for &[u8] {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        Source::get(*self, offset, size)
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

/// What is left of a source from some place on: a member of an archive, of which nobody
/// believes its size.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// The source.
    pub whole: &'a dyn Source,
    /// Where the part begins.
    pub start: u64,
    /// How large it is said to be.
    pub claimed: u64,
}

impl Source for Part<'_> {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        self.whole.get(self.start.checked_add(offset)?, size)
    }

    fn size(&self) -> u64 {
        self.whole.size().saturating_sub(self.start)
    }

    fn own_size(&self) -> u64 {
        self.size().min(self.claimed)
    }
}

/// A record of fixed size, which depends on the class only.
pub trait Record: Sized {
    /// Its size in bytes.
    fn size(encoding: Encoding) -> usize;

    /// Decodes it from the first bytes; none where there are fewer than its size.
    fn decode(encoding: Encoding, bytes: &[u8]) -> Option<Self>;
}

/// A record whose fields are numbers: the struct has those of `ELFCLASS64` in their order, each
/// with its place in a record of `ELFCLASS32`, where an address takes four bytes.
///
/// A record of `ELFCLASS64` and `ELFDATA2LSB` is copied as it is, all others are laid out so
/// first: four decoders for each would be most of the code here.
macro_rules! record {
    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident { $($field:ident: $type:ty = $narrow:literal),+ $(,)? }
    )+) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        #[allow(missing_docs)] // the fields are the gABI's
        #[repr(C)]
        pub struct $name {
            $(pub $field: $type,)+
        }

        impl $name {
            /// What [`decode`](crate::elf::Record::decode) does, in line: for loops over very
            /// many of them.
            #[inline(always)]
            pub(super) fn decode_here(
                encoding: $crate::elf::Encoding,
                bytes: &[u8],
            ) -> Option<Self> {
                use $crate::elf::bytes::{FIELDS, Field, USUAL, decode};
                if encoding != USUAL {
                    const LIST: &[[u8; 2]] = &[$([size_of::<$type>() as u8, $narrow]),+];
                    static ALL: [[u8; 2]; FIELDS] = {
                        let mut all = [[0; 2]; FIELDS];
                        all.split_at_mut(LIST.len()).0.copy_from_slice(LIST);
                        all
                    };
                    return decode(encoding, bytes, &ALL);
                }
                let mut bytes: &[u8] = bytes.first_chunk::<{ size_of::<Self>() }>()?;
                Some($name { $($field: Field::take(&mut bytes)?,)+ })
            }
        }

        impl $crate::elf::Record for $name {
            fn size(encoding: $crate::elf::Encoding) -> usize {
                if encoding.is_64() {
                    size_of::<Self>()
                } else {
                    0 $(+ $crate::elf::bytes::narrow(size_of::<$type>()))+
                }
            }

            // Not inlined: there are few of them, and many callers.
            #[inline(never)]
            fn decode(encoding: $crate::elf::Encoding, bytes: &[u8]) -> Option<Self> {
                $name::decode_here(encoding, bytes)
            }
        }
    )+};
}

pub(super) use record;

/// `ELFCLASS64`, `ELFDATA2LSB`
pub(super) const USUAL: Encoding = Encoding { class: Class::Elf64, data: Data::Lsb };

/// A field of a record.
pub(super) trait Field: Sized {
    /// Takes it away from the beginning of a [usual](USUAL) record.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

macro_rules! field {
    ($($type:ty)+) => {$(
        impl Field for $type {
            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let (first, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(<$type>::from_le_bytes(*first))
            }
        }
    )+};
}

field!(u8 u16 u32 u64);

/// How wide a field is in `ELFCLASS32`.
pub(super) const fn narrow(width: usize) -> usize {
    if width == 8 { 4 } else { width }
}

/// No record has more.
pub(super) const FIELDS: usize = 16;

/// Decodes a record that isn't [usual](USUAL).
#[cold]
#[inline(never)]
pub(super) fn decode<T: Record>(
    encoding: Encoding,
    bytes: &[u8],
    fields: &[[u8; 2]; FIELDS],
) -> Option<T> {
    T::decode(USUAL, &lay_out(encoding, bytes.get(..T::size(encoding))?, fields))
}

/// Room for the largest record, and for eight bytes where its last field is.
const ROOM: usize = 72;

/// Lays a record out as a [usual](USUAL) one; of each field its width there, and its place in
/// `ELFCLASS32`.
#[inline(never)]
fn lay_out(encoding: Encoding, bytes: &[u8], fields: &[[u8; 2]; FIELDS]) -> [u8; ROOM] {
    let mut from = [0; ROOM];
    from.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
    // What is no number, `e_ident`, is the same in all.
    let (mut to, mut at) = (from, 0);
    for &[width, place] in fields {
        let wide = usize::from(width);
        let (place, size) = match encoding.class {
            Class::Elf64 => (at, wide),
            Class::Elf32 => (place.into(), narrow(wide)),
        };
        let field = from.get(place..).and_then(|from| from.first_chunk());
        let room = to.get_mut(at..).and_then(|to| to.first_chunk_mut());
        if let (Some(field), Some(room), 1..=8) = (field, room, wide) {
            // With it comes something behind it.
            let behind = 64 - 8 * size;
            let number = match encoding.data {
                Data::Lsb => u64::from_le_bytes(*field) << behind >> behind,
                Data::Msb => u64::from_be_bytes(*field) >> behind,
            };
            *room = number.to_le_bytes();
        }
        at += wide;
    }
    to
}

/// Records one after the other, each decoded when it is asked for.
pub struct Table<'a, T> {
    encoding: Encoding,
    bytes: &'a [u8],
    entsize: NonZeroUsize,
    record: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<'_, T> {}

impl<'a, T: Record> Table<'a, T> {
    /// As many records as fit into the bytes, `entsize` bytes from one to the next; none
    /// where `entsize` is smaller than a record.
    pub fn new(encoding: Encoding, bytes: &'a [u8], entsize: u64) -> Option<Self> {
        let entsize = NonZeroUsize::new(usize::try_from(entsize).ok()?)?;
        let fits = entsize.get() >= T::size(encoding);
        fits.then_some(Table { encoding, bytes, entsize, record: PhantomData })
    }

    /// Records packed without gaps.
    pub fn packed(encoding: Encoding, bytes: &'a [u8]) -> Self {
        let entsize = NonZeroUsize::new(T::size(encoding)).unwrap_or(NonZeroUsize::MIN);
        Table { encoding, bytes, entsize, record: PhantomData }
    }

    /// No records.
    pub fn empty(encoding: Encoding) -> Self {
        Table::packed(encoding, &[])
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.entsize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record with this index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        T::decode(self.encoding, self.bytes(index)?)
    }

    /// The bytes of the record with this index.
    #[inline]
    pub(super) fn bytes(&self, index: usize) -> Option<&'a [u8]> {
        let at = index.checked_mul(self.entsize.get())?;
        self.bytes.get(at..at.checked_add(self.entsize.get())?)
    }

    /// How the records are encoded.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// All records in order.
    // Not inlined: there are many callers.
    #[inline(never)]
    pub fn iter(&self) -> Records<'a, T> {
        let chunks = self.bytes.chunks_exact(self.entsize.get());
        Records { encoding: self.encoding, chunks, record: PhantomData }
    }
}

/// The records of a [`Table`], decoded one after the other.
pub struct Records<'a, T> {
    encoding: Encoding,
    chunks: core::slice::ChunksExact<'a, u8>,
    record: PhantomData<fn() -> T>,
}

// Each chunk is at least as long as a record, so `decode` gives one for each.
impl<T: Record> Iterator for Records<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        T::decode(self.encoding, self.chunks.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }
}

impl<T: Record> DoubleEndedIterator for Records<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        T::decode(self.encoding, self.chunks.next_back()?)
    }
}

impl<T: Record> ExactSizeIterator for Records<'_, T> {}

/// Numbers at any place in a piece of a file, for what isn't a table.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The piece.
    pub bytes: &'a [u8],
    /// How its numbers are stored.
    pub encoding: Encoding,
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(encoding: Encoding, bytes: &'a [u8]) -> Self {
        Reader { bytes, encoding }
    }

    fn array<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.bytes.get(at..)?.first_chunk()
    }

    /// The byte at an offset.
    pub fn u8(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The 16-bit number at an offset.
    pub fn u16(&self, at: usize) -> Option<u16> {
        self.array::<2>(at).map(|b| self.encoding.u16(b, 0))
    }

    /// The 32-bit number at an offset.
    pub fn u32(&self, at: usize) -> Option<u32> {
        self.array::<4>(at).map(|b| self.encoding.u32(b, 0))
    }

    /// The 64-bit number at an offset.
    pub fn u64(&self, at: usize) -> Option<u64> {
        self.array::<8>(at).map(|b| self.encoding.u64(b, 0))
    }

    /// The number of the class's width at an offset.
    pub fn word(&self, at: usize) -> Option<u64> {
        if self.encoding.is_64() { self.u64(at) } else { self.u32(at).map(u64::from) }
    }

    /// A part of it.
    pub fn slice(&self, at: usize, size: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(size)?)
    }
}

/// The string at an offset of a string table, without its zero byte (gABI, "String
/// Table"). None where the offset lies outside; a string that the table's end cuts off
/// is given as far as it goes.
pub fn c_str(table: &[u8], at: u64) -> Option<&[u8]> {
    let rest = table.get(usize::try_from(at).ok()?..).filter(|rest| !rest.is_empty())?;
    rest.get(..crate::row::find(rest, 0).unwrap_or(rest.len()))
}
