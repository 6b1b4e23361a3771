//! The multicall binary: start-up, and nothing else that isn't in the library.

#![no_std]
#![no_main]

rt::entry!(lx::main, heap);
