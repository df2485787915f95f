//! Read-only after relocation.

use rustix::mm::{MprotectFlags, mprotect};

use super::elf::ProgramHeader;
use super::x86_64::__ehdr_start;

/// `PT_GNU_RELRO`: the part of the data that nothing writes once the binary is relocated.
const GNU_RELRO: u32 = 0x6474_e552;
/// The linker rounds the segment to this (`-z common-page-size` on x86_64).
const PAGE: usize = 4096;

/// Takes the write permission from what only the relocation had to write (pointers to functions and
/// to strings), so that a stray write cannot turn one of them.
pub(super) fn protect() -> rustix::io::Result<()> {
    let base = (&raw const __ehdr_start).cast::<u8>();
    let count = usize::from(__ehdr_start.program_headers);
    let table = base.wrapping_add(__ehdr_start.program_headers_at);
    // SAFETY: the first segment of this program maps its file header and its program headers;
    // linker and kernel both relied on the two fields used here.
    #[allow(unsafe_code)]
    let headers = unsafe { core::slice::from_raw_parts(table.cast::<ProgramHeader>(), count) };
    for header in headers.iter().filter(|header| header.kind == GNU_RELRO) {
        let start = header.address & !(PAGE - 1);
        let end = header.address.wrapping_add(header.size) & !(PAGE - 1);
        let first = base.wrapping_add(start).cast_mut().cast();
        // SAFETY: these pages are mapped, and the linker put only what is constant after relocation
        // (which is over) into them: no Rust reference allows a write there.
        #[allow(unsafe_code)]
        unsafe {
            mprotect(first, end.saturating_sub(start), MprotectFlags::READ)?;
        }
    }
    Ok(())
}
