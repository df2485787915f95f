//! Absolute paths as bytes: cleaning, components, order.
//!
//! *For*: every crate that has to compare, shorten or order the paths of a mount profile; and for
//! sorting other things in little code.
//! *Terms*: a *clean* path starts with `/`, has no empty, `.` or `..` component, no trailing `/`
//! (but `/` itself), no NUL, and fits `PATH_MAX`. All functions but [`clean`] and [`check`] take clean paths.
//! *Guarantees*: no I/O, no allocation, no panic on any input; a path is bytes, never UTF-8.
//! *Does not*: resolve anything. A `..` cannot be cleaned without knowing what is a symbolic
//! link, so it is refused.
#![no_std]
#![forbid(unsafe_code)]

mod clean;
mod relation;
mod sort;
mod text;

pub use clean::{PATH_MAX, PathError, check, clean};
pub use relation::{below, components, file_name, is_at_or_below, parent, parents_first, prefixes};

pub use sort::sort_by;
pub use text::Text;

#[cfg(test)]
mod tests;
