//! The command line (contract section 1).

use core::fmt;

use snap_session::{Instance, NameError};

use crate::output::Shown;

/// What the command line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) instance: Instance<'static>,
    pub(crate) caller: Caller,
    pub(crate) scope: Scope,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// snapd, from outside of the namespace.
    Snapd,
    /// snap-confine, in the namespace and with the lock held.
    SnapConfine,
}

/// Which profile is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The snap's.
    System,
    /// The calling user's.
    User,
}

/// Why a command line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    UnknownOption(&'static [u8]),
    MissingName,
    SecondName(&'static [u8]),
    BadName(&'static [u8], NameError),
    MissingUid,
    BadUid(&'static [u8]),
    UidUnsupported,
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOption(text) => write!(f, "unknown option {}", Shown(text)),
            Self::MissingName => f.write_str("missing the snap's instance name"),
            Self::SecondName(text) => write!(f, "more than one instance name: {}", Shown(text)),
            Self::BadName(text, why) => write!(f, "bad instance name {}: {why}", Shown(text)),
            Self::MissingUid => f.write_str("option -u needs a user number"),
            Self::BadUid(text) => write!(f, "bad user number {}", Shown(text)),
            Self::UidUnsupported => {
                f.write_str("option -u is not supported: call with --user-mounts as that user")
            }
        }
    }
}

impl Arguments {
    /// Reads the arguments; the first is the program's name, which is not looked at.
    pub(crate) fn parse(args: impl Iterator<Item = &'static [u8]>) -> Result<Self, ArgumentError> {
        let mut args = args.skip(1);
        let (mut caller, mut scope) = (Caller::Snapd, Scope::System);
        let (mut name, mut uid) = (None, None);
        while let Some(arg) = args.next() {
            match arg {
                b"--from-snap-confine" => caller = Caller::SnapConfine,
                b"--user-mounts" => scope = Scope::User,
                b"-u" => {
                    let text = args.next().ok_or(ArgumentError::MissingUid)?;
                    uid = Some(parse_uid(text).ok_or(ArgumentError::BadUid(text))?);
                }
                [b'-', ..] => return Err(ArgumentError::UnknownOption(arg)),
                _ if name.is_some() => return Err(ArgumentError::SecondName(arg)),
                _ => name = Some(arg),
            }
        }
        let name = name.ok_or(ArgumentError::MissingName)?;
        let instance = Instance::parse(name).map_err(|why| ArgumentError::BadName(name, why))?;
        match uid {
            Some(_) => Err(ArgumentError::UidUnsupported),
            None => Ok(Self { instance, caller, scope }),
        }
    }
}

/// A decimal number without sign or white space that fits a `uid_t`.
fn parse_uid(text: &[u8]) -> Option<u32> {
    let digits = core::str::from_utf8(text).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
