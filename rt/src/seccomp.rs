//! Giving up system calls (`man 2 seccomp`).

use crate::arch::{AUDIT_ARCH, nr, syscall};
use crate::errno::{Errno, Result, check};

/// An instruction of the kernel's packet filter (include/uapi/linux/filter.h).
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Instruction {
    code: u16,
    jt: u8,
    jf: u8,
    k: u32,
}

/// Loads a word of the data, jumps where it is equal, returns a constant.
const BPF_LD: u16 = 0x20;
const BPF_JEQ: u16 = 0x15;
const BPF_RET: u16 = 0x06;

const SECCOMP_RET_KILL_PROCESS: u32 = 0x8000_0000;
const SECCOMP_RET_TRAP: u32 = 0x0003_0000;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;

/// Where `struct seccomp_data` has the number and the architecture.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// From now on this process, and what becomes of it, may make these system calls, by their
/// numbers (16 at most); any other is `SIGSYS`. There is no way back, and no program that is
/// executed gains privileges any more.
///
/// # Errors
/// `EINVAL`: too many, or the kernel can't.
#[inline]
pub fn allow_only(calls: &[usize]) -> Result<()> {
    const PR_SET_NO_NEW_PRIVS: usize = 38;
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    const MOST: usize = 16;
    if calls.len() > MOST {
        return Err(Errno::EINVAL);
    }
    let mut program = [Instruction::default(); MOST + 6];
    let count = calls.len();
    let allow = Instruction { code: BPF_RET, k: SECCOMP_RET_ALLOW, ..Instruction::default() };
    let load = |k| Instruction { code: BPF_LD, k, ..Instruction::default() };
    let give = |k| Instruction { code: BPF_RET, k, ..Instruction::default() };
    program[0] = load(ARCHITECTURE);
    program[1] = Instruction { code: BPF_JEQ, jt: 1, jf: 0, k: AUDIT_ARCH };
    program[2] = give(SECCOMP_RET_KILL_PROCESS);
    program[3] = load(NUMBER);
    for (index, &call) in calls.iter().enumerate() {
        // Over the calls that are left, and over the refusal.
        let jt = (count - index) as u8;
        program[4 + index] = Instruction { code: BPF_JEQ, jt, jf: 0, k: call as u32 };
    }
    program[4 + count] = give(SECCOMP_RET_TRAP);
    program[5 + count] = allow;
    #[repr(C)]
    struct Program {
        len: u16,
        filter: *const Instruction,
    }
    let program = Program { len: count as u16 + 6, filter: program.as_ptr() };
    // SAFETY: no memory is involved.
    check(unsafe { syscall(nr::PRCTL, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]) })?;
    let args = [SECCOMP_SET_MODE_FILTER, 0, (&raw const program) as usize];
    // SAFETY: the kernel reads the program, `len` instructions long.
    check(unsafe { syscall(nr::SECCOMP, args) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Forked, Status, fork};
    use crate::signal::Signal;

    #[test]
    fn what_is_not_allowed_is_a_signal() {
        for call in [nr::GETPID, nr::GETTID] {
            let Forked::Parent(mut child) = fork().unwrap() else {
                if allow_only(&[nr::READ, nr::GETTID, nr::EXIT_GROUP]).is_err() {
                    crate::process::exit(99);
                }
                // SAFETY: no memory is involved.
                unsafe { syscall(call, []) };
                crate::process::exit(0)
            };
            let status = child.wait_until(None).unwrap().unwrap();
            let expected =
                if call == nr::GETTID { Status::Exited(0) } else { Status::Killed(Signal(31)) };
            assert_eq!(status, expected);
        }
        assert_eq!(allow_only(&[0; 17]), Err(Errno::EINVAL));
    }
}
