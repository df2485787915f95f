//! What else a profile has: content of other snaps, and parallel instances.

use crate::build::{DIALECTS, build, profile};
use crate::machine::on_a_machine;
use crate::seen::{Writable, has_text, is_writable};

#[test]
fn content_is_read_only_and_layouts_show_it() {
    let layout =
        "  /usr/share/shown: {bind: $SNAP/content/sub}\n  /srv/link: {symlink: $SNAP/content}\n";
    on_a_machine("sharing::content_is_read_only_and_layouts_show_it", |machine| {
        machine.world.file("/snap/other/3/data/sub/text", "other\n").expect("a file");
        let profile = profile(layout, &["/snap/other/3/data=$SNAP/content"], None);
        for dialect in DIALECTS {
            build(machine, &profile, dialect);
            has_text("/snap/hello/1/content/sub/text", "other\n");
            is_writable("/snap/hello/1/content", Writable::No);
            has_text("/usr/share/shown/text", "other\n");
            has_text("/srv/link/sub/text", "other\n");
            has_text("/snap/hello/1/lib/text", "snap\n");
            machine.undo();
        }
    });
}

#[test]
fn a_parallel_instance_sees_its_own() {
    let layout = "  /opt/shown: {bind: $SNAP/lib}\n  /srv/shown: {bind: $SNAP_COMMON/data}\n";
    on_a_machine("sharing::a_parallel_instance_sees_its_own", |machine| {
        machine.world.file("/snap/hello_two/1/lib/text", "two\n").expect("a file");
        machine.world.file("/var/snap/hello_two/common/data/text", "two's\n").expect("a file");
        let profile = profile(layout, &[], Some("two"));
        for dialect in DIALECTS {
            build(machine, &profile, dialect);
            has_text("/snap/hello/1/lib/text", "two\n");
            has_text("/opt/shown/text", "two\n");
            has_text("/srv/shown/text", "two's\n");
            machine.undo();
            has_text("/snap/hello/1/lib/text", "snap\n");
        }
    });
}
