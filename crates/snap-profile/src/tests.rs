extern crate std;
use std::string::String;
use std::vec::Vec;

use snap_mount_options::OptionErrorKind;
use snap_path::PathError;

use super::*;

const USER: Variables<'_> =
    Variables::User { runtime_dir: b"/run/user/1000", home: Some(b"/home/u") };

/// A profile is a few megabytes, which is more than a test's stack has.
fn big_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        thread.spawn_scoped(scope, body).unwrap().join().unwrap()
    })
}

type Loaded = (Result<Vec<String>, String>, HomeUse);

/// `source mount-point type options` of each entry, or `line:column culprit kind`.
fn loaded(text: &str, role: Role, variables: Variables<'_>) -> Loaded {
    big_stack(|| load_text(text.as_bytes().to_vec(), role, variables))
}

fn load_text(mut text: Vec<u8>, role: Role, variables: Variables<'_>) -> Loaded {
    let mut buffer = [0_u8; 4096];
    let mut arena = Arena::new(&mut buffer);
    let mut profile = Profile::new();
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    match load(&mut text, role, &variables, &mut arena, &mut profile) {
        Ok(home) => {
            let line = |item: &Item<'_>| {
                let entry = item.entry;
                let dir = if let snap_mount_options::Kind::EnsureDir(dir) = item.options().kind {
                    dir
                } else {
                    b""
                };
                let parts = [entry.source, entry.mount_point, entry.fs_type, entry.options, dir];
                parts.map(utf8).join(" ").trim_end().into()
            };
            (Ok(profile.iter().map(line).collect()), home)
        }
        Err(e) => {
            let text = std::format!("{}:{} {} {:?}", e.line, e.column, utf8(e.culprit), e.kind);
            (Err(text), HomeUse::Unused)
        }
    }
}

#[test]
fn entries_are_cleaned_and_translated() {
    for (text, want) in [
        ("/a//b/ /c/./d none bind 0 0", "/a/b /c/d none bind"),
        ("tmpfs /t/ tmpfs size=1", "tmpfs /t tmpfs size=1"),
        ("//x /t tmpfs", "//x /t tmpfs"),
        (
            "none /l x-snap-symlink x-snap-symlink:/t",
            "none /l none x-snapd.kind=symlink,x-snapd.symlink=/t",
        ),
        ("none /t tmpfs x-snap-mode:1777", "none /t tmpfs x-snapd.mode=1777"),
        (
            "none /h/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/h/",
            "none /h/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/h /h",
        ),
    ] {
        assert_eq!(loaded(text, Role::Desired, Variables::None).0, Ok(std::vec![want.into()]));
    }
    let rootfs = "tmpfs / tmpfs x-snapd.origin=rootfs";
    assert_eq!(loaded(rootfs, Role::Current, Variables::None).0, Ok(std::vec![rootfs.into()]));
}

#[test]
fn variables_are_expanded_where_the_contract_says() {
    let (got, home) =
        loaded("$XDG_RUNTIME_DIR/a $XDG_RUNTIME_DIR/b none bind", Role::Desired, USER);
    assert_eq!(got, Ok(std::vec!["/run/user/1000/a /run/user/1000/b none bind".into()]));
    assert_eq!(home, HomeUse::Unused);
    let ensure = "none $HOME/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=$HOME";
    let (got, home) = loaded(ensure, Role::Desired, USER);
    let want = "none /home/u/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/home/u /home/u";
    assert_eq!(got, Ok(std::vec![want.into()]));
    assert_eq!(home, HomeUse::InLine(1));
}

#[test]
fn errors_name_the_place() {
    use LoadErrorKind::*;
    let ensure = "none $HOME/x none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=/h";
    let no_home = Variables::User { runtime_dir: b"/r", home: Some(b"") };
    let bad_home = Variables::User { runtime_dir: b"/r", home: Some(b"/h/") };
    for (text, variables, place, kind) in [
        ("a b", Variables::None, "1:4 ", Parse(snap_fstab::ParseErrorKind::TooFewFields(2))),
        ("/a b none bind", Variables::None, "1:4 b", MountPoint(PathError::NotAbsolute)),
        ("/a /b/../c none bind", Variables::None, "1:4 /b/../c", MountPoint(PathError::DotDot)),
        ("/a // none bind", Variables::None, "1:4 ", MountPointIsRoot),
        ("a /b none rbind", Variables::None, "1:1 a", Source(PathError::NotAbsolute)),
        ("\n/a/.. /b none bind", Variables::None, "2:1 /a/..", Source(PathError::DotDot)),
        (
            "/a /b none bind,x-snapd.mode=9",
            Variables::None,
            "1:17 x-snapd.mode=9",
            Option(OptionErrorKind::Mode),
        ),
        (
            "/a /b none a\\040b,x-snap-mode:9",
            Variables::None,
            "1:19 x-snap-mode:9",
            Option(OptionErrorKind::Mode),
        ),
        ("tmpfs / tmpfs x-snapd.origin=rootfs", Variables::None, "1:15 ", RootfsIsNotDesired),
        (
            "$XDG_RUNTIME_DIR/a /b none bind",
            Variables::None,
            "1:1 $XDG_RUNTIME_DIR/a",
            Source(PathError::NotAbsolute),
        ),
        (
            "$XDG_RUNTIME_DIRS /b none bind",
            USER,
            "1:1 $XDG_RUNTIME_DIRS",
            Source(PathError::NotAbsolute),
        ),
        ("/a $HOME/b none bind", USER, "1:4 $HOME/b", MountPoint(PathError::NotAbsolute)),
        (ensure, no_home, "1:6 ", NoHome),
        (ensure, bad_home, "1:6 ", BadHome(PathError::NotClean)),
    ] {
        let want = std::format!("{place} {kind:?}");
        assert_eq!(loaded(text, Role::Desired, variables).0, Err(want), "{text}");
    }
}

#[test]
fn one_entry_too_many_is_refused() {
    let text = |n: usize| "/a /b none bind\n".repeat(n);
    assert!(loaded(&text(ENTRIES_MAX), Role::Desired, Variables::None).0.is_ok());
    let error = loaded(&text(ENTRIES_MAX + 1), Role::Desired, Variables::None).0;
    assert_eq!(error, Err("16385:0  TooManyEntries".into()));
}

#[test]
fn a_full_arena_is_an_error() {
    big_stack(|| {
        let mut text = *b"none /t tmpfs x-snap-mode:1777";
        let mut arena = Arena::new(&mut []);
        let mut profile = Profile::new();
        let result = load(&mut text, Role::Desired, &Variables::None, &mut arena, &mut profile);
        assert_eq!(result.map_err(|error| error.kind), Err(LoadErrorKind::ArenaFull));
    });
}

/// Each byte more is a quarter of a megabyte for two full profiles.
#[test]
#[cfg(target_pointer_width = "64")]
fn an_item_is_small() {
    assert_eq!(size_of::<Item<'_>>(), 80);
}
