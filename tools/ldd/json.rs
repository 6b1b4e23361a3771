//! `--json`: all that was found out about a file, as an object.

use super::{Options, Report, needs};
use crate::context::Context;
use rt::dl::search::Kind;

#[inline(never)]
pub fn report(cx: &mut Context, report: &Report, options: Options) {
    let json = cx.json();
    json.object(rt::text!("")).text(rt::text!("file"), report.file).array(rt::text!("scripts"));
    for script in &report.scripts {
        json.text(rt::text!(""), *script);
    }
    json.end_array();
    let set = &report.set;
    if !set.objects.is_empty() {
        json.text(rt::text!("rules"), if set.kind == Kind::Musl { "musl" } else { "glibc" });
        json.number(rt::text!("e_machine"), set.machine.0.into());
        match &set.loader {
            Some(loader) => json.text(rt::text!("interpreter"), loader.path),
            None => json.null(rt::text!("interpreter")),
        };
        json.array(rt::text!("libraries"));
        for (index, object) in set.objects.iter().enumerate().skip(1) {
            json.object(rt::text!("")).text(rt::text!("name"), object.name);
            match object.is_missing() {
                false => json
                    .text(rt::text!("path"), object.path)
                    .text(rt::text!("why"), object.why.name()),
                true => json.null(rt::text!("path")).null(rt::text!("why")),
            };
            if let Some(fault) = object.fault {
                json.item(rt::text!("fault"), &fault);
            }
            json.array(rt::text!("needed_by"));
            for by in (0..set.objects.len()).filter(|&by| set.needs(by).contains(&(index as u32))) {
                json.text(rt::text!(""), set.title(by));
            }
            json.end_array().end_object();
        }
        json.end_array();
        json.number(rt::text!("places"), set.places as u64)
            .number(rt::text!("places_in_vain"), set.failed as u64);
        if options.needs {
            json.array(rt::text!("needs"));
            needs::newest(set, &mut |need| {
                json.object(rt::text!(""))
                    .text(rt::text!("version"), need.version)
                    .text(rt::text!("library"), need.library);
                json.text(rt::text!("symbol"), need.symbol).end_object();
            });
            json.end_array();
        }
        if options.verbose {
            json.array(rt::text!("versions"));
            for object in &set.objects {
                let Some(facts) = object.facts else { continue };
                facts.wanted(&mut |library, versions| {
                    for need in versions {
                        json.object(rt::text!(""))
                            .text(rt::text!("file"), object.title())
                            .text(rt::text!("library"), library);
                        json.text(rt::text!("version"), need.name).end_object();
                    }
                });
            }
            json.end_array();
        }
        if options.symbols {
            json.array(rt::text!("undefined"));
            for symbol in &report.undefined {
                json.object(rt::text!(""))
                    .text(rt::text!("symbol"), symbol.name)
                    .text(rt::text!("version"), symbol.version);
                json.text(rt::text!("file"), set.title(symbol.by))
                    .bool(rt::text!("at_call"), symbol.at_call)
                    .end_object();
            }
            json.end_array();
        }
    }
    json.array(rt::text!("problems"));
    for problem in &report.problems.0 {
        json.object(rt::text!(""))
            .text(rt::text!("reason"), &problem.reason())
            .text(rt::text!("fix"), &problem.fix())
            .end_object();
    }
    json.end_array().bool(rt::text!("starts"), report.problems.0.is_empty()).end_object();
}
