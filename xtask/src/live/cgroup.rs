//! A part of the machine's cgroup v2 tree, as a session of a user has it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::unistd::Pid;

/// Where the program looks for it.
const ROOT: &str = "/sys/fs/cgroup";

/// The manager of another user, who makes groups.
const OTHER: &str = "user.slice/user-1001.slice/user@1001.service";

/// The groups; they are removed when this is dropped, so their processes have to be gone by then.
pub(crate) struct Tree {
    top: PathBuf,
    made: Vec<PathBuf>,
    app: PathBuf,
}

impl Tree {
    /// Mounts the tree in this namespace and makes the groups. Their names have this process's
    /// number in them, but the snap's, which everybody would freeze who updates a snap `hello`.
    pub(crate) fn new() -> Result<Self> {
        mount(Some("cgroup2"), ROOT, Some("cgroup2"), MsFlags::empty(), None::<&str>)
            .context("mount cgroup2")?;
        let top = Path::new(ROOT).join(format!("bench-{}", std::process::id()));
        let session = "user.slice/user-1000.slice/user@1000.service/app.slice";
        let app = top.join(session).join("snap.hello.app-1.scope");
        let mut tree = Self { top, made: Vec::new(), app };
        tree.make(&tree.app.clone())?;
        Ok(tree)
    }

    /// Lets another user make `number` groups: half of them below one that has the snap's name, the
    /// others beside it.
    pub(crate) fn crowd(&mut self, number: usize) -> Result<()> {
        let manager = self.top.join(OTHER);
        let apps = manager.join("app.slice");
        let scope = apps.join("snap.hello.app-2.scope");
        self.make(&scope)?;
        for n in 0..number {
            let parent = if n % 2 == 0 { &scope } else { &apps };
            self.make(&parent.join(n.to_string()))?;
        }
        for path in [&manager, &apps, &scope] {
            chown(path, Some(1001), Some(1001)).context("chown")?;
        }
        Ok(())
    }

    fn make(&mut self, path: &Path) -> Result<()> {
        if path.exists() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.make(parent)?;
        }
        fs::create_dir(path).with_context(|| path.display().to_string())?;
        self.made.push(path.to_owned());
        Ok(())
    }

    /// Makes a process one of the snap's.
    pub(crate) fn add(&self, pid: Pid) -> Result<()> {
        fs::write(self.app.join("cgroup.procs"), pid.to_string()).context("cgroup.procs")
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Who was killed needs a moment to leave.
        let end = Instant::now() + Duration::from_secs(5);
        for path in self.made.iter().rev() {
            while let Err(error) = fs::remove_dir(path) {
                if Instant::now() > end {
                    eprintln!("!!! {} stays: {error}", path.display());
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
