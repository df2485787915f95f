# The memory functions that compiled code calls by name. Who includes this defines the macro
# `function`, which makes a global label; it is undefined again at the end.
#
# All use that two loads or stores may overlap: n bytes, 8 <= n <= 16, are the first 8 and the last
# 8. Every load of such a group comes before its stores, so overlapping buffers are no special case.
# SSE2 belongs to x86-64. The string instructions take a while to start, but nothing beats them on
# long runs.

.section .text.snap_memory, "ax", @progbits

# void *memmove(void *to [rdi], const void *from [rsi], size_t n [rdx]), and memcpy with it
.p2align 4
function memcpy
function memmove
    mov rax, rdi
    cmp rdx, 16
    jb 2f
    cmp rdx, 32
    ja 4f
    movups xmm0, [rsi]
    movups xmm1, [rsi + rdx - 16]
    movups [rdi], xmm0
    movups [rdi + rdx - 16], xmm1
    ret
2:  cmp rdx, 8
    jb 21f
    mov rcx, [rsi]
    mov r8, [rsi + rdx - 8]
    mov [rdi], rcx
    mov [rdi + rdx - 8], r8
    ret
21: cmp rdx, 4
    jb 22f
    mov ecx, [rsi]
    mov r8d, [rsi + rdx - 4]
    mov [rdi], ecx
    mov [rdi + rdx - 4], r8d
    ret
22: test rdx, rdx                       # 1 to 3: the first, the middle, the last
    jz 23f
    mov r9, rdx
    shr r9, 1
    movzx ecx, byte ptr [rsi]
    movzx r8d, byte ptr [rsi + r9]
    movzx r10d, byte ptr [rsi + rdx - 1]
    mov [rdi], cl
    mov [rdi + r9], r8b
    mov [rdi + rdx - 1], r10b
23: ret

4:  mov rcx, rdi                        # more than 32
    sub rcx, rsi
    cmp rcx, rdx                        # unsigned: below only if `to` lies inside the source
    jb 6f
    cmp rdx, 1024
    jae 7f
    # Forward, 16 at a time; the last 16 are loaded before they can be overwritten.
    movups xmm1, [rsi + rdx - 16]
    lea r8, [rdi + rdx - 16]
5:  movups xmm0, [rsi]
    movups [rdi], xmm0
    add rsi, 16
    add rdi, 16
    cmp rdi, r8
    jb 5b
    movups [r8], xmm1
    ret
    # Backward, the same way round.
6:  movups xmm1, [rsi]
61: movups xmm0, [rsi + rdx - 16]
    movups [rdi + rdx - 16], xmm0
    sub rdx, 16
    cmp rdx, 16
    ja 61b
    movups [rdi], xmm1
    ret
7:  mov rcx, rdx
    rep movsb
    ret

# void *memset(void *to [rdi], int byte [esi], size_t n [rdx])
.p2align 4
function memset
    mov rax, rdi
    movzx ecx, sil
    mov r8, 0x0101010101010101
    imul rcx, r8
    cmp rdx, 16
    jb 2f
    cmp rdx, 512
    jae 4f
    movq xmm0, rcx
    punpcklqdq xmm0, xmm0
    lea r8, [rdi + rdx - 16]
3:  movups [rdi], xmm0
    add rdi, 16
    cmp rdi, r8
    jb 3b
    movups [r8], xmm0
    ret
2:  cmp rdx, 8
    jb 21f
    mov [rdi], rcx
    mov [rdi + rdx - 8], rcx
    ret
21: cmp rdx, 4
    jb 22f
    mov [rdi], ecx
    mov [rdi + rdx - 4], ecx
    ret
22: test rdx, rdx
    jz 23f
    mov r9, rdx
    shr r9, 1
    mov [rdi], cl
    mov [rdi + r9], cl
    mov [rdi + rdx - 1], cl
23: ret
4:  mov r8, rax
    mov eax, esi
    mov rcx, rdx
    rep stosb
    mov rax, r8
    ret

# int memcmp(const void *a [rdi], const void *b [rsi], size_t n [rdx]), and bcmp with it
.p2align 4
function memcmp
function bcmp
    cmp rdx, 8
    jb 4f
    lea r8, [rdx - 8]                   # where the last 8 begin
    xor r9d, r9d
2:  cmp r9, r8
    jae 3f
    mov rax, [rdi + r9]
    mov rcx, [rsi + r9]
    add r9, 8
    cmp rax, rcx
    je 2b
    jmp 8f
3:  mov rax, [rdi + r8]                 # the last 8; some of them are known to be equal
    mov rcx, [rsi + r8]
    cmp rax, rcx
    jne 8f
31: xor eax, eax
    ret
4:  cmp rdx, 4
    jb 5f
    mov eax, [rdi]
    mov ecx, [rsi]
    cmp eax, ecx
    jne 8f
    mov eax, [rdi + rdx - 4]
    mov ecx, [rsi + rdx - 4]
    cmp eax, ecx
    je 31b
8:  bswap rax                           # the first byte becomes the most significant; after a
    bswap rcx                           # load of 4 the upper half is 0 in both
    cmp rax, rcx
    sbb eax, eax
    or eax, 1
    ret
5:  test rdx, rdx                       # 1 to 3: first, middle and last as one number
    jz 31b
    mov r9, rdx
    shr r9, 1
    movzx eax, byte ptr [rdi]
    movzx ecx, byte ptr [rsi]
    shl eax, 16
    shl ecx, 16
    movzx r8d, byte ptr [rdi + r9]
    movzx r10d, byte ptr [rsi + r9]
    shl r8d, 8
    shl r10d, 8
    or eax, r8d
    or ecx, r10d
    movzx r8d, byte ptr [rdi + rdx - 1]
    movzx r10d, byte ptr [rsi + rdx - 1]
    or eax, r8d
    or ecx, r10d
    sub eax, ecx
    ret

# size_t strlen(const char *text [rdi]): 16 aligned bytes at a time, which never reach into a page
# that the string does not.
.p2align 4
function strlen
    pxor xmm0, xmm0
    mov rax, rdi
    and rax, -16
    movdqa xmm1, [rax]
    pcmpeqb xmm1, xmm0
    pmovmskb edx, xmm1
    mov ecx, edi
    and ecx, 15
    shr edx, cl                         # what lies before the string does not count
    bsf eax, edx
    jnz 3f
    mov rax, rdi
    and rax, -16
2:  add rax, 16
    movdqa xmm1, [rax]
    pcmpeqb xmm1, xmm0
    pmovmskb edx, xmm1
    test edx, edx
    jz 2b
    bsf edx, edx
    add rax, rdx
    sub rax, rdi
3:  ret

.purgem function
.text
