//! The story: what is asked for in each act, and what an application must see then.

use std::fs;
use std::os::unix::fs::MetadataExt;

use snap_ns_testbed::Isolation;

/// One call of the program.
pub(crate) struct Act {
    pub(crate) title: &'static str,
    pub(crate) prose: &'static str,
    /// The lines of the desired profile.
    pub(crate) desired: Vec<String>,
    pub(crate) expected: Vec<Expect>,
}

/// Something that is true, or not, for an application in the namespace.
pub(crate) enum Expect {
    /// The file has this text.
    Reads(&'static str, &'static str),
    /// The symbolic link has this target.
    LeadsTo(&'static str, &'static str),
    /// The object has these permission bits and this owner (uid and gid).
    Owned(&'static str, u32, u32),
    /// A file can be made there.
    Writable(&'static str),
    /// Nothing of that name.
    Absent(&'static str),
}

impl Expect {
    /// The expectation in words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Reads(path, text) => format!("{path} reads {text:?}"),
            Self::LeadsTo(path, target) => format!("{path} is a link to {target}"),
            Self::Owned(path, mode, id) => format!("{path} has mode {mode:04o}, owner {id}:{id}"),
            Self::Writable(path) => format!("a file can be made in {path}"),
            Self::Absent(path) => format!("there is no {path}"),
        }
    }

    /// Whether it holds now; else what is there instead.
    pub(crate) fn check(&self) -> Result<(), String> {
        let failed = |e: std::io::Error| e.to_string();
        match self {
            Self::Reads(path, text) => {
                let found = fs::read_to_string(path).map_err(failed)?;
                equal(found.trim_end(), text)
            }
            Self::LeadsTo(path, target) => {
                let found = fs::read_link(path).map_err(failed)?;
                equal(&found.to_string_lossy(), target)
            }
            Self::Owned(path, mode, id) => {
                let found = fs::symlink_metadata(path).map_err(failed)?;
                let (bits, uid, gid) = (found.mode() & 0o7777, found.uid(), found.gid());
                equal(&format!("{bits:04o} {uid}:{gid}"), &format!("{mode:04o} {id}:{id}"))
            }
            Self::Writable(path) => {
                let probe = format!("{path}/.probe");
                fs::write(&probe, "").map_err(failed)?;
                fs::remove_file(&probe).map_err(failed)
            }
            Self::Absent(path) => match fs::symlink_metadata(path) {
                Ok(_) => Err("it is there".into()),
                Err(_) => Ok(()),
            },
        }
    }
}

fn equal(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("found {found:?}")) }
}

/// The three acts. Only real root can show an owner other than root.
pub(crate) fn acts(isolation: Isolation) -> Vec<Act> {
    let (owner, nobody) = match isolation {
        Isolation::Root => (",x-snapd.user=nobody,x-snapd.group=nobody", 65534),
        Isolation::UserNamespace => ("", 0),
    };
    let scratch = format!("tmpfs /srv tmpfs x-snapd.origin=layout,x-snapd.mode=01770{owner} 0 0");
    let scores = "none /usr/share/games/scores none x-snapd.kind=symlink,x-snapd.symlink=/var/snap/hello/common/scores,x-snapd.origin=layout 0 0";
    vec![
        Act {
            title: "the first start of the snap \"hello\"",
            prose: "A content snap lends its icons. Layouts give the application a font directory, a\n\
                    configuration file, a tmpfs, and two new names in /usr/share/games. That directory\n\
                    is read-only, so it is mimicked: a tmpfs with everything that was in it before.",
            desired: vec![
                "/snap/theme/3/icons /snap/hello/1/icons none bind,ro 0 0".into(),
                layout("/snap/hello/1/fonts", "/usr/share/fonts"),
                "/var/snap/hello/common/greeting.conf /etc/greeting.conf none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0".into(),
                scratch.clone(),
                layout("/snap/hello/1/games", "/usr/share/games/hello"),
                scores.into(),
            ],
            expected: vec![
                Expect::Reads("/snap/hello/1/icons/smile.svg", ":-)"),
                Expect::Reads("/usr/share/fonts/hello.ttf", "a font of hello, revision 1"),
                Expect::Reads("/etc/greeting.conf", "greeting = hello"),
                Expect::Owned("/srv", 0o1770, nobody),
                Expect::Writable("/srv"),
                Expect::Reads("/usr/share/games/hello/level", "level of revision 1"),
                Expect::Reads("/usr/share/games/chess/rules", "of chess"),
                Expect::LeadsTo("/usr/share/games/go", "chess"),
                Expect::LeadsTo("/usr/share/games/scores", "/var/snap/hello/common/scores"),
            ],
        },
        Act {
            title: "a refresh",
            prose: "Revision 2 of the snap and revision 4 of the content snap are there. The\n\
                    configuration file goes back to the base's, a manual is new (a second mimic), and\n\
                    what did not change is not touched.",
            desired: vec![
                "/snap/theme/4/icons /snap/hello/2/icons none bind,ro 0 0".into(),
                layout("/snap/hello/2/fonts", "/usr/share/fonts"),
                scratch,
                layout("/snap/hello/2/games", "/usr/share/games/hello"),
                scores.into(),
                layout("/snap/hello/2/doc", "/usr/share/doc/hello"),
            ],
            expected: vec![
                Expect::Reads("/snap/hello/2/icons/smile.svg", ":-D"),
                Expect::Absent("/snap/hello/1/icons/smile.svg"),
                Expect::Reads("/usr/share/fonts/hello.ttf", "a font of hello, revision 2"),
                Expect::Reads("/etc/greeting.conf", "greeting = from the base"),
                Expect::Owned("/srv", 0o1770, nobody),
                Expect::Reads("/usr/share/games/hello/level", "level of revision 2"),
                Expect::Reads("/usr/share/games/chess/rules", "of chess"),
                Expect::LeadsTo("/usr/share/games/scores", "/var/snap/hello/common/scores"),
                Expect::Reads("/usr/share/doc/hello/MANUAL", "new in revision 2"),
                Expect::Reads("/usr/share/doc/base/README", "about the base"),
            ],
        },
        Act {
            title: "everything is undone",
            prose: "The desired profile is empty: the mounts, the mimics and the link go.",
            desired: vec![],
            expected: vec![
                Expect::Reads("/usr/share/fonts/base.ttf", "a font of the base"),
                Expect::Absent("/usr/share/games/hello"),
                Expect::Absent("/usr/share/games/scores"),
                Expect::Absent("/usr/share/doc/hello"),
                Expect::Absent("/snap/hello/2/icons/smile.svg"),
                Expect::Owned("/srv", 0o755, 0),
            ],
        },
    ]
}

fn layout(source: &str, mount_point: &str) -> String {
    format!("{source} {mount_point} none rbind,rw,x-snapd.origin=layout 0 0")
}
