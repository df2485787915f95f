//! No closed standard stream, before anything else is opened.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::IntoRawFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{self, retry_on_intr};

use crate::streams::STANDARD;

/// Opens `/dev/null` on each standard descriptor that is closed.
///
/// Otherwise the next file that the program opens would become a standard stream, and what a user
/// is told would be written into it. When this fails the program must not go on.
pub(super) fn open_closed() -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut streams = STANDARD.map(|stream| PollFd::from_borrowed_fd(stream, PollFlags::empty()));
    retry_on_intr(|| poll(&mut streams, Some(&now)))?;
    for stream in &streams {
        if stream.revents().contains(PollFlags::NVAL) {
            // The kernel hands out the lowest free number, so in this order each gap is filled by
            // the descriptor that was opened for it. It is to stay open: nobody owns it.
            let _ = open(c"/dev/null", OFlags::RDWR, Mode::empty())?.into_raw_fd();
        }
    }
    Ok(())
}
