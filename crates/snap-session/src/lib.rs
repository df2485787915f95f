//! The host side of a run: instance name, lock, freezer, profile files, privileges
#![no_std]
#![forbid(unsafe_code)]
