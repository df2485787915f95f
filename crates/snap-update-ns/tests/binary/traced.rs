//! A run of the binary, looked at from outside at its beginning and at its end.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// A child that stops before its first instruction, and again when it is about to exit.
pub(crate) struct Traced(Child);

/// What the kernel knows of a process.
pub(crate) struct State {
    /// Where descriptors 0, 1 and 2 lead; an empty string when closed.
    pub(crate) streams: [String; 3],
    /// The whole of `/proc/PID/status`.
    status: String,
}

/// A line of `/proc/PID/maps`.
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) permissions: String,
}

impl State {
    /// A number of `/proc/PID/status`.
    pub(crate) fn status(&self, name: &str, radix: u32) -> u64 {
        let mut lines = self.status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        u64::from_str_radix(value.expect(name).trim(), radix).expect(name)
    }
}

impl Traced {
    /// Starts `command`; it is stopped in front of its first instruction.
    pub(crate) fn start(command: &mut Command) -> Self {
        // SAFETY: runs in the forked child and makes one system call.
        unsafe {
            command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            });
        }
        let traced = Self(command.spawn().expect("start the binary"));
        assert_eq!(traced.wait() >> 8, libc::SIGTRAP, "stopped by execve");
        traced.request(libc::PTRACE_SETOPTIONS, libc::PTRACE_O_TRACEEXIT);
        traced
    }

    /// Lets it run until it is about to exit.
    pub(crate) fn run(&self) {
        self.request(libc::PTRACE_CONT, 0);
        let exit = libc::SIGTRAP | libc::PTRACE_EVENT_EXIT << 8;
        assert_eq!(self.wait() >> 8, exit, "stopped by a signal, not by its exit");
    }

    /// Its state, while it is stopped.
    pub(crate) fn state(&self) -> State {
        let proc = format!("/proc/{}", self.0.id());
        let stream = |number: i32| match std::fs::read_link(format!("{proc}/fd/{number}")) {
            Ok(target) => target.display().to_string(),
            Err(_) => String::new(),
        };
        State {
            streams: [0, 1, 2].map(stream),
            status: std::fs::read_to_string(format!("{proc}/status")).expect("status"),
        }
    }

    /// Where the binary's file is in its memory, lowest address first.
    pub(crate) fn mappings(&self) -> Vec<Mapping> {
        let path = format!("/proc/{}/maps", self.0.id());
        let text = std::fs::read_to_string(path).expect("maps");
        let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let of_the_binary = text.lines().filter(|line| line.ends_with("/snap-update-ns"));
        of_the_binary
            .map(|line| {
                let (range, rest) = line.split_once(' ').expect("maps");
                let (start, end) = range.split_once('-').expect("maps");
                Mapping {
                    start: address(start),
                    end: address(end),
                    permissions: rest[..4].to_owned(),
                }
            })
            .collect()
    }

    /// Lets it end; the exit status.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.request(libc::PTRACE_CONT, 0);
        self.0.wait().expect("wait").code()
    }

    /// Makes the initial stack one of a process without arguments. Kernels since 5.18 do not let
    /// execve(2) do that any more; older ones did.
    #[cfg(freestanding)]
    pub(crate) fn forget_the_only_argument(&self) {
        // SAFETY: a structure of integers; ptrace(2) fills it in.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        let pointer = &raw mut registers;
        // SAFETY: the child is stopped; the kernel reads and writes the structure, and the child's
        // stack: [1, argv[0], null, ...] becomes [0, null, ...].
        unsafe {
            assert_eq!(libc::ptrace(libc::PTRACE_GETREGS, self.pid(), 0, pointer), 0);
            registers.rsp += 8;
            assert_eq!(libc::ptrace(libc::PTRACE_POKEDATA, self.pid(), registers.rsp, 0_u64), 0);
            assert_eq!(libc::ptrace(libc::PTRACE_SETREGS, self.pid(), 0, pointer), 0);
        }
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).expect("a process id")
    }

    fn request(&self, request: libc::c_uint, data: i32) {
        // SAFETY: the requests used here take a number and touch no memory.
        let result =
            unsafe { libc::ptrace(request, self.pid(), 0_usize, libc::c_long::from(data)) };
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
    }

    fn wait(&self) -> i32 {
        let mut status = 0;
        // SAFETY: waits for the own child and writes the status.
        let pid = unsafe { libc::waitpid(self.pid(), &raw mut status, 0) };
        assert_eq!(pid, self.pid());
        assert!(libc::WIFSTOPPED(status), "it ended: {status:#x}");
        status
    }
}
