//! The environment, one variable a line; with names, their values.

#![no_std]
#![no_main]

use rt::{env, println};

rt::entry!(main);

fn main() -> u8 {
    let mut names = env::args().skip(1).peekable();
    if names.peek().is_none() {
        env::vars().for_each(|variable| println!(variable.to_bytes()));
    }
    let mut missing = false;
    for name in names {
        match name.to_str().ok().and_then(env::var) {
            Some(value) => println!(value),
            None => missing = true,
        }
    }
    missing.into()
}
