//! What is known of the entries of both profiles, and when they are made.

use snap_profile::Item;

use crate::node::NodeKind;
use crate::noted::NotedLink;
use crate::reason::Reason;

/// A moment in the order of application: `2 * rank + 1` for the entry with that rank, and just
/// before it (`2 * rank`) for a mimic. Later mounts cover earlier ones.
pub type Time = u32;

/// What happens to an entry of the current profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, untouched.
    Kept,
    /// It is to be undone.
    Going,
    /// It goes with the tmpfs that it stands on; there is nothing to be done for it.
    GoingWithTmpfs,
    /// It was undone.
    Gone,
}

/// What is known of an entry of the current profile.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// What happens to it.
    pub fate: Fate,
    /// Whether it is really mounted, as far as anybody looked.
    pub mounted: bool,
    /// Whether it was mounted or made in a tmpfs that goes: both go at once.
    pub ground_goes: bool,
    /// Whether it is undone only when another one has taken its place.
    pub lingers: bool,
    /// Of one that is kept: the place of what it is kept for, a desired entry or, when it is
    /// synthetic, a mimic.
    pub kept_for: u16,
    /// Why it is not kept.
    pub reason: Reason,
}

/// What an entry of the desired profile needs.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The equal entry of the current profile that stays.
    pub kept_as: Option<u16>,
    /// The entry that has its mount point instead of it: it has no part in the run.
    pub claimed_by: Option<u16>,
    /// Its number in the order of application.
    pub(crate) rank: u16,
    /// Its source may have to be created.
    pub make_source: bool,
    /// Its mount point may have to be created.
    pub make_mount_point: bool,
    /// It lies beneath the mount whose place it takes.
    pub beneath: bool,
    /// It cannot be made, or is not to be.
    pub left_out: bool,
    /// It stands, but could not be made in a fresh namespace. It is kept if nothing that it depends
    /// on changes.
    pub(crate) doubtful: bool,
    /// Another entry of this run is in its way.
    pub(crate) conflict: bool,
    /// It was doubtful, and cannot be kept.
    pub denied: bool,
    /// It cannot be made, whatever else is.
    pub(crate) hopeless: bool,
    /// The symbolic link in the place of its own.
    pub(crate) old_link: Option<NotedLink>,
    /// Why it is made.
    pub reason: Reason,
}

impl Default for Need {
    fn default() -> Self {
        Self {
            kept_as: None,
            claimed_by: None,
            rank: 0,
            make_source: false,
            make_mount_point: false,
            beneath: false,
            left_out: false,
            doubtful: false,
            conflict: false,
            denied: false,
            hopeless: false,
            old_link: None,
            reason: Reason::New,
        }
    }
}

/// An entry that is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) place: u16,
    pub(crate) item: &'a Item<'a>,
    pub(crate) time: Time,
    /// What its two paths must be.
    pub(crate) wanted: NodeKind,
    /// Whether its source is good.
    pub(crate) good: bool,
}
