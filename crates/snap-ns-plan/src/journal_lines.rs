//! The lines of a journal: the first one, and what is in front and at the end of the others.

use snap_fstab::{Entry, Sink};
use snap_mount_options::Unfinished;
use snap_path::Text;
use snap_profile::ENTRIES_MAX;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What goes is being undone; nothing new stands yet.
    Undoing,
    /// Everything that goes is undone; what is new is being made.
    Making,
}

/// Where a run wants to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the desired profile.
    Forth,
    /// Back to the profile before, because that failed.
    Back,
}

/// The first line of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Where the run wanted to.
    pub direction: Direction,
    /// How far the run has come.
    pub phase: Phase,
    /// The ID of the root mount of its namespace (statx(2)); 0 where the kernel does not tell.
    pub root: u64,
}

const TITLE: &[u8] = b"# snap-update-ns was interrupted going ";
const FORTH: &[u8] = b"forth, ";
const BACK: &[u8] = b"back,  ";
const UNDOING: &[u8] = b"undoing";
const MAKING: &[u8] = b"making ";
const BELOW: &[u8] = b" below mount ";

/// What is in front of a line: one that everybody reads, one that only this program reads, one that
/// it reads if there is room (what does not stand, but did before all this, and is made again if the
/// next run fails), and one that nobody reads yet. All have the same length.
pub(crate) const FOR_ALL: &[u8] = b"  ";
pub(crate) const FOR_US: &[u8] = b"#+";
pub(crate) const EARLIER: &[u8] = b"#=";
pub(crate) const FOR_NOBODY: &[u8] = b"#-";

/// How many digits a mount ID always has.
const DIGITS: usize = 20;

impl Header {
    /// How many bytes it has.
    pub const LEN: usize = TITLE.len() + FORTH.len() + UNDOING.len() + BELOW.len() + DIGITS + 1;

    /// Whether `text` is a journal, and which. Its lines that are for this program only are made
    /// legible, in place.
    #[must_use]
    pub fn read(text: &mut [u8]) -> Option<Self> {
        let rest = text.strip_prefix(TITLE)?;
        let (direction, rest) = match (rest.strip_prefix(FORTH), rest.strip_prefix(BACK)) {
            (Some(rest), _) => (Direction::Forth, rest),
            (None, rest) => (Direction::Back, rest?),
        };
        let (phase, rest) = match (rest.strip_prefix(UNDOING), rest.strip_prefix(MAKING)) {
            (Some(rest), _) => (Phase::Undoing, rest),
            (None, rest) => (Phase::Making, rest?),
        };
        let digits = rest.strip_prefix(BELOW)?.get(..DIGITS)?;
        let root = core::str::from_utf8(digits).ok()?.parse().ok()?;
        let room = text.iter().filter(|&&byte| byte == b'\n').count() <= ENTRIES_MAX;
        for line in text.split_mut(|&byte| byte == b'\n') {
            let ours = |mark: &[u8]| mark == FOR_US || (mark == EARLIER && room);
            if let Some(mark) = line.get_mut(..FOR_US.len()).filter(|mark| ours(mark)) {
                mark.copy_from_slice(FOR_ALL);
            }
        }
        Some(Self { direction, phase, root })
    }

    /// Writes it, always with the same length.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write<S: Sink>(self, sink: &mut S) -> Result<(), S::Error> {
        let phase = match self.phase {
            Phase::Undoing => UNDOING,
            Phase::Making => MAKING,
        };
        let direction = match self.direction {
            Direction::Forth => FORTH,
            Direction::Back => BACK,
        };
        let root = digits(self.root);
        let parts = [TITLE, direction, phase, BELOW, root.as_bytes(), b"\n"];
        parts.iter().try_for_each(|part| sink.put(part))
    }
}

/// The option that [`Unfinished`] is written as; it is the last one of its entry.
const OPTION: &[u8] = b"x-snapd.unfinished=";

/// Room for the option, with its mount ID.
const OPTION_MAX: usize = 64;

/// The entry as it was before an interrupted run.
pub(crate) fn plain<'a>(entry: &Entry<'a>) -> Entry<'a> {
    let options = entry.options;
    let comma = options.iter().rposition(|&byte| byte == b',');
    let last = comma.map_or(0, |comma| comma.saturating_add(1));
    let options = match options.get(last..).is_some_and(|option| option.starts_with(OPTION)) {
        true => options.get(..comma.unwrap_or_default()).unwrap_or_default(),
        false => options,
    };
    Entry { options, ..*entry }
}

/// Writes `entry` with the option more, and with something in front.
pub(crate) fn write_line<S: Sink>(
    entry: &Entry<'_>,
    unfinished: Unfinished,
    front: &[u8],
    sink: &mut S,
) -> Result<(), S::Error> {
    let (word, id) = unfinished.parts();
    let id = digits(id);
    let mut option = Text::<OPTION_MAX>::new();
    let parts = [OPTION, word, b":", id.as_bytes()];
    // They fit.
    let _ = parts.iter().try_for_each(|part| option.push(part));
    sink.put(front)?;
    plain(entry).write_with(option.as_bytes(), sink)
}

/// A mount ID, always with as many digits.
fn digits(id: u64) -> Text<{ DIGITS + 1 }> {
    let mut digits = Text::new();
    // It fits.
    let _ = digits.push_fmt(format_args!("{id:0DIGITS$}"));
    digits
}
