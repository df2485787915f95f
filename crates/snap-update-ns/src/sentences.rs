//! Sentences about profiles, plans and steps: where facts become words. (Those about the host: `host_sentences.rs`.)

use core::fmt::{self, Display};

use snap_mount_options::{Kind, Origin};
use snap_ns_plan::{
    Call, Failure, Fault, Limit, NodeKind, Op, Outcome, Place, Plan, PlanError, Role, Skip, What,
};
use snap_profile::{Item, LoadError, Shape};
use snap_session::ProfileFile;

use crate::errno::ErrnoText;
use crate::error::{Error, FileName, Undone};
use crate::help::help;
use crate::host_sentences::{home_error, session};
use crate::output::Shown;
use crate::reasons::ReasonText;

impl Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extension = match self.which {
            ProfileFile::Desired | ProfileFile::Current => "fstab",
            ProfileFile::User => "user-fstab",
        };
        write!(f, "snap.{}.{extension}", Shown(self.instance.as_bytes()))
    }
}

impl FileName {
    /// Which of the two profiles with the same name.
    fn adjective(&self) -> &'static str {
        match self.which {
            ProfileFile::Desired => "desired",
            ProfileFile::User => "user's",
            ProfileFile::Current => "current",
        }
    }
}

impl Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => error.fmt(f),
            Self::Home(home, error) => home_error(home, *error, f),
            Self::Session(instance, error) => session(instance.as_ref(), error, f),
            Self::Load(file, error) => load(file, error, f),
            Self::Plan(file, plan, error) => plan_error(*file, plan, error, f),
            Self::Failed(file, plan, failure, undone) => {
                failed(*file, plan, failure, f)?;
                f.write_str(match undone {
                    Undone::Nothing => "",
                    Undone::All => "; everything else was undone",
                    Undone::NotAll => {
                        "; not everything could be undone: the current profile says what is mounted"
                    }
                })
            }
            Self::NoWayBack => f.write_str("there is no way back"),
            Self::Root(errno) => write!(f, "cannot open /: {}", ErrnoText(*errno)),
            Self::Beneath(at, errno) => {
                f.write_str("cannot look beneath ")?;
                match at {
                    Some(path) => write!(f, "the mount at {}", Shown(path))?,
                    None => f.write_str("the mounts of the snap")?,
                }
                write!(f, ": {}", ErrnoText(*errno))
            }
        }
    }
}

fn load(file: &FileName, error: &LoadError<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} profile {file}:{}", file.adjective(), error.line)?;
    if error.column > 0 {
        write!(f, ":{}", error.column)?;
    }
    write!(f, ": {}", error.kind)?;
    if error.culprit.is_empty() { Ok(()) } else { write!(f, ": {}", Shown(error.culprit)) }
}

fn plan_error(
    file: FileName,
    plan: &Plan<'_>,
    error: &PlanError,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match *error {
        PlanError::Duplicate(first, second) => {
            let line = |place| plan.desired(place).map_or(0, |item| item.line);
            let path = plan.desired(first).map_or(&[][..], |item| item.entry.mount_point);
            let (one, two) = (line(first), line(second));
            write!(f, "{file}:{one} and {file}:{two} both have the mount point {}", Shown(path))
        }
        PlanError::Refused(place, fault) => ForEntry { plan, place, file, fault }.fmt(f),
        PlanError::Full(limit) => write!(f, "{file}: {}", limit_text(limit)),
    }
}

fn failed(
    file: FileName,
    plan: &Plan<'_>,
    failure: &Failure,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if let Some(place) = plan.cause(failure.op) {
        return ForEntry { plan, place, file, fault: failure.fault }.fmt(f);
    }
    let item = plan.item(failure.op);
    if let Some(item) = item {
        let current = FileName { which: ProfileFile::Current, ..file };
        write!(f, "{} (current {current}:{}): ", EntryName(item), item.line)?;
    }
    FaultText { plan, item, fault: failure.fault }.fmt(f)
}

/// `layout /usr/share/foo (snap.hello.fstab:3): cannot ...`
pub(crate) struct ForEntry<'p> {
    pub(crate) plan: &'p Plan<'p>,
    pub(crate) place: u16,
    pub(crate) file: FileName,
    pub(crate) fault: Fault,
}

impl Display for ForEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.plan.desired(self.place);
        if let Some(item) = item {
            write!(f, "{} ({}:{}): ", EntryName(item), self.file, item.line)?;
        }
        FaultText { plan: self.plan, item, fault: self.fault }.fmt(f)?;
        f.write_str(item.map_or("", |item| help(self.fault, item.origin)))
    }
}

/// Who asked for an entry, and its mount point.
struct EntryName<'p>(&'p Item<'p>);

impl Display for EntryName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.0.origin {
            Origin::Layout => "layout",
            Origin::Overname => "parallel instance",
            Origin::Rootfs => "root file system",
            Origin::Content => match self.0.shape {
                Shape::EnsureDir => "directory",
                Shape::Directory | Shape::File | Shape::Symlink => "content",
            },
        };
        write!(f, "{origin} {}", Shown(self.0.entry.mount_point))
    }
}

/// What happened.
struct FaultText<'p> {
    plan: &'p Plan<'p>,
    item: Option<&'p Item<'p>>,
    fault: Fault,
}

impl Display for FaultText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = PlaceText { plan: self.plan, item: self.item, place: self.fault.place };
        let line = |place| self.plan.desired(place).map_or(0, |item| item.line);
        let old = |place| Shown(self.plan.old_target(place).unwrap_or_default());
        match self.fault.what {
            What::Failed(call, errno) => {
                write!(f, "cannot {} {at}: {}", call_text(call), ErrnoText(errno))
            }
            What::Found(kind) => write!(f, "{at} is {}", kind_text(kind)),
            What::Missing => write!(f, "{at} does not exist, and may not be created"),
            What::WouldShowOnHost => {
                write!(f, "cannot create anything in {at}: it would show on the host")
            }
            What::ReadOnly => write!(f, "cannot create anything in {at}: read-only file system"),
            What::MimicOfRoot => f.write_str(
                "cannot create anything right below /: a writable copy of / would be needed",
            ),
            What::CommaInId => write!(
                f,
                "{at} would need a writable copy, but the entry's ID (its mount point) has a comma in it"
            ),
            What::WillFind(kind) => write!(f, "{at} will be {}", kind_text(kind)),
            What::NotOurs(uid) => write!(
                f,
                "{at}: something there belongs to user {uid} or can be changed by others, and cannot be taken over: remove it from the snap's own /tmp (on the host: in /tmp/snap-private-tmp)"
            ),
            What::Claimed(owner) => {
                write!(f, "left out: line {} has the same mount point", line(owner))
            }
            What::Mapped(over) => {
                write!(f, "{at} is this instance's own: line {} lies over it", line(over))
            }
            What::OldLink(place) => write!(f, "a symbolic link to {} is in the way", old(place)),
            What::Replaces(place) => write!(f, "replaces a symbolic link to {}", old(place)),
            What::CutTarget => f.write_str("the target of the link ends at its first comma"),
            What::NotBelow => write!(f, "the directory to be made does not lie below {at}"),
            What::Replaced => write!(f, "something else took the place of {at} in the meantime"),
            What::RecursiveReadOnly => {
                f.write_str("this kernel cannot make a recursive bind read-only: use bind,ro")
            }
            What::Full(limit) => write!(f, "{at}: {}", limit_text(limit)),
        }
    }
}

/// The path that a fault is about.
struct PlaceText<'p> {
    plan: &'p Plan<'p>,
    item: Option<&'p Item<'p>>,
    place: Place,
}

impl Display for PlaceText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.item.map(|item| &item.entry);
        let (mount_point, source) =
            entry.map_or((&[][..], &[][..]), |entry| (entry.mount_point, entry.source));
        let head = |path: &'_ [u8]| path.len().min(self.place.len);
        match self.place.role {
            Role::MountPoint => {
                Shown(mount_point.get(..head(mount_point)).unwrap_or_default()).fmt(f)
            }
            Role::Source => {
                let path = source.get(..head(source)).unwrap_or_default();
                write!(f, "source {}", Shown(path))
            }
            Role::MustExistDir => {
                let dir = match self.item.map(|item| item.options().kind) {
                    Some(Kind::EnsureDir(dir)) => dir,
                    Some(Kind::Directory | Kind::File | Kind::Symlink(_)) | None => &[],
                };
                write!(f, "directory {}", Shown(dir))
            }
            Role::Mimic => f.write_str("the directory that has to become writable"),
            Role::Aside => f.write_str("/tmp/.snap"),
            Role::Child(number) => {
                write!(f, "the copy of {}", Shown(self.plan.child_name(number)))
            }
            Role::Nothing => f.write_str("this"),
        }
    }
}

fn kind_text(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Directory => "a directory, which is in the way",
        NodeKind::File => "a file, which is in the way",
        NodeKind::Symlink => "a symbolic link, which is never followed",
        NodeKind::Special => "a device, FIFO or socket, which cannot be used",
    }
}

fn limit_text(limit: Limit) -> &'static str {
    match limit {
        Limit::Entries => "more than 16384 entries would have to be recorded",
        Limit::Text => "more than 8 MiB of profile would have to be recorded",
        Limit::Line => "a line of more than 64 KiB would have to be recorded",
        Limit::Steps => "too many steps",
        Limit::Mimics => "more than 4096 directories would have to become writable",
        Limit::Children => "more than 32768 things are in a directory that has to become writable",
        Limit::AllChildren => {
            "more than 65536 things are in the directories that have to become writable"
        }
        Limit::Names => "the names in directories that have to become writable exceed 4 MiB",
        Limit::Rounds => "the entries contradict each other: each changes what another one finds",
        Limit::Path => "the path gets longer than 4095 bytes",
        Limit::Data => "the mount options are longer than 4095 bytes",
    }
}

fn call_text(call: Call) -> &'static str {
    match call {
        Call::Open => "open",
        Call::Stat | Call::StatFs => "look at",
        Call::ReadLink => "read the link",
        Call::ReadDirectory => "list",
        Call::MakeDirectory => "create directory",
        Call::MakeFile => "create file",
        Call::MakeSymlink => "create symbolic link",
        Call::ChangeOwner => "change the owner of",
        Call::ChangeDirectory => "enter",
        Call::Bind => "bind to",
        Call::Remount => "change the flags of",
        Call::Mount => "mount at",
        Call::ChangePropagation => "change the propagation of",
        Call::Unmount => "unmount",
        Call::Remove => "remove",
        Call::Reserve => "make room in the current profile for",
        Call::CopyNamespace => "go to a copy of the namespace, and come back, for",
    }
}

/// One line of the log about a step.
pub(crate) struct StepText<'p> {
    pub(crate) plan: &'p Plan<'p>,
    pub(crate) op: Op,
    pub(crate) outcome: Outcome,
}

impl Display for StepText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = |place| self.plan.current(place).map(|item| item.entry.mount_point);
        let entry = |place| self.plan.desired(place).map(|item| item.entry);
        let mount_point = |place| entry(place).map(|entry| entry.mount_point);
        let (what, path) = match self.op {
            Op::Unmount(place) => ("unmount", current(place)),
            Op::RemoveSymlink(place) => ("remove symbolic link", current(place)),
            Op::RemoveMountPoint(place) => ("remove mount point", current(place)),
            Op::RemoveSource(place) => {
                ("remove source", self.plan.current(place).map(|item| item.entry.source))
            }
            Op::Forget(place) => ("forget", current(place)),
            Op::MakeSource(place) => ("create source", entry(place).map(|entry| entry.source)),
            Op::MakeMountPoint(place) => ("create mount point", mount_point(place)),
            Op::MakeSymlink(place) => ("create symbolic link", mount_point(place)),
            Op::EnsureDir(place) => ("ensure directory", mount_point(place)),
            Op::Mount(place) => ("mount", mount_point(place)),
            Op::PutBeneath(place) => ("mount beneath what is at", mount_point(place)),
            Op::Mimic(mimic) => ("make writable", self.plan.mimic(mimic).map(|mimic| mimic.dir)),
        };
        let path = path.unwrap_or_default();
        let verdict = match self.outcome {
            Outcome::Done => "done",
            Outcome::DoneWithout { .. } => "done, but something is not shown",
            Outcome::Skipped(Skip::NotThere) => "not there any more",
            Outcome::Skipped(Skip::Stays) => "stays: in use, not empty or read-only",
            Outcome::Skipped(Skip::IgnoredMissing) => "missing, which is ignored",
            Outcome::Skipped(Skip::LeftOut) => "left out",
            Outcome::Skipped(Skip::InTurn) => "not possible: one after the other",
            Outcome::Failed(fault) => {
                let item = self.plan.item(self.op);
                write!(f, "{what} {}: ", Shown(path))?;
                return FaultText { plan: self.plan, item, fault }.fmt(f);
            }
        };
        let reason = ReasonText { plan: self.plan, reason: self.plan.reason(self.op) };
        write!(f, "{what} {}: {verdict} ({reason})", Shown(path))
    }
}
