//! Without a standard library and without a libc.

mod closed_streams;
mod elf;
mod entry;
mod process;
mod relro;
mod start;
mod x86_64;

pub use process::Process;
pub use x86_64::hold_signals;
