//! Many layouts at once.

use std::fmt::Write as _;

use crate::build::{DIALECTS, build, profile};
use crate::machine::on_a_machine;
use crate::seen::{at, has_text, mounted};

#[test]
fn a_hundred_layouts_of_all_kinds() {
    let mut layout = String::new();
    for number in 0..100 {
        let element = match number % 4 {
            0 => "bind: $SNAP/lib",
            1 => "bind-file: $SNAP/file",
            2 => "symlink: $SNAP/file",
            _ => "type: tmpfs, mode: 0711",
        };
        let place = ["/usr/share", "/opt/there", "/etc", "/srv/a/b"][number / 4 % 4];
        writeln!(layout, "  {place}/{number:03}: {{{element}}}").expect("text");
    }
    on_a_machine("scale::a_hundred_layouts_of_all_kinds", |machine| {
        let profile = profile(&layout, &[], None);
        assert_eq!(profile.lines().count(), 100);
        for dialect in DIALECTS {
            build(machine, &profile, dialect);
            for number in 0..100 {
                let place = ["/usr/share", "/opt/there", "/etc", "/srv/a/b"][number / 4 % 4];
                let path = format!("{place}/{number:03}");
                match number % 4 {
                    0 => has_text(&format!("{path}/text"), "snap\n"),
                    1 => has_text(&path, "file\n"),
                    2 => assert_eq!(at(&path), "link 0:0"),
                    _ => assert_eq!(
                        (at(&path), mounted(&path)),
                        ("dir 0711 0:0".into(), Some("tmpfs".into()))
                    ),
                }
            }
            machine.undo();
        }
    });
}
