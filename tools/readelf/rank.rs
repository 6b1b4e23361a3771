//! What is largest, out of tables of any size: by index, so that memory is bounded by what
//! is asked for.

use alloc::vec::Vec;

/// Something to be ordered by, something else, and an index: 16 bytes.
pub type Entry = (u64, u32, u32);

/// Sorts in place, in ascending order.
// One copy for all who sort.
#[inline(never)]
pub fn sort(entries: &mut [Entry]) {
    crate::sort::sort(entries, &|a, b| a < b);
}

/// Keeps the largest of what it is given, up to a limit.
pub struct Top {
    limit: usize,
    rows: Vec<Entry>,
}

impl Top {
    /// Keeps so many.
    pub fn new(limit: usize) -> Top {
        Top { limit, rows: Vec::new() }
    }

    /// Something of this size.
    pub fn add(&mut self, size: u64, index: usize) {
        // What is larger comes first, then what has the lower index.
        self.rows.push((!size, 0, index as u32));
        if self.rows.len() >= self.limit.saturating_mul(2).saturating_add(32) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        sort(&mut self.rows);
        self.rows.truncate(self.limit);
    }

    /// The indices, of the largest one first; of equal ones the lowest one.
    pub fn indices(&mut self) -> impl Iterator<Item = usize> {
        self.cut();
        self.rows.iter().map(|row| row.2 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_largest() {
        let mut top = Top::new(3);
        for index in 0..1000 {
            top.add([5, 900, 7, 900, 0][index % 5] + (index == 777) as u64 * 1000, index);
        }
        assert!(top.indices().eq([777, 1, 3]));
        let mut all = Top::new(usize::MAX);
        (0..100).for_each(|index| all.add(1, index));
        assert!(all.indices().eq(0..100));
        let mut none = Top::new(0);
        (0..100).for_each(|index| none.add(1, index));
        assert!(none.indices().eq(0..0));
    }
}
