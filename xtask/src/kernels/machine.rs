//! A machine that is emulated in software, for one job.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The emulator: Debian's package `qemu-system-x86`.
const QEMU: &str = "qemu-system-x86_64";

/// Far more than a job needs where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(1200);

/// Boots `kernel` with `initramfs`; its first process, which gets the argument `role`, answers on the
/// second serial line. What the machine says there and on its console is left in `logs`. Returns the
/// answers.
pub(crate) fn run(kernel: &Path, initramfs: &Path, logs: &Path, role: &str) -> Result<String> {
    fs::create_dir_all(logs)?;
    let (console, answers) = (logs.join("console"), logs.join("answers"));
    let mut command = Command::new(QEMU);
    command
        .args(["-accel", "tcg", "-m", "1024", "-smp", "1"])
        .args(["-nodefaults", "-display", "none", "-no-reboot"])
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .arg("-serial")
        .arg(format!("file:{}", answers.display()))
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .arg("-append")
        .arg(format!(
            "console=ttyS0 loglevel=6 panic=-1 rdinit=/init mitigations=off \
             apparmor=1 security=apparmor -- {role}"
        ));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(logs.join("qemu"))?);
    let mut machine = command.spawn().with_context(|| format!("{QEMU}: is it installed?"))?;
    let start = Instant::now();
    loop {
        if machine.try_wait()?.is_some() {
            break;
        }
        if start.elapsed() > PATIENCE {
            machine.kill()?;
            machine.wait()?;
            bail!("the machine did not end within {PATIENCE:?}");
        }
        sleep(Duration::from_millis(50));
    }
    Ok(String::from_utf8_lossy(&fs::read(answers)?).into_owned())
}
