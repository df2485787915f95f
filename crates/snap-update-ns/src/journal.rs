//! The record of a run that is not finished, in its file.

use rustix::io::Errno;
use snap_ns_exec::Kernel;
use snap_ns_plan::{FsView as _, Header, Performer, Phase, Plan};
use snap_session::{Draft, Instance, Reserved, SessionError, keeps_journal, reserve};

/// The current profile while mounts change.
pub(crate) struct Journal {
    pub(crate) file: Reserved,
    header: Header,
}

impl Journal {
    /// Lets the journal of the way back, in `file`, take the place of this one; and gives the file
    /// that the last profile is written to then, with room for `len` bytes. It is this journal's,
    /// unless files cannot change places here.
    pub(crate) fn turn_back(
        mut self,
        file: Reserved,
        header: Header,
        (plan, len): (&Plan<'_>, usize),
        (kernel, instance): (&mut Kernel, &Instance<'_>),
    ) -> Result<(Self, Reserved), SessionError> {
        self.file.reserve(len)?;
        let mut back = Self::write(file, header, plan, kernel)?;
        if back.file.change_places_with(&mut self.file) {
            return Ok((back, self.file));
        }
        let end = reserve(instance, Draft::Journal, len)?;
        back.file.publish().map(|()| (back, end))
    }

    /// Writes the journal of `plan`. It does not count before its file is published.
    pub(crate) fn write(
        mut file: Reserved,
        header: Header,
        plan: &Plan<'_>,
        kernel: &mut Kernel,
    ) -> Result<Self, SessionError> {
        let mut id_at = |path: &[u8]| kernel.mount_id_at(path);
        file.write(|writer| {
            header.write(writer)?;
            plan.write_journal(header, &mut id_at, writer)
        })?;
        Ok(Self { file, header })
    }

    /// Everything that goes is undone. The lines have the same length as before, and mean the same
    /// until the header changes, in one write.
    pub(crate) fn undone(
        &mut self,
        plan: &Plan<'_>,
        performer: &mut dyn Performer,
    ) -> Result<(), Errno> {
        let mut id_at = |path: &[u8]| performer.mount_id_at(path);
        self.header.phase = Phase::Making;
        self.file
            .overwrite(Header::LEN, |writer| plan.write_journal(self.header, &mut id_at, writer))?;
        self.file.overwrite(0, |writer| self.header.write(writer))
    }
}

/// Makes room beside the current profile for all that will be written: the journal, if one is kept
/// (what it has to say is known already), and the next profile.
pub(crate) fn reserve_files(
    instance: &Instance<'_>,
    header: Header,
    plan: &Plan<'_>,
    kernel: &mut Kernel,
) -> Result<(Option<Journal>, Reserved), SessionError> {
    let mut len = plan.saved_len();
    let mut journal = None;
    if keeps_journal() {
        let empty = reserve(instance, Draft::Journal, 0)?;
        let written = journal.insert(Journal::write(empty, header, plan, kernel)?);
        // What is undone may have to be made again: then the next profile is the journal of the way
        // back, which has the same entries, and the journal is the profile after that.
        if plan.undoes() {
            written.file.reserve(plan.earlier_len())?;
            len = len.max(written.file.written());
        }
    }
    Ok((journal, reserve(instance, Draft::Profile, len)?))
}
