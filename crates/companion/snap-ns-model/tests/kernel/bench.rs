//! How fast the model is: `cargo test --release -p snap-ns-model -- --ignored speed --nocapture`.

use std::time::Instant;

use snap_ns_model::Namespace;
use snap_ns_plan::{FsView as _, Role};

#[test]
#[ignore = "a measurement"]
fn speed() {
    let mut namespace = Namespace::new();
    for number in 0..50 {
        namespace.dirs(format!("/snap/x/1/d{number}/sub")).unwrap();
        namespace.file(format!("/snap/x/1/d{number}/sub/file"), "text").unwrap();
        namespace.dirs(format!("/usr/share/d{number}")).unwrap();
        let (from, to) = (format!("/snap/x/1/d{number}"), format!("/usr/share/d{number}"));
        namespace.bind(from, to).unwrap();
    }
    let time = |what: &str, count: u32, task: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..count).for_each(|_| task());
        println!("{what}: {:?}", start.elapsed() / count);
    };
    time("copy", 10_000, &mut || drop(namespace.deep_copy()));
    time("copy and change", 10_000, &mut || {
        namespace.deep_copy().dir("/usr/share/d7/new", 0o755, 0, 0).unwrap();
    });
    let mut other = namespace.deep_copy();
    time("look", 100_000, &mut || {
        other.look(b"/usr/share/d7/sub/file", Role::Source).unwrap();
    });
    time("picture", 1_000, &mut || drop(namespace.picture()));
    time("table", 1_000, &mut || drop(namespace.mount_table()));
}
