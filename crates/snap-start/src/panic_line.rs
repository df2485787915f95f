//! What a panic says.

use core::fmt;
use core::panic::Location;

/// The one line that the program's caller shows when a bug was met.
pub(crate) struct PanicLine<'l>(pub(crate) Option<&'l Location<'l>>);

impl fmt::Display for PanicLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot update snap namespace: internal error at ")?;
        match self.0 {
            Some(location) => writeln!(f, "{}:{}", location.file(), location.line()),
            None => f.write_str("an unknown place\n"),
        }
    }
}
