//! Absolute paths as bytes: cleaning, components, order
#![no_std]
#![forbid(unsafe_code)]
