//! The planning stage of the dynamic linker, up to the first executable mapping, on any bytes:
//! no panic, no overflow, an end. The first two bytes say how many bytes are the program; all
//! others are each library that it needs. The same bytes are also read as a cache.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rt::dl::cache::Cache;
use rt::dl::file::{Files, Identity};
use rt::dl::image::Fault;
use rt::dl::memory::Arena;
use rt::dl::plan::{Plan, Rules};
use rt::dl::search::{Kind, Search, Why};

struct Pair<'f> {
    program: &'f [u8],
    library: &'f [u8],
    opened: u64,
}

impl<'f> Files for Pair<'f> {
    type File = &'f [u8];

    fn open(&mut self, path: &[u8]) -> Result<(&'f [u8], Identity), Fault> {
        self.opened += 1;
        if path == b"/p" {
            return Ok((self.program, (1, 0)));
        }
        // Not for ever, though each may need others.
        if self.opened > 20 {
            return Err(Fault::Os(rt::Errno::ENOENT));
        }
        Ok((self.library, (2, self.opened)))
    }

    fn is_directory(&mut self, path: &[u8]) -> bool {
        path.len() % 2 == 0
    }

    fn tried(&mut self, _: &[u8], _: &[u8], _: Why, _: Option<Fault>) {}
}

fuzz_target!(|input: &[u8]| {
    let Some((&[low, high], bytes)) = input.split_first_chunk() else { return };
    let size = usize::from(u16::from_le_bytes([low, high])).min(bytes.len());
    let (program, library) = bytes.split_at(size);
    let search = Search {
        kind: if low & 1 == 0 { Kind::Glibc } else { Kind::Musl },
        machine: rt::elf::consts::EM_X86_64,
        is_64: true,
        level: || 3,
        secure: low & 0x80 != 0,
        library_path: Some(library),
        cache: &|| Cache::new(library),
        path_file: None,
        platform: b"x86_64",
    };
    let arena = Arena::new();
    let mut plan = Plan::new(&arena);
    let mut files = Pair { program, library, opened: 0 };
    if plan.add_file(&mut files, b"/p").is_ok() {
        let without_libc = high & 0x80 != 0;
        let mut rules = Rules { files: &mut files, search, without_libc };
        let _ = plan.add_needed(&mut rules, 0);
        let _ = plan.check_versions();
    }
    if let Some(cache) = Cache::new(bytes) {
        (0..cache.len().min(1000)).for_each(|index| drop(cache.get(index)));
    }
});
