//! What a run that was interrupted was about to do with an entry.

use crate::error::OptionErrorKind;

/// What an interrupted run was about to do with an entry of the current profile. It may have done
/// it. Mount IDs are those of statx(2), and 0 where there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// To undo it; it was the mount with this ID then.
    Undo(u64),
    /// To undo it; another one lay over it.
    UndoHidden,
    /// To let it go with others, or to forget it.
    Drop,
    /// To make it, and its mount point.
    Make,
    /// To mount it on what was there before: a mount with this ID, or none.
    MakeOnto(u64),
}

impl Unfinished {
    /// The word for it, always of the same length, and the ID that belongs to it.
    #[must_use]
    pub fn parts(self) -> (&'static [u8; 4], u64) {
        match self {
            Self::Undo(id) => (b"undo", id),
            Self::UndoHidden => (b"hide", 0),
            Self::Drop => (b"drop", 0),
            Self::Make => (b"make", 0),
            Self::MakeOnto(id) => (b"onto", id),
        }
    }

    /// Reads `WORD:ID`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, OptionErrorKind> {
        let (word, rest) = text.split_at_checked(4).ok_or(OptionErrorKind::Unfinished)?;
        let digits = rest.strip_prefix(b":").ok_or(OptionErrorKind::Unfinished)?;
        let id = crate::value::mount_id(digits)?;
        match word {
            b"undo" => Ok(Self::Undo(id)),
            b"hide" => Ok(Self::UndoHidden),
            b"drop" => Ok(Self::Drop),
            b"make" => Ok(Self::Make),
            b"onto" => Ok(Self::MakeOnto(id)),
            _ => Err(OptionErrorKind::Unfinished),
        }
    }
}
