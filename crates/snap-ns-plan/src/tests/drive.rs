//! What fails when the plan is performed.

extern crate std;

use std::string::String;
use std::vec::Vec;

use super::big_stack;
use super::run::{End, SYSTEM, run};
use super::world::World;

/// World, current and desired profile.
type Job = [&'static str; 3];

/// The number of the action that fails, counted from 0, and what then is tried and saved.
struct Failing<'s> {
    at: usize,
    end: End,
    steps: &'static [&'static str],
    saved: &'s [&'s str],
}

fn check(job: Job, cases: &[Failing<'_>]) {
    let [world, current, desired] = job;
    for case in cases {
        let mut world = World::new(world);
        world.fails = Some(case.at);
        let done = big_stack(|| run(world, current, desired, SYSTEM));
        let saved: Vec<String> = done.saved.lines().map(String::from).collect();
        assert_eq!(done.steps, case.steps, "failed at {}", case.at);
        assert_eq!(saved, case.saved, "failed at {}", case.at);
        assert_eq!(done.end, case.end, "failed at {}", case.at);
    }
}

#[test]
fn teardown_and_layouts_end_the_run() {
    let job = [
        "d /tmp/s\nd /tmp/1\nm /tmp/1\nl /tmp/2 /a",
        "/tmp/s /tmp/1 none bind 0 0\nnone /tmp/2 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0",
        "/tmp/s /tmp/3 none bind,x-snapd.origin=layout 0 0",
    ];
    let first = "/tmp/s /tmp/1 none bind 0 0";
    let link = "none /tmp/2 none x-snapd.kind=symlink,x-snapd.symlink=/a 0 0";
    check(
        job,
        &[
            Failing {
                at: 0,
                end: End::Failed,
                steps: &["unlink /tmp/2: Failed(Mount, 5)", "FAILED unlink /tmp/2"],
                saved: &[first, link],
            },
            Failing {
                at: 1,
                end: End::Failed,
                steps: &[
                    "unlink /tmp/2",
                    "unmount /tmp/1: Failed(Mount, 5)",
                    "FAILED unmount /tmp/1",
                ],
                saved: &[first],
            },
            Failing {
                at: 2,
                end: End::Failed,
                steps: &[
                    "unlink /tmp/2",
                    "unmount /tmp/1",
                    "remove /tmp/1: Failed(Mount, 5)",
                    "FAILED remove /tmp/1",
                ],
                saved: &[],
            },
            Failing {
                at: 4,
                end: End::Failed,
                steps: &[
                    "unlink /tmp/2",
                    "unmount /tmp/1",
                    "remove /tmp/1",
                    "make /tmp/3",
                    "mount /tmp/3: Failed(Mount, 5)",
                    "FAILED mount /tmp/3",
                ],
                saved: &[],
            },
        ],
    );
}

#[test]
fn content_is_left_out() {
    let job = ["d /tmp/s", "", "/tmp/s /tmp/1 none bind 0 0\n/tmp/s /tmp/2 none bind 0 0"];
    let second = "/tmp/s /tmp/2 none bind 0 0";
    check(
        job,
        &[
            Failing {
                at: 0,
                end: End::Done,
                steps: &[
                    "make /tmp/1: Failed(Mount, 5)",
                    "left out /tmp/1: Failed(Mount, 5)",
                    "mount /tmp/1: LeftOut",
                    "make /tmp/2",
                    "mount /tmp/2",
                ],
                saved: &[second],
            },
            Failing {
                at: 1,
                end: End::Done,
                steps: &[
                    "make /tmp/1",
                    "mount /tmp/1: Failed(Mount, 5)",
                    "left out /tmp/1: Failed(Mount, 5)",
                    "make /tmp/2",
                    "mount /tmp/2",
                ],
                saved: &[second],
            },
        ],
    );
}

#[test]
fn a_mimic_that_fails_is_not_made_for_anybody_else() {
    let content =
        "/tmp/s /usr/1 none bind 0 0\n/tmp/s /usr/2 none bind 0 0\n/tmp/s /tmp/3 none bind 0 0";
    let failing = Failing {
        at: 0,
        end: End::Done,
        steps: &[
            "mimic /usr: Failed(Mount, 5)",
            "left out /usr/1: Failed(Mount, 5)",
            "make /tmp/3",
            "mount /tmp/3",
            "make /usr/1: LeftOut",
            "mount /usr/1: LeftOut",
            "make /usr/2: ReadOnly MountPoint 4",
            "left out /usr/2: ReadOnly MountPoint 4",
            "mount /usr/2: LeftOut",
        ],
        saved: &["/tmp/s /tmp/3 none bind 0 0"],
    };
    check(["d /tmp/s\nd /usr ro", "", content], &[failing]);
    let layout = "/tmp/s /usr/1 none bind 0 0\n/tmp/s /usr/2 none bind,x-snapd.origin=layout 0 0";
    let failing = Failing {
        at: 0,
        end: End::Failed,
        steps: &[
            "mimic /usr: Failed(Mount, 5)",
            "left out /usr/1: Failed(Mount, 5)",
            "make /usr/1: LeftOut",
            "mount /usr/1: LeftOut",
            "make /usr/2: ReadOnly MountPoint 4",
            "FAILED make /usr/2",
        ],
        saved: &[],
    };
    check(["d /tmp/s\nd /usr ro", "", layout], &[failing]);
}

/// The source belongs to somebody else.
#[test]
fn only_the_mount_point_gets_the_mode_of_the_entry() {
    let desired = "/tmp/s /tmp/1 none bind,x-snapd.mode=0700 0 0";
    let done = big_stack(|| run(World::new("d /tmp"), "", desired, SYSTEM));
    assert_eq!(done.steps, ["source /tmp/s", "make /tmp/1", "mount /tmp/1"]);
    assert_eq!(done.world.nodes[&b"/tmp/s"[..]].attributes.mode, 0o755);
    let (_, beneath) = &done.world.covered[0];
    assert_eq!(beneath[0].1.attributes.mode, 0o700);
}
