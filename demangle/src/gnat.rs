//! Ada, as GNAT encodes it: `foo__bar__2` is `foo.bar`. What doesn't look like that is
//! printed in angle brackets.

use super::{Output, lookup};

/// Prints the demangled name, or the mangled one in angle brackets.
pub fn demangle(name: &[u8], out: &mut Output) -> Option<()> {
    // A subprogram that is a library unit.
    let name = name.strip_prefix::<[u8]>(b"_ada_").unwrap_or(name);
    if entities(name, out).is_some() {
        return Some(());
    }
    out.clear();
    if name.starts_with(b"<") {
        return out.push(name);
    }
    out.push(b"<")?;
    out.push(name)?;
    out.push(b">")
}

/// Names with two underscores between them.
fn entities(name: &[u8], out: &mut Output) -> Option<()> {
    if !name.first()?.is_ascii_lowercase() {
        return None;
    }
    let mut rest = name;
    loop {
        rest = entity(rest, out)?;
        match rest {
            // The body of a task; a subprogram of a protected type.
            b"TKB" | b"P" | b"N" => return Some(()),
            [b'T', b'K', b'_', b'_', inner @ ..] => {
                rest = inner;
                out.push(b".")?;
                continue;
            }
            // An exception, names of an enumeration.
            b"E" | b"S" => return None,
            _ => {}
        }
        rest = nesting(rest);
        match rest {
            [b'S', kind, after @ ..] if matches!(after, [] | [b'_', ..]) => {
                out.push(match kind {
                    b'R' => b"'Read",
                    b'W' => b"'Write",
                    b'I' => b"'Input",
                    b'O' => b"'Output",
                    _ => return None,
                })?;
                rest = after;
            }
            [b'D', b'F', ..] => return out.push(b".Finalize"),
            [b'D', b'A', ..] => return out.push(b".Adjust"),
            _ => {}
        }
        match rest {
            [b'_', b'_', b'0'..=b'9', ..] => {
                // Which of several of that name.
                rest = rest.get(2..)?;
                while let [b'0'..=b'9', ..] | [b'_', b'0'..=b'9', ..] = rest {
                    rest = rest.get(1..)?;
                }
                rest = nesting(rest);
            }
            [b'_', b'_', b'_', c, ..] if *c != b'_' => {
                // Whatever follows, isn't printed.
                return out.push(lookup(SPECIAL, rest)?.1);
            }
            [b'_', b'_', inner @ ..] => {
                rest = inner;
                out.push(b".")?;
                continue;
            }
            // The body of an entry, or its barrier.
            [b'_', b'B' | b'E', number @ ..] => {
                return (skip_digits(number) == b"s").then_some(());
            }
            _ => {}
        }
        // A nested subprogram.
        if let [b'.', b'0'..=b'9', number @ ..] = rest {
            rest = skip_digits(number);
        }
        return rest.is_empty().then_some(());
    }
}

/// Prints an identifier or an operator, and gives what follows it.
fn entity<'n>(name: &'n [u8], out: &mut Output) -> Option<&'n [u8]> {
    let mut length = 0;
    while let [b'a'..=b'z', ..] | [b'0'..=b'9', ..] | [b'_', b'a'..=b'z' | b'0'..=b'9', ..] =
        name.get(length..)?
    {
        if length == 0 && !name.first()?.is_ascii_lowercase() {
            return None;
        }
        length += 1;
    }
    if length > 0 {
        out.push(name.get(..length)?)?;
        return name.get(length..);
    }
    let (length, text) = lookup(OPERATORS, name)?;
    out.push(b"\"")?;
    out.push(text)?;
    out.push(b"\"")?;
    name.get(length..)
}

/// What follows `X` and the letters after it, which say how bodies are nested.
fn nesting(name: &[u8]) -> &[u8] {
    let Some(mut rest) = name.strip_prefix::<[u8]>(b"X") else { return name };
    while let [b'n' | b'b', after @ ..] = rest {
        rest = after;
    }
    rest
}

fn skip_digits(mut name: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', after @ ..] = name {
        name = after;
    }
    name
}

/// What follows three underscores: each code, and what is printed for it.
const SPECIAL: &[u8] =
    b"___elabb 'Elab_Body ___elabs 'Elab_Spec ___size 'Size ___alignment 'Alignment \
        ___assign .\":=\"";

/// Each code and the operator.
const OPERATORS: &[u8] =
    b"Oabs abs Oand and Omod mod Onot not Oor or Orem rem Oxor xor Oeq = One /= Olt < \
        Ole <= Ogt > Oge >= Oadd + Osubtract - Oconcat & Omultiply * Odivide / Oexpon **";
