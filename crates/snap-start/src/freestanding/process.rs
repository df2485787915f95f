//! Arguments and environment, where the kernel put them.

use core::ffi::{CStr, c_char};

/// A list of strings on the initial stack: pointers, the last one null.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
struct Strings(*const *const c_char);

impl Iterator for Strings {
    type Item = &'static [u8];

    #[allow(unsafe_code)]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: nothing in Rust makes a `Strings`; `_start` passes the two of the initial stack.
        // There (execve(2), System V ABI) the list ends with a null pointer, each other pointer is
        // to a string that ends with NUL, and nobody changes or frees any of it. The step is made
        // only from a pointer that was not null, so it stays in the list.
        let (text, rest) = unsafe {
            if (*self.0).is_null() {
                return None;
            }
            (CStr::from_ptr(*self.0), self.0.add(1))
        };
        self.0 = rest;
        Some(text.to_bytes())
    }
}

/// What the process was started with: its arguments and its environment.
///
/// `_start` makes the only one there is: to the assembly this is two pointers in two registers.
#[derive(Debug)]
#[repr(C)]
pub struct Process {
    arguments: Strings,
    environment: Strings,
}

impl Process {
    /// The value of the first environment entry `NAME=VALUE` with this name.
    #[must_use]
    pub fn env(&self, name: &[u8]) -> Option<&'static [u8]> {
        self.environment.into_iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// The arguments, `argv[0]` first; there may be none at all. The environment is out of reach from
    /// here on.
    pub fn into_args(self) -> impl Iterator<Item = &'static [u8]> {
        self.arguments
    }
}
