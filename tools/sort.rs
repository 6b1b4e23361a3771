//! Sorting in a few hundred bytes: a heap, where `core`'s sorts take 2 to 4 KB for each type.

/// Sorts in place, in ascending order; what is equal may change places.
pub fn sort<T>(items: &mut [T], less: &dyn Fn(&T, &T) -> bool) {
    heap_sort(items.len(), &mut |a, b, swap| {
        // The slice's own `swap` brings along what a panic says.
        let Ok([a, b]) = items.get_disjoint_mut([a, b]) else { return false };
        if swap {
            core::mem::swap(a, b);
        }
        swap || less(a, b)
    });
}

/// Looks at two places: swaps their items, or says whether the first one is less.
type Two<'t> = &'t mut dyn FnMut(usize, usize, bool) -> bool;

fn heap_sort(len: usize, two: Two) {
    for root in (0..len / 2).rev() {
        sift(len, root, two);
    }
    for last in (1..len).rev() {
        two(0, last, true);
        sift(last, 0, two);
    }
}

/// Makes a heap of what is one but for its root.
#[inline(never)]
fn sift(len: usize, mut root: usize, two: Two) {
    loop {
        let left = 2 * root + 1;
        let child = if left + 1 < len && two(left, left + 1, false) { left + 1 } else { left };
        if child >= len || !two(root, child, false) {
            return;
        }
        two(root, child, true);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn sorts_whatever_the_order() {
        for len in 0..40u32 {
            for step in [1, 3, 7, 11] {
                let mut items: Vec<_> = (0..len).map(|i| (i * step % 13, i % 3, i)).collect();
                let mut expected = items.clone();
                expected.sort();
                sort(&mut items, &|a, b| a < b);
                assert_eq!(items, expected);
            }
        }
    }
}
