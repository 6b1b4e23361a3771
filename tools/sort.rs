//! Sorting in a few hundred bytes: a heap, where `core`'s sorts take 2 to 4 KB for each type.

/// Sorts in place, in ascending order; what is equal may change places.
pub fn sort<T>(items: &mut [T], less: &dyn Fn(&T, &T) -> bool) {
    let end = items.len();
    for root in (0..end / 2).rev() {
        sift(items, root, less);
    }
    for last in (1..end).rev() {
        swap(items, 0, last);
        sift(items.get_mut(..last).unwrap_or_default(), 0, less);
    }
}

/// Makes a heap of what is one but for its root.
fn sift<T>(heap: &mut [T], mut root: usize, less: &dyn Fn(&T, &T) -> bool) {
    let is_less = |heap: &[T], a, b| match (heap.get(a), heap.get(b)) {
        (Some(a), Some(b)) => less(a, b),
        _ => false,
    };
    loop {
        let left = 2 * root + 1;
        let child = if is_less(heap, left, left + 1) { left + 1 } else { left };
        if !is_less(heap, root, child) {
            return;
        }
        swap(heap, root, child);
        root = child;
    }
}

/// The slice's own method brings along what a panic says.
fn swap<T>(items: &mut [T], a: usize, b: usize) {
    if let Ok([a, b]) = items.get_disjoint_mut([a, b]) {
        core::mem::swap(a, b);
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
