//! What the ELF header of the release binary promises.

use std::path::Path;

use anyhow::{Context, Result};
use object::elf::{ET_DYN, FileHeader64, PF_X, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};

/// The properties that issue 2 asks of the binary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elf {
    pub(crate) bytes: u64,
    pub(crate) has_loader: bool,
    pub(crate) position_independent: bool,
    pub(crate) relro: bool,
    pub(crate) executable_stack: bool,
}

/// Reads the program headers of `path`.
pub(crate) fn inspect(path: &Path) -> Result<Elf> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let data = bytes.as_slice();
    let header = FileHeader64::<object::Endianness>::parse(data).context("ELF header")?;
    let endian = header.endian().context("ELF byte order")?;
    let segments = header.program_headers(endian, data).context("ELF program headers")?;
    let of = |kind| segments.iter().find(|s| s.p_type(endian) == kind);
    Ok(Elf {
        bytes: bytes.len() as u64,
        has_loader: of(PT_INTERP).is_some(),
        position_independent: header.e_type(endian) == ET_DYN,
        relro: of(PT_GNU_RELRO).is_some(),
        // Without the header, Linux makes the stack executable.
        executable_stack: of(PT_GNU_STACK).is_none_or(|s| s.p_flags(endian).contains(PF_X)),
    })
}
