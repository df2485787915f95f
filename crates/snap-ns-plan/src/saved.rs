//! The profile that is saved: what stands, in the order in which it was made.

use snap_fstab::{Entry, Sink};
use snap_mount_options::Kind;
use snap_path::PATH_MAX;

use crate::changes::Fate;
use crate::mimic::Mimic;
use crate::plan::Plan;
use crate::step::{Op, State};
use crate::view::NodeKind;

/// The point in time that a profile is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// What stands now.
    Now,
    /// When all steps are done.
    AllDone,
}

impl Plan<'_> {
    /// Writes the profile of what stands now: entries that are kept, or were not undone; then what
    /// this run made.
    ///
    /// # Errors
    ///
    /// Whatever `sink` reports.
    pub fn write_saved<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        self.write_profile(Moment::Now, sink)
    }

    pub(crate) fn write_profile<S: Sink>(&self, at: Moment, sink: &mut S) -> Result<(), S::Error> {
        for (item, fate) in self.current.iter().zip(&self.fates) {
            let stands = match fate {
                Fate::Kept => true,
                Fate::Going => at == Moment::Now,
                Fate::Gone => false,
            };
            if stands {
                item.entry.write(sink)?;
            }
        }
        for step in &self.steps {
            let made = match step.state {
                State::Done => true,
                State::Pending => at == Moment::AllDone,
                State::Skipped(_) | State::Failed => false,
            };
            match step.op {
                Op::Mount(place) | Op::MakeSymlink(place) | Op::EnsureDir(place) if made => {
                    if let Some(item) = self.desired(place) {
                        item.entry.write(sink)?;
                    }
                }
                Op::Mimic(mimic) if made => {
                    let id = self.cause(step.op).and_then(|place| self.desired(place));
                    let id = id.map(|item| item.id()).unwrap_or_default();
                    if let Some(mimic) = self.mimic(mimic) {
                        write_mimic(&mimic, id, sink)?;
                    }
                }
                Op::Mount(_) | Op::MakeSymlink(_) | Op::EnsureDir(_) | Op::Mimic(_) => {}
                Op::Unmount(_) | Op::RemoveSymlink(_) | Op::RemoveMountPoint(_) => {}
                Op::MakeSource(_) | Op::MakeMountPoint(_) => {}
            }
        }
        Ok(())
    }

    /// Notes that the entry of the current profile which a step undoes is gone.
    pub(crate) fn note_gone(&mut self, op: Op) {
        match op {
            Op::Unmount(place) | Op::RemoveSymlink(place) => self.set_fate(place, Fate::Gone),
            Op::RemoveMountPoint(_)
            | Op::MakeSource(_)
            | Op::MakeMountPoint(_)
            | Op::MakeSymlink(_)
            | Op::EnsureDir(_)
            | Op::Mount(_)
            | Op::Mimic(_) => {}
        }
    }

    /// Entries of the current profile for which there is no step are gone as soon as all others
    /// are: what they made stays.
    pub(crate) fn note_unlisted_gone(&mut self) {
        for place in 0..self.current.len() {
            let Ok(place) = u16::try_from(place) else {
                break;
            };
            let ensured = self
                .current(place)
                .is_some_and(|item| matches!(item.options.kind, Kind::EnsureDir(_)));
            if ensured && self.fate(place) == Fate::Going {
                self.set_fate(place, Fate::Gone);
            }
        }
    }
}

/// Room for the options of a synthetic entry: the fixed words, and an ID, which is a path.
const OPTIONS_MAX: usize = PATH_MAX + 128;

/// Writes the lines of a mimic (contract section 4).
fn write_mimic<S: Sink>(mimic: &Mimic<'_>, id: &[u8], sink: &mut S) -> Result<(), S::Error> {
    let mut buffer = [0_u8; OPTIONS_MAX];
    let mut numbers = Text::<48>::new();
    // A text of three numbers fits.
    let attributes = mimic.attributes;
    let (mode, uid, gid) = (attributes.mode, attributes.uid, attributes.gid);
    let _ = core::fmt::write(&mut numbers, format_args!(",mode=0{mode:o},uid={uid},gid={gid}"));
    let needed: [&[u8]; 2] = [b"x-snapd.synthetic,x-snapd.needed-by=", id];
    let entry = Entry {
        source: b"tmpfs",
        mount_point: mimic.dir,
        fs_type: b"tmpfs",
        options: concat(&mut buffer, &[needed[0], needed[1], numbers.bytes()]),
        ..Entry::default()
    };
    entry.write(sink)?;
    for child in mimic.children {
        let mut path = [0_u8; PATH_MAX];
        let path = concat(&mut path, &[mimic.dir, b"/", mimic.name(child)]);
        let (before, after): (&[u8], &[u8]) = match child.kind {
            NodeKind::Directory => (b"rbind,", b",x-snapd.detach"),
            NodeKind::File => (b"bind,x-snapd.kind=file,", b""),
            NodeKind::Symlink | NodeKind::Special => continue,
        };
        let options = concat(&mut buffer, &[before, needed[0], needed[1], after]);
        let fs_type = b"none";
        let entry = Entry { source: path, mount_point: path, fs_type, options, ..Entry::default() };
        entry.write(sink)?;
    }
    Ok(())
}

/// Puts `parts` one behind the other into `buffer`; nothing if they do not fit, which paths that
/// were checked do.
fn concat<'b>(buffer: &'b mut [u8], parts: &[&[u8]]) -> &'b [u8] {
    let mut end = 0_usize;
    for part in parts {
        let start = end;
        end = end.saturating_add(part.len());
        match buffer.get_mut(start..end) {
            Some(slot) => slot.copy_from_slice(part),
            None => return &[],
        }
    }
    buffer.get(..end).unwrap_or_default()
}

/// A short text.
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl<const N: usize> core::fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len.saturating_add(text.len());
        let slot = self.bytes.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        slot.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
