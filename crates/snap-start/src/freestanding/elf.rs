//! What the kernel mapped of this program's file (elf(5)).

/// The ELF file header, as far as it is needed (elf(5), `Elf64_Ehdr`).
#[repr(C)]
pub(super) struct FileHeader {
    _skipped: [u64; 4],
    pub(super) program_headers_at: usize,
    _skipped_too: u64,
    _flags: u32,
    _size: u16,
    _program_header_size: u16,
    pub(super) program_headers: u16,
}

/// One program header (elf(5), `Elf64_Phdr`).
#[repr(C)]
pub(super) struct ProgramHeader {
    pub(super) kind: u32,
    _flags: u32,
    _offset: u64,
    pub(super) address: usize,
    _physical: u64,
    _size_in_file: u64,
    pub(super) size: usize,
    _align: u64,
}
