//! x86-64: what the dynamic linker needs in assembly: the way into a program, the PLT's
//! trampoline, thread-local storage, stubs.

use super::nr;
use super::syscall;
use core::arch::naked_asm;
use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Leaves for a program: `rsp` as at a process's entry point, all other registers zero but
/// `rdx`, a function to be called at exit or 0 (psABI, "Process Initialization").
///
/// # Safety
/// There is code at `entry`, and a block as the kernel leaves it at `stack`, aligned to 16.
#[unsafe(naked)]
pub unsafe extern "C" fn enter(entry: usize, stack: *const usize, at_exit: usize) -> ! {
    naked_asm!(
        "mov rsp, rsi",
        "push rdi",
        "xor eax, eax",
        "xor ebx, ebx",
        "xor ecx, ecx",
        "xor esi, esi",
        "xor edi, edi",
        "xor ebp, ebp",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "ret",
    )
}

/// How many bytes `xsave` writes, in whole lines of 64; 0 where there is only `fxsave`.
static XSAVE_SIZE: AtomicUsize = AtomicUsize::new(0);

/// x87, SSE, AVX, MPX, AVX-512: all that can hold an argument. AMX tiles can't.
const XSAVE_MASK: u32 = 0xff;

/// Prepares [`lazy_entry`] and [`tlsdesc_dynamic`] for this processor. Call it before either
/// can run, and only then: CPUID takes its time where the processor is a virtual one.
pub fn prepare_lazy() {
    if XSAVE_SIZE.load(Ordering::Relaxed) != 0 {
        return;
    }
    // Leaf 1, ECX bit 27: the system uses XSAVE.
    let uses_xsave = __cpuid(1).ecx & 1 << 27 != 0;
    let size = if uses_xsave { __cpuid_count(13, 0).ebx as usize } else { 0 };
    XSAVE_SIZE.store(size.next_multiple_of(64), Ordering::Relaxed);
}

/// Which level of x86-64 the processor has: 1 to 4 (psABI, "Micro-Architecture Levels").
pub fn instruction_level() -> u8 {
    let all = |word: u32, bits: &[u32]| bits.iter().all(|bit| word >> bit & 1 == 1);
    let (one, extended) = (__cpuid(1), __cpuid(0x8000_0001));
    let seven = if __cpuid(0).eax >= 7 { __cpuid_count(7, 0).ebx } else { 0 };
    // CMPXCHG16B, LAHF, POPCNT, SSE3, SSE4.1, SSE4.2, SSSE3
    if !all(one.ecx, &[13, 23, 0, 19, 20, 9]) || !all(extended.ecx, &[0]) {
        return 1;
    }
    // OSXSAVE, AVX, F16C, FMA, MOVBE; LZCNT; AVX2, BMI1, BMI2; and the system saves AVX.
    let enabled = |mask: u64| {
        // SAFETY: only where OSXSAVE says that the instruction is there.
        all(one.ecx, &[27]) && unsafe { xcr0() } & mask == mask
    };
    let third = all(one.ecx, &[28, 29, 12, 22]) && all(extended.ecx, &[5]);
    if !third || !all(seven, &[5, 3, 8]) || !enabled(6) {
        return 2;
    }
    // AVX512F, BW, CD, DQ, VL
    if all(seven, &[16, 30, 28, 17, 31]) && enabled(0xe6) { 4 } else { 3 }
}

#[target_feature(enable = "xsave")]
unsafe fn xcr0() -> u64 {
    // SAFETY: the caller's CPU has the instruction.
    unsafe { _xgetbv(0) }
}

/// What a lazy PLT calls: binds one slot.
pub type Bind = unsafe extern "C" fn(object: usize, index: usize) -> usize;
/// What finds a thread's block: module and offset to an address.
pub type Block = unsafe extern "C" fn(module: usize, offset: usize) -> usize;

// Where the Rust code is that the entries below call: set once, before any of them can run.
static BIND: AtomicUsize = AtomicUsize::new(0);
static BLOCK: AtomicUsize = AtomicUsize::new(0);
static DLOPEN: AtomicUsize = AtomicUsize::new(0);
static DLSYM: AtomicUsize = AtomicUsize::new(0);

/// Sets what the entries call: the functions that bind a slot and find a block, and with the
/// caller's address as third argument those of dlopen and dlsym.
#[inline]
pub fn set_hooks(bind: Bind, block: Block, dlopen: *const (), dlsym: *const ()) {
    BIND.store(bind as *const () as usize, Ordering::Relaxed);
    BLOCK.store(block as *const () as usize, Ordering::Relaxed);
    DLOPEN.store(dlopen as usize, Ordering::Relaxed);
    DLSYM.store(dlsym as usize, Ordering::Relaxed);
}

/// Calls a function with two arguments and keeps all registers but rax and the flags: those
/// for arguments of integers and vectors, which the function is free to change.
///
/// On the stack: return address, two arguments, the function; its result is in rax.
#[unsafe(naked)]
unsafe extern "C" fn call_keeping_all() {
    naked_asm!(
        "push rbx",
        "mov rbx, rsp",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "mov rax, [rip + {size}]",
        "test rax, rax",
        "je 1f",
        "sub rsp, rax",
        "and rsp, -64",
        // The head behind the first 512 bytes must be zeros before it is written to.
        "xor eax, eax",
        "mov [rsp + 512], rax",
        "mov [rsp + 520], rax",
        "mov [rsp + 528], rax",
        "mov [rsp + 536], rax",
        "mov [rsp + 544], rax",
        "mov [rsp + 552], rax",
        "mov [rsp + 560], rax",
        "mov [rsp + 568], rax",
        "xor edx, edx",
        "mov eax, {mask}",
        "xsave64 [rsp]",
        "jmp 2f",
        "1: sub rsp, 512",
        "and rsp, -64",
        "fxsave64 [rsp]",
        "2: cld",
        "mov rdi, [rbx + 16]",
        "mov rsi, [rbx + 24]",
        "call qword ptr [rbx + 32]",
        "mov [rbx + 32], rax",
        "cmp qword ptr [rip + {size}], 0",
        "je 3f",
        "xor edx, edx",
        "mov eax, {mask}",
        "xrstor64 [rsp]",
        "jmp 4f",
        "3: fxrstor64 [rsp]",
        "4: mov rax, [rbx + 32]",
        "lea rsp, [rbx - 64]",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "pop rbx",
        "ret 24",
        size = sym XSAVE_SIZE,
        mask = const XSAVE_MASK,
    )
}

/// Where a lazy PLT comes to, through its third GOT slot: on the stack the object out of the
/// second slot and the relocation's number (psABI, "Procedure Linkage Table"). Binds the slot
/// and goes on to the function.
///
/// # Safety
/// Only a PLT of an object whose GOT was prepared may come here.
#[unsafe(naked)]
pub unsafe extern "C" fn lazy_entry() {
    naked_asm!(
        "push rax",
        "push qword ptr [rip + {bind}]",
        "push qword ptr [rsp + 24]",
        "push qword ptr [rsp + 24]",
        "call {call}",
        // r11 is nobody's argument; rax counts the vector arguments of a variadic call.
        "mov r11, rax",
        "pop rax",
        "lea rsp, [rsp + 16]",
        "jmp r11",
        bind = sym BIND,
        call = sym call_keeping_all,
    )
}

/// `__tls_get_addr`: from module and offset (`tls_index`) to an address. The thread's vector
/// of blocks is behind the thread pointer; its first word says how many there are.
///
/// # Safety
/// In rdi is the address of a `tls_index`, and the thread has a thread pointer of ours.
#[unsafe(naked)]
pub unsafe extern "C" fn tls_get_addr() {
    naked_asm!(
        "mov rax, fs:[8]",
        "mov rcx, [rdi]",
        "cmp rcx, [rax]",
        "ja 2f",
        "mov rax, [rax + 8 * rcx]",
        "test rax, rax",
        "je 2f",
        "add rax, [rdi + 8]",
        "ret",
        // Some compilers call this with a stack that isn't aligned.
        "2: push rbp",
        "mov rbp, rsp",
        "and rsp, -16",
        "mov rsi, [rdi + 8]",
        "mov rdi, rcx",
        "call qword ptr [rip + {block}]",
        "mov rsp, rbp",
        "pop rbp",
        "ret",
        block = sym BLOCK,
    )
}

/// The TLS descriptor's function for a variable in the static block: the descriptor's second
/// word is the offset from the thread pointer. Like the other two it keeps all registers
/// but rax.
///
/// # Safety
/// In rax is the address of a TLS descriptor.
#[unsafe(naked)]
pub unsafe extern "C" fn tlsdesc_static() {
    naked_asm!("mov rax, [rax + 8]", "ret")
}

/// The descriptor's function for a weak variable that nobody has: its address is the addend.
///
/// # Safety
/// As for [`tlsdesc_static`]; the thread has a thread pointer.
#[unsafe(naked)]
pub unsafe extern "C" fn tlsdesc_undefined() {
    naked_asm!("mov rax, [rax + 8]", "sub rax, fs:[0]", "ret")
}

/// The descriptor's function for any other variable: the second word points to its module and
/// offset.
///
/// # Safety
/// As for [`tls_get_addr`], with the descriptor's address in rax.
#[unsafe(naked)]
pub unsafe extern "C" fn tlsdesc_dynamic() {
    naked_asm!(
        "push rcx",
        "push rdi",
        "mov rdi, [rax + 8]",
        "mov rax, fs:[8]",
        "mov rcx, [rdi]",
        "cmp rcx, [rax]",
        "ja 2f",
        "mov rax, [rax + 8 * rcx]",
        "test rax, rax",
        "je 2f",
        "add rax, [rdi + 8]",
        "3: sub rax, fs:[0]",
        "pop rdi",
        "pop rcx",
        "ret",
        "2: push qword ptr [rip + {block}]",
        "push qword ptr [rdi + 8]",
        "push rcx",
        "call {call}",
        "jmp 3b",
        block = sym BLOCK,
        call = sym call_keeping_all,
    )
}

/// `dlopen`: the hook of this name, with one argument more: where it was called from.
///
/// # Safety
/// As the hook.
#[unsafe(naked)]
pub unsafe extern "C" fn dlopen_entry() {
    naked_asm!("mov rdx, [rsp]", "jmp qword ptr [rip + {hook}]", hook = sym DLOPEN)
}

/// `dlsym`: the hook of this name, with one argument more: where it was called from.
///
/// # Safety
/// As the hook.
#[unsafe(naked)]
pub unsafe extern "C" fn dlsym_entry() {
    naked_asm!("mov rdx, [rsp]", "jmp qword ptr [rip + {hook}]", hook = sym DLSYM)
}

/// The code of a function that calls another one, whatever its own arguments are; that doesn't
/// return.
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct Stub {
    mov_rdi: [u8; 2],
    argument: usize,
    mov_rax: [u8; 2],
    handler: usize,
    /// and rsp, -16; call rax; ud2; and nothing.
    rest: [u8; 12],
}

impl Stub {
    /// One that calls `handler` with `argument`.
    #[inline]
    pub fn new(handler: usize, argument: usize) -> Stub {
        let rest = [0x48, 0x83, 0xe4, 0xf0, 0xff, 0xd0, 0x0f, 0x0b, 0, 0, 0, 0];
        Stub { mov_rdi: [0x48, 0xbf], argument, mov_rax: [0x48, 0xb8], handler, rest }
    }
}

/// Sets the thread pointer (`man 2 arch_prctl`, ARCH_SET_FS).
///
/// # Safety
/// Nobody uses the thread pointer that there was; its first word points to itself.
pub unsafe fn set_thread_pointer(pointer: usize) {
    const ARCH_SET_FS: usize = 0x1002;
    // SAFETY: the caller says so; the call can't fail for an address of this process.
    unsafe { syscall(nr::ARCH_PRCTL, [ARCH_SET_FS, pointer]) };
}

/// The thread pointer's base; 0 before anybody has set one.
pub fn thread_pointer() -> usize {
    const ARCH_GET_FS: usize = 0x1003;
    let mut pointer = 0usize;
    // SAFETY: the kernel writes one word.
    unsafe { syscall(nr::ARCH_PRCTL, [ARCH_GET_FS, &raw mut pointer as usize]) };
    pointer
}

/// The thread's vector of blocks: the second word behind the thread pointer.
///
/// # Safety
/// This thread has a thread pointer.
pub unsafe fn thread_vector() -> *mut usize {
    let vector;
    // SAFETY: reads one word behind the thread pointer.
    unsafe {
        core::arch::asm!("mov {}, fs:[8]", out(reg) vector, options(nostack, readonly));
    }
    vector
}

/// Makes another vector this thread's.
///
/// # Safety
/// This thread has a thread pointer, and the vector has as many words as its first one says.
pub unsafe fn set_thread_vector(vector: *mut usize) {
    // SAFETY: writes one word behind the thread pointer.
    unsafe { core::arch::asm!("mov fs:[8], {}", in(reg) vector, options(nostack)) };
}

/// Calls a function with integers and doubles where the psABI has arguments of these classes;
/// what it leaves in rax and xmm0.
///
/// # Safety
/// There is a function that takes such arguments.
pub unsafe fn call(function: usize, words: &[u64; 6], doubles: &[f64; 8]) -> (u64, f64) {
    let (word, double);
    let [rdi, rsi, rdx, rcx, r8, r9] = *words;
    // SAFETY: the clobbers are those of the psABI; the rest is the caller's promise.
    unsafe {
        core::arch::asm!(
            "call {function}",
            function = in(reg) function,
            in("rdi") rdi,
            in("rsi") rsi,
            in("rdx") rdx,
            in("rcx") rcx,
            in("r8") r8,
            in("r9") r9,
            inlateout("rax") 8u64 => word,
            inlateout("xmm0") doubles[0] => double,
            in("xmm1") doubles[1],
            in("xmm2") doubles[2],
            in("xmm3") doubles[3],
            in("xmm4") doubles[4],
            in("xmm5") doubles[5],
            in("xmm6") doubles[6],
            in("xmm7") doubles[7],
            clobber_abi("C"),
        );
    }
    (word, double)
}
