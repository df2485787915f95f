//! Commands that miss system calls, as on an older kernel or in a container.
//!
//! A seccomp filter (seccomp(2), a classic BPF program) answers the calls with an error, in the
//! command and in all that it starts. It is installed with `CAP_SYS_ADMIN`, not with
//! `no_new_privs`: a program with file capabilities, and a change of the AppArmor profile at exec,
//! work as before.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use libc::{c_long, sock_filter, sock_fprog};
use serde::{Deserialize, Serialize};

/// System calls that came to the kernel together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Group {
    /// openat2(2), from Linux 5.6.
    Openat2,
    /// The new mount API, from Linux 5.2, with what was added to it later.
    OpenTree,
    /// mount_setattr(2), from Linux 5.12, and open_tree_attr, from Linux 6.15.
    MountSetattr,
    /// statmount(2) and listmount(2), from Linux 6.8.
    Statmount,
}

/// What a removed call answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Answer {
    /// `ENOSYS`: the kernel has no such call.
    #[default]
    Missing,
    /// `EPERM`: the kernel has it, but it may not be used.
    Denied,
}

/// The calls that a command has to do without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Without {
    /// Those that are removed.
    pub groups: Vec<Group>,
    /// What they answer.
    pub answer: Answer,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Openat2, Self::OpenTree, Self::MountSetattr, Self::Statmount];

    /// The word for it on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Openat2 => "openat2",
            Self::OpenTree => "open-tree",
            Self::MountSetattr => "mount-setattr",
            Self::Statmount => "statmount",
        }
    }

    /// The numbers of its calls: those of all architectures, as for every call since Linux 5.1.
    #[must_use]
    pub fn calls(self) -> &'static [u32] {
        match self {
            Self::Openat2 => &[437],
            // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, open_tree_attr
            Self::OpenTree => &[428, 429, 430, 431, 432, 433, 442, 467],
            Self::MountSetattr => &[442, 467],
            Self::Statmount => &[457, 458],
        }
    }
}

impl FromStr for Group {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|group| group.name() == name) {
            Some(group) => Ok(group),
            None => bail!("one of {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Without {
    /// Makes `command` start without these calls. Whoever starts it needs `CAP_SYS_ADMIN` in its
    /// user namespace, also after what was prepared on `command` before; else it does not start.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if self.groups.is_empty() {
            return command;
        }
        let filter = self.filter();
        // SAFETY: the closure runs in the forked child before exec and makes one system call.
        unsafe { command.pre_exec(move || install(&filter)) }
    }

    /// Looks at the number of the call only: it means the same for each architecture, and a call
    /// of the x32 kind has another number and is none of ours.
    fn filter(&self) -> Vec<sock_filter> {
        let errno = match self.answer {
            Answer::Missing => libc::ENOSYS,
            Answer::Denied => libc::EPERM,
        };
        let answer = libc::SECCOMP_RET_ERRNO | errno.unsigned_abs();
        let returns = |what| statement(libc::BPF_RET | libc::BPF_K, what);
        // The first field of `struct seccomp_data`.
        let mut filter = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
        for call in self.groups.iter().flat_map(|group| group.calls()) {
            let is_it = statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, *call);
            filter.push(sock_filter { jt: 0, jf: 1, ..is_it });
            filter.push(returns(answer));
        }
        filter.push(returns(libc::SECCOMP_RET_ALLOW));
        filter
    }
}

fn statement(code: u32, k: u32) -> sock_filter {
    #[allow(clippy::cast_possible_truncation, reason = "the codes are 16 bits wide")]
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn install(filter: &[sock_filter]) -> io::Result<()> {
    let len = u16::try_from(filter.len()).map_err(io::Error::other)?;
    let program = sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    // SAFETY: `program` points to `len` instructions, which the kernel only reads, during the call.
    let answer: c_long = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
