//! Names of snaps and of their instances.

use core::fmt;

const NAME_MAX: usize = 40;
const KEY_MAX: usize = 10;

/// A valid instance name (contract section 1): safe to be a part of any path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance<'a> {
    whole: &'a [u8],
    name_len: usize,
}

/// Why a name is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The name has fewer than 2 or more than 40 bytes.
    NameLength,
    /// The name has something else than lower-case letters, digits and single inner dashes.
    NameCharacters,
    /// The name has no letter.
    NameLetter,
    /// The key has no or more than 10 bytes.
    KeyLength,
    /// The key has something else than lower-case letters and digits.
    KeyCharacters,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameLength => "a snap name has 2 to 40 characters",
            Self::NameCharacters => {
                "a snap name has lower-case letters, digits and single inner dashes only"
            }
            Self::NameLetter => "a snap name has at least one letter",
            Self::KeyLength => "an instance key has 1 to 10 characters",
            Self::KeyCharacters => "an instance key has lower-case letters and digits only",
        })
    }
}

impl core::error::Error for NameError {}

impl<'a> Instance<'a> {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn parse(text: &'a [u8]) -> Result<Self, NameError> {
        let mut parts = text.splitn(2, |&byte| byte == b'_');
        let name = parts.next().unwrap_or_default();
        check_name(name)?;
        parts.next().map_or(Ok(()), check_key)?;
        Ok(Self { whole: text, name_len: name.len() })
    }

    /// The whole instance name.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.whole
    }

    /// The snap's name, without a key.
    #[must_use]
    pub fn snap_name(&self) -> &'a [u8] {
        self.whole.get(..self.name_len).unwrap_or(self.whole)
    }
}

fn check_name(name: &[u8]) -> Result<(), NameError> {
    if !(2..=NAME_MAX).contains(&name.len()) {
        return Err(NameError::NameLength);
    }
    let legal = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    // An empty part stands before, behind or between dashes.
    let dashes = name.split(|&byte| byte == b'-').any(<[u8]>::is_empty);
    if !name.iter().all(legal) || dashes {
        return Err(NameError::NameCharacters);
    }
    if !name.iter().any(u8::is_ascii_lowercase) {
        return Err(NameError::NameLetter);
    }
    Ok(())
}

fn check_key(key: &[u8]) -> Result<(), NameError> {
    if !(1..=KEY_MAX).contains(&key.len()) {
        return Err(NameError::KeyLength);
    }
    if !key.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')) {
        return Err(NameError::KeyCharacters);
    }
    Ok(())
}
