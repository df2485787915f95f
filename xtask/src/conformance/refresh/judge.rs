//! Whether a step led where a fresh namespace leads. Pure: facts in, differences out.

use serde::{Deserialize, Serialize};

use super::super::compare::multiset;

/// Lines of one difference that are kept; the rest is counted.
const KEPT: usize = 30;

/// What was seen in one namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) exit: String,
    /// Standard output: the reason, when it failed.
    pub(super) said: Vec<String>,
    pub(super) profile: Vec<String>,
    pub(super) mounts: Vec<String>,
    pub(super) tree: Vec<String>,
}

/// What was seen around one step.
pub(super) struct Step {
    /// The live namespace before it, and after it.
    pub(super) before: Facts,
    pub(super) live: Facts,
    /// A fresh namespace with the same desired profile, made after the step.
    pub(super) fresh: Facts,
    /// What the live one shows when the fresh one was made.
    pub(super) afterwards: Vec<String>,
}

/// Ways in which a step can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(super) enum Kind {
    /// Neither done nor refused: a signal, a hang, another exit status.
    Ended,
    /// The update fails; a fresh namespace takes the same profile.
    OnlyFreshAccepts,
    /// The update is done; a fresh namespace refuses the same profile.
    OnlyUpdateAccepts,
    /// Both fail, but the update changed something first.
    RefusedLate,
    /// Both are done and look different.
    Tree,
    /// Both are done and recorded differently.
    Profile,
    /// Making the fresh namespace changed what the live one shows: the update had left it out.
    LiveChanged,
}

/// One thing that is wrong with a step: `-` the fresh namespace (or before), `+` the live one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    pub(super) lines: Vec<String>,
}

/// Everything that is wrong with `step`; nothing means that it did not matter how it came about.
pub(super) fn judge(step: &Step) -> Vec<Difference> {
    let (live, fresh) = (&step.live, &step.fresh);
    let ended =
        |sign, facts: &Facts| format!("{sign} exit {} {}", facts.exit, facts.said.join(" "));
    let whole = |kind| vec![Difference { kind, lines: vec![ended('-', fresh), ended('+', live)] }];
    match (fresh.exit.as_str(), live.exit.as_str()) {
        ("0", "0") => compared([
            (Kind::Tree, &fresh.tree, &live.tree),
            (Kind::Profile, &fresh.profile, &live.profile),
            (Kind::LiveChanged, &live.tree, &step.afterwards),
        ]),
        ("1", "1") => compared([
            (Kind::RefusedLate, &step.before.tree, &live.tree),
            (Kind::RefusedLate, &step.before.mounts, &live.mounts),
            (Kind::RefusedLate, &step.before.profile, &live.profile),
        ]),
        ("0", "1") => whole(Kind::OnlyFreshAccepts),
        ("1", "0") => whole(Kind::OnlyUpdateAccepts),
        (_, _) => whole(Kind::Ended),
    }
}

fn compared(pairs: [(Kind, &Vec<String>, &Vec<String>); 3]) -> Vec<Difference> {
    let mut differences: Vec<Difference> = Vec::new();
    for (kind, wanted, found) in pairs {
        let mut lines = multiset(wanted, found);
        if lines.len() > KEPT {
            let more = lines.split_off(KEPT).len();
            lines.push(format!("... {more} more"));
        }
        if !lines.is_empty() {
            differences.push(Difference { kind, lines });
        }
    }
    differences
}

impl Kind {
    /// Whether it compares with a namespace that was built when this step had created on the host
    /// what it wanted there.
    pub(super) fn needs_settled(self) -> bool {
        match self {
            Self::Ended | Self::RefusedLate => false,
            Self::OnlyFreshAccepts
            | Self::OnlyUpdateAccepts
            | Self::Tree
            | Self::Profile
            | Self::LiveChanged => true,
        }
    }

    /// In a sentence about steps.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ended => "ended in another way",
            Self::OnlyFreshAccepts => "failed, but a fresh namespace takes the profile",
            Self::OnlyUpdateAccepts => "done, but a fresh namespace refuses the profile",
            Self::RefusedLate => "refused after something was changed",
            Self::Tree => "another tree than in a fresh namespace",
            Self::Profile => "another saved profile than in a fresh namespace",
            Self::LiveChanged => "something shared was not created",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Kind, Step, judge};

    fn facts(exit: &str, profile: &str, mounts: &str, tree: &str) -> Facts {
        let lines = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect();
        Facts {
            exit: exit.to_owned(),
            said: vec![],
            profile: lines(profile),
            mounts: lines(mounts),
            tree: lines(tree),
        }
    }

    fn kinds(live: &Facts, fresh: &Facts, afterwards: &str) -> Vec<Kind> {
        let before = facts("", "p", "m", "t");
        let afterwards = afterwards.split_ascii_whitespace().map(str::to_owned).collect();
        let step = Step { before, live: live.clone(), fresh: fresh.clone(), afterwards };
        judge(&step).iter().map(|difference| difference.kind).collect()
    }

    #[test]
    fn accepted_steps_show_and_record_what_a_fresh_namespace_does() {
        let live = facts("0", "a b", "m", "x y");
        assert_eq!(kinds(&live, &facts("0", "b a", "other", "y x"), "x y"), []);
        assert_eq!(kinds(&live, &facts("0", "a b", "m", "x"), "x y"), [Kind::Tree]);
        assert_eq!(kinds(&live, &facts("0", "a", "m", "x y"), "x y"), [Kind::Profile]);
        assert_eq!(kinds(&live, &facts("0", "a b", "m", "x y"), "x y z"), [Kind::LiveChanged]);
    }

    #[test]
    fn refused_steps_change_nothing() {
        let fresh = facts("1", "", "", "");
        assert_eq!(kinds(&facts("1", "p", "m", "t"), &fresh, "t"), []);
        for live in [facts("1", "", "m", "t"), facts("1", "p", "n", "t"), facts("1", "p", "m", "")]
        {
            assert_eq!(kinds(&live, &fresh, "t"), [Kind::RefusedLate]);
        }
    }

    #[test]
    fn both_must_agree_whether_it_can_be_done() {
        let (done, refused) = (facts("0", "p", "m", "t"), facts("1", "p", "m", "t"));
        assert_eq!(kinds(&done, &refused, "t"), [Kind::OnlyUpdateAccepts]);
        assert_eq!(kinds(&refused, &done, "t"), [Kind::OnlyFreshAccepts]);
        assert_eq!(kinds(&facts("signal 6", "p", "m", "t"), &done, "t"), [Kind::Ended]);
    }
}
