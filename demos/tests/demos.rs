#[test]
fn hello() {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_hello")).output().unwrap();
    assert_eq!(out.stdout, b"Hello, world\n");
}
