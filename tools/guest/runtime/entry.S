// SPDX-License-Identifier: Apache-2.0
// From the PVH entry point (Xen: docs/misc/pvh.pandoc) to C++ in 64-bit long mode, with an identity
// map of the first 4 GiB whose tables are part of the file, so that the way there is a few
// instructions long.

    .section .note.pvh, "a", @note
    .balign 4
    .long 4                         // name size
    .long 8                         // descriptor size
    .long 18                        // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_entry

    .section .text.entry, "ax"
    .code32
    .globl pvh_entry
pvh_entry:                          // protected mode, flat segments, paging off, ebx: start info
    cli
    cld
    movl %ebx, %edi
    movl $boot_stack_top, %esp
    movl $enter_main, %esi
    .globl enter_long_mode
enter_long_mode:                    // edi: first argument, esp: stack, esi: where to go
    movl $page_map_level4, %eax
    movl %eax, %cr3
    movl $0x20, %eax                // CR4.PAE
    movl %eax, %cr4
    movl $0xc0000080, %ecx          // EFER
    rdmsr
    orl $0x100, %eax                // EFER.LME
    wrmsr
    movl $0x80000011, %eax          // CR0.PG, ET, PE
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmp $0x08, $in_long_mode

    .code64
in_long_mode:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %esp, %esp                 // the upper halves are undefined after the switch
    movl %edi, %edi
    movl %esi, %esi
    jmp *%rsi
enter_main:
    call guest_start                // (start info), in the guest's own file or the runtime's
1:  cli
    hlt
    jmp 1b

    .section .data.gdt, "aw"
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9a000000ffff        // 0x08: 64-bit code
    .quad 0x00cf92000000ffff        // 0x10: data
    .quad 0x00cf9a000000ffff        // 0x18: 32-bit code, for a starting processor
    .quad 0x00affa000000ffff        // 0x20: 64-bit code of ring 3
    .quad 0x00cff2000000ffff        // 0x28: data of ring 3
    .globl gdt_task
gdt_task:
    .quad 0, 0                      // 0x30: the task state segment, once there is one
gdt_end:
    .word 0                         // keeps the base of the pointer aligned
    .globl gdt_pointer
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
    .long 0

    .section .data.page_tables, "aw"
    .balign 4096
    .globl page_map_level4
page_map_level4:                    // present, writable
    .quad page_directory_pointers + 3
    .fill 511, 8, 0
page_directory_pointers:
    .quad page_directories + 0x0003
    .quad page_directories + 0x1003
    .quad page_directories + 0x2003
    .quad page_directories + 0x3003
    .fill 508, 8, 0
page_directories:                   // present, writable, 2 MiB
    .set address, 0
    .rept 2048
    .quad address + 0x83
    .set address, address + 0x200000
    .endr

    .section .bss.stack, "aw", @nobits
    .balign 16
    .skip 32768
    .globl boot_stack_top
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
