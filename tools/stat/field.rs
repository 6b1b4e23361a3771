//! Fields of the kernel's structures as data: one loop prints any of them.

use rt::fs::{StatxMask, StatxTimestamp};

/// Where a number is in a structure: its offset, and in the lowest four bits what it is, which
/// is [`Number::KIND`] or [`DEVICE`].
#[derive(Clone, Copy)]
pub struct Place(pub u16);

/// A device: two numbers of four bytes, major and minor.
pub const DEVICE: u16 = 0;

/// A number that can be a field.
pub trait Number: Sized {
    /// How many bytes it has; 1 for two numbers of four bytes that are one, the higher first.
    const KIND: u16 = size_of::<Self>() as u16;
}

impl Number for u16 {}
impl Number for u32 {}
impl Number for u64 {}
impl Number for i64 {}
impl Number for StatxMask {}

/// Its seconds; see [`Place::nanoseconds`].
impl Number for StatxTimestamp {
    const KIND: u16 = 8;
}

impl Number for [i32; 2] {
    const KIND: u16 = 1;
}

/// The kind of a field.
pub const fn kind<T, F: Number>(_: fn(&T) -> &F) -> u16 {
    F::KIND
}

impl Place {
    /// Where the nanoseconds of the time are whose seconds are here.
    pub const fn nanoseconds(self) -> Place {
        Place((self.0 & !15) + (8 << 4 | 4))
    }

    /// The number there.
    pub fn of(self, structure: &[u8]) -> u64 {
        let start = usize::from(self.0 >> 4);
        let number = |start: usize, width: usize| {
            // The byte order is the machine's: the lowest first.
            let field = structure.get(start..start + width).unwrap_or_default();
            field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
        };
        let (first, second) = (number(start, 4), number(start + 4, 4));
        match self.0 & 15 {
            // As the C library makes one (`man 3 makedev`).
            DEVICE => {
                (first & 0xffff_f000) << 32
                    | (first & 0xfff) << 8
                    | (second & 0xffff_ff00) << 12
                    | (second & 0xff)
            }
            <[i32; 2]>::KIND => first << 32 | second,
            width => number(start, width.into()),
        }
    }
}

/// The [`Place`] of a field.
macro_rules! place {
    ($type:ident $field:ident) => {
        $crate::stat::field::Place(
            (core::mem::offset_of!($type, $field) << 4) as u16
                | $crate::stat::field::kind(|it: &$type| &it.$field),
        )
    };
}

/// Fields, with their names in one text.
pub struct Fields {
    pub names: &'static str,
    pub places: &'static [Place],
    /// The bits of `stx_mask` that tell whether they are there; without them all are.
    pub bits: &'static [u8],
}

impl Fields {
    /// Calls with each one's name, place, and bit.
    pub fn each(&self, call: &mut dyn FnMut(&'static str, Place, Option<u8>)) {
        let mut bits = self.bits.iter();
        for (name, place) in self.names.split(' ').zip(self.places) {
            call(name, *place, bits.next().copied());
        }
    }
}

/// [`Fields`] out of the names of a structure's fields.
macro_rules! fields {
    ($type:ident: $first:ident $($field:ident)*; $($bit:literal)*) => {
        $crate::stat::field::Fields {
            names: concat!(stringify!($first) $(, " ", stringify!($field))*),
            places: &[
                $crate::stat::field::place!($type $first)
                $(, $crate::stat::field::place!($type $field))*
            ],
            bits: &[$($bit),*],
        }
    };
}

pub(crate) use {fields, place};

#[cfg(test)]
mod tests {
    use super::{DEVICE, Fields, Place};
    use std::vec::Vec;

    #[test]
    fn numbers_out_of_a_structure() {
        #[repr(C)]
        struct Some {
            id: [i32; 2],
            long: u64,
            short: u16,
        }
        const FIELDS: Fields = fields!(Some: id long short; 7 8);
        let bytes = [1, 0, 0, 0x80, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let values = [0x8000_0001_0504_0302, 0x0d0c_0b0a_0908_0706, 0x0f0e];
        let mut all = Vec::new();
        FIELDS.each(&mut |name, place, bit| all.push((name, place.of(&bytes), bit)));
        let expected =
            [("id", values[0], Some(7)), ("long", values[1], Some(8)), ("short", values[2], None)];
        assert_eq!(all, expected);
        assert_eq!(place!(Some long).of(&bytes[..9]), 0);
        // Major 0x12345, minor 0x6789a.
        let device = [0x45, 0x23, 1, 0, 0x9a, 0x78, 6, 0];
        assert_eq!(Place(DEVICE).of(&device), 0x0001_2000_6783_459a);
    }
}
