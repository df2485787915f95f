//! Where a layout may be.

use snap_path::is_at_or_below;

use crate::diagnostic::Diagnostics;
use crate::place::Text;
use crate::rule::Rule;
use crate::rules::path::{Use, expand};
use crate::snap::Snap;

/// Top-level directories that every base has.
const TOP_LEVEL: [&str; 14] = [
    "bin", "etc", "lib", "lib64", "meta", "mnt", "opt", "root", "sbin", "snap", "srv", "usr",
    "var", "writable",
];

/// Directories that nothing may be put at or into, and why.
const OFF_LIMITS: [(&str, &str); 16] = [
    ("/boot", "the machine's boot files"),
    ("/dev", "the machine's devices"),
    ("/home", "the users' files"),
    ("/lib/firmware", "the machine's firmware"),
    ("/usr/lib/firmware", "the machine's firmware"),
    ("/lib/modules", "the kernel's modules"),
    ("/usr/lib/modules", "the kernel's modules"),
    ("/lost+found", "a file system's own"),
    ("/media", "the users' removable media"),
    ("/proc", "the kernel's"),
    ("/run", "shared with the machine's services"),
    ("/var/run", "shared with the machine's services"),
    ("/sys", "the kernel's"),
    ("/tmp", "the snap's own already"),
    ("/var/lib/snapd", "snapd's own"),
    ("/var/snap", "data of snaps, writable for them already"),
];

/// The expanded mount point; none when a rule is broken, which is reported.
pub(crate) fn check(text: &Text, snap: &Snap<'_>, found: &mut Diagnostics) -> Option<String> {
    let path = expand(text, Use::MountPoint, snap, found)?.path;
    let Text { text: said, place } = text;
    let is_at = |dir: &str| is_at_or_below(path.as_bytes(), dir.as_bytes());
    if let Some((dir, what)) = OFF_LIMITS.into_iter().find(|(dir, _)| is_at(dir)) {
        let message = format!("the mount point {said:?} is in {dir}, which is {what}");
        let suggestion = match dir {
            "/var/snap" => {
                "let the snap use that place as it is, or bind it to a mount point elsewhere"
            }
            _ => "choose a mount point below /etc, /opt, /srv, /usr or /var",
        };
        found.report(place, Rule::OffLimits, message, suggestion);
        return None;
    }
    let top = path.split('/').nth(1).unwrap_or_default();
    if !TOP_LEVEL.contains(&top) {
        let message = match top {
            "" => "the mount point is the root directory".to_owned(),
            _ => format!("the mount point {said:?} is in /{top}, which no base has"),
        };
        let suggestion = format!("choose one in /{}", TOP_LEVEL.join(", /"));
        found.report(place, Rule::TopLevel, message, suggestion);
        return None;
    }
    // Without a name nobody can tell.
    let own = format!("/snap/{}", snap.name()?);
    if is_at("/snap") && !is_at(&own) {
        let message = match path.as_str() {
            "/snap" => "the mount point \"/snap\" takes the place of all snaps".to_owned(),
            _ => format!("the mount point {said:?} is in another snap's directory"),
        };
        found.report(place, Rule::OtherSnap, message, format!("choose one at or below {own}"));
        return None;
    }
    Some(path)
}
