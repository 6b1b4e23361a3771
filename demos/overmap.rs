//! Three pages that can only be read; then the middle one is mapped over (`MAP_FIXED`) and
//! can be written as well. Shown as /proc/self/maps has them.

#![no_std]
#![no_main]

use rt::Errno;
use rt::fmt::hex;
use rt::fs::{Mode, O_RDONLY, open};
use rt::io::BufReader;
use rt::mm::{MAP_PRIVATE, Mapping, PAGE, PROT_READ, PROT_WRITE};

rt::entry!(main);

fn main() -> u8 {
    match overmap() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("overmap: ", error);
            1
        }
    }
}

fn overmap() -> rt::Result<()> {
    let mut first = Mapping::anonymous(3 * PAGE, PROT_READ, MAP_PRIVATE)?;
    let mut middle = first.split_off(PAGE)?;
    let last = middle.split_off(PAGE)?;
    for (page, mapping) in [&first, &middle, &last].into_iter().enumerate() {
        show("before", page, mapping)?;
    }
    middle.replace(PROT_READ | PROT_WRITE, MAP_PRIVATE, None)?;
    middle.as_mut_slice().ok_or(Errno::EACCES)?[0] = 13;
    for (page, mapping) in [&first, &middle, &last].into_iter().enumerate() {
        show("after", page, mapping)?;
    }
    Ok(())
}

/// Prints the permissions of the line of /proc/self/maps that has this page.
fn show(when: &str, page: usize, mapping: &Mapping) -> rt::Result<()> {
    let wanted = mapping.as_ptr().cast::<u8>().as_ptr() as usize;
    let mut buffer = [0; 4096];
    let mut maps = BufReader::new(&mut buffer, open("/proc/self/maps", O_RDONLY, Mode(0))?);
    while let Some(line) = maps.read_until(b'\n')? {
        // 7ffe1a300000-7ffe1a321000 rw-p 00000000 ...
        let mut words = line.split(|byte| *byte == b' ');
        let mut ends = words.next().unwrap_or_default().split(|byte| *byte == b'-');
        let mut end = || ends.next().and_then(address).ok_or(Errno::EINVAL);
        if (end()?..end()?).contains(&wanted) {
            rt::println!(when, " ", hex(page), ": ", words.next());
        }
    }
    Ok(())
}

fn address(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}
