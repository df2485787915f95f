//! The first instructions.
#![allow(unsafe_code)] // Assembly counts as such.

use core::arch::global_asm;

use super::entry::enter;

// SAFETY: the file defines names of its own, each in a section that fits it. What it does to the
// stack and to the registers, and in which state it calls `enter`, is explained there.
global_asm!(include_str!("x86_64/start.s"), enter = sym enter);
