//! Colours and marks. anstream takes them away where standard output is no terminal, and when
//! NO_COLOR is set; every mark is a character too, so nothing is said by colour alone.

use anstream::println;
use anstyle::{AnsiColor, Style};

use super::tree::Mark;

const TITLE: Style = AnsiColor::Cyan.on_default().bold();
const HEADING: Style = Style::new().bold();
const NEW: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const GONE: Style = AnsiColor::Red.on_default();
const QUIET: Style = Style::new().dimmed();
const FAILED: Style = AnsiColor::Red.on_default().bold();

/// The name of an act.
pub(crate) fn title(text: &str) {
    println!("\n{TITLE}=== {text} ==={TITLE:#}");
}

/// What the next lines are.
pub(crate) fn heading(text: &str) {
    println!("\n{HEADING}{text}{HEADING:#}");
}

/// Running text.
pub(crate) fn prose(text: &str) {
    println!("{text}");
}

/// One line of a list that changed or not.
pub(crate) fn marked(mark: Mark, text: &str) {
    let (style, sign) = match mark {
        Mark::Same => (QUIET, ' '),
        Mark::New => (NEW, '+'),
        Mark::Changed => (CHANGED, '~'),
        Mark::Gone => (GONE, '-'),
    };
    println!("  {style}{sign} {text}{style:#}");
}

/// Something that was checked, and what was found instead when it does not hold.
pub(crate) fn checked(text: &str, result: &Result<(), String>) {
    match result {
        Ok(()) => println!("  {NEW}ok{NEW:#}      {text}"),
        Err(why) => println!("  {FAILED}FAILED{FAILED:#}  {text}: {why}"),
    }
}

/// The last word.
pub(crate) fn verdict(result: &Result<String, String>) {
    match result {
        Ok(good) => println!("\n{NEW}{good}{NEW:#}"),
        Err(bad) => println!("\n{FAILED}{bad}{FAILED:#}"),
    }
}
