//! The applets of `lx`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

/// main
pub fn main() -> u8 {
    let mut buffer = [0; 100];
    let mut to = rt::io::stdout();
    let mut out = rt::io::BufWriter::new(&mut buffer, &mut to);
    for a in rt::env::args() {
        rt::put!(&mut out, a.to_bytes(), " ", rt::fmt::dec(5u8).width(10), "\n");
    }
    let _ = out.flush();
    0
}
