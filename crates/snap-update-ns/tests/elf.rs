//! What the linker made of the binary, read from the file itself (elf(5)).
//!
//! The promises hold for the freestanding build. A hosted one is linked as its target does it, so
//! there the tests are ignored, which `cargo test` counts and shows.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing
)]

const EXECUTE: u64 = 1;
const WRITE: u64 = 2;

/// A program header: what it is, its permissions, its place in the file and in memory.
struct Segment {
    kind: u64,
    flags: u64,
    offset: usize,
    address: u64,
    size_in_file: usize,
    size: u64,
}

const LOAD: u64 = 1;
const DYNAMIC: u64 = 2;
const INTERP: u64 = 3;
const TLS: u64 = 7;
const GNU_STACK: u64 = 0x6474_e551;
const GNU_RELRO: u64 = 0x6474_e552;

struct Elf(Vec<u8>);

impl Elf {
    fn read() -> Self {
        Self(std::fs::read(env!("CARGO_BIN_EXE_snap-update-ns")).expect("the binary was built"))
    }

    /// The little-endian number of `size` bytes at `offset`.
    fn number(&self, offset: usize, size: usize) -> u64 {
        let bytes = self.0[offset..offset + size].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn offset(&self, at: usize, size: usize) -> usize {
        usize::try_from(self.number(at, size)).expect("offset")
    }

    fn segments(&self) -> Vec<Segment> {
        let (table, size) = (self.offset(32, 8), self.offset(54, 2));
        let at = (0..self.offset(56, 2)).map(|index| table + index * size);
        at.map(|at| Segment {
            kind: self.number(at, 4),
            flags: self.number(at + 4, 4),
            offset: self.offset(at + 8, 8),
            address: self.number(at + 16, 8),
            size_in_file: self.offset(at + 32, 8),
            size: self.number(at + 40, 8),
        })
        .collect()
    }

    /// The only segment of this kind.
    fn segment(&self, kind: u64) -> Segment {
        let mut all = self.segments().into_iter().filter(|it| it.kind == kind);
        let first = all.next().expect("a segment of this kind");
        assert!(all.next().is_none(), "one segment of kind {kind:#x}");
        first
    }

    /// The dynamic section: tags and values.
    fn dynamic(&self) -> Vec<(u64, u64)> {
        let segment = self.segment(DYNAMIC);
        let at = (segment.offset..segment.offset + segment.size_in_file).step_by(16);
        at.map(|at| (self.number(at, 8), self.number(at + 8, 8)))
            .take_while(|(tag, _)| *tag != 0)
            .collect()
    }

    fn value(&self, wanted: u64) -> Option<u64> {
        let mut all = self.dynamic().into_iter();
        all.find_map(|(tag, value)| (tag == wanted).then_some(value))
    }
}

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
