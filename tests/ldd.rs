//! `lx ldd`: broken programs and the sentence that says why, and the same libraries as the
//! loaders of this machine find. Programs and libraries are built without a C library.

mod common;

use common::{Random, Said, drives_terminal, fixture_names, fixtures, lx, scratch};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with programs and libraries.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        Folder(scratch(&format!("ldd-{test}")))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Compiles this text into a file of this folder.
    fn cc(&self, output: &str, text: &str, options: &[&str]) {
        let source = format!("{}.c", output.replace('/', "_"));
        self.write(&source, text);
        fs::create_dir_all(self.path(output).parent().unwrap()).unwrap();
        let run = Command::new("cc")
            .args(["-nostdlib", "-ffreestanding", "-fno-stack-protector", "-w"])
            .args(["-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-o", output, &source])
            .args(options)
            .current_dir(&self.0)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "cc {options:?}: {error}");
    }

    /// A library; its name is its SONAME.
    fn library(&self, output: &str, text: &str, options: &[&str]) {
        let name = output.rsplit('/').next().unwrap();
        let soname = format!("-Wl,-soname,{name}");
        self.cc(output, text, &[&["-shared", "-fPIC", &soname], options].concat());
    }

    /// A program whose interpreter is there.
    fn program(&self, output: &str, text: &str, options: &[&str]) {
        let text = format!("{text}\nvoid _start(void) {{ for (;;); }}");
        let loader = format!("-Wl,--dynamic-linker={}", self.path("ld.so").display());
        if !self.path("ld.so").exists() {
            self.library("ld.so", "", &[]);
        }
        self.cc(output, &text, &[&["-pie", "-fPIE", &loader], options].concat());
    }

    fn command(&self, words: &[&str], library_path: &str) -> Said {
        let mut lx = lx();
        lx.arg("ldd").args(words).current_dir(&self.0).env_remove("LD_PRELOAD");
        Said::of(lx.env("LD_LIBRARY_PATH", library_path).output().unwrap())
    }

    /// What lx ldd says of these, with a status.
    fn ldd(&self, words: &[&str], status: i32) -> String {
        self.ldd_in(words, "", status)
    }

    fn ldd_in(&self, words: &[&str], library_path: &str, status: i32) -> String {
        let said = self.command(words, library_path);
        let (out, err) = (said.stdout, String::from_utf8_lossy(&said.stderr).into_owned());
        let out = String::from_utf8(out).unwrap();
        assert_eq!(said.status, Some(status), "{words:?}: {out}{err}");
        assert_eq!(err, "", "{words:?}: {out}");
        out
    }
}

/// The test's folder in a text, as `HERE`.
fn here(folder: &Folder, text: &str) -> String {
    text.replace("HERE", folder.0.to_str().unwrap())
}

#[test]
fn a_library_that_is_missing() {
    let folder = Folder::new("missing");
    folder.library("liba.so", "", &[]);
    folder.library("libb.so", "", &["liba.so"]);
    folder.program("p", "", &["libb.so", "-L."]);
    fs::remove_file(folder.path("liba.so")).unwrap();
    let expected = "\tlibb.so => ./libb.so\n\tliba.so => not found\n\
        ./p does not start because liba.so, needed by ./libb.so, was not found; \
        fix: install the package that has it, or name its directory in LD_LIBRARY_PATH\n";
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), expected);
    // A library does not load; both are told of, and the worst status counts.
    let expected = format!(
        "./libb.so:\n\tliba.so => not found\n./libb.so does not load because liba.so, needed \
         by ./libb.so, was not found; fix: install the package that has it, or name its \
         directory in LD_LIBRARY_PATH\n./p:\n{expected}"
    );
    assert_eq!(folder.ldd_in(&["./libb.so", "./p"], ".", 1), expected);
    folder.library("liba.so", "", &[]);
    let expected = "\tlibb.so => ./libb.so\n\tliba.so => ./liba.so\n";
    assert_eq!(folder.ldd_in(&["./p"], ".", 0), expected);
    // As ldd -a, with addresses.
    let expected = "\tlinux-vdso.so.1 (0x0000000000000000)\n\
        \tlibb.so => ./libb.so (0x0000000000000000)\n\tliba.so => ./liba.so (0x0000000000000000)\n";
    assert_eq!(folder.ldd_in(&["-a", "./p"], ".", 0), expected);
}

#[test]
fn an_interpreter_that_is_missing_or_useless() {
    let folder = Folder::new("interpreter");
    folder.program("p", "", &["-Wl,--dynamic-linker=/no/ld.so"]);
    let expected = "\tstatically linked\n./p does not start because its interpreter /no/ld.so \
        does not exist; fix: install the C library that it belongs to, or name another one with \
        patchelf --set-interpreter\n";
    assert_eq!(folder.ldd(&["./p"], 1), expected);
    folder.program("p", "", &["-Wl,--dynamic-linker=./mine.so"]);
    folder.library("mine.so", "", &[]);
    assert_eq!(folder.ldd(&["./p"], 0), "\tstatically linked\n");
    fs::set_permissions(folder.path("mine.so"), fs::Permissions::from_mode(0o644)).unwrap();
    let expected = "\tstatically linked\n./p does not start because nobody has permission to \
        execute its interpreter ./mine.so; fix: chmod +x ./mine.so\n";
    assert_eq!(folder.ldd(&["./p"], 1), expected);
    fs::copy(fixtures().join("bin/libone-aarch64.so"), folder.path("mine.so")).unwrap();
    let expected = "\tstatically linked\n./p does not start because its interpreter ./mine.so \
        can't be used: for another machine; fix: install the C library for this machine anew\n";
    assert_eq!(folder.ldd(&["./p"], 1), expected);
}

/// What `versioned` gives to a library: `answer` with this version.
fn versions(folder: &Folder, version: &str) -> String {
    folder.write("map", format!("{version} {{ global: answer; local: *; }};"));
    "-Wl,--version-script=map".into()
}

#[test]
fn a_version_that_is_missing() {
    let folder = Folder::new("version");
    let text = "int answer(void) { return 42; }";
    folder.library("liba.so", text, &[&versions(&folder, "LIBA_1.9")]);
    let call = "int answer(void); int main(void) { return answer(); }";
    folder.program("p", call, &["liba.so"]);
    assert_eq!(folder.ldd_in(&["./p"], ".", 0), "\tliba.so => ./liba.so\n");
    folder.library("liba.so", text, &[&versions(&folder, "LIBA_1.10")]);
    let expected = "./p: ./liba.so: version `LIBA_1.9' not found (required by ./p)\n\
        \tliba.so => ./liba.so\n\
        \n\tVersion information:\n\t./p:\n\t\tliba.so (LIBA_1.9) => not found\n\
        \n\t1 libraries, 1 places looked at, 0 in vain\n\
        ./p does not start because ./liba.so: version `LIBA_1.9' not found (required by ./p); \
        fix: install a newer liba.so, or build ./p with the one here\n";
    assert_eq!(folder.ldd_in(&["-v", "./p"], ".", 1), expected);
    // A library that defines no versions at all is taken as it is.
    folder.library("liba.so", text, &[]);
    assert_eq!(folder.ldd_in(&["./p"], ".", 0), "\tliba.so => ./liba.so\n");
    assert_eq!(folder.ldd_in(&["--needs", "./p"], ".", 0), "\tLIBA_1.9\tliba.so\tanswer\n");
}

#[test]
fn the_newest_versions_that_are_needed() {
    let folder = Folder::new("needs");
    folder.write(
        "map",
        "A_1.9 { global: old; }; A_1.10 { global: new; number; }; OTHER { global: other; };",
    );
    let text = "int old, new, other, number = 3;";
    folder.library("liba.so", text, &["-Wl,--version-script=map"]);
    let text = "extern int old, new, other; int *all[] = { &new, &old, &other };";
    folder.program("p", text, &["liba.so"]);
    let mut rows: Vec<_> =
        folder.ldd_in(&["--needs", "./p"], ".", 0).lines().map(String::from).collect();
    rows.sort();
    assert_eq!(rows, ["\tA_1.10\tliba.so\tnew", "\tOTHER\tliba.so\tother"]);
    // What is copied into the program asks for its version too.
    folder.program("q", "extern int number; int main(void) { return number; }", &["liba.so"]);
    assert_eq!(folder.ldd_in(&["--needs", "./q"], ".", 0), "\tA_1.10\tliba.so\tnumber\n");
}

#[test]
fn a_symbol_that_nobody_defines() {
    let folder = Folder::new("symbol");
    folder.library("liba.so", "int call(void) { return 1; } int data = 1;", &[]);
    let text = "int call(void); extern int data; __attribute__((weak)) int maybe(void);
        int main(void) { return call() + data + (maybe ? maybe() : 0); }";
    folder.program("lazy", text, &["liba.so", "-Wl,-z,lazy", "-fPIC"]);
    folder.program("now", text, &["liba.so", "-Wl,-z,now", "-fPIC"]);
    assert_eq!(folder.ldd_in(&["-r", "./lazy"], ".", 0), "\tliba.so => ./liba.so\n");
    folder.library("liba.so", "int data = 1;", &[]);
    assert_eq!(folder.ldd_in(&["./lazy"], ".", 0), "\tliba.so => ./liba.so\n");
    let fix = "fix: install the versions of the libraries that";
    let expected = |name: &str, verb: &str| {
        format!(
            "\tliba.so => ./liba.so\nundefined symbol: call\t(./{name})\n./{name} {verb} because \
             ./{name} needs the symbol call, which no library defines; {fix} ./{name} was built \
             with\n"
        )
    };
    let lazy = expected("lazy", "starts, but stops at a call,");
    assert_eq!(folder.ldd_in(&["-r", "./lazy"], ".", 1), lazy);
    assert_eq!(folder.ldd_in(&["-r", "./now"], ".", 1), expected("now", "does not start"));
    folder.library("liba.so", "int call(void) { return 1; }", &[]);
    let said = folder.ldd_in(&["-r", "./lazy"], ".", 1);
    assert!(said.contains("\nundefined symbol: data\t(./lazy)\n./lazy does not start"), "{said}");
    // A variable that is copied is defined in the program, but has to come from a library.
    folder.library("liba.so", "int call(void) { return 1; } int data = 1;", &[]);
    let text = "extern int data; int main(void) { return data; }";
    folder.program("copy", text, &["liba.so"]);
    assert_eq!(folder.ldd_in(&["-r", "./copy"], ".", 0), "\tliba.so => ./liba.so\n");
    folder.library("liba.so", "", &[]);
    let said = folder.ldd_in(&["-r", "./copy"], ".", 1);
    assert!(said.contains("\nundefined symbol: data\t(./copy)\n./copy does not start"), "{said}");
    // With a version: that of another one won't do.
    let number = "int answer(void) { return 42; }";
    folder.library("liba.so", number, &[&versions(&folder, "V_1")]);
    folder.program("q", "int answer(void); int main(void) { return answer(); }", &["liba.so"]);
    folder.write("map", "V_1 { global: other; }; V_2 { global: answer; };");
    let text = format!("{number} int other;");
    folder.library("liba.so", &text, &["-Wl,--version-script=map"]);
    let said = folder.ldd_in(&["-r", "./q"], ".", 1);
    assert!(said.contains("\nundefined symbol: answer, version V_1\t(./q)\n"), "{said}");
}

#[test]
fn a_runpath_is_not_inherited_and_an_rpath_is() {
    let folder = Folder::new("runpath");
    folder.library("deep/liba.so", "", &[]);
    folder.library("deep/libb.so", "", &["deep/liba.so"]);
    let link = ["deep/libb.so", "-Wl,-rpath,$ORIGIN/deep"];
    folder.program("p", "", &[&link[..], &["-Wl,--enable-new-dtags"]].concat());
    let expected = here(
        &folder,
        "\tlibb.so => HERE/deep/libb.so\n\tliba.so => not found\n\
         ./p does not start because liba.so, needed by HERE/deep/libb.so, was not found: the \
         RUNPATH of ./p, where it is (HERE/deep/liba.so), is not inherited; fix: give \
         HERE/deep/libb.so a RUNPATH of its own, or link ./p with -Wl,--disable-new-dtags\n",
    );
    assert_eq!(folder.ldd(&["./p"], 1), expected);
    folder.program("p", "", &[&link[..], &["-Wl,--disable-new-dtags"]].concat());
    let expected = "\tlibb.so => HERE/deep/libb.so\n\tliba.so => HERE/deep/liba.so\n";
    assert_eq!(folder.ldd(&["./p"], 0), here(&folder, expected));
    let expected = "./p\n    libb.so => HERE/deep/libb.so [rpath]\n        \
        liba.so => HERE/deep/liba.so [rpath]\n";
    assert_eq!(folder.ldd(&["-t", "./p"], 0), here(&folder, expected));
    // The program's directory is that of the file, however it is called.
    fs::create_dir(folder.path("bin")).unwrap();
    symlink("../p", folder.path("bin/link")).unwrap();
    let expected = "\tlibb.so => HERE/deep/libb.so\n\tliba.so => HERE/deep/liba.so\n";
    assert_eq!(folder.ldd(&["bin/link"], 0), here(&folder, expected));
}

#[test]
fn the_tree_tells_who_needs_what_and_why_it_is_there() {
    let folder = Folder::new("tree");
    folder.library("one/liba.so", "", &[]);
    folder.library("two/libb.so", "", &["one/liba.so"]);
    folder.cc("three/libc.so", "", &["-shared", "-fPIC"]);
    let link = ["two/libb.so", "one/liba.so", "three/libc.so", "-Wl,-rpath,$ORIGIN/two"];
    folder.program("p", "", &[&link[..], &["-Wl,--enable-new-dtags"]].concat());
    let expected = "./p\n    libb.so => HERE/two/libb.so [runpath]\n        \
        liba.so => one/liba.so [LD_LIBRARY_PATH]\n    liba.so => one/liba.so [LD_LIBRARY_PATH]\n    \
        three/libc.so [path]\n";
    assert_eq!(folder.ldd_in(&["-t", "./p"], "one", 0), here(&folder, expected));
}

#[test]
fn a_library_that_is_cut_off_or_a_text() {
    let folder = Folder::new("broken");
    folder.library("liba.so", "int a = 1;", &[]);
    folder.program("p", "", &["liba.so"]);
    let whole = fs::read(folder.path("liba.so")).unwrap();
    let wrong = |what: &str, fix: &str| {
        format!(
            "\tliba.so => ./liba.so ({what})\n./p does not start because ./liba.so, needed by \
             ./p, can't be loaded: {what}; fix: {fix}\n"
        )
    };
    folder.write("liba.so", &whole[..0x1000]);
    let cut = wrong("truncated: the file ends within a segment", "install ./liba.so anew");
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), cut);
    folder.write("liba.so", &whole[..40]);
    let cut = wrong("the file ends within its header", "install ./liba.so anew");
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), cut);
    folder.write("liba.so", "");
    let said = folder.ldd_in(&["./p"], ".", 1);
    assert_eq!(said, wrong("the file is empty", "install ./liba.so anew"));
    for text in ["/* GNU ld script */\nGROUP ( liba.so.1 )\n", "INPUT(-la)\n"] {
        folder.write("liba.so", text);
        let script = wrong(
            "a text for the linker (a linker script), not a library",
            "put the shared library that the script names at ./liba.so",
        );
        assert_eq!(folder.ldd_in(&["./p"], ".", 1), script);
    }
    folder.write("liba.so", "something else");
    let other = wrong("not an ELF file", "install ./liba.so anew");
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), other);
    // The program itself.
    let program = fs::read(folder.path("p")).unwrap();
    folder.write("p", &program[..0x1000]);
    let expected = "./p does not start because ./p: truncated: the file ends within a segment; \
        fix: get ./p anew\n";
    assert_eq!(folder.ldd(&["./p"], 1), expected);
}

#[test]
fn libraries_for_other_machines_are_passed_over() {
    let folder = Folder::new("machines");
    folder.library("two/libone.so.1", "", &[]);
    folder.program("p", "", &["two/libone.so.1"]);
    fs::create_dir(folder.path("one")).unwrap();
    for name in ["libone-aarch64.so", "libone-i686.so", "libone-powerpc64.so"] {
        fs::copy(fixtures().join("bin").join(name), folder.path("one/libone.so.1")).unwrap();
        let expected = "\tlibone.so.1 => two/libone.so.1\n";
        assert_eq!(folder.ldd_in(&["./p"], "one:two", 0), expected, "{name}");
    }
    let expected = "\tlibone.so.1 => one/libone.so.1 (for 64-bit machines of another byte order): \
        not found\n./p does not start because libone.so.1, needed by ./p, was not found but for \
        others: one/libone.so.1 is for 64-bit machines of another byte order; fix: install the \
        64-bit library libone.so.1 for the program's machine\n";
    assert_eq!(folder.ldd_in(&["./p"], "one", 1), expected);
    // A program for another machine does not start here.
    let path = fixtures().join("bin/program-s390x");
    let said = folder.ldd(&[path.to_str().unwrap()], 1);
    assert!(said.contains(" is for another machine (e_machine 22); fix: run it there"), "{said}");
}

#[test]
fn a_program_of_musl_without_musl() {
    let folder = Folder::new("musl");
    folder.library("libc.musl-x86_64.so.1", "", &[]);
    folder.library("liba.so", "", &[]);
    let loader = "-Wl,--dynamic-linker=/no/ld-musl-x86_64.so.1";
    let options = [loader, "liba.so", "libc.musl-x86_64.so.1"];
    folder.program("p", "", &options);
    let expected = "\t/no/ld-musl-x86_64.so.1 => not found\n\tliba.so => ./liba.so\n\
        \tlibc.musl-x86_64.so.1 => not found\n\
        ./p does not start because its interpreter /no/ld-musl-x86_64.so.1 (of musl) does not \
        exist; fix: install musl, or build the program for glibc\n";
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), expected);
    // With it: its libc goes by many names, and is its interpreter.
    folder.library("tree/no/ld-musl-x86_64.so.1", "", &[]);
    folder.library("tree/opt/liba.so", "", &[]);
    fs::copy(folder.path("p"), folder.path("tree/p")).unwrap();
    folder.write("tree/etc/ld-musl-x86_64.path", "/nothing\n/opt\n");
    let expected = "\t/no/ld-musl-x86_64.so.1\n\tliba.so => /opt/liba.so\n\
        \tlibc.musl-x86_64.so.1 => /no/ld-musl-x86_64.so.1\n";
    assert_eq!(folder.ldd(&["--root=tree", "/p"], 0), expected);
    let said = folder.ldd(&["--root=tree", "-t", "/p"], 0);
    assert!(said.contains("liba.so => /opt/liba.so [path file]"), "{said}");
}

#[test]
fn scripts_lead_to_their_interpreters() {
    let folder = Folder::new("scripts");
    let script = |name: &str, first: &str| {
        folder.write(name, format!("#!{first}\necho\n"));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(name), executable).unwrap();
    };
    folder.library("liba.so", "", &[]);
    folder.program("p", "", &["liba.so"]);
    script("s", " ./p -x");
    script("t", "./s");
    let expected = "\t#! => ./s\n\t#! => ./p\n\tliba.so => ./liba.so\n";
    assert_eq!(folder.ldd_in(&["./t"], ".", 0), expected);
    script("s", "/no/such/interpreter -e");
    let expected = "\t#! => ./s\n\t#! => /no/such/interpreter\n./t does not start because the \
        interpreter in its first line, /no/such/interpreter, does not exist; fix: install \
        /no/such/interpreter, or name another one in the first line of ./s\n";
    assert_eq!(folder.ldd(&["./t"], 1), expected);
    script("s", "./p\r");
    let expected = "\t#! => ./p^M\n./s does not start because the first line of ./s ends with a \
        carriage return, as on Windows: the interpreter is not ./p but ./p^M; fix: sed -i \
        's/\\r$//' ./s\n";
    assert_eq!(folder.ldd(&["./s"], 1), expected);
    script("s", "./t");
    let said = folder.ldd(&["./t"], 1);
    assert!(said.contains(" because scripts are each other's interpreters without an end; "));
    script("s", "");
    let said = folder.ldd(&["./s"], 1);
    assert!(said.contains(" because the first line of ./s names no interpreter; "), "{said}");
    script("s", "./p");
    fs::set_permissions(folder.path("s"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = folder.ldd_in(&["./s"], ".", 1);
    assert!(said.ends_with(
        "./s does not start because nobody has permission to execute ./s; fix: chmod +x ./s\n"
    ));
}

#[test]
fn permissions_and_mounts_without_exec() {
    let folder = Folder::new("mounts");
    folder.library("liba.so", "", &[]);
    folder.program("p", "", &["liba.so"]);
    fs::set_permissions(folder.path("p"), fs::Permissions::from_mode(0o644)).unwrap();
    let expected = "\tliba.so => ./liba.so\n./p does not start because nobody has permission to \
        execute ./p; fix: chmod +x ./p\n";
    assert_eq!(folder.ldd_in(&["./p"], ".", 1), expected);
    fs::set_permissions(folder.path("p"), fs::Permissions::from_mode(0o755)).unwrap();
    // A file system of one's own, in a namespace of one's own.
    let script = "mkdir -p m && mount -t tmpfs -o noexec none m && cp p liba.so m && \
        \"$LX\" ldd m/p; echo $?; LD_LIBRARY_PATH=m \"$LX\" ldd ./p; echo $?";
    let run = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .current_dir(&folder.0)
        .env("LX", common::lx_path())
        .env("LD_LIBRARY_PATH", ".")
        .output();
    let said = run.map(|run| String::from_utf8(run.stdout).unwrap()).unwrap_or_default();
    if !said.contains("liba.so") {
        return eprintln!("SKIPPED: nothing can be mounted here");
    }
    let fix = "fix: mount it with exec (mount -o remount,exec), or copy the";
    let expected = format!(
        "\tliba.so => ./liba.so\nm/p does not start because m/p is on a file system that is \
         mounted noexec; {fix} program elsewhere\n1\n\tliba.so => m/liba.so\n./p does not start \
         because m/liba.so is on a file system that is mounted noexec; {fix} library elsewhere\n1\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn another_root_is_not_left() {
    let folder = Folder::new("root");
    folder.library("tree/real/libb.so", "", &[]);
    folder.library("tree/real/liba.so", "", &["tree/real/libb.so", "-Wl,-rpath,/r"]);
    folder.program(
        "tree/bin/p",
        "",
        &["tree/real/liba.so", "-Wl,--dynamic-linker=/ld.so", "-Wl,-rpath,$ORIGIN/../lib"],
    );
    folder.library("tree/real/ld.so", "", &[]);
    // Absolute links and too many steps up lead to places in the tree.
    fs::create_dir(folder.path("tree/lib")).unwrap();
    symlink("/real/ld.so", folder.path("tree/ld.so")).unwrap();
    symlink("/real/liba.so", folder.path("tree/lib/liba.so")).unwrap();
    symlink("../../../real", folder.path("tree/r")).unwrap();
    symlink("/bin/p", folder.path("tree/p")).unwrap();
    let expected = "\tliba.so => /bin/../lib/liba.so\n\tlibb.so => /r/libb.so\n";
    for path in ["/bin/p", "bin/p", "/p", "../../p"] {
        assert_eq!(folder.ldd_in(&["--root", "tree", path], "/real", 0), expected, "{path}");
    }
    // A file of this system is none of the tree.
    symlink(folder.path("tree/real/libb.so"), folder.path("tree/real/libc.so")).unwrap();
    let said = folder.command(&["--root=tree", "/real/libc.so"], "");
    assert_eq!(said.stderr, b"lx ldd: /real/libc.so: No such file or directory\n");
    assert_eq!(said.status, Some(2));
    // Of a process: its root is ours.
    let said = folder.command(
        &["--root=/proc/self/root", folder.path("tree/real/libb.so").to_str().unwrap()],
        "",
    );
    assert_eq!((said.status, &said.stdout[..]), (Some(0), &b"\tstatically linked\n"[..]));
}

#[test]
fn programs_for_other_machines_are_planned_in_their_tree() {
    let folder = Folder::new("foreign");
    for (machine, triplet) in [
        ("aarch64", "aarch64-linux-gnu"),
        ("arm", "arm-linux-gnueabihf"),
        ("riscv64", "riscv64-linux-gnu"),
        ("s390x", "s390x-linux-gnu"),
        ("powerpc", "powerpc-linux-gnu"),
    ] {
        let tree = format!("{machine}/usr/lib/{triplet}");
        fs::create_dir_all(folder.path(&tree)).unwrap();
        let library = fixtures().join(format!("bin/libone-{machine}.so"));
        fs::copy(&library, folder.path(&format!("{machine}/p"))).unwrap();
        let root = format!("--root={machine}");
        let said = folder.command(&[&root, "-tvr", "/p"], "");
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(text.contains("libbase.so => not found"), "{machine}: {text}");
        // Any library of the machine will do.
        fs::copy(&library, folder.path(&format!("{tree}/libbase.so"))).unwrap();
        let said = folder.command(&[&root, "-t", "/p"], "");
        let text = String::from_utf8(said.stdout).unwrap();
        let row = format!("    libbase.so => /usr/lib/{triplet}/libbase.so [default]\n");
        assert!(text.contains(&row), "{machine}: {text}");
    }
}

#[test]
fn json_has_all_of_it() {
    let folder = Folder::new("json");
    folder.library("liba.so", "int data;", &[]);
    folder.program("p", "extern int data; int *at = &data;", &["liba.so"]);
    folder.library("liba.so", "", &[]);
    let loader = folder.path("ld.so");
    let expected = format!(
        "{{\"files\":[{{\"file\":\"./p\",\"scripts\":[],\"rules\":\"glibc\",\"e_machine\":62,\
         \"interpreter\":\"{}\",\"libraries\":[{{\"name\":\"liba.so\",\"path\":\"./liba.so\",\
         \"why\":\"LD_LIBRARY_PATH\",\"needed_by\":[\"./p\"]}}],\"places\":1,\
         \"places_in_vain\":0,\"versions\":[],\"undefined\":[{{\"symbol\":\"data\",\"version\":\"\",\
         \"file\":\"./p\",\"at_call\":false}}],\"problems\":[{{\"reason\":\"./p needs the symbol \
         data, which no library defines\",\"fix\":\"install the versions of the libraries that ./p \
         was built with\"}}],\"starts\":false}}]}}\n",
        loader.display()
    );
    assert_eq!(folder.ldd_in(&["--json", "-rv", "./p"], ".", 1), expected);
}

#[test]
fn what_can_not_be_read_is_told() {
    let folder = Folder::new("unread");
    folder.write("text", "hello");
    for (words, error) in [
        (&["no"][..], "lx ldd: no: No such file or directory\n"),
        (&["."], "lx ldd: .: Is a directory\n"),
        (&["text"], "lx ldd: text: not an ELF file\n"),
        (&["/dev/null"], "lx ldd: /dev/null: not a regular file\n"),
        (&["--root=no", "x"], "lx ldd: no: No such file or directory\n"),
        (&[], "lx ldd: missing operand\nTry 'lx ldd --help' for more information.\n"),
    ] {
        let said = folder.command(words, "");
        assert_eq!(String::from_utf8_lossy(&said.stderr), error);
        assert_eq!(said.status, Some(2), "{words:?}");
    }
    let object = fixtures().join("bin/object-x86_64.o");
    let said = folder.command(&[object.to_str().unwrap()], "");
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.ends_with(b": neither a program nor a library\n"));
}

/// An x86-64 library in one segment, which needs these.
fn library(needed: &[String]) -> Vec<u8> {
    let mut strings = vec![0u8];
    let mut dynamic = Vec::new();
    for name in needed {
        dynamic.extend([1, strings.len() as u64]);
        strings.extend(name.bytes().chain([0]));
    }
    let at = 64 + 2 * 56;
    let strings_at = at + 8 * (dynamic.len() as u64 + 6);
    dynamic.extend([5, strings_at, 10, strings.len() as u64, 0, 0]);
    let size = strings_at + strings.len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([3u16, 62].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0u64, 64, 0].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(0u32.to_le_bytes());
    bytes.extend([64u16, 56, 2, 64, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
    for (kind, from, size) in [(1u64, 0, size), (2, at, strings_at - at)] {
        let header = [kind | 6 << 32, from, from, from, size, size, 0x1000];
        bytes.extend(header.iter().flat_map(|n| n.to_le_bytes()));
    }
    bytes.extend(dynamic.iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend(strings);
    bytes
}

#[test]
fn many_needs_circles_and_strange_names() {
    let folder = Folder::new("hostile");
    let names: Vec<_> = (0..10_000).map(|i| format!("lib{i}.so")).collect();
    folder.write("many", library(&names));
    let said = folder.ldd(&["./many"], 1);
    assert_eq!(said.matches(" => not found\n").count(), 10_000);
    assert!(said.contains("./many does not load because lib0.so, needed by ./many, was not found"));
    folder.write("same", library(&vec!["a".repeat(5000); 100_000]));
    let said = folder.ldd(&["./same"], 1);
    assert_eq!(said.matches(" => not found\n").count(), 1);
    let said = folder.ldd(&["--json", "./same"], 1);
    assert!(said.contains("\"its names are too many\""), "{}", said.len());
    // So many that their names are read in one go, and more.
    for count in [3, 30] {
        let names: Vec<_> = (0..count).map(|i| format!("lib{i:0200}.so")).collect();
        folder.write("long", library(&names));
        let expected: String = names.iter().map(|n| format!("\t{n} => not found\n")).collect();
        assert!(folder.ldd(&["./long"], 1).starts_with(&expected), "{count}");
    }
    folder.write("liba.so", library(&["libb.so".into(), "liba.so".into()]));
    folder.write("libb.so", library(&["liba.so".into(), "libb.so".into()]));
    let expected = "\tlibb.so => ./libb.so\n\tliba.so => ./liba.so\n";
    assert_eq!(
        folder.ldd_in(&["liba.so"], ".", 0),
        expected.replace("\tliba.so => ./liba.so\n", "")
    );
    let expected = "liba.so\n    libb.so => ./libb.so [LD_LIBRARY_PATH]\n        \
        liba.so => liba.so [path]\n        libb.so => ./libb.so [LD_LIBRARY_PATH]\n    \
        liba.so => liba.so [path]\n";
    assert_eq!(folder.ldd_in(&["-t", "liba.so"], ".", 0), expected);
    folder.write("bad", library(&["\x1b]0;x\x07\u{9b}31m.so".into()]));
    for words in [&["bad"][..], &["-tvr", "bad"], &["--json", "bad"], &["--needs", "bad"]] {
        let said = folder.command(words, ".");
        // JSON may have control characters of the upper half, in UTF-8.
        let raw = said.stdout.contains(&0x1b) || said.stdout.contains(&7);
        let json = words[0] == "--json";
        assert!(!raw && (json || !drives_terminal(&said.stdout)), "{words:?}");
        assert_eq!(said.status, Some(1));
    }
}

#[test]
fn a_chain_of_libraries_is_followed_to_its_end() {
    let folder = Folder::new("chain");
    for i in 0..300 {
        folder.write(&format!("lib{i}.so"), library(&[format!("lib{}.so", i + 1)]));
    }
    folder.write("lib300.so", library(&[]));
    let said = folder.ldd_in(&["-t", "lib0.so"], ".", 0);
    assert_eq!(said.lines().count(), 301);
}

#[test]
fn mutants_of_the_fixtures_end_in_a_status() {
    let folder = Folder::new("mutants");
    let mut random = Random(7);
    for name in fixture_names() {
        let bytes = fs::read(fixtures().join("bin").join(&name)).unwrap();
        if bytes.len() < 64 || bytes.len() > 1 << 20 {
            continue;
        }
        for round in 0..12 {
            let mut bytes = bytes.clone();
            for _ in 0..=round % 4 {
                let reach = if round % 2 == 0 { bytes.len().min(1024) } else { bytes.len() };
                let at = random.below(reach);
                bytes[at] = [0, 0xff, 0x7f, bytes[at] ^ 1][random.below(4)];
            }
            if round == 11 {
                bytes.truncate(random.below(bytes.len()));
            }
            folder.write("libbase.so", &bytes);
            folder.write("m", &bytes);
            let said = folder.command(&["-tvr", "m"], ".");
            assert!(matches!(said.status, Some(0..=2)), "{name}, round {round}: {:?}", said.status);
            assert!(!drives_terminal(&said.stdout), "{name}, round {round}");
        }
    }
}

/// The lines of a loader's list, without addresses.
fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter(|line| line.starts_with('\t') && !line.contains("vdso"));
    lines.map(|line| line.split(" (0x").next().unwrap().to_string()).collect()
}

#[test]
fn finds_what_the_loaders_of_this_machine_find() {
    let mut compared = 0;
    for path in ["/bin/ls", "/bin/sh", "/usr/bin/perl", "/usr/bin/python3", "/usr/bin/gdb"] {
        let Ok(ldd) = Command::new("ldd").args(["-r", path]).output() else { continue };
        if !ldd.status.success() || !Path::new(path).exists() {
            continue;
        }
        let run = lx().args(["ldd", "-r", path]).output().unwrap();
        assert_eq!(lines(&run.stdout), lines(&ldd.stdout), "{path}");
        assert_eq!(run.status.code(), Some(0), "{path}");
        compared += 1;
    }
    if compared == 0 {
        eprintln!("SKIPPED: no program here that ldd tells of");
    }
}

#[test]
fn finds_what_musl_finds() {
    let folder = Folder::new("musl-real");
    let musl = |output: &str, text: &str, options: &[&str]| {
        folder.write("source.c", text);
        let run = Command::new("musl-gcc")
            .args(["-o", output, "source.c", "-Wl,--no-as-needed", "-Wl,-rpath-link,deep"])
            .args(options)
            .current_dir(&folder.0)
            .output();
        run.is_ok_and(|run| run.status.success())
    };
    fs::create_dir(folder.path("deep")).unwrap();
    let there = musl("deep/libb.so", "int b;", &["-shared", "-fPIC"])
        && musl("liba.so", "int a;", &["-shared", "-fPIC", "-Ldeep", "-lb"])
        && musl("p", "int main() {}", &["-L.", "-la", "-Wl,-rpath,$ORIGIN:$ORIGIN/deep"]);
    let loader = "/lib/ld-musl-x86_64.so.1";
    if !there || !Path::new(loader).exists() {
        return eprintln!("SKIPPED: musl-gcc is not installed");
    }
    let path = folder.path("p");
    let list = Command::new(loader).arg("--list").arg(&path).output().unwrap();
    let run = lx().arg("ldd").arg(&path).output().unwrap();
    assert_eq!(lines(&run.stdout), lines(&list.stdout));
    assert_eq!(run.status.code(), Some(0));
    assert!(lines(&run.stdout).len() == 4);
}
