extern crate std;
use std::string::String;
use std::vec::Vec;

use super::*;

fn parse(text: &str) -> Result<Options<'_>, OptionErrorKind> {
    Options::parse(b"none", text.as_bytes()).map_err(|error| error.kind)
}

#[test]
fn flags_and_operations() {
    use MountFlags as F;
    for (text, flags, operation) in [
        ("", F::empty(), Operation::Mount),
        ("ro", F::READ_ONLY, Operation::Mount),
        ("ro,rw", F::empty(), Operation::Mount),
        ("rw,ro", F::READ_ONLY, Operation::Mount),
        ("bind,,nosuid,nodev", F::NO_SUID | F::NO_DEV, Operation::Bind(Depth::Single)),
        ("rbind,rw", F::empty(), Operation::Bind(Depth::Recursive)),
        (
            "noexec,sync,mand,dirsync",
            F::NO_EXEC | F::SYNCHRONOUS | F::MANDATORY_LOCKS | F::DIR_SYNC,
            Operation::Mount,
        ),
        (
            "noatime,nodiratime,relatime,strictatime",
            F::NO_ATIME | F::NO_DIR_ATIME | F::RELATIME | F::STRICT_ATIME,
            Operation::Mount,
        ),
        ("silent,acl,move", F::SILENT | F::POSIX_ACL, Operation::Move),
        ("remount,ro", F::READ_ONLY, Operation::Remount),
    ] {
        let options = parse(text).unwrap();
        assert_eq!((options.flags, options.operation), (flags, operation), "{text}");
    }
}

#[test]
fn flag_values_are_the_kernels() {
    assert_eq!(MountFlags::all().bits(), 0x0121_8cdf);
}

#[test]
fn propagation() {
    for (text, kind) in [
        ("shared", PropagationKind::Shared),
        ("slave", PropagationKind::Slave),
        ("private", PropagationKind::Private),
        ("unbindable", PropagationKind::Unbindable),
    ] {
        let single = Propagation { kind, depth: Depth::Single };
        assert_eq!(parse(text).unwrap().propagation, Some(single));
        let recursive = std::format!("bind,r{text}");
        let want = Propagation { kind, depth: Depth::Recursive };
        assert_eq!(parse(&recursive).unwrap().propagation, Some(want));
    }
}

#[test]
fn the_model_in_both_dialects() {
    let base = Options::default();
    for (text, want) in [
        ("x-snapd.kind=file", Options { kind: Kind::File, ..base }),
        (
            "x-snapd.kind=symlink,x-snapd.symlink=/a=b",
            Options { kind: Kind::Symlink(b"/a=b"), ..base },
        ),
        (
            "x-snapd.must-exist-dir=/h,x-snapd.kind=ensure-dir",
            Options { kind: Kind::EnsureDir(b"/h"), ..base },
        ),
        ("x-snapd.origin=layout", Options { origin: Origin::Layout, ..base }),
        ("x-snapd.origin=overname", Options { origin: Origin::Overname, ..base }),
        ("x-snapd.origin=rootfs", Options { origin: Origin::Rootfs, ..base }),
        ("x-snapd.synthetic,x-snapd.needed-by=/x", Options { synthetic_for: Some(b"/x"), ..base }),
        ("x-snapd.synthetic", Options { synthetic_for: Some(b""), ..base }),
        ("x-snapd.id=i", Options { id: Some(b"i"), ..base }),
        ("x-snapd.detach", base),
        ("x-snapd.ignore-missing", Options { if_missing: IfMissing::Skip, ..base }),
        (
            "x-snapd.mode=01777,x-snapd.user=0,x-snapd.group=65534",
            Options { mode: Some(0o1777), uid: Some(0), gid: Some(65534), ..base },
        ),
        (
            "x-snapd.mode=755,x-snapd.uid=1000,x-snapd.gid=5",
            Options { mode: Some(0o755), uid: Some(1000), gid: Some(5), ..base },
        ),
        (
            "x-snap-mode:1777,x-snap-user:nobody,x-snap-group:root",
            Options { mode: Some(0o1777), uid: Some(65534), gid: Some(0), ..base },
        ),
        ("x-snapd.some-day=1,x-snap-other", base),
        ("x-snapd.mode=1,x-snapd.mode=01", Options { mode: Some(1), ..base }),
    ] {
        assert_eq!(parse(text), Ok(want), "{text}");
    }
    let link = Options::parse(founding::SYMLINK_TYPE, b"x-snap-symlink:/link/target").unwrap();
    assert_eq!(link.kind, Kind::Symlink(b"/link/target"));
}

#[test]
fn what_is_malformed_is_an_error() {
    use OptionErrorKind::*;
    for (text, want) in [
        ("x-snapd.mode=", NeedsValue),
        ("x-snapd.mode", NeedsValue),
        ("x-snapd.mode=0o755", Mode),
        ("x-snapd.mode=888", Mode),
        ("x-snapd.mode=-1", Mode),
        ("x-snapd.mode=02755", Mode),
        ("x-snapd.mode=7777777777", Mode),
        ("x-snap-mode:9", Mode),
        ("x-snapd.uid=daemon", Owner),
        ("x-snapd.gid=4294967295", Owner),
        ("x-snapd.gid=4294967296", Owner),
        ("x-snapd.uid=+1", Owner),
        ("x-snapd.kind=dir", Kind),
        ("x-snapd.kind=symlink", SymlinkTarget),
        ("x-snapd.symlink=/a", SymlinkTarget),
        ("x-snapd.kind=file,x-snapd.symlink=/a", SymlinkTarget),
        ("x-snapd.kind=ensure-dir", MustExistDir),
        ("x-snapd.must-exist-dir=/a", MustExistDir),
        ("x-snapd.origin=me", Origin),
        ("x-snapd.synthetic=1", NoValue),
        ("x-snapd.detach=", NoValue),
        ("x-snapd.mode=1,x-snapd.mode=2", Conflict),
        ("x-snapd.uid=1,x-snapd.user=2", Conflict),
        ("bind,rbind", Conflict),
        ("shared,private", Conflict),
    ] {
        assert_eq!(parse(text), Err(want), "{text}");
    }
    let error = Options::parse(b"none", b"bind,x-snapd.mode=9,ro").unwrap_err();
    assert_eq!((error.start, error.len), (5, 14));
}

#[test]
fn only_what_is_unknown_is_data() {
    let data = |text: &'static str| -> String {
        let parts: Vec<&str> =
            Options::data(text.as_bytes()).map(|d| core::str::from_utf8(d).unwrap()).collect();
        parts.join(",")
    };
    assert_eq!(
        data("ro,size=1m,,mode=1755,x-snapd.mode=1,x-foo,private,x-snap-a:b"),
        "size=1m,mode=1755,x-foo"
    );
    assert_eq!(data("x-snapd.later=1"), "");
}

#[test]
fn the_founding_dialect_is_translated() {
    for (fs_type, text, used, want) in [
        (
            "tmpfs",
            "x-snap-mode:1777,size=1,x-snap-user:nobody",
            true,
            "x-snapd.mode=1777,size=1,x-snapd.user=nobody",
        ),
        ("x-snap-symlink", "x-snap-symlink:/t", true, "x-snapd.kind=symlink,x-snapd.symlink=/t"),
        ("none", "x-snap-detach,ro", true, "x-snapd.detach,ro"),
        ("none", "bind,x-snapd.mode=1", false, "bind,x-snapd.mode=1"),
    ] {
        assert_eq!(founding::is_used(fs_type.as_bytes(), text.as_bytes()), used, "{text}");
        let mut out = [0; 96];
        let (written, rest) =
            founding::translate(fs_type.as_bytes(), text.as_bytes(), &mut out).unwrap();
        assert_eq!((core::str::from_utf8(written).unwrap(), rest.len()), (want, 96 - want.len()));
        let mut short = std::vec![0; want.len() - 1];
        assert!(founding::translate(fs_type.as_bytes(), text.as_bytes(), &mut short).is_none());
    }
}
