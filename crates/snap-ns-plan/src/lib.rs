//! Change planning over a read-only view of a file system
#![no_std]
#![forbid(unsafe_code)]
