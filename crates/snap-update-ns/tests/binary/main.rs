//! The binary as it was built: its file, and how it starts.
#![allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::indexing_slicing)]

mod elf;
mod image;
mod start;
mod traced;
