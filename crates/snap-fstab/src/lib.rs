//! fstab(5) text to entries and back
#![no_std]
#![forbid(unsafe_code)]
