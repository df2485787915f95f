//! Two readers below mounts that updates replace.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use super::{OPENS, Opens, Seen};
use crate::bench::job::Job;
use crate::bench::way::Way;
use crate::bench::world::{enter, prepare};
use crate::conformance::pin;
use crate::live::{Helper, Namespaces};

/// What is mounted, from each of two sources in turn.
const CONTENT: &str = "/snap/hello/1/theme/c0";
const LAYOUT: &str = "/usr/lib/hello/l0";

/// Does the job on standard input; what the readers saw goes to standard output.
pub(crate) fn main() -> Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin()).context("job")?;
    enter(&job)?;
    let home = File::open("/proc/self/ns/mnt").context("own namespace")?;
    let processors = sched_getaffinity(Pid::from_raw(0))?;
    pin(0)?;
    let mut sides = Vec::new();
    for way in Way::ALL {
        sides.push((way, Namespaces::new(&home, || prepare().map(drop))?));
    }
    sched_setaffinity(Pid::from_raw(0), &processors)?;
    let mut seen = Vec::new();
    for (way, namespaces) in &sides {
        namespaces.enter_host()?;
        seen.push(replace(*way, namespaces, job.runs)?);
    }
    let opens = Opens { seen, kernel_can: kernel_can()? };
    serde_json::to_writer(std::io::stdout(), &opens).context("opens")
}

/// At least so many `updates`, each with the other source; more when the readers are slow.
fn replace(way: Way, namespaces: &Namespaces, updates: usize) -> Result<Seen> {
    way.update(&desired(0))?;
    let start = || Ok([Helper::start(read)?, Helper::start(read)?]);
    let mut readers = namespaces.in_snap(start)?;
    let mut seen = Seen { way, updates: 0, opens: 0, failed: 0 };
    while seen.updates < updates || seen.opens < OPENS {
        seen.updates += 1;
        way.update(&desired(seen.updates))?;
        (seen.opens, seen.failed) = (0, 0);
        for reader in &mut readers {
            let [opens, failed] = reader.ask()?;
            seen.opens += opens;
            seen.failed += failed;
        }
    }
    drop(readers);
    way.update("")?;
    Ok(seen)
}

fn desired(number: usize) -> String {
    let source = number % 2;
    format!(
        "/snap/theme/1/share/c{source} {CONTENT} none bind,ro 0 0
/var/snap/hello/common/v{source} {LAYOUT} none rbind,rw,x-snapd.origin=layout 0 0
"
    )
}

/// Opens a file below each mount in turn, without a rest, and tells how often, and how often in
/// vain, when asked.
fn read(mut stream: UnixStream) -> Result<()> {
    stream.set_nonblocking(true)?;
    let files = [CONTENT, LAYOUT].map(|dir| format!("{dir}/file"));
    let (mut opens, mut failed) = (0_u64, 0_u64);
    loop {
        for file in &files {
            opens += 1;
            failed += u64::from(File::open(file).is_err());
        }
        match stream.read(&mut [0]) {
            Ok(0) => return Ok(()),
            Ok(_) => stream.write_all(&[opens.to_le_bytes(), failed.to_le_bytes()].concat())?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("the asker"),
        }
    }
}

/// Whether one mount can be put beneath another here.
fn kernel_can() -> Result<bool> {
    let [dir, other] = ["/tmp/beneath", "/tmp/other"];
    for dir in [dir, other] {
        fs::create_dir(dir)?;
    }
    mount(Some(other), dir, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    let clone = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let beneath = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_BENEATH;
    let moved =
        open_tree(CWD, other, clone).and_then(|tree| move_mount(tree, c"", CWD, dir, beneath));
    umount2(dir, MntFlags::MNT_DETACH)?;
    Ok(moved.is_ok())
}
