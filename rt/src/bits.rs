//! Sets of bits that the kernel takes as one number.

/// Defines a type for the set, with the raw value at `.0`, and a constant of that type for
/// each bit, under the name that C has for it. A bit without a name is as good as any other.
macro_rules! bits {
    (
        $(#[$meta:meta])*
        $name:ident($word:ty);
        $($(#[$const_meta:meta])* $const:ident = $value:expr;)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        pub struct $name(pub $word);

        impl $name {
            /// Whether all bits of `other` are set.
            pub const fn contains(self, other: $name) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits that `other` doesn't have.
            pub const fn without(self, other: $name) -> $name {
                $name(self.0 & !other.0)
            }
        }

        impl core::ops::BitOr for $name {
            type Output = $name;

            fn bitor(self, other: $name) -> $name {
                $name(self.0 | other.0)
            }
        }

        impl core::ops::BitOrAssign for $name {
            fn bitor_assign(&mut self, other: $name) {
                self.0 |= other.0;
            }
        }

        $(
            $(#[$const_meta])*
            pub const $const: $name = $name($value);
        )+
    };
}

pub(crate) use bits;
