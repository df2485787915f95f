//! The whole job or nothing of it, whatever the process inherits.

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Output};

use crate::check::one_line;
use crate::machine::{CURRENT, DESIRED, FREEZER, Machine, on_a_machine};
use crate::truth::seen;

/// Everything that can be seen: mounts, saved profile, tree.
type Seen = (Vec<String>, Option<String>, Vec<String>);

/// Built, changed and undone: writable copies, binds, a tmpfs, a link, a file.
const JOBS: [&str; 3] = [
    "\
/snap/hello/1/lib /usr/share/good none rbind,rw,x-snapd.origin=layout 0 0
/snap/hello/1/lib /opt/new none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/data /srv/a/deep/good none rbind,rw,x-snapd.origin=layout 0 0
tmpfs /srv/tmp tmpfs mode=0700,x-snapd.origin=layout 0 0
",
    "\
/var/snap/hello/common/data /usr/share/good none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/data /srv/a/deep/good none rbind,rw,x-snapd.origin=layout 0 0
none /srv/link none x-snapd.kind=symlink,x-snapd.symlink=/a,x-snapd.origin=layout 0 0
/snap/hello/1/file /srv/zz none bind,x-snapd.kind=file,x-snapd.origin=layout 0 0
",
    "",
];

/// How jobs ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) done: usize,
    pub(crate) refused: usize,
    /// Ended by a signal, or never started by the kernel.
    pub(crate) died: usize,
}

/// What has to be seen after each job.
pub(crate) struct Jobs<'m> {
    machine: &'m Machine,
    after: Vec<Seen>,
}

/// Runs `body` on a new machine on which all jobs were done once, and undone.
#[track_caller]
pub(crate) fn on_a_machine_with_jobs(name: &str, body: impl FnOnce(&Jobs<'_>)) {
    on_a_machine(name, |machine| {
        // The first time, directories on the way to a mount point are made that stay.
        for _ in 0..2 {
            JOBS.iter().for_each(|job| do_undisturbed(machine, job));
        }
        let done = |job| {
            do_undisturbed(machine, job);
            comparable()
        };
        let after = JOBS.map(done).to_vec();
        assert!(after[0] != after[1] && after[1] != after[2], "the jobs do something");
        body(&Jobs { machine, after });
    });
}

#[track_caller]
fn do_undisturbed(machine: &Machine, job: &str) {
    fs::write(DESIRED, job).unwrap();
    let output = machine.run();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Without the device numbers, which a new tmpfs gets by chance.
fn comparable() -> Seen {
    let (mut mounts, saved, tree) = seen();
    for mount in &mut mounts {
        *mount = mount.split_once(' ').expect("a device number").1.to_owned();
    }
    mounts.sort_unstable();
    (mounts, saved, tree)
}

impl Jobs<'_> {
    /// Does each job in a process that `condition` was made for, and checks that it is done as a whole
    /// or not at all.
    #[track_caller]
    pub(crate) fn each<F>(&self, what: &str, condition: F) -> Ends
    where
        F: Fn() -> io::Result<()> + Copy + Send + Sync + 'static,
    {
        self.each_by(what, |command| {
            // SAFETY: what the tests of this file give makes system calls only.
            unsafe { command.pre_exec(condition) };
            command.output()
        })
    }

    /// The same; `run` runs the command.
    #[track_caller]
    pub(crate) fn each_by(
        &self,
        what: &str,
        run: impl Fn(&mut Command) -> io::Result<Output>,
    ) -> Ends {
        let mut ends = Ends::default();
        for (number, job) in JOBS.iter().enumerate() {
            let what = format!("{what}, job {number}");
            fs::write(DESIRED, job).unwrap();
            let before = comparable();
            let output = run(&mut self.machine.command());
            let code = output.as_ref().map(|output| output.status.code());
            let expected = match code {
                Ok(Some(0)) => &self.after[number],
                _ => &before,
            };
            let now = comparable();
            assert_eq!(expected.0, now.0, "mounts: {what}: {output:?}");
            assert_eq!(expected.1, now.1, "saved: {what}: {output:?}");
            assert_eq!(expected.2, now.2, "tree: {what}: {output:?}");
            let frozen = !fs::read_to_string(FREEZER).unwrap().starts_with("THAWED");
            assert!(!frozen, "frozen: {what}: {output:?}");
            match (code, &output) {
                (Ok(Some(0)), Ok(output)) => {
                    assert_eq!((&output.stdout[..], &output.stderr[..]), (&[][..], &[][..]));
                    ends.done += 1;
                }
                // The loader of the hosted build, which the freestanding one does not need.
                (Ok(Some(127)), Ok(_)) if !cfg!(freestanding) => ends.died += 1,
                (Ok(Some(_)), Ok(output)) => {
                    one_line(output, &[], &what);
                    ends.refused += 1;
                }
                (_, Ok(output)) => {
                    assert!(output.status.signal().is_some(), "{what}: {output:?}");
                    ends.died += 1;
                }
                (_, Err(_)) => ends.died += 1,
            }
            // For the next job.
            do_undisturbed(self.machine, job);
            assert_eq!(fs::read_to_string(CURRENT).ok(), self.after[number].1, "{what}");
        }
        ends
    }

    /// Does each job; all are to be done.
    #[track_caller]
    pub(crate) fn all_done<F>(&self, what: &str, condition: F)
    where
        F: Fn() -> io::Result<()> + Copy + Send + Sync + 'static,
    {
        let ends = self.each(what, condition);
        assert_eq!(ends, Ends { done: JOBS.len(), ..Ends::default() }, "{what}");
    }
}
