//! What the real snapd wrote: `corpus/recorded`.

use std::fs;
use std::path::PathBuf;

use snap_ns_model::history::{History, RECORDED, recorded};
use snap_profile::{Arena, Profile, Role, Variables};

use crate::machine::{host, snap, territory};
use crate::paths::fresh;
use crate::run::{End, set, text, update, zeroed};

fn corpus() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/recorded"))
}

fn files(ending: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for file in fs::read_dir(corpus()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name.ends_with(ending) {
            files.push((name, fs::read_to_string(file.path()).unwrap()));
        }
    }
    files.sort();
    files
}

/// The history of each instance that was there.
pub(crate) fn histories() -> Vec<History> {
    let history = |(instance, names): &(&'static str, &[&str])| {
        let text = |name: &&str| fs::read_to_string(corpus().join(name)).unwrap();
        let texts: Vec<String> = names.iter().map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        recorded(instance, &texts).expect("lines as snapd writes them")
    };
    RECORDED.iter().map(history).collect()
}

#[test]
fn each_one_is_planned_and_built() {
    let mut built = 0;
    for history in histories() {
        for step in &history.steps {
            let host = host(&history);
            let desired = text(&step.profile);
            let (_, made) = fresh(&host, &desired, &history);
            assert!(made.is_accepted(), "{:?}:\n{desired}", made.end);
            assert_eq!(made.left_out, [] as [&str; 0], "{desired}");
            built += 1;
        }
    }
    assert!(built >= 15, "{built}");
}

/// No file is forgotten, and none is changed by reading it.
#[test]
fn each_one_is_in_a_history() {
    let all = files(".fstab");
    for (name, content) in &all {
        let instance = name.rsplit('.').nth(1).unwrap();
        let (_, names) = RECORDED.iter().find(|(known, _)| *known == instance).unwrap();
        assert!(names.contains(&name.as_str()), "{name}");
        let history = recorded("app", &[content]).unwrap();
        assert_eq!(&text(&history.steps[0].profile), content, "{name}");
    }
    let many = all.len() + files(".user-fstab").len() + files(".current").len();
    assert!(many >= 20, "{many}");
}

#[test]
fn those_of_users_are_read() {
    let user = Variables::User { runtime_dir: b"/run/user/1000", home: Some(b"/home/user") };
    for (name, content) in files(".user-fstab") {
        let (mut content, mut room) = (content.into_bytes(), vec![0; 4096]);
        let lines = content.iter().filter(|byte| **byte == b'\n').count();
        let (mut profile, mut arena) = (zeroed::<Profile<'_>>(), Arena::new(&mut room));
        snap_profile::load(&mut content, Role::Desired, &user, &mut arena, &mut profile)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(profile.iter().count(), lines, "{name}");
    }
}

/// Where all that is desired was saved, there is nothing to be done; a guest lacks some places of a host.
#[test]
fn what_was_saved_for_one_is_in_force() {
    let mut tried = 0;
    for (name, current) in files(".current") {
        let desired = name.replace(".current", ".fstab");
        let desired = fs::read_to_string(corpus().join(desired)).unwrap();
        if !set(&desired).is_subset(&set(&current)) {
            continue;
        }
        let instance = name.rsplit('.').nth(1).unwrap();
        let history = histories().into_iter().find(|one| one.instance == instance).unwrap();
        let mut live = snap(&host(&history), &history);
        let done = update(&mut live, &current, &desired, territory(&history));
        assert_eq!((done.end, done.steps), (End::Same, vec![]), "{name}");
        assert_eq!(done.saved, current, "{name}");
        tried += 1;
    }
    assert!(tried >= 3, "{tried}");
}
