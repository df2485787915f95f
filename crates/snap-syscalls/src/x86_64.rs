//! The calls themselves, on x86_64.
#![allow(unsafe_code)]

use core::arch::asm;
use core::ffi::CStr;

use rustix::fd::{AsRawFd as _, BorrowedFd};
use rustix::io::{self, Errno};

/// `__NR_mount_setattr`
const MOUNT_SETATTR: u64 = 442;

/// Gives the kernel `attributes`, a `struct mount_attr` of the size that it has here.
pub(crate) fn mount_setattr<T>(
    dir: BorrowedFd<'_>,
    path: &CStr,
    flags: u32,
    attributes: &T,
) -> io::Result<()> {
    let answer: i64;
    // SAFETY: this call only reads memory of this process: the text up to its NUL, and as many
    // bytes of the structure as it is told to, both of which are borrowed until it is over.
    // `syscall` changes no registers but those named (syscall(2)), and no stack.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") MOUNT_SETATTR => answer,
            in("rdi") i64::from(dir.as_raw_fd()),
            in("rsi") path.as_ptr(),
            in("rdx") u64::from(flags),
            in("r10") core::ptr::from_ref(attributes),
            in("r8") size_of::<T>(),
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, readonly, preserves_flags),
        );
    }
    match i32::try_from(answer) {
        Ok(0) => Ok(()),
        // The kernel answers with a negative error number, of which there are so many.
        Ok(error @ -4095..0) => Err(Errno::from_raw_os_error(error.saturating_neg())),
        Ok(_) | Err(_) => Err(Errno::INVAL),
    }
}
