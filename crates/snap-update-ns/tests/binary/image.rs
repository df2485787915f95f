//! The binary as a file: elf(5), 64 bits, little-endian.

pub(crate) const EXECUTE: u64 = 1;
pub(crate) const WRITE: u64 = 2;

/// A program header: what it is, its permissions, its place in the file and in memory.
pub(crate) struct Segment {
    pub(crate) kind: u64,
    pub(crate) flags: u64,
    pub(crate) offset: usize,
    pub(crate) address: u64,
    pub(crate) size_in_file: usize,
    pub(crate) size: u64,
}

pub(crate) const LOAD: u64 = 1;
pub(crate) const DYNAMIC: u64 = 2;
pub(crate) const INTERP: u64 = 3;
pub(crate) const TLS: u64 = 7;
pub(crate) const GNU_STACK: u64 = 0x6474_e551;
pub(crate) const GNU_RELRO: u64 = 0x6474_e552;

pub(crate) struct Elf(pub(crate) Vec<u8>);

impl Elf {
    pub(crate) fn read() -> Self {
        Self(std::fs::read(env!("CARGO_BIN_EXE_snap-update-ns")).expect("the binary was built"))
    }

    /// The little-endian number of `size` bytes at `offset`.
    pub(crate) fn number(&self, offset: usize, size: usize) -> u64 {
        let bytes = self.0[offset..offset + size].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(crate) fn offset(&self, at: usize, size: usize) -> usize {
        usize::try_from(self.number(at, size)).expect("offset")
    }

    pub(crate) fn segments(&self) -> Vec<Segment> {
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
    pub(crate) fn segment(&self, kind: u64) -> Segment {
        let mut all = self.segments().into_iter().filter(|it| it.kind == kind);
        let first = all.next().expect("a segment of this kind");
        assert!(all.next().is_none(), "one segment of kind {kind:#x}");
        first
    }

    /// The dynamic section: tags and values.
    pub(crate) fn dynamic(&self) -> Vec<(u64, u64)> {
        let segment = self.segment(DYNAMIC);
        let at = (segment.offset..segment.offset + segment.size_in_file).step_by(16);
        at.map(|at| (self.number(at, 8), self.number(at + 8, 8)))
            .take_while(|(tag, _)| *tag != 0)
            .collect()
    }

    pub(crate) fn value(&self, wanted: u64) -> Option<u64> {
        let mut all = self.dynamic().into_iter();
        all.find_map(|(tag, value)| (tag == wanted).then_some(value))
    }
}
