# The first instructions of the process. System V ABI, x86-64 supplement, 3.4.1: at entry the stack
# pointer is at argc, then argv[], null, envp[], null; the direction flag is clear.

.section .text.snap_start, "ax", @progbits
.globl _start
.hidden _start
.type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip                  # the outermost frame
    xor ebp, ebp
    mov r12, rsp

    # Relocate: the file is linked at address 0 and is now at `rbx`. No Rust code may run before
    # this is done, because any of it might use a pointer that was not adjusted.
    lea rbx, [rip + __ehdr_start]
    lea rsi, [rip + _DYNAMIC]
    xor r8d, r8d                        # DT_RELA   (7): table
    xor r9d, r9d                        # DT_RELASZ (8): its size in bytes
    xor r10d, r10d                      # DT_RELR   (36): table
    xor r11d, r11d                      # DT_RELRSZ (35): its size in bytes
2:  mov rax, [rsi]
    mov rcx, [rsi + 8]
    add rsi, 16
    cmp rax, 7
    cmove r8, rcx
    cmp rax, 8
    cmove r9, rcx
    cmp rax, 36
    cmove r10, rcx
    cmp rax, 35
    cmove r11, rcx
    test rax, rax                       # DT_NULL ends the dynamic section
    jnz 2b

    # RELA: 24 bytes each (where, kind, addend). A static program has R_X86_64_RELATIVE (8) only.
    add r8, rbx
    add r9, r8
3:  cmp r8, r9
    jae 4f
    cmp dword ptr [r8 + 8], 8
    jne 9f
    mov rax, [r8]
    mov rcx, [r8 + 16]
    add rcx, rbx
    mov [rbx + rax], rcx
    add r8, 24
    jmp 3b

    # RELR: an even word is the place of a relocation; an odd word is a bitmap of the 63 words that
    # follow the last place covered.
4:  add r10, rbx
    add r11, r10
5:  cmp r10, r11
    jae 8f
    mov rax, [r10]
    add r10, 8
    test al, 1
    jnz 6f
    lea rdx, [rbx + rax]
    add [rdx], rbx
    add rdx, 8
    jmp 5b
6:  mov rcx, rdx
    add rdx, 63 * 8
7:  shr rax, 1                          # the first time round, the mark
    jz 5b
    test al, 1
    jz 71f
    add [rcx], rbx
71: add rcx, 8
    jmp 7b

    # rt_sigaction (13) of SIGPIPE (13) and SIGXFSZ (25): SIG_IGN (1), no flags, no restorer, an empty
    # mask. Writing to a stream that nobody reads, or beyond the caller's RLIMIT_FSIZE, is an error
    # to be returned, not a death in the middle of a run.
8:  push 0
    push 0
    push 0
    push 1
    mov rsi, rsp
    xor edx, edx
    mov r10d, 8
    mov edi, 13
    mov eax, 13
    syscall
    mov edi, 25
    mov eax, 13
    syscall

    mov rax, [r12]                      # argc
    lea rdi, [r12 + 8]                  # argv
    lea rsi, [rdi + rax * 8 + 8]        # envp
    mov rsp, r12
    and rsp, -16
    call {enter}
    mov edi, eax

.globl snap_start_exit
.hidden snap_start_exit
.type snap_start_exit, @function
snap_start_exit:
    mov eax, 231                        # exit_group
    syscall
9:  ud2
    .cfi_endproc

# Debug builds of `core` name this in tables that nothing reads: with panic = "abort" there is no
# unwinding.
.globl rust_eh_personality
.hidden rust_eh_personality
.type rust_eh_personality, @function
rust_eh_personality:
    ud2
.text

# rt_sigprocmask (14): SIG_BLOCK (0) of all 64 signals, each a bit of a mask of 8 bytes. It cannot fail
# with these arguments, and passes over SIGKILL and SIGSTOP. Only what the System V calling convention
# lets a function change is changed: syscall changes rcx and r11, too.
.globl snap_start_hold_signals
.hidden snap_start_hold_signals
.type snap_start_hold_signals, @function
snap_start_hold_signals:
    push -1
    mov rsi, rsp
    xor edi, edi
    xor edx, edx
    mov r10d, 8
    mov eax, 14
    syscall
    pop rax
    ret
