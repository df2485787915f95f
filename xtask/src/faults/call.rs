//! A system call as text.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::libc::AT_FDCWD;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::registers::Entry;
use super::table::find;

/// Bytes of a text that are shown.
const SHOWN: usize = 120;

/// What stands for a call that the table does not know.
const UNKNOWN: &[Errno] = &[Errno::EIO];

/// A system call that was about to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Call {
    pub(super) number: u64,
    /// With its arguments.
    pub(super) text: String,
}

impl Call {
    /// What `pid` stands at.
    pub(super) fn describe(pid: Pid, entry: &Entry) -> Self {
        let number = entry.number;
        let letters = find(number).map_or("xxxxxx", |row| row.arguments);
        let memory = File::open(format!("/proc/{pid}/mem")).ok();
        let mut shown = Vec::new();
        for (at, letter) in letters.chars().enumerate() {
            let value = entry.arguments[at];
            let next = entry.arguments.get(at + 1).copied().unwrap_or_default();
            match letter {
                'd' | 'f' => shown.push(descriptor(pid, value)),
                's' => shown.push(text(memory.as_ref(), value)),
                'b' => shown.push(bytes(memory.as_ref(), value, next)),
                'h' => shown.push(open_how(memory.as_ref(), value)),
                'o' => shown.push(format!("{:#o}", value & 0xffff_ffff)),
                'i' => shown.push((value as i32).to_string()),
                'x' => shown.push(format!("{value:#x}")),
                _ => {}
            }
        }
        Self { number, text: format!("{}({})", name(number), shown.join(", ")) }
    }

    pub(super) fn name(&self) -> String {
        name(self.number)
    }

    /// What it can fail with; nothing when it cannot.
    pub(super) fn errors(&self) -> &'static [Errno] {
        find(self.number).map_or(UNKNOWN, |row| row.errors)
    }
}

fn name(number: u64) -> String {
    find(number).map_or_else(|| format!("syscall_{number}"), |row| row.name.to_owned())
}

fn descriptor(pid: Pid, value: u64) -> String {
    let value = value as i32;
    if value == AT_FDCWD {
        return "AT_FDCWD".to_owned();
    }
    match fs::read_link(format!("/proc/{pid}/fd/{value}")) {
        Ok(path) => format!("{value}<{}>", path.display()),
        Err(_) => value.to_string(),
    }
}

fn text(memory: Option<&File>, at: u64) -> String {
    if at == 0 {
        return "NULL".to_owned();
    }
    let bytes = read(memory, at, SHOWN);
    let end = bytes.iter().position(|byte| *byte == 0);
    quoted(&bytes[..end.unwrap_or(bytes.len())], end.is_none())
}

fn bytes(memory: Option<&File>, at: u64, many: u64) -> String {
    let many = usize::try_from(many).unwrap_or(usize::MAX);
    quoted(&read(memory, at, many.min(SHOWN)), many > SHOWN)
}

fn open_how(memory: Option<&File>, at: u64) -> String {
    let bytes = read(memory, at, 24);
    let (words, _) = bytes.as_chunks::<8>();
    match words {
        [flags, mode, resolve] => format!(
            "{{flags={:#x}, mode={:#o}, resolve={:#x}}}",
            u64::from_ne_bytes(*flags),
            u64::from_ne_bytes(*mode),
            u64::from_ne_bytes(*resolve)
        ),
        _ => "?".to_owned(),
    }
}

/// As many bytes as there are, at most `many`.
fn read(memory: Option<&File>, at: u64, many: usize) -> Vec<u8> {
    let mut bytes = vec![0; many];
    let len = memory.map_or(0, |memory| memory.read_at(&mut bytes, at).unwrap_or_default());
    bytes.truncate(len);
    bytes
}

fn quoted(bytes: &[u8], more: bool) -> String {
    format!("\"{}\"{}", bytes.escape_ascii(), if more { "..." } else { "" })
}
