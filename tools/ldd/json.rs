//! `--json`: all that was found out about a file, as an object.

use super::{Options, Report, needs};
use crate::context::Context;
use rt::dl::search::Kind;

#[inline(never)]
pub fn report(cx: &mut Context, report: &Report, options: Options) {
    let json = cx.json();
    json.object("").text("file", report.file).array("scripts");
    for script in &report.scripts {
        json.text("", *script);
    }
    json.end_array();
    let set = &report.set;
    if !set.objects.is_empty() {
        json.text("rules", if set.kind == Kind::Musl { "musl" } else { "glibc" });
        json.number("e_machine", set.machine.0.into());
        match &set.loader {
            Some(loader) => json.text("interpreter", loader.path),
            None => json.null("interpreter"),
        };
        json.array("libraries");
        for (index, object) in set.objects.iter().enumerate().skip(1) {
            json.object("").text("name", object.name);
            match object.is_missing() {
                false => json.text("path", object.path).text("why", object.why.name()),
                true => json.null("path").null("why"),
            };
            if let Some(fault) = object.fault {
                json.item("fault", &fault);
            }
            json.array("needed_by");
            for by in (0..set.objects.len()).filter(|&by| set.needs(by).contains(&(index as u32))) {
                json.text("", set.title(by));
            }
            json.end_array().end_object();
        }
        json.end_array();
        json.number("places", set.places as u64).number("places_in_vain", set.failed as u64);
        if options.needs {
            json.array("needs");
            needs::newest(set, &mut |need| {
                json.object("").text("version", need.version).text("library", need.library);
                json.text("symbol", need.symbol).end_object();
            });
            json.end_array();
        }
        if options.verbose {
            json.array("versions");
            for object in &set.objects {
                let Some(facts) = object.facts else { continue };
                facts.wanted(&mut |library, versions| {
                    for need in versions {
                        json.object("").text("file", object.title()).text("library", library);
                        json.text("version", need.name).end_object();
                    }
                });
            }
            json.end_array();
        }
        if options.symbols {
            json.array("undefined");
            for symbol in &report.undefined {
                json.object("").text("symbol", symbol.name).text("version", symbol.version);
                json.text("file", set.title(symbol.by))
                    .bool("at_call", symbol.at_call)
                    .end_object();
            }
            json.end_array();
        }
    }
    json.array("problems");
    for problem in &report.problems.0 {
        json.object("").text("reason", &problem.reason()).text("fix", &problem.fix()).end_object();
    }
    json.end_array().bool("starts", report.problems.0.is_empty()).end_object();
}
