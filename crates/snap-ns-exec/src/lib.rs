//! The syscall executor: performs a plan's steps by file descriptor
#![no_std]
#![forbid(unsafe_code)]
