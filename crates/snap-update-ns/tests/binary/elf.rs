//! What the linker made of the binary.
//!
//! The promises hold for the freestanding build. A hosted one is linked as its target does it, so
//! there the tests are ignored, which `cargo test` counts and shows.

use crate::image::{
    DYNAMIC, EXECUTE, Elf, GNU_RELRO, GNU_STACK, INTERP, LOAD, Segment, TLS, WRITE,
};

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: linked as its target does")]
fn position_independent_and_needs_nothing() {
    let elf = Elf::read();
    assert_eq!(elf.0[..6], *b"\x7fELF\x02\x01", "64 bits, little-endian");
    assert_eq!(elf.number(16, 2), 3, "ET_DYN");
    let kinds: Vec<u64> = elf.segments().iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&LOAD));
    assert!(!kinds.contains(&INTERP), "no dynamic loader");
    assert!(!kinds.contains(&TLS), "nobody would set it up");
    assert_eq!(elf.value(1), None, "DT_NEEDED");
    assert_eq!(elf.value(22), None, "DT_TEXTREL");
    let flags = elf.value(0x6fff_fffb).expect("DT_FLAGS_1");
    assert_eq!(flags & 0x0800_0000, 0x0800_0000, "DF_1_PIE");
}

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: linked as its target does")]
fn nothing_is_writable_and_executable() {
    let elf = Elf::read();
    assert_eq!(elf.segment(GNU_STACK).flags & EXECUTE, 0, "the stack");
    let loaded = || elf.segments().into_iter().filter(|it| it.kind == LOAD);
    for segment in loaded() {
        assert_ne!(segment.flags & (WRITE | EXECUTE), WRITE | EXECUTE);
    }
    let code: Vec<Segment> = loaded().filter(|it| it.flags & EXECUTE != 0).collect();
    assert_eq!(code.len(), 1, "all code in one segment");
    // Separate code: no page of the file is mapped both executable and otherwise.
    let page = |offset: usize| offset / 4096;
    let code_pages = page(code[0].offset)..=page(code[0].offset + code[0].size_in_file - 1);
    for other in loaded().filter(|it| it.flags & EXECUTE == 0 && it.size_in_file > 0) {
        let pages = page(other.offset)..=page(other.offset + other.size_in_file - 1);
        assert!(pages.end() < code_pages.start() || code_pages.end() < pages.start());
    }
}

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: linked as its target does")]
fn what_the_relocation_wrote_becomes_read_only() {
    let elf = Elf::read();
    assert_eq!(elf.value(30).map(|it| it & 8), Some(8), "DF_BIND_NOW");
    let flags = elf.value(0x6fff_fffb).expect("DT_FLAGS_1");
    assert_eq!(flags & 1, 1, "DF_1_NOW");
    let relro = elf.segment(GNU_RELRO);
    let end = relro.address + relro.size;
    assert_eq!(end % 4096, 0, "the start code protects whole pages");
    let dynamic = elf.segment(DYNAMIC).address;
    assert!((relro.address..end).contains(&dynamic), "full RELRO");
    // Every relocation is a relative one; the packed ones are that by definition.
    let count = elf.value(8).unwrap_or(0) / 24;
    assert_eq!(elf.value(0x6fff_fff9).unwrap_or(0), count, "DT_RELACOUNT");
    assert!(elf.value(36).is_some(), "DT_RELR");
}

#[test]
#[cfg_attr(not(freestanding), ignore = "hosted build: linked as its target does")]
fn the_buffers_take_no_room_in_the_file() {
    let elf = Elf::read();
    let writable = |it: &Segment| it.kind == LOAD && it.flags & WRITE != 0;
    let all: Vec<Segment> = elf.segments().into_iter().filter(writable).collect();
    let in_file: usize = all.iter().map(|it| it.size_in_file).sum();
    let in_memory: u64 = all.iter().map(|it| it.size).sum();
    assert!(in_file < 128 << 10, "{in_file} bytes of initialised data");
    assert!(in_memory > 1 << 20, "the workspace is a static");
}
