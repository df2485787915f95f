//! The x-snapd mount option model
#![no_std]
#![forbid(unsafe_code)]
