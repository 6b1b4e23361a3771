//! `lx ldso`, and lx as an interpreter: the behaviours of a dynamic linker, each with programs
//! without a C library (fixtures/dl), whose exit status has a bit for each thing that is right.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod exec;
mod hostile;
mod interface;
mod options;
mod relocations;
mod search;
mod storage;
