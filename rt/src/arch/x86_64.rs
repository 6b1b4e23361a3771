//! x86-64: numbers in rax, arguments in rdi, rsi, rdx, r10, r8, r9, the result in rax;
//! the instruction itself clobbers rcx and r11 (psABI, appendix A.2.1).

use core::arch::asm;

/// Makes a system call with up to six arguments, as the kernel's number and words; it must not
/// have more than are given, for nobody clears their registers.
///
/// Returns the raw rax: values in -4095..=-1 are negated error numbers (`man 2 syscall`).
///
/// # Safety
/// What the call does to memory and descriptors must be sound for the caller's program. It is
/// given all arguments that it looks at: what comes after them is whatever is there.
#[inline(always)]
pub unsafe fn syscall<const N: usize>(number: usize, args: [usize; N]) -> isize {
    const { assert!(N <= 6) };
    // The zeros are for branches that this call doesn't have.
    let arg = |index: usize| args.get(index).copied().unwrap_or(0);
    let result;
    macro_rules! call {
        ($($register:tt $index:literal),*) => {
            asm!(
                "syscall",
                inlateout("rax") number => result,
                $(in($register) arg($index),)*
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            )
        };
    }
    // SAFETY: the clobbers are the instruction's; the rest is the caller's promise.
    unsafe {
        match N {
            0 => call!(),
            1 => call!("rdi" 0),
            2 => call!("rdi" 0, "rsi" 1),
            3 => call!("rdi" 0, "rsi" 1, "rdx" 2),
            4 => call!("rdi" 0, "rsi" 1, "rdx" 2, "r10" 3),
            5 => call!("rdi" 0, "rsi" 1, "rdx" 2, "r10" 3, "r8" 4),
            _ => call!("rdi" 0, "rsi" 1, "rdx" 2, "r10" 3, "r8" 4, "r9" 5),
        }
    }
    result
}

/// The entry point: `_start` of a static PIE, expanded by `entry!` in the final binary.
///
/// Relocates the image by itself, in assembly because even simple Rust code may call
/// through a GOT that still waits for its relocations (it does in a debug build), then
/// calls `rt_start` with the stack as the kernel left it, aligned to 16 bytes and with
/// a zero frame pointer, where backtraces end (psABI, "Process Initialization").
#[doc(hidden)]
#[macro_export]
macro_rules! __arch_start {
    () => {
        ::core::arch::global_asm!(
            ".pushsection .text._start, \"ax\", @progbits",
            ".globl _start",
            ".type _start, @function",
            ".hidden __ehdr_start",
            ".hidden _DYNAMIC",
            "_start:",
            "    xor ebp, ebp",
            "    mov r12, rsp",
            // The image is linked at 0: the address of its first byte is the bias.
            "    lea rbx, [rip + __ehdr_start]",
            "    lea rsi, [rip + _DYNAMIC]",
            "    xor r8d, r8d",
            "    xor r9d, r9d",
            "    xor r10d, r10d",
            "    xor r11d, r11d",
            "1:  mov rax, [rsi]",
            "    mov rcx, [rsi + 8]",
            "    add rsi, 16",
            "    cmp rax, 7", // DT_RELA
            "    cmove r8, rcx",
            "    cmp rax, 8", // DT_RELASZ
            "    cmove r9, rcx",
            "    cmp rax, 36", // DT_RELR
            "    cmove r10, rcx",
            "    cmp rax, 35", // DT_RELRSZ
            "    cmove r11, rcx",
            "    test rax, rax",
            "    jne 1b",
            "    add r8, rbx",
            "    add r9, r8",
            "2:  cmp r8, r9",
            "    jae 4f",
            "    cmp dword ptr [r8 + 8], 8", // R_X86_64_RELATIVE
            "    jne 3f",
            "    mov rcx, [r8]",
            "    mov rax, [r8 + 16]",
            "    add rax, rbx",
            "    mov [rbx + rcx], rax",
            "3:  add r8, 24",
            "    jmp 2b",
            "4:  add r10, rbx",
            "    add r11, r10",
            // RELR: an even word is an address, an odd one a bitmap of the 63 words after.
            "5:  cmp r10, r11",
            "    jae 9f",
            "    mov rax, [r10]",
            "    add r10, 8",
            "    test al, 1",
            "    jne 6f",
            "    lea rdx, [rbx + rax + 8]",
            "    add [rbx + rax], rbx",
            "    jmp 5b",
            "6:  mov rcx, rdx",
            "    add rdx, 504",
            "7:  shr rax, 1",
            "    je 5b",
            "    test al, 1",
            "    je 8f",
            "    add [rcx], rbx",
            "8:  add rcx, 8",
            "    jmp 7b",
            "9:  mov rdi, r12",
            "    and rsp, -16",
            "    call rt_start",
            "    ud2",
            ".size _start, . - _start",
            ".popsection",
        );
    };
}

/// memcpy, memmove, memset, memcmp, bcmp and strlen, which the compiler calls and
/// `compiler_builtins` lacks on this target; expanded by `entry!` in the final binary.
///
/// In assembly because the compiler turns a Rust loop that copies into a call of
/// memcpy, that is: of itself. Up to 64 bytes all loads are made before the first
/// store, and longer copies choose their direction, so that memcpy is memmove as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __arch_memory {
    () => {
        ::core::arch::global_asm!(
            ".macro rt_function name",
            ".p2align 4",
            ".globl \\name",
            ".hidden \\name",
            ".type \\name, @function",
            "\\name:",
            ".endm",
            ".pushsection .text.rt_memory, \"ax\", @progbits",
            // rdi: to, rsi: from, rdx: bytes; returns rdi.
            "rt_function memcpy",
            "rt_function memmove",
            "    mov rax, rdi",
            "    cmp rdx, 16",
            "    jb 2f",
            "    cmp rdx, 32",
            "    ja 1f",
            "    movups xmm0, [rsi]",
            "    movups xmm1, [rsi + rdx - 16]",
            "    movups [rdi], xmm0",
            "    movups [rdi + rdx - 16], xmm1",
            "    ret",
            "1:  cmp rdx, 64",
            "    ja 5f",
            "    movups xmm0, [rsi]",
            "    movups xmm1, [rsi + 16]",
            "    movups xmm2, [rsi + rdx - 32]",
            "    movups xmm3, [rsi + rdx - 16]",
            "    movups [rdi], xmm0",
            "    movups [rdi + 16], xmm1",
            "    movups [rdi + rdx - 32], xmm2",
            "    movups [rdi + rdx - 16], xmm3",
            "    ret",
            "2:  cmp edx, 8",
            "    jb 3f",
            "    mov rcx, [rsi]",
            "    mov r8, [rsi + rdx - 8]",
            "    mov [rdi], rcx",
            "    mov [rdi + rdx - 8], r8",
            "    ret",
            "3:  cmp edx, 4",
            "    jb 4f",
            "    mov ecx, [rsi]",
            "    mov r8d, [rsi + rdx - 4]",
            "    mov [rdi], ecx",
            "    mov [rdi + rdx - 4], r8d",
            "    ret",
            "4:  test edx, edx",
            "    je 9f",
            "    mov r9, rdx",
            "    shr r9",
            "    movzx ecx, byte ptr [rsi]",
            "    movzx r8d, byte ptr [rsi + rdx - 1]",
            "    movzx r10d, byte ptr [rsi + r9]",
            "    mov [rdi], cl",
            "    mov [rdi + r9], r10b",
            "    mov [rdi + rdx - 1], r8b",
            "    ret",
            "5:  mov rcx, rdi",
            "    sub rcx, rsi",
            "    cmp rcx, rdx",
            "    jb 7f",
            "    cmp rdx, 1024",
            "    ja 8f",
            // Forwards; the tail is loaded before anything could overwrite it.
            "    movups xmm1, [rsi + rdx - 16]",
            "    lea r8, [rdx - 16]",
            "    xor ecx, ecx",
            "6:  movups xmm0, [rsi + rcx]",
            "    movups [rdi + rcx], xmm0",
            "    add rcx, 16",
            "    cmp rcx, r8",
            "    jb 6b",
            "    movups [rdi + r8], xmm1",
            "    ret",
            // Backwards, for a target that overlaps the end of its source.
            "7:  movups xmm1, [rsi]",
            "6:  sub rdx, 16",
            "    movups xmm0, [rsi + rdx]",
            "    movups [rdi + rdx], xmm0",
            "    cmp rdx, 16",
            "    ja 6b",
            "    movups [rdi], xmm1",
            "    ret",
            "8:  mov rcx, rdx",
            "    rep movsb",
            "9:  ret",
            // rdi: to, sil: byte, rdx: bytes; returns rdi.
            "rt_function memset",
            "    mov rax, rdi",
            "    movzx esi, sil",
            "    mov r8, 0x0101010101010101",
            "    imul r8, rsi",
            "    cmp rdx, 8",
            "    jb 2f",
            "    cmp rdx, 128",
            "    ja 3f",
            "    lea rcx, [rdi + rdx - 8]",
            "1:  mov [rdi], r8",
            "    add rdi, 8",
            "    cmp rdi, rcx",
            "    jb 1b",
            "    mov [rcx], r8",
            "    ret",
            "2:  test edx, edx",
            "    je 4f",
            "    mov [rdi], r8b",
            "    inc rdi",
            "    dec edx",
            "    jmp 2b",
            "3:  mov rcx, rdx",
            "    mov rdx, rax",
            "    mov eax, esi",
            "    rep stosb",
            "    mov rax, rdx",
            "4:  ret",
            // rdi, rsi: the sides, rdx: bytes; negative, 0 or positive as unsigned bytes compare.
            "rt_function bcmp",
            "rt_function memcmp",
            "    xor eax, eax",
            "1:  cmp rdx, 8",
            "    jb 2f",
            "    mov rcx, [rdi]",
            "    mov r8, [rsi]",
            "    cmp rcx, r8",
            "    jne 3f",
            "    add rdi, 8",
            "    add rsi, 8",
            "    sub rdx, 8",
            "    jmp 1b",
            "2:  test edx, edx",
            "    je 4f",
            "    movzx eax, byte ptr [rdi]",
            "    movzx ecx, byte ptr [rsi]",
            "    sub eax, ecx",
            "    jne 4f",
            "    inc rdi",
            "    inc rsi",
            "    dec edx",
            "    jmp 2b",
            "3:  bswap rcx",
            "    bswap r8",
            "    cmp rcx, r8",
            "    sbb eax, eax",
            "    or eax, 1",
            "4:  ret",
            // rdi: a string; returns its length without the zero byte.
            "rt_function strlen",
            "    mov rax, rdi",
            "1:  cmp byte ptr [rax], 0",
            "    je 2f",
            "    inc rax",
            "    jmp 1b",
            "2:  sub rax, rdi",
            "    ret",
            ".popsection",
        );
    };
}

/// Bytes in a page; on x86-64 the same on every machine.
pub const PAGE: usize = 4096;

/// Those flags of `open` whose numbers differ between architectures
/// (`arch/*/include/uapi/asm/fcntl.h`).
pub mod open {
    #![allow(missing_docs)]
    pub const O_DIRECT: u32 = 0o40000;
    pub const O_LARGEFILE: u32 = 0o100000;
    pub const O_DIRECTORY: u32 = 0o200000;
    pub const O_NOFOLLOW: u32 = 0o400000;
}

/// What is known of a file (`man 3 stat`), laid out as the kernel does on x86-64.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// Device that holds the file.
    pub st_dev: u64,
    /// Inode number.
    pub st_ino: u64,
    /// Number of hard links.
    pub st_nlink: u64,
    /// Type and permissions (`man 7 inode`).
    pub st_mode: u32,
    /// User ID of the owner.
    pub st_uid: u32,
    /// Group ID of the owner.
    pub st_gid: u32,
    pad: u32,
    /// Device that the file is, for device files.
    pub st_rdev: u64,
    /// Size in bytes; of a symbolic link the length of its target; 0 where none is known.
    pub st_size: i64,
    /// Block size for efficient I/O, in bytes.
    pub st_blksize: i64,
    /// Space that is taken, in units of 512 bytes.
    pub st_blocks: i64,
    /// Last access, in seconds since 1970; negative before.
    pub st_atime: i64,
    /// Its nanoseconds, 0 to 999,999,999.
    pub st_atime_nsec: i64,
    /// Last change of the content, in seconds since 1970.
    pub st_mtime: i64,
    /// Its nanoseconds.
    pub st_mtime_nsec: i64,
    /// Last change of the inode, in seconds since 1970.
    pub st_ctime: i64,
    /// Its nanoseconds.
    pub st_ctime_nsec: i64,
    unused: [i64; 3],
}

/// Where a signal handler returns to: `rt_sigreturn` restores what the signal interrupted.
///
/// The kernel takes its address from `sa_restorer`, which x86-64 requires. Debuggers and
/// unwinders know a signal's frame by these very bytes, hence `mov rax` and not `eax`.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn restore_rt() {
    core::arch::naked_asm!("mov rax, {number}", "syscall", number = const nr::RT_SIGRETURN)
}

/// System call numbers (`arch/x86/entry/syscalls/syscall_64.tbl`), named as there.
pub mod nr {
    #![allow(missing_docs)]
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const POLL: usize = 7;
    pub const LSEEK: usize = 8;
    pub const MMAP: usize = 9;
    pub const MPROTECT: usize = 10;
    pub const MUNMAP: usize = 11;
    pub const BRK: usize = 12;
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const RT_SIGRETURN: usize = 15;
    pub const IOCTL: usize = 16;
    pub const PREAD64: usize = 17;
    pub const PWRITE64: usize = 18;
    pub const MREMAP: usize = 25;
    pub const MSYNC: usize = 26;
    pub const MINCORE: usize = 27;
    pub const MADVISE: usize = 28;
    pub const GETPID: usize = 39;
    pub const SENDFILE: usize = 40;
    pub const FORK: usize = 57;
    pub const VFORK: usize = 58;
    pub const EXECVE: usize = 59;
    pub const EXIT: usize = 60;
    pub const WAIT4: usize = 61;
    pub const KILL: usize = 62;
    pub const FCNTL: usize = 72;
    pub const FSYNC: usize = 74;
    pub const FDATASYNC: usize = 75;
    pub const TRUNCATE: usize = 76;
    pub const FTRUNCATE: usize = 77;
    pub const PTRACE: usize = 101;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const STATFS: usize = 137;
    pub const FSTATFS: usize = 138;
    pub const PRCTL: usize = 157;
    pub const ARCH_PRCTL: usize = 158;
    pub const GETTID: usize = 186;
    pub const GETXATTR: usize = 191;
    pub const LGETXATTR: usize = 192;
    pub const FGETXATTR: usize = 193;
    pub const FUTEX: usize = 202;
    pub const GETDENTS64: usize = 217;
    pub const GETTIMEOFDAY: usize = 96;
    pub const TIME: usize = 201;
    pub const CLOCK_GETTIME: usize = 228;
    pub const CLOCK_GETRES: usize = 229;
    pub const GETCPU: usize = 309;
    pub const EXIT_GROUP: usize = 231;
    pub const TGKILL: usize = 234;
    pub const OPENAT: usize = 257;
    pub const NEWFSTATAT: usize = 262;
    pub const UNLINKAT: usize = 263;
    pub const LINKAT: usize = 265;
    pub const SYMLINKAT: usize = 266;
    pub const READLINKAT: usize = 267;
    pub const FACCESSAT: usize = 269;
    pub const FALLOCATE: usize = 285;
    pub const DUP3: usize = 292;
    pub const PIPE2: usize = 293;
    pub const PRLIMIT64: usize = 302;
    pub const PROCESS_VM_READV: usize = 310;
    pub const RENAMEAT2: usize = 316;
    pub const SECCOMP: usize = 317;
    pub const GETRANDOM: usize = 318;
    pub const COPY_FILE_RANGE: usize = 326;
    pub const STATX: usize = 332;
    pub const OPENAT2: usize = 437;
    pub const FACCESSAT2: usize = 439;
}

/// A bit for each of sixteen bytes that is no printable ASCII; the lowest one for the first.
#[inline(always)]
pub fn unprintable(bytes: &[u8; 16]) -> u32 {
    use core::arch::x86_64::*;
    // SAFETY: sixteen bytes are read where sixteen are; SSE2 is part of x86-64.
    unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        // As signed numbers all bytes from 0x80 on are below a space.
        let low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(b' ' as i8));
        let delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
        _mm_movemask_epi8(_mm_or_si128(low, delete)) as u32
    }
}

/// A bit for each of sixteen bytes that is this one; the lowest one for the first.
#[inline(always)]
pub fn equal(bytes: &[u8; 16], byte: u8) -> u32 {
    use core::arch::x86_64::*;
    // SAFETY: sixteen bytes are read where sixteen are; SSE2 is part of x86-64.
    unsafe {
        let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8))) as u32
    }
}

/// `%016lx`: the sixteen hexadecimal digits of a number.
#[inline(always)]
pub fn hex_digits(value: u64) -> [u8; 16] {
    use core::arch::x86_64::*;
    let mut digits = [0; 16];
    // SAFETY: sixteen bytes are written where sixteen are; SSE2 is part of x86-64.
    unsafe {
        // The byte that is printed first comes first; its upper half before its lower one.
        let bytes = _mm_cvtsi64_si128(value.swap_bytes() as i64);
        let half = _mm_set1_epi8(15);
        let (high, low) =
            (_mm_and_si128(_mm_srli_epi16(bytes, 4), half), _mm_and_si128(bytes, half));
        let halves = _mm_unpacklo_epi8(high, low);
        let letters = _mm_cmpgt_epi8(halves, _mm_set1_epi8(9));
        let letters = _mm_and_si128(letters, _mm_set1_epi8((b'a' - b'0' - 10) as i8));
        let text = _mm_add_epi8(_mm_add_epi8(halves, _mm_set1_epi8(b'0' as i8)), letters);
        _mm_storeu_si128(digits.as_mut_ptr().cast(), text);
    }
    digits
}

/// Asks for the memory at a place before it is needed; harmless, wherever that is.
#[inline(always)]
pub fn prefetch(bytes: &[u8], at: usize) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint only: no address faults, and nothing is read that the program can see.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().wrapping_add(at).cast()) }
}

/// What the names of the vDSO's functions begin with, and the version that they have
/// (`man 7 vdso`).
pub const VDSO: (&str, &[u8]) = ("__vdso_", b"LINUX_2.6");

/// `AUDIT_ARCH_X86_64` (include/uapi/linux/audit.h).
pub const AUDIT_ARCH: u32 = 0xc000_003e;

/// `struct user_regs_struct` (arch/x86/include/asm/user_64.h).
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the registers' names
pub struct Registers {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub orig_rax: u64,
    pub rip: u64,
    pub cs: u64,
    pub eflags: u64,
    pub rsp: u64,
    pub ss: u64,
    pub fs_base: u64,
    pub gs_base: u64,
    pub ds: u64,
    pub es: u64,
    pub fs: u64,
    pub gs: u64,
}

impl Registers {
    /// Those that programs use, in the order of their numbers, then rip and eflags.
    #[inline]
    pub fn numbered(&self) -> impl Iterator<Item = u64> {
        // Where they are among the words.
        const PLACES: [u8; 18] = [10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0, 16, 18];
        const WORDS: usize = size_of::<Registers>() / size_of::<u64>();
        // SAFETY: it is so many words and nothing else.
        let words: &[u64; WORDS] = unsafe { &*core::ptr::from_ref(self).cast() };
        PLACES.iter().filter_map(|place| words.get(usize::from(*place)).copied())
    }
}

/// Goes to the address that the stack's last word holds, with arguments in rdi, rsi, rdx, rcx,
/// r8 and r9 and all other registers, also those of SSE, 0.
///
/// # Safety
/// `stack` points to that word, and there is memory for a stack below it. Nothing of this
/// program runs any more.
pub unsafe fn enter(stack: usize, args: &[usize; 6]) -> ! {
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "mov rsp, rax",
            "mov rdi, [r10]",
            "mov rsi, [r10 + 8]",
            "mov rdx, [r10 + 16]",
            "mov rcx, [r10 + 24]",
            "mov r8, [r10 + 32]",
            "mov r9, [r10 + 40]",
            "pxor xmm0, xmm0",
            "pxor xmm1, xmm1",
            "pxor xmm2, xmm2",
            "pxor xmm3, xmm3",
            "pxor xmm4, xmm4",
            "pxor xmm5, xmm5",
            "pxor xmm6, xmm6",
            "pxor xmm7, xmm7",
            "pxor xmm8, xmm8",
            "pxor xmm9, xmm9",
            "pxor xmm10, xmm10",
            "pxor xmm11, xmm11",
            "pxor xmm12, xmm12",
            "pxor xmm13, xmm13",
            "pxor xmm14, xmm14",
            "pxor xmm15, xmm15",
            "xor ebx, ebx",
            "xor ebp, ebp",
            "xor r10d, r10d",
            "xor r11d, r11d",
            "xor r12d, r12d",
            "xor r13d, r13d",
            "xor r14d, r14d",
            "xor r15d, r15d",
            "cld",
            "xor eax, eax",
            "ret",
            in("rax") stack,
            in("r10") args.as_ptr(),
            options(noreturn),
        )
    }
}
/// `e_machine` of programs for this architecture.
pub const ELF_MACHINE: u16 = crate::elf::consts::EM_X86_64;
/// Their byte order.
pub const ELF_DATA: crate::elf::Data = crate::elf::Data::Lsb;
