//! The multicall binary itself: dispatch, help, messages.

use assert_cmd::Command;

#[test]
fn runs() {
    Command::cargo_bin("lx").unwrap().assert().success();
}
