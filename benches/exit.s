# A program that only ends: what starting any program costs.
        .globl  _start
_start: mov     $231, %eax
        xor     %edi, %edi
        syscall
        .section .note.GNU-stack, "", @progbits
