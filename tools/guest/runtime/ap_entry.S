// SPDX-License-Identifier: Apache-2.0
// Where a second processor starts (Intel SDM volume 3, 8.4.4.1): a real-mode piece that smp.cc
// copies below 1 MiB, and the way on into long mode.

    .section .rodata, "a"
    .code16
    .globl ap_trampoline
ap_trampoline:                      // cs = page << 8, ip = 0
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl trampoline_gdt_pointer - ap_trampoline
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $0x18, $ap_protected
    .balign 8
    .word 0
trampoline_gdt_pointer:
    .word 31                        // four entries
    .long gdt
    .globl ap_trampoline_end
ap_trampoline_end:

    .section .text, "ax"
    .code32
ap_protected:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $ap_stack_top, %esp
    xorl %edi, %edi
    movl $enter_ap_main, %esi
    jmp enter_long_mode
    .code64
enter_ap_main:
    call ap_start
1:  cli
    hlt
    jmp 1b

    .section .bss.stack, "aw", @nobits
    .balign 16
    .skip 16384
ap_stack_top:

    .section .note.GNU-stack, "", @progbits
