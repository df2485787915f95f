//! The record of a run that is not finished: what may be mounted, whenever it is interrupted.
//!
//! It takes the place of the current profile while mounts change, and is a profile itself: the
//! packaged program passes over the lines that start with `#`, and undoes what is in the others.
//! Each entry that the run is about to change has an option more, [`Unfinished`].

use snap_fstab::{Entry, Sink};
use snap_mount_options::Unfinished;
use snap_ns_forecast::Fate;
use snap_path::Text;
use snap_profile::ENTRIES_MAX;

use crate::plan::Plan;
use crate::saved::{Moment, push_plain_tmpfs_options, tmpfs_entry};
use crate::step::{Op, State};

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
const FOR_ALL: &[u8] = b"  ";
const FOR_US: &[u8] = b"#+";
const EARLIER: &[u8] = b"#=";
const FOR_NOBODY: &[u8] = b"#-";

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

/// Tells the ID of what is mounted at just a path; 0 if nothing is.
pub type MountIdAt<'w> = dyn FnMut(&[u8]) -> u64 + 'w;

impl Plan<'_> {
    /// In which phase the plan starts.
    #[must_use]
    pub fn first_phase(&self) -> Phase {
        if self.steps.first().is_some_and(|step| self.cause(step.op).is_none()) {
            Phase::Undoing
        } else {
            Phase::Making
        }
    }

    /// Writes the lines of the journal, after its header. They have the same length in both phases,
    /// and can be written over each other.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_journal<S: Sink>(
        &self,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let phase = header.phase;
        let all = self.forecast.all_current().iter().zip(&self.forecast.past);
        for (place, (item, past)) in (0_u16..).zip(all) {
            match past.fate {
                Fate::Kept => self.write_kept(past, item, sink)?,
                // Its tmpfs takes them along.
                Fate::Going | Fate::GoingWithTmpfs | Fate::Gone if item.is_mimic_child() => {}
                // It comes last: it lies over what takes its place.
                Fate::Going if past.lingers => {}
                // What an interrupted run had only begun: nobody wants it back.
                _ if !self.was_before(item) => {
                    let unfinished = match item.unfinished() {
                        Some(Unfinished::MakeOnto(_)) => Unfinished::MakeOnto(0),
                        Some(_) | None => Unfinished::Make,
                    };
                    let front = if phase == Phase::Undoing { FOR_US } else { FOR_NOBODY };
                    write_line(&item.entry, unfinished, front, sink)?;
                }
                _ if phase == Phase::Making || item.is_found() => {
                    write_line(&item.entry, Unfinished::Drop, EARLIER, sink)?;
                }
                Fate::Going if item.shape.is_mount() && past.mounted => {
                    let unfinished = match self.is_hidden(place) {
                        true => Unfinished::UndoHidden,
                        false => Unfinished::Undo(mount_id_at(item.entry.mount_point)),
                    };
                    write_line(&item.entry, unfinished, FOR_ALL, sink)?;
                }
                Fate::Going | Fate::GoingWithTmpfs | Fate::Gone => {
                    // The packaged program must not undo what is no mount of ours.
                    let front = if item.shape.is_mount() { FOR_US } else { FOR_ALL };
                    write_line(&item.entry, Unfinished::Drop, front, sink)?;
                }
            }
        }
        for entry in self.old_links() {
            write_line(&entry, Unfinished::Drop, EARLIER, sink)?;
        }
        for step in &self.steps {
            if step.state == State::Done || self.is_beneath(step.op) {
                self.write_made(*step, Moment::Now, sink)?;
            } else {
                self.write_coming(step.op, header, mount_id_at, sink)?;
            }
        }
        let all = self.forecast.all_current().iter().zip(&self.forecast.past);
        for (item, _) in all.filter(|(_, past)| past.fate == Fate::Going && past.lingers) {
            let unfinished = Unfinished::Undo(mount_id_at(item.entry.mount_point));
            write_line(&item.entry, unfinished, FOR_ALL, sink)?;
        }
        // On the way back nothing is to be forgotten that was left out, or not even planned.
        let all = self.forecast.all_desired().iter().zip(&self.forecast.needs);
        for (place, (item, need)) in (0_u16..).zip(all) {
            let planned = || self.steps.iter().any(|step| step.op.makes() == Some(place));
            let nowhere =
                need.kept_as.is_none() && (self.steps.is_empty() || need.left_out && !planned());
            if header.direction == Direction::Back && nowhere {
                write_line(&item.entry, Unfinished::MakeOnto(0), EARLIER, sink)?;
            }
        }
        Ok(())
    }

    /// Writes the line of what a step makes; nothing for other steps.
    fn write_coming<S: Sink>(
        &self,
        op: Op,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let mut id_at = |path: &[u8]| match header.phase {
            Phase::Undoing => 0,
            Phase::Making => mount_id_at(path),
        };
        if let Op::Mimic(mimic) = op {
            return self.write_coming_mimic(mimic, header, &mut id_at, sink);
        }
        let made = op.makes().and_then(|place| Some((place, self.desired(place)?)));
        let Some((place, item)) = made else { return Ok(()) };
        let entry = &item.entry;
        let mounts = matches!(op, Op::Mount(_));
        let unfinished = if mounts && self.replaced_by(place).is_some() {
            // Beneath the old mount there is no other one.
            Unfinished::MakeOnto(0)
        } else if mounts && !self.forecast.need(place).make_mount_point {
            Unfinished::MakeOnto(id_at(entry.mount_point))
        } else {
            // Nothing can be mounted on what is not there.
            Unfinished::Make
        };
        // The packaged program knows nothing of what was found.
        let front = if item.is_found() { EARLIER } else { front(header, unfinished) };
        write_line(entry, unfinished, front, sink)
    }

    /// Writes the line of a mimic that is about to be made. Its children come and go with it.
    fn write_coming_mimic<S: Sink>(
        &self,
        mimic: u16,
        header: Header,
        mount_id_at: &mut MountIdAt<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let asks = self.item(Op::Mimic(mimic));
        let (Some(mimic), Some(asks)) = (self.mimic(mimic), asks) else { return Ok(()) };
        let mut options = Text::new();
        if push_plain_tmpfs_options(&mut options, asks.id()).is_none() {
            return Ok(());
        }
        let unfinished = Unfinished::MakeOnto(mount_id_at(mimic.dir));
        let entry = tmpfs_entry(mimic.dir, &options);
        write_line(&entry, unfinished, front(header, unfinished), sink)
    }

    /// What the interrupted run was about to do with the mount of the current entry at `place`, and
    /// where that is.
    #[must_use]
    pub fn unfinished_mount(&self, place: u16) -> Option<(&[u8], Unfinished)> {
        let item = self.current(place).filter(|item| item.shape.is_mount())?;
        item.unfinished().map(|unfinished| (item.entry.mount_point, unfinished))
    }

    /// Whether a later entry of the current profile lies over the one at `place`.
    #[must_use]
    pub fn is_hidden(&self, place: u16) -> bool {
        let path = self.current(place).map_or(&[][..], |item| item.entry.mount_point);
        let mut over = self.forecast.current_by_path.at_or_above(path);
        over.any(|at| at > place && self.current(at).is_some_and(|item| item.shape.is_mount()))
    }
}

/// What is in front of the line of something that is to be made.
fn front(header: Header, unfinished: Unfinished) -> &'static [u8] {
    match (header.phase, header.direction, unfinished) {
        (Phase::Undoing, Direction::Forth, _) => FOR_NOBODY,
        (Phase::Undoing, Direction::Back, _) => EARLIER,
        // The packaged program would undo that mount, if it comes before ours is there.
        (Phase::Making, _, Unfinished::MakeOnto(1..)) => FOR_US,
        (Phase::Making, _, _) => FOR_ALL,
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
