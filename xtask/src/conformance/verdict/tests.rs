use super::{Mode, judge};
use crate::conformance::case::{Case, Observation, Topic};

fn case(differs: &str) -> Case {
    let text = format!(
        "[[case]]\nname = \"n\"\nshows = \"s\"\n[[case.step]]\nexit = 0\ndiffers = [{differs}]\n"
    );
    let topic: Topic = toml::from_str(&text).unwrap();
    topic.cases.into_iter().next().unwrap()
}

fn seen(exit: &str, tree: &[&str]) -> Vec<Observation> {
    let observation = Observation {
        exit: exit.to_owned(),
        stdout: vec![],
        stderr: vec![],
        profile: vec![],
        mounts: vec![],
        tree: tree.iter().map(|line| (*line).to_owned()).collect(),
        host: vec![],
    };
    vec![observation.clone(), observation]
}

fn complaints(mode: Mode, differs: &str, theirs: &[Observation], ours: &[Observation]) -> usize {
    judge(mode, &case(differs), theirs, ours).len()
}

#[test]
fn a_difference_has_to_be_listed() {
    let (theirs, ours) = (seen("0", &["/a dir"]), seen("0", &["/a file"]));
    let listed = "{ aspect = \"tree\", row = \"C9\", lines = [\"/a \"] }";
    assert_eq!(complaints(Mode::Ours, "", &theirs, &ours), 1);
    assert_eq!(complaints(Mode::Ours, listed, &theirs, &ours), 0);
    assert_eq!(complaints(Mode::Itself, listed, &theirs, &ours), 1);
}

#[test]
fn a_listed_difference_has_to_be_there() {
    let same = seen("0", &["/a dir"]);
    let listed = "{ aspect = \"tree\", row = \"C9\", lines = [\"/a \"] }";
    assert_eq!(complaints(Mode::Ours, listed, &same, &same), 1);
    assert_eq!(complaints(Mode::Itself, listed, &same, &same), 0);
}

#[test]
fn a_listed_difference_covers_its_own_lines_only() {
    let (theirs, ours) = (seen("0", &["/a dir", "/b dir"]), seen("0", &["/a file", "/b file"]));
    let listed = "{ aspect = \"tree\", row = \"C9\", lines = [\"/a \"] }";
    assert_eq!(complaints(Mode::Ours, listed, &theirs, &ours), 1);
    let too_much = "{ aspect = \"tree\", row = \"C9\", lines = [\"/a \", \"/b \", \"/c \"] }";
    assert_eq!(complaints(Mode::Ours, too_much, &theirs, &ours), 1);
}

#[test]
fn ours_meets_no_obstacle_that_it_did_not_foresee() {
    let (theirs, mut ours) = (seen("0", &[]), seen("0", &[]));
    ours[1].stderr = vec![
        "DEBUG: create mount point /usr/d: cannot create anything in /usr: read-only file system"
            .to_owned(),
    ];
    assert_eq!(complaints(Mode::Ours, "", &theirs, &ours), 1);
    assert_eq!(complaints(Mode::Itself, "", &theirs, &ours), 0);
    // What the plan foresees is told in a notice.
    ours[1].stderr = vec!["left out: cannot create anything in /proc".to_owned()];
    assert_eq!(complaints(Mode::Ours, "", &theirs, &ours), 0);
}

/// The words that tell an obstacle are those that ours says, for both kinds of it.
#[test]
fn ours_says_these_words_of_an_obstacle() {
    let sentences = include_str!("../../../../crates/snap-update-ns/src/sentences.rs");
    let says = |line: &&str| line.contains(crate::conformance::caller::UNFORESEEN);
    assert_eq!(sentences.lines().filter(says).count(), 2);
}

#[test]
fn the_exit_status_of_ours_is_the_case_s() {
    let both = seen("1", &[]);
    assert_eq!(complaints(Mode::Ours, "", &both, &both), 1);
    assert_eq!(complaints(Mode::Itself, "", &both, &both), 0);
}
