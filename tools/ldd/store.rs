//! What is kept of the files that were looked at.

use super::facts::Name;
use crate::words::short;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use rt::dl::image::Fault;
use rt::dl::memory::Arena;
use rt::put;

/// Copies names, up to more than anything real has.
pub struct Store<'f> {
    pub arena: &'f Arena,
    /// How many bytes more are kept.
    left: Cell<usize>,
    /// What of one file is wanted only while it is read.
    pub scratch: RefCell<Arena>,
    pub needed: RefCell<Vec<u64>>,
    pub names: RefCell<Vec<Name<'f>>>,
    /// What one file is read into.
    pub buffer: RefCell<Vec<u8>>,
}

impl<'f> Store<'f> {
    pub fn new(arena: &'f Arena) -> Store<'f> {
        Store {
            arena,
            left: Cell::new(64 << 20),
            scratch: RefCell::default(),
            needed: RefCell::default(),
            names: RefCell::default(),
            buffer: RefCell::new(vec![0; 12 << 10]),
        }
    }

    /// Whether something was not kept, for lack of room.
    pub fn is_full(&self) -> bool {
        self.left.get() == 0
    }

    /// Counts a name of so many bytes, with the record that it is in.
    pub fn has_room(&self, size: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(size + 64));
        !self.is_full()
    }

    /// A copy; empty where there is no room.
    pub fn bytes(&self, bytes: &[u8]) -> &'f [u8] {
        let copy = self.has_room(bytes.len()).then(|| self.arena.bytes(bytes));
        copy.and_then(Result::ok).unwrap_or_else(|| {
            self.left.set(0);
            b""
        })
    }

    /// What is wrong with a file, in words.
    #[inline(never)]
    pub fn words(&self, fault: Fault) -> &'f [u8] {
        self.bytes(&short(&mut |out| put!(out, fault)))
    }

    /// A copy of names; none where there is no room.
    pub fn list(&self, names: &[Name<'f>]) -> &'f [Name<'f>] {
        let mut copy = self.arena.list();
        if copy.extend(names).is_err() {
            self.left.set(0);
        }
        copy.into_slice()
    }
}
