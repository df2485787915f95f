//! Why something is done.

/// Why an entry is undone, made or made again; closed, so that every reason has its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is in the desired profile, and not in the current one.
    New,
    /// It is in the current profile, and not in the desired one.
    Gone,
    /// The desired profile has another entry for its mount point: this field differs first.
    Differs(Field),
    /// The current profile has the same entry twice.
    Twice,
    /// It is recorded in the current profile, but is not mounted.
    NotMounted,
    /// It could not be made in a fresh namespace, and what it depends on changed.
    NotPossible,
    /// It comes later than what is undone or made, and one of its two paths is at, above or below one
    /// of that.
    Related(Which),
    /// A directory has to become writable, because its file system is read-only.
    ReadOnly,
    /// A directory has to become writable, because what is made in it would show on the host.
    WouldShowOnHost,
    /// A directory has to become writable, because something of another kind is in the way.
    InTheWay,
    /// No entry needs the writable copy of the directory any more.
    NotNeeded,
    /// What is in the directory that a writable copy stands for is not what it was.
    Changed,
}

/// The fields of an entry that can differ (fstab(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The first.
    Source,
    /// The third.
    Type,
    /// The fourth.
    Options,
    /// The fifth or sixth.
    Numbers,
}

/// What a reason refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The entry of the current profile at this place.
    Current(u16),
    /// The entry of the desired profile at this place.
    Desired(u16),
    /// The mimic at this place of the plan.
    Mimic(u16),
}
