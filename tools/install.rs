//! `lx --install [-s] [-f] DIR`: a link to lx for each applet.

use crate::applets;
use crate::cli;
use crate::context::Context;
use rt::{Errno, Result, fs, text};

const OPTIONS: cli::Help = help!(
    "
  -s, --symbolic  symbolic links instead of hard ones
  -f, --force     replace what is there
"
);

/// Makes the links; what can't be made is told, and the others are made all the same.
// Not inlined: its buffer would make the stack of every applet a page deeper.
#[inline(never)]
pub fn run(cx: &mut Context) -> u8 {
    let (mut symbolic, mut force) = (false, false);
    let args = cx.args;
    let operands = cli::parse(cx, args, OPTIONS.options, &mut |_, key, _| match key {
        b"s" => symbolic = true,
        _ => force = true,
    });
    let Ok([directory]) = operands.as_deref() else {
        message!(cx, "usage: lx --install [-s] [-f] DIR");
        return 1;
    };
    let mut buffer = [0; 4096];
    match fs::readlink("/proc/self/exe", &mut buffer) {
        Ok(lx) => links(cx, lx, directory, symbolic, force),
        Err(errno) => {
            message!(cx, "/proc/self/exe: ", errno);
            1
        }
    }
}

// Not inlined: the buffer makes that frame large.
#[inline(never)]
fn links(cx: &mut Context, lx: &[u8], directory: &[u8], symbolic: bool, force: bool) -> u8 {
    let mut status = 0;
    let mut path = directory.to_vec();
    path.push(b'/');
    let length = path.len();
    for name in applets::names() {
        path.truncate(length);
        path.extend(name);
        if let Err(errno) = make(lx, &path, symbolic, force) {
            let across = errno == Errno::EXDEV;
            let hint = if across { text!(" (-s makes symbolic links)") } else { text!("") };
            message!(cx, path.as_slice(), ": ", errno, hint);
            status = 1;
        }
    }
    status
}

#[inline(never)]
fn make(lx: &[u8], path: &[u8], symbolic: bool, force: bool) -> Result<()> {
    let link = |path: &[u8]| if symbolic { fs::symlink(lx, path) } else { fs::link(lx, path) };
    match link(path) {
        Err(Errno::EEXIST) if force => {
            // Under another name first: what is there goes only when the link is made.
            let new = [path, b".lx-new"].concat();
            link(&new)?;
            let renamed = fs::rename(new.as_slice(), path);
            // Two links to one file are left as they are by a rename (`man 2 rename`).
            let _ = fs::unlink(new.as_slice());
            renamed
        }
        other => other,
    }
}
