//! AppArmor in the machine: loading a policy, and what its log says.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc::O_NONBLOCK;
use nix::mount::{MsFlags, mount};

/// Long enough for the kernel's own thread to print what was denied, in an emulated machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory that no policy allows to mount on.
const FORBIDDEN: &str = "/forbidden";

/// How the process ends that was denied that.
const DENIED: i32 = 13;

/// The kernel's log, from where it was read last.
pub(crate) struct Log {
    kernel: File,
    marks: usize,
}

/// Whether AppArmor is on; loads nothing otherwise.
pub(crate) fn is_enabled() -> bool {
    fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text == "Y\n")
}

/// Replaces the profile that `policy` describes, in enforce mode.
pub(crate) fn load(policy: &str) -> Result<()> {
    let mut parser = Command::new("/usr/sbin/apparmor_parser");
    parser.args(["--replace", "--skip-cache"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut parser = parser.spawn().context("apparmor_parser")?;
    parser.stdin.take().context("the parser's input")?.write_all(policy.as_bytes())?;
    let output = parser.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "apparmor_parser: {said}{policy}");
    Ok(())
}

impl Log {
    pub(crate) fn open() -> Result<Self> {
        fs::create_dir_all(FORBIDDEN)?;
        let kernel = File::options().read(true).custom_flags(O_NONBLOCK).open("/dev/kmsg")?;
        Ok(Self { kernel, marks: 0 })
    }

    /// What was denied since the last call. A process that is confined by `profile` is made to do
    /// something forbidden: when that is in the log, all that came before it is, too, and it is
    /// sure that what is denied would be found there.
    pub(crate) fn denials(&mut self, profile: &str) -> Result<Vec<String>> {
        self.marks += 1;
        let mark = format!("mark-{}-", self.marks);
        self.violate(profile, &mark)?;
        let start = Instant::now();
        let mut denials = Vec::new();
        while start.elapsed() < PATIENCE {
            match self.record()? {
                None => sleep(Duration::from_millis(2)),
                Some(record) if !record.contains("apparmor=\"DENIED\"") => {}
                Some(record) if record.contains(&mark) => return Ok(denials),
                Some(record) => denials.push(record),
            }
        }
        bail!("the forbidden mount {mark} is not in the kernel's log")
    }

    fn violate(&self, profile: &str, mark: &str) -> Result<()> {
        let (change, source) = (format!("changeprofile {profile}"), mark.to_owned());
        let mut command = Command::new("/proc/self/exe");
        let attempt = move || {
            fs::write("/proc/self/attr/current", &change)?;
            let flags = MsFlags::empty();
            let tried = mount(Some(source.as_str()), FORBIDDEN, Some("tmpfs"), flags, None::<&str>);
            // The answer is the exit status: a confined process may not have the means to tell more.
            let status = if tried == Err(Errno::EACCES) { DENIED } else { 0 };
            // SAFETY: it ends this child, which has nothing to clean up.
            unsafe { nix::libc::_exit(status) }
        };
        // SAFETY: the closure makes system calls and small allocations, in the forked child of a
        // process that has a single thread.
        let status =
            unsafe { command.pre_exec(attempt) }.status().context("the forbidden mount")?;
        ensure!(
            status.code() == Some(DENIED),
            "{profile} does not confine: the forbidden mount was possible ({status})"
        );
        Ok(())
    }

    /// The next record, if there is one.
    fn record(&mut self) -> Result<Option<String>> {
        let mut buffer = [0; 8192];
        match self.kernel.read(&mut buffer) {
            Ok(len) => Ok(Some(String::from_utf8_lossy(&buffer[..len]).into_owned())),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            // Overwritten before it was read: a denial may be lost.
            Err(error) => Err(error).context("/dev/kmsg"),
        }
    }
}
