//! What a declaration has to keep, one topic each.

pub(crate) mod mount_point;
pub(crate) mod owner;
pub(crate) mod path;
pub(crate) mod source;
