//! A snap's namespace that lives on between updates by snapd, and processes that watch or attack
//! while these go on.

mod call;
mod cgroup;
mod helper;
mod namespaces;
mod priority;

pub(crate) use call::{Ended, Program};
pub(crate) use cgroup::Tree;
pub(crate) use helper::Helper;
pub(crate) use namespaces::Namespaces;
pub(crate) use priority::Priority;
