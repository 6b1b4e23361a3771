//! Thread-local storage.

use crate::build::*;

#[test]
fn b09_thread_local_storage_with_fixed_offsets() {
    for kind in tls_kinds() {
        let build = Build::new("09", "09-tls.c", kind);
        let plain = "-ftls-model=initial-exec";
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[plain, "liba.so"]);
        build.program("tls", &["-rdynamic", "liba.so", "libb.so"]).expect("tls", 0x3f);
    }
}

#[test]
fn b10_general_and_local_dynamic_storage() {
    for kind in tls_kinds() {
        let build = Build::new("10", "10-dynamic.c", kind);
        build.library("A", "liba.so", &["-ftls-model=local-dynamic"]);
        build.library("B", "libb.so", &["liba.so"]);
        build.program("dynamic", &["liba.so", "libb.so"]).expect("dynamic", 15);
    }
}

#[test]
fn b11_descriptors_of_storage() {
    for kind in kinds().into_iter().map(|kind| Kind { gnu2: true, ..kind }) {
        let build = Build::new("11", "11-tlsdesc.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.dl().program("tlsdesc", &["liba.so", "libdl1.so"]).expect("tlsdesc", 15);
    }
}

#[test]
fn b12_storage_is_aligned() {
    for kind in tls_kinds() {
        let build = Build::new("12", "12-align.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.program("align", &["liba.so", "libb.so"]).expect("align", 31);
    }
}

#[test]
fn b13_storage_for_threads_that_exist_already() {
    for kind in tls_kinds() {
        let build = Build::new("13", "13-threads.c", kind);
        build.library("B", "libb.so", &[]).dl();
        build.program("threads", &["libdl1.so"]).expect("threads", 15);
    }
}
