//! The start code of the privileged binary: what lies between the kernel and one Rust function.
//!
//! *For*: starting a program that can be reached from a setuid program. Its environment is hostile,
//! and a libc reads it, loads things because of it, and does much that this program never needs. So
//! there is none: on x86_64 this crate is everything below the program. It relocates the binary,
//! protects what the relocation wrote, makes the three standard streams safe to use, ignores SIGPIPE
//! and SIGXFSZ, sets the umask to 0, and calls the program. It also defines the six memory functions
//! that compiled code may call by name, and what a panic does.
//!
//! The program is one function with a name that the linker knows:
//!
//! ```ignore
//! #[unsafe(no_mangle)]
//! fn snap_start_program(process: snap_start::Process) -> u8 { /* the exit status */ }
//! ```
//!
//! *Terms*: *freestanding* is the build on nothing but this crate; *hosted* is the same interface on
//! std, with the feature `hosted` and on every other architecture: `fn main` calls `hosted::start`
//! with the function. A hosted build should be linked statically (`-C target-feature=+crt-static`, or
//! a musl target): its caller may run it where no dynamic loader is found.
//!
//! *Guarantees*: no Rust code runs unrelocated. The program never runs with a closed descriptor 0, 1
//! or 2, so nothing it opens can be mistaken for a standard stream. Nothing here reads the
//! environment except [`Process::env`], which [`Process::into_args`] ends. No heap when freestanding.
//! This crate never panics; a panic elsewhere is one line on standard output and exit status 1.
//!
//! *Does not*: provide threads, thread-local storage, a stack protector or unwinding.
#![no_std]
#![deny(unsafe_code)]

#[cfg(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(feature = "hosted")
))]
mod freestanding;
#[cfg(not(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(feature = "hosted")
)))]
pub mod hosted;
mod panic_line;
mod storage;
mod streams;

#[cfg(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(feature = "hosted")
))]
pub use freestanding::{Process, hold_signals};
#[cfg(not(all(
    target_arch = "x86_64",
    target_pointer_width = "64",
    target_os = "linux",
    not(feature = "hosted")
)))]
pub use hosted::{Process, hold_signals};
pub use storage::Storage;
pub use streams::{standard_error, standard_output};
