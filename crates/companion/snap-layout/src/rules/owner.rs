//! Who owns what is created, and its mode.

use crate::diagnostic::Diagnostics;
use crate::place::Text;
use crate::rule::Rule;

/// The user and group nobody, as `snap-mount-options` reads the name.
const NOBODY: u32 = 65534;

/// The sticky bit and what everybody may do; no set-id bits.
const MODE_MAX: u16 = 0o1777;

/// The number of a user or group; none when it is neither root nor nobody, which is reported.
pub(crate) fn check(text: &Text, rule: Rule, found: &mut Diagnostics) -> Option<u32> {
    match text.text.as_str() {
        "root" => Some(0),
        "nobody" => Some(NOBODY),
        other => {
            let message = format!("the {rule} {other:?} is neither root nor nobody");
            found.report(&text.place, rule, message, "write root or nobody, by name");
            None
        }
    }
}

/// The mode; none when it is not octal or too much, which is reported.
pub(crate) fn check_mode(text: &Text, found: &mut Diagnostics) -> Option<u16> {
    let said = &text.text;
    let digits = Some(said).filter(|said| said.chars().all(|c| c.is_digit(8)));
    let mode = digits.and_then(|digits| u16::from_str_radix(digits, 8).ok());
    let legal = mode.filter(|mode| *mode <= MODE_MAX);
    if legal.is_none() {
        let (message, suggestion) = match (digits, said.strip_prefix("0o")) {
            (Some(_), _) => {
                ("is more than 01777", "leave out the set-user-id and set-group-id bits".to_owned())
            }
            (None, Some(digits)) => {
                ("is not octal digits", format!("write {:?}", format!("0{digits}")))
            }
            (None, None) => ("is not octal digits", "write it like 0755 or 01777".to_owned()),
        };
        found.report(&text.place, Rule::Mode, format!("the mode {said:?} {message}"), suggestion);
    }
    legal
}
