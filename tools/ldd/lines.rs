//! ldd's lines, and what else is told in text.

use super::set::{Object, Set};
use super::trouble::{Kind as Trouble, Problem, Problems};
use super::{Options, Report, needs, tree};
use crate::context::Context;
use crate::readelf::shown;
use rt::dl::image::Fault;
use rt::dl::search::Kind;
use rt::elf::Class;
use rt::elf::consts::*;
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

/// Tells all that was found out about a file.
#[inline(never)]
pub fn report(cx: &mut Context, report: &Report, options: Options) {
    let out = &mut cx.out;
    for script in &report.scripts {
        put!(out, "\t#! => ", shown(script), "\n");
    }
    for version in report.problems.0.iter().filter(|problem| problem.kind == Trouble::Version) {
        put!(out, shown(report.file), ": ", shown(&version.reason()), "\n");
    }
    let set = &report.set;
    if !set.objects.is_empty() {
        if options.needs {
            put_needs(out, set);
        } else if options.tree {
            tree::put(out, set);
        } else {
            put_lines(out, set, options);
        }
        for symbol in &report.undefined {
            let comma = if symbol.version.is_empty() { "" } else { ", version " };
            put!(out, "undefined symbol: ", shown(symbol.name), comma, shown(symbol.version));
            put!(out, "\t(", shown(set.title(symbol.by)), ")\n");
        }
        if options.verbose {
            put_versions(out, set, &report.problems);
            put!(out, "\n\t", dec(set.objects.len().saturating_sub(1)), " libraries, ");
            put!(out, dec(set.places), " places looked at, ", dec(set.failed), " in vain\n");
        }
    }
    if let Some(first) = report.problems.0.first() {
        put!(out, shown(report.file), report.verb(), " because ", shown(&first.reason()));
        put!(out, "; fix: ", shown(&first.fix()), "\n");
    }
}

/// An object's name, unless that is a path where it was found; and its place.
pub fn put_found(out: &mut BufWriter, object: &Object) {
    if object.is_missing() || !object.name.contains(&b'/') {
        put!(out, shown(object.name), " => ");
    }
    put_place(out, object);
}

/// Where an object was found, or what is wrong with it.
fn put_place(out: &mut BufWriter, object: &Object) {
    if object.is_missing() {
        return put!(out, "not found");
    }
    put!(out, shown(object.path));
    match object.fault {
        None => {}
        Some(Fault::Foreign(text)) => put!(out, " (", text, "): not found"),
        Some(fault) => put!(out, " (", fault, ")"),
    }
}

fn put_line(out: &mut BufWriter, object: &Object, options: Options) {
    put!(out, "\t");
    put_found(out, object);
    if options.all && object.fault.is_none() {
        put_address(out, object.facts.as_ref().map_or(0, |facts| facts.address));
    }
    put!(out, "\n");
}

fn put_address(out: &mut BufWriter, address: u64) {
    put!(out, " (0x", hex(address).zero(16), ")");
}

#[inline(never)]
fn put_lines(out: &mut BufWriter, set: &Set, options: Options) {
    let Some(program) = set.objects.first() else { return };
    let Some(facts) = &program.facts else { return };
    if !facts.is_dynamic {
        return put!(out, "\tnot a dynamic executable\n");
    }
    // glibc's is among the libraries: where anybody needs it.
    let loader = set.loader.as_ref().filter(|_| set.kind == Kind::Musl);
    if loader.is_none() && set.objects.len() == 1 {
        return put!(out, "\tstatically linked\n");
    }
    if let Some(loader) = loader {
        put_line(out, loader, options);
    } else if options.all {
        let name = match set.machine {
            (EM_386, _) => "linux-gate.so.1",
            (EM_PPC64 | EM_S390, e) if e.class == Class::Elf64 => "linux-vdso64.so.1",
            (EM_PPC, _) => "linux-vdso32.so.1",
            _ => "linux-vdso.so.1",
        };
        put!(out, "\t", name);
        put_address(out, 0);
        put!(out, "\n");
    }
    for object in set.objects.iter().skip(1) {
        put_line(out, object, options);
    }
}

/// As ldd -v tells who needs which version of whom.
#[inline(never)]
fn put_versions(out: &mut BufWriter, set: &Set, problems: &Problems) {
    let mut first = true;
    for object in &set.objects {
        let (Some(facts), mut headed) = (object.facts, false) else { continue };
        facts.wanted(&mut |library, versions| {
            if core::mem::take(&mut first) {
                put!(out, "\n\tVersion information:\n");
            }
            if !core::mem::replace(&mut headed, true) {
                put!(out, "\t", shown(object.title()), ":\n");
            }
            let provider = set.position(library).and_then(|at| set.objects.get(at));
            for need in versions {
                put!(out, "\t\t", shown(library), " (", shown(need.name), ") => ");
                let names = [need.name, object.title(), library];
                let mut problems = problems.0.iter();
                let is_missing = |p: &Problem| p.kind == Trouble::Version && p.names[1..4] == names;
                match provider {
                    Some(provider) if !problems.any(is_missing) => put_place(out, provider),
                    _ => put!(out, "not found"),
                }
                put!(out, "\n");
            }
        });
    }
}

#[inline(never)]
fn put_needs(out: &mut BufWriter, set: &Set) {
    needs::newest(set, &mut |need| {
        put!(out, "\t", shown(need.version), "\t", shown(need.library), "\t");
        put!(out, shown(need.symbol), "\n");
    });
}
