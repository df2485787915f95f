//! The kernel's error numbers in words (errno(3)).

use core::fmt;

use rustix::io::Errno;

/// Shows an error number as the words that strerror(3) has for it.
pub(crate) struct ErrnoText(pub(crate) i32);

impl fmt::Display for ErrnoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = WORDS.iter().find(|(errno, _)| errno.raw_os_error() == self.0);
        match known {
            Some((_, words)) => f.write_str(words),
            None => write!(f, "error {}", self.0),
        }
    }
}

/// What a file system can answer: local ones, those of a network (nfs, cifs, ceph, 9p), encrypted
/// ones (fscrypt) and those that a process serves (fuse).
const WORDS: &[(Errno, &str)] = &[
    (Errno::PERM, "operation not permitted"),
    (Errno::NOENT, "no such file or directory"),
    (Errno::INTR, "interrupted system call"),
    (Errno::IO, "input/output error"),
    (Errno::NXIO, "no such device or address"),
    (Errno::TOOBIG, "argument list too long"),
    (Errno::BADF, "bad file descriptor"),
    (Errno::AGAIN, "resource temporarily unavailable"),
    (Errno::NOMEM, "cannot allocate memory"),
    (Errno::ACCESS, "permission denied"),
    (Errno::FAULT, "bad address"),
    (Errno::BUSY, "device or resource busy"),
    (Errno::EXIST, "file exists"),
    (Errno::XDEV, "invalid cross-device link"),
    (Errno::NODEV, "no such device"),
    (Errno::NOTDIR, "not a directory"),
    (Errno::ISDIR, "is a directory"),
    (Errno::INVAL, "invalid argument"),
    (Errno::NFILE, "too many open files in system"),
    (Errno::MFILE, "too many open files"),
    (Errno::TXTBSY, "text file busy"),
    (Errno::FBIG, "file too large"),
    (Errno::NOSPC, "no space left on device"),
    (Errno::ROFS, "read-only file system"),
    (Errno::MLINK, "too many links"),
    (Errno::PIPE, "broken pipe"),
    (Errno::NAMETOOLONG, "file name too long"),
    (Errno::NOSYS, "function not implemented"),
    (Errno::NOTEMPTY, "directory not empty"),
    (Errno::LOOP, "too many levels of symbolic links"),
    (Errno::NODATA, "no data available"),
    (Errno::NOLINK, "link has been severed"),
    (Errno::PROTO, "protocol error"),
    (Errno::BADMSG, "bad message"),
    (Errno::OVERFLOW, "value too large for defined data type"),
    (Errno::ILSEQ, "invalid or incomplete multibyte or wide character"),
    (Errno::OPNOTSUPP, "operation not supported"),
    (Errno::NETDOWN, "network is down"),
    (Errno::NETUNREACH, "network is unreachable"),
    (Errno::CONNABORTED, "software caused connection abort"),
    (Errno::CONNRESET, "connection reset by peer"),
    (Errno::NOBUFS, "no buffer space available"),
    (Errno::NOTCONN, "transport endpoint is not connected"),
    (Errno::SHUTDOWN, "cannot send after transport endpoint shutdown"),
    (Errno::TIMEDOUT, "connection timed out"),
    (Errno::CONNREFUSED, "connection refused"),
    (Errno::HOSTDOWN, "host is down"),
    (Errno::HOSTUNREACH, "no route to host"),
    (Errno::STALE, "stale file handle"),
    (Errno::UCLEAN, "structure needs cleaning"),
    (Errno::REMOTEIO, "remote I/O error"),
    (Errno::DQUOT, "disk quota exceeded"),
    (Errno::NOMEDIUM, "no medium found"),
    (Errno::MEDIUMTYPE, "wrong medium type"),
    (Errno::CANCELED, "operation canceled"),
    (Errno::NOKEY, "required key not available"),
    (Errno::KEYEXPIRED, "key has expired"),
    (Errno::KEYREVOKED, "key has been revoked"),
    (Errno::KEYREJECTED, "key was rejected by service"),
];

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString as _;

    use super::*;

    #[test]
    fn the_words_are_those_of_strerror() {
        for (errno, words) in WORDS {
            let libc = std::io::Error::from_raw_os_error(errno.raw_os_error()).to_string();
            let (theirs, number) = libc.split_once(" (os error").unwrap();
            assert!(!number.is_empty());
            assert_eq!(theirs.to_lowercase(), words.to_lowercase());
        }
    }

    #[test]
    fn what_was_reported_as_a_number_has_words() {
        for number in [6, 18, 23, 38, 52, 107, 110, 112, 113, 116, 117, 122, 126] {
            let text = ErrnoText(number).to_string();
            assert_eq!(text.starts_with("error "), number == 52, "{number}: {text}");
        }
    }
}
