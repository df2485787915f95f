//! A control group of a test, and a busy process in it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A group and what is below it; both are removed when this is dropped.
pub(crate) struct Group {
    path: PathBuf,
}

impl Group {
    pub(crate) fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path }
    }

    pub(crate) fn below(&self, name: &str) -> Self {
        Self::new(self.path.join(name))
    }

    /// A group of a user's, below this one.
    pub(crate) fn of_user(&self, name: &str) -> Self {
        let group = self.below(name);
        group.give_away();
        group
    }

    /// Makes it a user's.
    pub(crate) fn give_away(&self) {
        chown(&self.path, Some(1000), Some(1000)).expect("chown");
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let file = self.path.join(file);
        fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).expect(file)
    }

    /// Whether the kernel says that everything in it is frozen (cgroup v2).
    pub(crate) fn is_frozen(&self) -> bool {
        self.read("cgroup.events").lines().any(|line| line == "frozen 1")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What was killed needs a moment to leave.
        let end = Instant::now() + Duration::from_secs(5);
        while let Err(error) = fs::remove_dir(&self.path) {
            if Instant::now() > end {
                eprintln!("{} stays: {error}", self.path.display());
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A process that never sleeps, in a group. It is killed when this is dropped.
pub(crate) struct Busy(Child);

impl Busy {
    pub(crate) fn in_group(group: &Group) -> Self {
        let loops = ["-c", "while :; do :; done"];
        let child = Command::new("sh").args(loops).spawn().expect("sh");
        group.write("cgroup.procs", &child.id().to_string());
        Self(child)
    }

    /// Whether it gets processor time.
    pub(crate) fn runs(&self) -> bool {
        let before = self.ticks();
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if self.ticks() > before + 1 {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Whether it gets none, for a while.
    pub(crate) fn stands(&self) -> bool {
        let before = self.ticks();
        std::thread::sleep(Duration::from_millis(150));
        self.ticks() == before
    }

    /// User time in clock ticks (proc_pid_stat(5)).
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("stat");
        let fields = stat.rsplit(") ").next().expect("fields");
        fields.split(' ').nth(11).and_then(|text| text.parse().ok()).expect("utime")
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
