//! Mount flags, operations and propagation, as mount(8) names them.

use bitflags::bitflags;

bitflags! {
    /// Flags of mount(2), with the kernel's values (`linux/mount.h`). Operations (bind, move,
    /// remount) and propagation are not flags here.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct MountFlags: u32 {
        /// `ro`; `rw` is its absence.
        const READ_ONLY = 1;
        /// `nosuid`
        const NO_SUID = 1 << 1;
        /// `nodev`
        const NO_DEV = 1 << 2;
        /// `noexec`
        const NO_EXEC = 1 << 3;
        /// `sync`
        const SYNCHRONOUS = 1 << 4;
        /// `mand`
        const MANDATORY_LOCKS = 1 << 6;
        /// `dirsync`
        const DIR_SYNC = 1 << 7;
        /// `noatime`
        const NO_ATIME = 1 << 10;
        /// `nodiratime`
        const NO_DIR_ATIME = 1 << 11;
        /// `silent`
        const SILENT = 1 << 15;
        /// `acl`
        const POSIX_ACL = 1 << 16;
        /// `relatime`
        const RELATIME = 1 << 21;
        /// `strictatime`
        const STRICT_ATIME = 1 << 24;
    }
}

impl MountFlags {
    /// The flags that belong to a mount, not to a file system: the ones a bind can have.
    pub const PER_MOUNT: Self = Self::READ_ONLY
        .union(Self::NO_SUID)
        .union(Self::NO_DEV)
        .union(Self::NO_EXEC)
        .union(Self::NO_ATIME)
        .union(Self::NO_DIR_ATIME)
        .union(Self::RELATIME)
        .union(Self::STRICT_ATIME);
}

/// What mount(2) is asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// A new mount of a file system.
    #[default]
    Mount,
    /// `bind` or `rbind`: a tree is shown at a second place.
    Bind(Depth),
    /// `move`: a mount goes to another place.
    Move,
    /// `remount`: an existing mount gets other flags.
    Remount,
}

/// Whether mounts below are meant as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Just this mount.
    Single,
    /// This mount and all below it (`MS_REC`).
    Recursive,
}

/// A change of propagation, made after the mount (mount_namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagation {
    /// To what.
    pub kind: PropagationKind,
    /// For what: the `r` forms are recursive.
    pub depth: Depth,
}

/// The propagation types of mount_namespaces(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropagationKind {
    /// Mounts spread both ways.
    Shared,
    /// Mounts arrive from the master only.
    Slave,
    /// Mounts do not spread.
    Private,
    /// As private, and it cannot be bound.
    Unbindable,
}

/// What a plain word among the options means.
pub(crate) enum Word {
    Set(MountFlags),
    Clear(MountFlags),
    Operation(Operation),
    Propagation(Propagation),
}

/// The meaning of `name`; none for what only the file system may know.
pub(crate) fn word(name: &[u8]) -> Option<Word> {
    use Depth::{Recursive, Single};
    use PropagationKind::{Private, Shared, Slave, Unbindable};
    let propagation = |kind, depth| Word::Propagation(Propagation { kind, depth });
    Some(match name {
        b"rw" => Word::Clear(MountFlags::READ_ONLY),
        b"ro" => Word::Set(MountFlags::READ_ONLY),
        b"nosuid" => Word::Set(MountFlags::NO_SUID),
        b"nodev" => Word::Set(MountFlags::NO_DEV),
        b"noexec" => Word::Set(MountFlags::NO_EXEC),
        b"sync" => Word::Set(MountFlags::SYNCHRONOUS),
        b"mand" => Word::Set(MountFlags::MANDATORY_LOCKS),
        b"dirsync" => Word::Set(MountFlags::DIR_SYNC),
        b"noatime" => Word::Set(MountFlags::NO_ATIME),
        b"nodiratime" => Word::Set(MountFlags::NO_DIR_ATIME),
        b"relatime" => Word::Set(MountFlags::RELATIME),
        b"strictatime" => Word::Set(MountFlags::STRICT_ATIME),
        b"silent" => Word::Set(MountFlags::SILENT),
        b"acl" => Word::Set(MountFlags::POSIX_ACL),
        b"bind" => Word::Operation(Operation::Bind(Single)),
        b"rbind" => Word::Operation(Operation::Bind(Recursive)),
        b"move" => Word::Operation(Operation::Move),
        b"remount" => Word::Operation(Operation::Remount),
        b"shared" => propagation(Shared, Single),
        b"slave" => propagation(Slave, Single),
        b"private" => propagation(Private, Single),
        b"unbindable" => propagation(Unbindable, Single),
        b"rshared" => propagation(Shared, Recursive),
        b"rslave" => propagation(Slave, Recursive),
        b"rprivate" => propagation(Private, Recursive),
        b"runbindable" => propagation(Unbindable, Recursive),
        _ => return None,
    })
}
