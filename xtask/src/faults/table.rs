//! The system calls of x86-64 that one of the programs makes, or may make one day: the number, how
//! its arguments are shown, and what it fails with.

use nix::errno::Errno::{
    self, EACCES, EAGAIN, EBUSY, EINTR, EIO, EMFILE, ENOLCK, ENOMEM, ENOSPC, EPERM,
};

/// One system call.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) name: &'static str,
    /// A letter for each argument: `d` a directory's descriptor, `f` another descriptor, `s` a
    /// text, `b` bytes whose length comes next, `h` a `struct open_how`, `x` and `o` and `i`
    /// numbers in hexadecimal, octal and decimal, `-` not shown.
    pub(super) arguments: &'static str,
    /// What it fails with in turn; nothing where it cannot fail.
    pub(super) errors: &'static [Errno],
    /// Whether it changes mounts or files: what is swept of the original.
    pub(super) changes: bool,
}

/// Looks at something that exists.
const LOOK: &[Errno] = &[EACCES, EIO, ENOMEM];
/// Creates a name.
const CREATE: &[Errno] = &[ENOSPC, EACCES, EIO, ENOMEM];
/// Takes a name away.
const REMOVE: &[Errno] = &[EIO, EACCES, ENOMEM];
/// Changes an attribute.
const SET: &[Errno] = &[EIO, EPERM, ENOSPC];
/// Puts bytes somewhere.
const WRITE: &[Errno] = &[ENOSPC, EIO];
/// Attaches or clones mounts; a namespace that is full of them says ENOSPC.
const MOUNT: &[Errno] = &[EACCES, ENOMEM, EIO, ENOSPC];
/// A mount that is in use says EBUSY.
const UNMOUNT: &[Errno] = &[EBUSY, EIO, ENOMEM, EACCES];
/// A privilege that is denied, or no memory for it.
const PRIVILEGE: &[Errno] = &[EPERM, ENOMEM];
const NEVER: &[Errno] = &[];

const fn look(number: u64, name: &'static str, arguments: &'static str) -> Row {
    Row { number, name, arguments, errors: LOOK, changes: false }
}

const fn other(
    number: u64,
    name: &'static str,
    arguments: &'static str,
    errors: &'static [Errno],
) -> Row {
    Row { number, name, arguments, errors, changes: false }
}

const fn change(
    number: u64,
    name: &'static str,
    arguments: &'static str,
    errors: &'static [Errno],
) -> Row {
    Row { number, name, arguments, errors, changes: true }
}

/// openat(2), which changes something only with `O_CREAT`.
pub(super) const OPENAT: u64 = 257;

/// In the order of their numbers.
pub(super) const CALLS: &[Row] = &[
    other(0, "read", "f-i", &[EIO]),
    change(1, "write", "fbi", WRITE),
    look(2, "open", "sxo"),
    other(3, "close", "f", &[EIO, EINTR]),
    look(4, "stat", "s-"),
    other(5, "fstat", "f-", &[EIO, ENOMEM]),
    look(6, "lstat", "s-"),
    other(7, "poll", "-ii", &[ENOMEM]),
    other(8, "lseek", "fii", &[EIO]),
    other(9, "mmap", "xixxfx", &[ENOMEM]),
    other(10, "mprotect", "xix", &[ENOMEM]),
    other(11, "munmap", "xi", &[ENOMEM]),
    other(12, "brk", "x", NEVER),
    other(13, "rt_sigaction", "i--i", &[EPERM]),
    other(14, "rt_sigprocmask", "i--i", &[EPERM]),
    other(15, "rt_sigreturn", "", NEVER),
    other(16, "ioctl", "fxx", &[EIO]),
    other(17, "pread64", "f-ii", &[EIO]),
    change(18, "pwrite64", "fbii", WRITE),
    change(20, "writev", "f-i", WRITE),
    look(21, "access", "so"),
    other(24, "sched_yield", "", NEVER),
    other(28, "madvise", "xii", &[ENOMEM]),
    other(32, "dup", "f", &[EMFILE]),
    other(33, "dup2", "fi", &[EMFILE]),
    other(35, "nanosleep", "--", &[EINTR]),
    other(39, "getpid", "", NEVER),
    other(56, "clone", "x", &[ENOMEM]),
    other(59, "execve", "s", &[ENOMEM, EACCES, EIO]),
    other(60, "exit", "i", NEVER),
    other(62, "kill", "ii", &[EPERM]),
    other(63, "uname", "-", NEVER),
    other(72, "fcntl", "fix", &[EMFILE]),
    other(73, "flock", "fi", &[ENOLCK]),
    change(74, "fsync", "f", &[EIO, ENOSPC]),
    change(75, "fdatasync", "f", &[EIO, ENOSPC]),
    change(76, "truncate", "si", WRITE),
    change(77, "ftruncate", "fi", WRITE),
    other(79, "getcwd", "-i", &[ENOMEM]),
    look(80, "chdir", "s"),
    other(81, "fchdir", "f", &[EACCES, EIO]),
    change(82, "rename", "ss", CREATE),
    change(83, "mkdir", "so", CREATE),
    change(84, "rmdir", "s", REMOVE),
    change(86, "link", "ss", CREATE),
    change(87, "unlink", "s", REMOVE),
    change(88, "symlink", "ss", CREATE),
    look(89, "readlink", "s-i"),
    change(90, "chmod", "so", SET),
    change(91, "fchmod", "fo", SET),
    change(92, "chown", "sii", SET),
    change(93, "fchown", "fii", SET),
    change(94, "lchown", "sii", SET),
    other(95, "umask", "o", NEVER),
    other(96, "gettimeofday", "--", NEVER),
    other(97, "getrlimit", "i-", &[EPERM]),
    other(102, "getuid", "", NEVER),
    other(104, "getgid", "", NEVER),
    other(105, "setuid", "i", PRIVILEGE),
    other(106, "setgid", "i", PRIVILEGE),
    other(107, "geteuid", "", NEVER),
    other(108, "getegid", "", NEVER),
    other(110, "getppid", "", NEVER),
    other(113, "setreuid", "ii", PRIVILEGE),
    other(114, "setregid", "ii", PRIVILEGE),
    other(116, "setgroups", "i-", PRIVILEGE),
    other(117, "setresuid", "iii", PRIVILEGE),
    other(118, "getresuid", "---", NEVER),
    other(119, "setresgid", "iii", PRIVILEGE),
    other(120, "getresgid", "---", NEVER),
    other(125, "capget", "--", &[EPERM]),
    other(126, "capset", "--", PRIVILEGE),
    other(127, "rt_sigpending", "-i", NEVER),
    other(128, "rt_sigtimedwait", "---i", &[EAGAIN]),
    other(131, "sigaltstack", "--", &[ENOMEM]),
    change(133, "mknod", "sox", CREATE),
    look(137, "statfs", "s-"),
    other(138, "fstatfs", "f-", &[EIO, ENOMEM]),
    change(155, "pivot_root", "ss", MOUNT),
    other(157, "prctl", "ixxxx", &[EPERM]),
    other(158, "arch_prctl", "xx", NEVER),
    other(160, "setrlimit", "i-", &[EPERM]),
    other(161, "chroot", "s", LOOK),
    change(165, "mount", "sssxs", MOUNT),
    change(166, "umount2", "sx", UNMOUNT),
    other(186, "gettid", "", NEVER),
    other(200, "tkill", "ii", NEVER),
    other(202, "futex", "xii", NEVER),
    other(204, "sched_getaffinity", "ii-", NEVER),
    other(217, "getdents64", "f-i", &[EIO, ENOMEM]),
    other(218, "set_tid_address", "x", NEVER),
    other(228, "clock_gettime", "i-", NEVER),
    other(230, "clock_nanosleep", "ii--", &[EINTR]),
    other(231, "exit_group", "i", NEVER),
    other(232, "epoll_wait", "f-ii", &[EINTR]),
    other(233, "epoll_ctl", "fif-", &[ENOMEM]),
    other(234, "tgkill", "iii", NEVER),
    other(254, "inotify_add_watch", "fsx", &[ENOSPC, ENOMEM]),
    Row { number: OPENAT, name: "openat", arguments: "dsxo", errors: LOOK, changes: true },
    change(258, "mkdirat", "dso", CREATE),
    change(259, "mknodat", "dsox", CREATE),
    change(260, "fchownat", "dsiix", SET),
    look(262, "newfstatat", "ds-x"),
    change(263, "unlinkat", "dsx", REMOVE),
    change(264, "renameat", "dsds", CREATE),
    change(265, "linkat", "dsdsx", CREATE),
    change(266, "symlinkat", "sds", CREATE),
    look(267, "readlinkat", "ds-i"),
    change(268, "fchmodat", "dso", SET),
    look(269, "faccessat", "dso"),
    other(271, "ppoll", "-i--", &[ENOMEM]),
    other(272, "unshare", "x", &[ENOMEM, EPERM, ENOSPC]),
    other(273, "set_robust_list", "-i", NEVER),
    change(280, "utimensat", "ds-x", SET),
    other(281, "epoll_pwait", "f-ii", &[EINTR]),
    change(285, "fallocate", "fxii", WRITE),
    other(289, "signalfd4", "f-ix", &[EMFILE, ENOMEM]),
    other(290, "eventfd2", "ix", &[EMFILE, ENOMEM]),
    other(291, "epoll_create1", "x", &[EMFILE, ENOMEM]),
    other(292, "dup3", "fix", &[EMFILE]),
    other(293, "pipe2", "-x", &[EMFILE]),
    other(294, "inotify_init1", "x", &[EMFILE]),
    other(302, "prlimit64", "ii--", &[EPERM]),
    other(308, "setns", "fx", &[ENOMEM, EPERM]),
    change(316, "renameat2", "dsdsx", CREATE),
    other(317, "seccomp", "ix-", &[EPERM]),
    other(318, "getrandom", "-ix", &[EINTR]),
    other(319, "memfd_create", "sx", &[ENOMEM, EMFILE]),
    other(322, "execveat", "fs--x", &[ENOMEM, EACCES, EIO]),
    look(332, "statx", "dsxx-"),
    other(334, "rseq", "-ixx", &[EPERM]),
    other(424, "pidfd_send_signal", "fi-x", &[EPERM]),
    other(428, "open_tree", "dsx", MOUNT),
    change(429, "move_mount", "dsdsx", MOUNT),
    other(430, "fsopen", "sx", &[ENOMEM, EPERM]),
    other(431, "fsconfig", "fxssi", &[ENOMEM, EIO]),
    other(432, "fsmount", "fxx", &[ENOMEM, EPERM, ENOSPC]),
    other(433, "fspick", "dsx", LOOK),
    other(434, "pidfd_open", "ix", &[EMFILE]),
    other(435, "clone3", "-i", &[ENOMEM]),
    other(436, "close_range", "iix", &[ENOMEM]),
    look(437, "openat2", "dshi"),
    look(439, "faccessat2", "dsox"),
    change(442, "mount_setattr", "dsx-i", &[EACCES, ENOMEM, EPERM]),
    change(452, "fchmodat2", "dsox", SET),
    other(457, "statmount", "--ix", &[EPERM, ENOMEM]),
    other(458, "listmount", "--ix", &[EPERM, ENOMEM]),
    other(467, "open_tree_attr", "dsx-i", MOUNT),
];

/// What is known of the call with this number.
pub(super) fn find(number: u64) -> Option<&'static Row> {
    CALLS.binary_search_by_key(&number, |row| row.number).ok().map(|at| &CALLS[at])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CALLS, OPENAT, find};

    #[test]
    fn numbers_ascend_and_names_are_unique() {
        assert!(CALLS.is_sorted_by(|one, next| one.number < next.number));
        let names: BTreeSet<&str> = CALLS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), CALLS.len());
    }

    #[test]
    fn arguments_have_known_letters() {
        for row in CALLS {
            assert!(
                row.arguments.chars().all(|letter| "dfsbhxoi-".contains(letter)),
                "{}",
                row.name
            );
            assert!(row.arguments.len() <= 6, "{}", row.name);
        }
    }

    #[test]
    fn what_changes_something_can_fail() {
        for row in CALLS.iter().filter(|row| row.changes) {
            assert!(!row.errors.is_empty(), "{}", row.name);
        }
        assert_eq!(find(OPENAT).map(|row| row.name), Some("openat"));
        assert!(find(u64::MAX).is_none());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn numbers_are_those_of_this_machine() {
        use nix::libc;
        for (name, number) in [
            ("mount", libc::SYS_mount),
            ("umount2", libc::SYS_umount2),
            ("setns", libc::SYS_setns),
            ("unshare", libc::SYS_unshare),
            ("openat2", libc::SYS_openat2),
            ("open_tree", libc::SYS_open_tree),
            ("move_mount", libc::SYS_move_mount),
            ("mount_setattr", libc::SYS_mount_setattr),
            ("fsopen", libc::SYS_fsopen),
            ("fsconfig", libc::SYS_fsconfig),
            ("fsmount", libc::SYS_fsmount),
            ("statx", libc::SYS_statx),
            ("renameat2", libc::SYS_renameat2),
            ("fallocate", libc::SYS_fallocate),
            ("pwrite64", libc::SYS_pwrite64),
            ("fchdir", libc::SYS_fchdir),
            ("flock", libc::SYS_flock),
            ("execveat", libc::SYS_execveat),
            ("exit_group", libc::SYS_exit_group),
        ] {
            let row = CALLS.iter().find(|row| row.name == name).expect(name);
            assert_eq!(Ok(row.number), u64::try_from(number), "{name}");
        }
    }
}
