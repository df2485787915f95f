//! Why there is no policy.

use std::fmt::{self, Display, Formatter};

use snap_session::NameError;

/// What is wrong with what a policy was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The instance's name.
    Name(NameError),
    /// An entry of a profile.
    Profile {
        /// Which one.
        which: Which,
        /// The line, counted from 1.
        line: u32,
        /// The byte in the line, counted from 1; 0 for the whole line.
        column: u32,
        /// What is wrong there, and the text.
        what: String,
    },
}

/// One of the two desired profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// That of the snap.
    System,
    /// That of each user.
    Users,
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Profile { which, line, column, what } => {
                let which = match which {
                    Which::System => "desired profile",
                    Which::Users => "desired profile of users",
                };
                match column {
                    0 => write!(f, "{which}, line {line}: {what}"),
                    _ => write!(f, "{which}, line {line}, column {column}: {what}"),
                }
            }
        }
    }
}

impl std::error::Error for Error {}
