//! What is told of writable copies.

use std::fs;

use crate::machine::{DESIRED, mount, on_a_machine};

/// The lines about a copy that a run told, which must succeed.
fn told(run: &std::process::Output) -> Vec<String> {
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    let lines = String::from_utf8(run.stderr.clone()).unwrap();
    lines.lines().filter(|line| line.contains("is a copy")).map(str::to_owned).collect()
}

#[test]
fn one_for_each_copy_of_a_directory_of_the_host() {
    on_a_machine("notices::one_for_each_copy_of_a_directory_of_the_host", |machine| {
        // Not the root that is recorded.
        for place in ["/srv", "/base"] {
            fs::create_dir_all(place).unwrap();
            mount(Some("host"), place, Some("tmpfs"), 0, Some("mode=755"));
        }
        for dir in ["/srv/one", "/srv/two", "/base"] {
            fs::create_dir_all(dir).unwrap();
            fs::write(format!("{dir}/f"), "text").unwrap();
        }
        machine.world.read_only("/base").unwrap();
        let line =
            |path| format!("/snap/hello/1/lib {path} none rbind,x-snapd.origin=layout 0 0\n");
        let paths = ["/srv/one/a", "/srv/one/b", "/srv/two/c", "/base/d"];
        fs::write(DESIRED, paths.map(line).concat()).unwrap();
        let words = "is a copy for the snap now: what the host adds, replaces or removes right in it does not show";
        let notices = ["/srv/one", "/srv/two"].map(|dir| format!("snap-update-ns: {dir} {words}"));
        assert_eq!(told(&machine.run()), notices);
        // It stands: nothing is to be told.
        fs::write(DESIRED, paths[1..].iter().map(|path| line(path)).collect::<String>()).unwrap();
        assert_eq!(told(&machine.run()).len(), 0);
        machine.undo();
    });
}
