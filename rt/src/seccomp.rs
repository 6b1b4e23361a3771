//! Giving up system calls (`man 2 seccomp`).

use crate::arch::{AUDIT_ARCH, nr, syscall};
use crate::errno::{Result, check};

/// An instruction of the kernel's packet filter (include/uapi/linux/filter.h).
#[repr(C)]
#[derive(Clone, Copy)]
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

/// Some system calls, as the kernel takes the list: a program of `N` instructions, six more than
/// there are calls.
pub struct Allowed<const N: usize>([Instruction; N]);

impl<const N: usize> Allowed<N> {
    /// The calls with these numbers. Made for a constant: where `N` is wrong it doesn't compile.
    pub const fn new(calls: &[usize]) -> Allowed<N> {
        assert!(N == calls.len() + 6 && N < 256);
        let mut program = [Instruction { code: BPF_RET, jt: 0, jf: 0, k: SECCOMP_RET_TRAP }; N];
        program[0] = Instruction { code: BPF_LD, jt: 0, jf: 0, k: ARCHITECTURE };
        program[1] = Instruction { code: BPF_JEQ, jt: 1, jf: 0, k: AUDIT_ARCH };
        program[2].k = SECCOMP_RET_KILL_PROCESS;
        program[3] = Instruction { code: BPF_LD, jt: 0, jf: 0, k: NUMBER };
        let mut index = 0;
        while index < calls.len() {
            // Over the calls that are left, and over the refusal.
            let jt = (calls.len() - index) as u8;
            program[4 + index] = Instruction { code: BPF_JEQ, jt, jf: 0, k: calls[index] as u32 };
            index += 1;
        }
        program[N - 1].k = SECCOMP_RET_ALLOW;
        Allowed(program)
    }

    /// From now on this process, and what becomes of it, may make these system calls; any other
    /// is `SIGSYS`. There is no way back, and no program that is executed gains privileges any
    /// more.
    ///
    /// # Errors
    /// `EINVAL`: the kernel can't.
    #[inline]
    pub fn alone(&self) -> Result<()> {
        const PR_SET_NO_NEW_PRIVS: usize = 38;
        const SECCOMP_SET_MODE_FILTER: usize = 1;
        #[repr(C)]
        struct Program {
            len: u16,
            filter: *const Instruction,
        }
        let program = Program { len: N as u16, filter: self.0.as_ptr() };
        // SAFETY: no memory is involved.
        check(unsafe { syscall(nr::PRCTL, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]) })?;
        let args = [SECCOMP_SET_MODE_FILTER, 0, (&raw const program) as usize];
        // SAFETY: the kernel reads the program, `len` instructions long.
        check(unsafe { syscall(nr::SECCOMP, args) })?;
        Ok(())
    }
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
                const ALLOWED: Allowed<9> = Allowed::new(&[nr::READ, nr::GETTID, nr::EXIT_GROUP]);
                if ALLOWED.alone().is_err() {
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
    }
}
