//! Text in half the space: a byte that isn't a character of the text stands for a word of a
//! dictionary. Texts are packed when a crate is compiled.

/// So many words a dictionary has: one for each byte that isn't printable ASCII (0x7f is taken for
/// it).
pub const COUNT: usize = 256 - (0x80 - 0x20);

/// The byte that stands for the first word; 0 comes after 0xff.
const FIRST: u8 = 0x80;

/// The longest word, in bytes.
pub const MAX: usize = 24;

/// What texts have in common, as it is while a crate is compiled.
pub struct Words {
    list: &'static [&'static [u8]; COUNT],
    /// The first word with these two characters at its beginning, or `COUNT`.
    first: [[u8; 0x80]; 0x80],
    /// The next word with the same two characters.
    next: [u8; COUNT],
}

impl Words {
    /// The words that the bytes from 0x80 on stand for, and then those from 0 on. A word of one
    /// control character stands for itself, an empty one for nothing.
    pub const fn new(list: &'static [&'static [u8]; COUNT]) -> Self {
        let mut words = Words { list, first: [[COUNT as u8; 0x80]; 0x80], next: [0; COUNT] };
        let mut word = COUNT;
        while word > 0 {
            word -= 1;
            if let [a, b, ..] = *list[word] {
                let first = &mut words.first[a as usize][b as usize];
                (words.next[word], *first) = (*first, word as u8);
            }
            assert!(list[word].len() <= MAX);
        }
        words
    }

    /// How many bytes all words are together.
    pub const fn size(&self) -> usize {
        let (mut len, mut word) = (0, 0);
        while word < COUNT {
            len += self.list[word].len();
            word += 1;
        }
        len
    }

    /// Writes the shortest form of a text at a position, and gives back where it ends. The text
    /// is shorter than `ROOM` bytes.
    pub const fn pack<const ROOM: usize>(
        &self,
        out: &mut [u8],
        mut at: usize,
        text: &str,
    ) -> usize {
        let text = text.as_bytes();
        // What is left of the text from each byte on: how short it gets, and what it begins with.
        let mut shortest = [0; ROOM];
        let mut best = [(0, 0); ROOM];
        let mut i = text.len();
        while i > 0 {
            i -= 1;
            let byte = text[i];
            best[i] = (byte, 1);
            // A control character has to be a word, or part of one.
            shortest[i] = shortest[i + 1] + if self.is_itself(byte) { 1 } else { 0x1000 };
            let next = if i + 1 < text.len() { text[i + 1] } else { 0 };
            let mut word = self.first[byte as usize][next as usize] as usize;
            while word < COUNT {
                let len = self.list[word].len();
                if begins(text, i, self.list[word]) && shortest[i + len] + 1 < shortest[i] {
                    best[i] = (FIRST.wrapping_add(word as u8), len);
                    shortest[i] = shortest[i + len] + 1;
                }
                word = self.next[word] as usize;
            }
        }
        assert!(shortest[0] < 0x1000, "no word for a control character");
        while i < text.len() {
            let (byte, len) = best[i];
            out[at] = byte;
            (at, i) = (at + 1, i + len);
        }
        at
    }

    /// Whether a character stands for itself.
    const fn is_itself(&self, byte: u8) -> bool {
        let word = byte.wrapping_sub(FIRST) as usize;
        word >= COUNT || matches!(*self.list[word], [one] if one == byte)
    }
}

/// Whether a word is in a text at a position.
const fn begins(text: &[u8], at: usize, word: &[u8]) -> bool {
    let mut i = 0;
    while i < word.len() {
        if at + i >= text.len() || text[at + i] != word[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The words as a program keeps them, `N` bytes: [`room`].
pub struct Dictionary<const N: usize> {
    /// The words, one after another: a pointer for each would cost more than the words.
    bytes: [u8; N],
    /// Where each word begins, and where the last one ends.
    starts: [u16; COUNT + 1],
}

/// The size of a dictionary: so much that there are always [`MAX`] bytes to read at a word.
pub const fn room(words: &Words) -> usize {
    words.size() + MAX
}

impl<const N: usize> Dictionary<N> {
    /// The dictionary of these words.
    pub const fn new(words: &Words) -> Self {
        let mut dictionary = Dictionary { bytes: [0; N], starts: [0; COUNT + 1] };
        let (mut at, mut word) = (0, 0);
        while word < COUNT {
            let bytes = words.list[word];
            let mut i = 0;
            while i < bytes.len() {
                dictionary.bytes[at] = bytes[i];
                (at, i) = (at + 1, i + 1);
            }
            word += 1;
            dictionary.starts[word] = at as u16;
        }
        dictionary
    }

    /// What a byte of packed text stands for: a word, or itself.
    #[inline(always)]
    pub fn expand<'a>(&'a self, byte: &'a u8) -> &'a [u8] {
        match self.place(*byte) {
            Some((start, end)) => self.bytes.get(start..end).unwrap_or_default(),
            None => core::slice::from_ref(byte),
        }
    }

    /// The word that a byte stands for, with as many bytes behind it as make it [`MAX`] bytes, and
    /// its length; `None` where the byte stands for itself.
    #[inline(always)]
    pub(super) fn word(&self, byte: u8) -> Option<(&[u8; MAX], usize)> {
        let (start, end) = self.place(byte)?;
        Some((self.bytes.get(start..)?.first_chunk()?, end - start))
    }

    #[inline(always)]
    fn place(&self, byte: u8) -> Option<(usize, usize)> {
        let starts = self.starts.get(byte.wrapping_sub(FIRST).into()..)?.first_chunk()?;
        let &[start, end] = starts;
        Some((start.into(), end.into()))
    }
}

/// The first bytes of an array that was made too long.
pub const fn cut<const N: usize>(bytes: &[u8]) -> [u8; N] {
    match bytes.first_chunk() {
        Some(bytes) => *bytes,
        None => panic!("there are enough"),
    }
}
