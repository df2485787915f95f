//! The AppArmor policy of snap-update-ns for one snap.
//!
//! *For*: turning a desired mount profile into the profile `snap-update-ns.INSTANCE`, to which
//! snap-confine switches when it starts the program: all that can be done and undone for these
//! entries, and nothing else.
//! *Terms*: a *rule* is one line of a policy; a *group* is the rules for one purpose, with a comment
//! that names the entry; the *back end* is the set of calls that makes mounts.
//! *Guarantees*: the same profile gives the same text. No byte of a path ends or widens a rule. What
//! entries need is derived from the planner's operations ([`snap_ns_plan::Op`]).
//! *Does not*: load a policy, or know which directories a base snap has: every directory above a
//! path may be the one that has to be made writable (docs/apparmor.md).
#![forbid(unsafe_code)]

mod backend;
mod error;
mod fixed;
mod fragment;
mod ground;
mod group;
mod operations;
mod pattern;
mod policy;
mod rule;
mod sources;
mod variables;

use snap_profile::{Arena, Item, Profile, Role, Variables, load};
use snap_session::Instance;

use rule::is_plain_type;

pub use backend::{Backend, Confined};
pub use error::{Error, Which};
pub use fixed::PROGRAMS;
pub use fragment::fragment;
pub use group::Group;
pub use policy::{Policy, Settings};
pub use rule::Rule;
pub use variables::Homes;

/// The policy for the instance with the desired profiles `system` (`snap.INSTANCE.fstab`) and
/// `users` (`snap.INSTANCE.user-fstab`), as text. A profile that does not exist is empty.
///
/// # Errors
///
/// The name is none, or one of the profiles could not be used by the program either.
pub fn policy(
    instance: &[u8],
    system: &[u8],
    users: &[u8],
    settings: &Settings,
) -> Result<Policy, Error> {
    let instance = Instance::parse(instance).map_err(Error::Name)?;
    let (mut system, mut users) = (Room::for_text(system), Room::for_text(users));
    let (mut of_system, mut of_users) = (empty(), empty());
    system.load(Which::System, &mut of_system)?;
    users.load(Which::Users, &mut of_users)?;
    Ok(Policy::new(&instance, (&of_system, &of_users), settings))
}

/// (A function of its own: the room for all entries is on the stack for a moment, and not twice.)
fn empty<'a>() -> Box<Profile<'a>> {
    Box::new(Profile::new())
}

/// What the entries of a profile are slices of.
struct Room {
    text: Vec<u8>,
    longer: Vec<u8>,
}

impl Room {
    fn for_text(text: &[u8]) -> Self {
        // Longer can get: the options of one dialect, and the variables, once in each path.
        let longer = text.len().saturating_mul(8).saturating_add(4096);
        Self { text: text.to_vec(), longer: vec![0; longer] }
    }

    fn load<'a>(&'a mut self, which: Which, profile: &mut Profile<'a>) -> Result<(), Error> {
        let variables = match which {
            Which::System => Variables::None,
            Which::Users => Homes::variables(),
        };
        let mut arena = Arena::new(&mut self.longer);
        let loaded = load(&mut self.text, Role::Desired, &variables, &mut arena, profile);
        loaded.map_err(|error| {
            let culprit = String::from_utf8_lossy(error.culprit);
            let colon = if culprit.is_empty() { "" } else { ": " };
            let what = format!("{}{colon}{culprit}", error.kind);
            Error::Profile { which, line: error.line, column: error.column, what }
        })?;
        match profile.iter().find(|item| !is_plain_type(item.entry.fs_type)) {
            None => Ok(()),
            Some(Item { entry, line, .. }) => {
                let what = format!(
                    "no rule can name this type of file system: {}",
                    String::from_utf8_lossy(entry.fs_type)
                );
                Err(Error::Profile { which, line: *line, column: 0, what })
            }
        }
    }
}
