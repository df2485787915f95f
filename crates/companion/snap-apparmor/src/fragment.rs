//! What snap-confine's own policy needs so that it can start the program under another profile.

use std::fmt::Write;

/// The rules, to be included in the profile of snap-confine. `programs` are the places of the
/// program, as patterns of apparmor.d(5).
///
/// snap-confine opens the program before it leaves the host's namespace, asks for the profile to
/// change at the next exec (aa_change_onexec(3)), and executes the descriptor: the kernel asks for
/// the permission to change, and for nothing else.
#[must_use]
pub fn fragment(programs: &[String]) -> String {
    let mut text = String::from(
        "  # to switch to the profile of a snap's own snap-update-ns, at exec\n  \
         change_profile -> snap-update-ns.*,\n",
    );
    text.push_str("  # to open that program, wherever it is\n");
    for program in programs {
        let _ = writeln!(text, "  {program} r,");
    }
    text
}
