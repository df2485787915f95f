//! Every kind of element, where something is and where nothing is, on a tmpfs and in read-only
//! directories, which get a writable copy.

use std::fs;

use crate::build::{DIALECTS, build, profile};
use crate::machine::on_a_machine;
use crate::seen::{Writable, at, has_text, is_writable, mounted};

const LAYOUT: &str = "
  /usr/share/dir: {bind: $SNAP/lib}
  /usr/share/file: {bind-file: $SNAP/file}
  /usr/share/link: {symlink: $SNAP/lib}
  /usr/share/memory: {type: tmpfs}
  /usr/share/base: {bind: $SNAP_COMMON/data/sub}
  /opt/new/deep/dir: {bind: $SNAP_COMMON/data}
  /opt/new/deep/link: {symlink: $SNAP_COMMON/data}
  /srv/dir: {bind: $SNAP_DATA/made/dir}
  /srv/file: {bind-file: $SNAP_DATA/made/file}
  /srv/from-snap: {bind: $SNAP/made}
  /etc/link: {symlink: $SNAP_DATA/nowhere}
  /root/memory: {type: tmpfs}
";

#[test]
fn are_what_the_layout_says() {
    on_a_machine("elements::are_what_the_layout_says", |machine| {
        let profile = profile(LAYOUT, &[], None);
        for dialect in DIALECTS {
            build(machine, &profile, dialect);
            has_text("/usr/share/dir/text", "snap\n");
            is_writable("/usr/share/dir", Writable::No);
            has_text("/usr/share/file", "file\n");
            assert_eq!(at("/usr/share/file"), "file 0644 0:0");
            assert_eq!(
                fs::read_link("/usr/share/link").unwrap().to_str(),
                Some("/snap/hello/1/lib")
            );
            has_text("/usr/share/link/text", "snap\n");
            assert_eq!(mounted("/usr/share/memory").as_deref(), Some("tmpfs"));
            is_writable("/usr/share/memory", Writable::Yes);
            // What was there is covered, and what the layout does not name is as before.
            has_text("/usr/share/base/text", "data\n");
            assert_eq!(at("/usr/odd/dir/sub"), "dir 0755 0:0");
            // Missing directories are made on the way.
            has_text("/opt/new/deep/dir/sub/text", "data\n");
            is_writable("/opt/new/deep/dir", Writable::Yes);
            has_text("/opt/new/deep/link/sub/text", "data\n");
            assert_eq!(at("/opt/there"), "dir 0755 0:0");
            // So are missing sources, also in the read-only snap.
            assert_eq!(at("/var/snap/hello/1/made/dir"), "dir 0755 0:0");
            assert_eq!(at("/var/snap/hello/1/made/file"), "file 0755 0:0");
            fs::write("/srv/file", "said\n").expect("write");
            has_text("/var/snap/hello/1/made/file", "said\n");
            assert_eq!(at("/srv/from-snap"), "dir 0755 0:0");
            // A link may lead nowhere.
            assert_eq!(
                fs::read_link("/etc/link").unwrap().to_str(),
                Some("/var/snap/hello/1/nowhere")
            );
            assert_eq!(mounted("/root/memory").as_deref(), Some("tmpfs"));
            machine.undo();
            assert_eq!(at("/usr/share/dir"), "entity not found");
            has_text("/usr/share/base/text", "base\n");
            fs::remove_dir_all("/var/snap/hello/1").expect("remove");
        }
    });
}

#[test]
fn with_odd_names_are_made() {
    let layout = "
  \"/srv/a b\": {bind: \"$SNAP_COMMON/c d\"}
  \"/srv/tab\\tstop\": {bind: $SNAP/lib}
  \"/srv/line\\nbreak\": {symlink: \"$SNAP/line\\nbreak\"}
  \"/srv/#hash\": {type: tmpfs}
  /srv/comma,name: {bind-file: \"$SNAP_COMMON/comma,name\"}
  /srv/équipe: {bind: $SNAP_COMMON/équipe}
";
    on_a_machine("elements::with_odd_names_are_made", |machine| {
        let profile = profile(layout, &[], None);
        for dialect in DIALECTS {
            build(machine, &profile, dialect);
            assert_eq!(at("/srv/a b"), "dir 0755 0:0");
            assert_eq!(at("/var/snap/hello/common/c d"), "dir 0755 0:0");
            has_text("/srv/tab\tstop/text", "snap\n");
            let target = fs::read_link("/srv/line\nbreak").expect("a link");
            assert_eq!(target.to_str(), Some("/snap/hello/1/line\nbreak"));
            assert_eq!(mounted("/srv/#hash").as_deref(), Some("tmpfs"));
            assert_eq!(at("/srv/comma,name"), "file 0755 0:0");
            assert_eq!(at("/srv/équipe"), "dir 0755 0:0");
            machine.undo();
        }
    });
}
