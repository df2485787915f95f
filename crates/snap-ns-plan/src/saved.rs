//! The profile that is saved: what stands, in the order in which it was made.

use snap_fstab::{Entry, Sink};
use snap_ns_forecast::{Attributes, Fate, Mimic, NodeKind, Past};
use snap_path::{PATH_MAX, Text};
use snap_profile::Item;

use crate::journal::plain;
use crate::plan::Plan;
use crate::step::{Op, State};

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
        for (item, past) in self.forecast.all_current().iter().zip(&self.forecast.past) {
            match past.fate {
                Fate::Kept => self.write_kept(past, item, sink)?,
                Fate::Going | Fate::GoingWithTmpfs
                    if at == Moment::Now && (past.mounted || !item.shape.is_mount()) =>
                {
                    plain(&item.entry).write(sink)?;
                }
                Fate::Going | Fate::GoingWithTmpfs | Fate::Gone => {}
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
                Op::Mimic(mimic) if made => self.write_mimic_at(mimic, sink)?,
                Op::Mount(_) | Op::MakeSymlink(_) | Op::EnsureDir(_) | Op::Mimic(_) => {}
                Op::Unmount(_)
                | Op::RemoveSymlink(_)
                | Op::RemoveMountPoint(_)
                | Op::RemoveSource(_)
                | Op::Forget(_) => {}
                Op::MakeSource(_) | Op::MakeMountPoint(_) => {}
            }
        }
        Ok(())
    }

    /// Writes an entry that is kept, with the others of its mimic.
    pub(crate) fn write_kept<S: Sink>(
        &self,
        past: &Past,
        item: &Item<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        match (item.is_synthetic(), item.is_tmpfs()) {
            // As it would be in a fresh namespace: somebody else may need it now.
            (true, true) => self.write_mimic_at(past.kept_for, sink),
            (true, false) => Ok(()),
            (false, _) => item.entry.write(sink),
        }
    }

    /// Writes the lines of the mimic at `place`.
    pub(crate) fn write_mimic_at<S: Sink>(&self, place: u16, sink: &mut S) -> Result<(), S::Error> {
        let asks = self.cause(Op::Mimic(place)).and_then(|place| self.desired(place));
        match (self.mimic(place), asks) {
            (Some(mimic), Some(asks)) => write_mimic(&mimic, asks.id(), sink),
            (_, _) => Ok(()),
        }
    }

    /// Notes that the entry of the current profile which a step undoes is gone.
    pub(crate) fn note_gone(&mut self, op: Op) {
        match op {
            Op::Unmount(place) | Op::Forget(place) => self.note_gone_with(place),
            Op::RemoveSymlink(place) => self.forecast.set_fate(place, Fate::Gone),
            Op::RemoveMountPoint(_)
            | Op::RemoveSource(_)
            | Op::MakeSource(_)
            | Op::MakeMountPoint(_)
            | Op::MakeSymlink(_)
            | Op::EnsureDir(_)
            | Op::Mount(_)
            | Op::Mimic(_) => {}
        }
    }
}

/// Room for the options of a synthetic entry: the fixed words, and an ID, which is nearly always a
/// path.
const OPTIONS_MAX: usize = PATH_MAX + 128;

/// Writes the lines of a mimic (contract section 4). What does not fit a path or the options is left
/// out: docs/limits.md says when that is.
fn write_mimic<S: Sink>(mimic: &Mimic<'_>, id: &[u8], sink: &mut S) -> Result<(), S::Error> {
    let Some(options) = tmpfs_options(mimic, id) else { return Ok(()) };
    let entry = Entry {
        source: b"tmpfs",
        mount_point: mimic.dir,
        fs_type: b"tmpfs",
        options: options.as_bytes(),
        ..Entry::default()
    };
    entry.write(sink)?;
    let (mut directory, mut file) = (Text::<OPTIONS_MAX>::new(), Text::<OPTIONS_MAX>::new());
    let mut path = Text::<PATH_MAX>::new();
    let whole = push_all(&mut directory, &[b"rbind,", SYNTHETIC, id, b",x-snapd.detach"])
        .and_then(|()| push_all(&mut file, &[b"bind,x-snapd.kind=file,", SYNTHETIC, id]))
        .and_then(|()| push_all(&mut path, &[mimic.dir, b"/"]));
    if whole.is_none() {
        return Ok(());
    }
    let dir_len = path.as_bytes().len();
    for child in mimic.children {
        let options = match child.kind {
            NodeKind::Directory => &directory,
            NodeKind::File => &file,
            NodeKind::Symlink | NodeKind::Special => continue,
        };
        path.truncate(dir_len);
        if path.push(mimic.name(child)).is_none() {
            continue;
        }
        let entry = Entry {
            source: path.as_bytes(),
            mount_point: path.as_bytes(),
            fs_type: b"none",
            options: options.as_bytes(),
            ..Entry::default()
        };
        entry.write(sink)?;
    }
    Ok(())
}

const SYNTHETIC: &[u8] = b"x-snapd.synthetic,x-snapd.needed-by=";

/// The options of a mimic's tmpfs.
pub(crate) fn tmpfs_options(mimic: &Mimic<'_>, id: &[u8]) -> Option<Text<OPTIONS_MAX>> {
    let mut options = plain_tmpfs_options(id)?;
    let Attributes { mode, uid, gid } = mimic.attributes;
    options.push_fmt(format_args!(",mode=0{mode:o},uid={uid},gid={gid}"))?;
    Some(options)
}

/// The same, without mode and owner.
pub(crate) fn plain_tmpfs_options(id: &[u8]) -> Option<Text<OPTIONS_MAX>> {
    let mut options = Text::new();
    push_all(&mut options, &[SYNTHETIC, id]).map(|()| options)
}

/// Adds `parts`, one behind the other; none if they do not all fit.
fn push_all<const N: usize>(text: &mut Text<N>, parts: &[&[u8]]) -> Option<()> {
    parts.iter().try_for_each(|part| text.push(part))
}
