//! A process that tries one point after the other, each in a world of its own.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::driver::{self, Fault, Run, Watch};
use super::facts::{Aspect, Facts};
use super::filter::Which;
use super::groups::Groups;
use super::judge::{Difference, compare, is_exact, judge};
use super::scenario::{Caller, Ends, Row, Version};
use super::stage::Stage;
use crate::conformance::observe;
use crate::conformance::refresh::namespaces::{enter, own};
use crate::workers::{answer_all, scratch};

/// One line on standard input.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Question {
    pub(super) row: Row,
    pub(super) program: PathBuf,
    /// The program of the second run.
    pub(super) next: PathBuf,
    pub(super) side: Side,
    /// Without one, the row is surveyed.
    pub(super) point: Option<Point>,
}

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Side {
    /// Every call is swept; how the row ends is known.
    Ours,
    /// Only calls that change something are; it is compared with what it does undisturbed.
    Original,
    /// Ours is killed at every call, and the original runs next.
    TakenOver,
    /// One version of ours is killed at every call, and another one runs next.
    Versions,
}

/// Where a run is disturbed, and how.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Point {
    /// The number of the call among those that are swept.
    pub(super) at: usize,
    pub(super) fault: Fault,
    pub(super) next: Next,
}

/// What the next run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Next {
    Same,
    Other,
}

/// One line on standard output.
#[derive(Deserialize, Serialize)]
pub(super) enum Found {
    Survey(Survey),
    Verdict(Verdict),
}

/// A row, undisturbed.
#[derive(Deserialize, Serialize)]
pub(super) struct Survey {
    pub(super) calls: Vec<Call>,
    /// What is wrong with the row itself.
    pub(super) complaints: Vec<String>,
}

/// What became of a point.
#[derive(Deserialize, Serialize)]
pub(super) struct Verdict {
    /// The call that was disturbed; none when the run did not come so far.
    pub(super) hit: Option<Call>,
    pub(super) first: Told,
    pub(super) second: Told,
    /// Nothing means that the point survived.
    pub(super) differences: Vec<Difference>,
    /// For a run that failed with an error of its own: whether it left all as it was before.
    pub(super) clean: Option<bool>,
}

/// What a run said.
#[derive(Deserialize, Serialize)]
pub(super) struct Told {
    pub(super) exit: String,
    pub(super) lines: Vec<String>,
}

impl Told {
    fn of(run: &Run) -> Self {
        let mut lines = observe::lines(&run.stdout);
        lines.extend(observe::lines(&run.stderr));
        Self { exit: run.exit.clone(), lines }
    }
}

impl Side {
    fn which(self) -> Which {
        match self {
            Self::Ours | Self::TakenOver | Self::Versions => Which::Every,
            Self::Original => Which::Changing,
        }
    }
}

/// The hidden subcommand: questions in, answers out.
pub(crate) fn run() -> Result<()> {
    driver::set_up()?;
    let base = own()?;
    let scratch = scratch()?;
    let mut groups = None;
    let mut known: Option<Reference> = None;
    answer_all(|question: &Question| {
        let mut question = question.clone();
        let scenario = &mut question.row.scenario;
        if scenario.freezer == Version::V2 {
            let groups = match &mut groups {
                Some(groups) => groups,
                none => none.insert(Groups::new()?),
            };
            groups.thaw()?;
            groups.instance().clone_into(&mut scenario.instance);
        }
        let found = answer(&question, &base, &scratch, &mut known);
        enter(&base)?;
        found
    })
}

fn answer(
    question: &Question,
    base: &File,
    scratch: &Path,
    known: &mut Option<Reference>,
) -> Result<Found> {
    let open = |path: &PathBuf| File::open(path).with_context(|| path.display().to_string());
    let programs = [open(&question.program)?, open(&question.next)?];
    let place = Place { question, programs: &programs, base, scratch };
    let Some(point) = &question.point else {
        return Ok(Found::Survey(place.survey()?));
    };
    let reference = match known.take() {
        Some(reference) if reference.is_for(question) => reference,
        Some(_) | None => place.reference()?,
    };
    let verdict = place.try_point(point, &reference);
    *known = Some(reference);
    Ok(Found::Verdict(verdict?))
}

/// States that undisturbed runs lead to.
struct Reference {
    row: String,
    programs: [PathBuf; 2],
    before: Facts,
    same: Vec<Facts>,
    other: Vec<Facts>,
}

impl Reference {
    fn is_for(&self, question: &Question) -> bool {
        let [program, next] = &self.programs;
        self.row == question.row.name && *program == question.program && *next == question.next
    }
}

/// Where worlds of one row can be made.
struct Place<'q> {
    question: &'q Question,
    programs: &'q [File; 2],
    /// The namespace that has the scratch directory.
    base: &'q File,
    scratch: &'q Path,
}

impl<'q> Place<'q> {
    fn stage(&self) -> Result<Stage<'q>> {
        enter(self.base)?;
        Stage::new(&self.question.row, self.programs, self.scratch)
    }

    fn desired(&self, next: Next) -> &'q str {
        let scenario = &self.question.row.scenario;
        match next {
            Next::Same => &scenario.desired,
            Next::Other => &scenario.other,
        }
    }

    fn reference(&self) -> Result<Reference> {
        let before = self.stage()?.facts("")?;
        let mut same = self.undisturbed(Next::Same)?;
        if self.question.side == Side::Ours && self.question.row.scenario.ends == Ends::Refused {
            same = vec![Facts { exit: "1".to_owned(), ..before.clone() }];
        }
        Ok(Reference {
            row: self.question.row.name.clone(),
            programs: [self.question.program.clone(), self.question.next.clone()],
            before,
            same,
            other: self.undisturbed(Next::Other)?,
        })
    }

    /// What a run for `next` leads to: by itself; after the whole of the swept one; and where a
    /// namespace is thrown away, after the whole of it in one that was.
    fn undisturbed(&self, next: Next) -> Result<Vec<Facts>> {
        let desired = self.desired(next);
        let mut all = Vec::new();
        // What ours leads to by itself is not what the original makes of it.
        if self.question.side != Side::TakenOver {
            let mut stage = self.stage()?;
            let run = stage.alone(desired, self.question.side)?;
            all.push(stage.facts(&run.exit)?);
        }
        let ends: &[Option<&str>] = match self.question.row.caller {
            Caller::SnapConfine => &[None, Some("not kept")],
            Caller::SnapConfineAgain | Caller::Snapd | Caller::User => &[None],
        };
        for end in ends {
            let mut stage = self.stage()?;
            let first = stage.first(Watch::Nothing)?;
            let run = stage.second(end.unwrap_or(&first.exit), desired)?;
            all.push(stage.facts(&run.exit)?);
        }
        Ok(all)
    }

    fn survey(&self) -> Result<Survey> {
        let row = &self.question.row;
        let mut stage = self.stage()?;
        let run = stage.first(Watch::Record(self.question.side.which()))?;
        let watched = stage.facts(&run.exit)?;
        let reference = self.reference()?;
        let mut complaints = Vec::new();
        if self.question.side == Side::Versions {
            // What one leaves, the other makes its own.
            for state in &reference.same[1..] {
                let differences = compare(&reference.same[0], state);
                complaints
                    .extend(differences.iter().map(|one| format!("taken over: {}", shown(one))));
            }
            return Ok(Survey { calls: run.calls, complaints });
        }
        let expected = match row.scenario.ends {
            Ends::Done => "0",
            Ends::Refused => "1",
        };
        if run.exit != expected {
            let said = Told::of(&run).lines.join(" ");
            complaints.push(format!("exit status {} undisturbed: {said}", run.exit));
        }
        let told = observe::lines(&run.stderr).len();
        if run.exit == "0" && told != row.scenario.notices {
            complaints.push(format!("undisturbed, it says: {}", Told::of(&run).lines.join("; ")));
        }
        if row.scenario.ends == Ends::Done && compare(&reference.before, &watched).len() <= 1 {
            complaints.push("the run changes nothing".to_owned());
        }
        for state in &reference.same[1..] {
            let differences = compare(&reference.same[0], state);
            complaints.extend(differences.iter().map(|one| format!("twice: {}", shown(one))));
        }
        for state in &reference.other[1..] {
            let differences = compare(&reference.other[0], state);
            let exact = differences.iter().filter(|one| is_exact(one.aspect));
            complaints.extend(exact.map(|one| format!("other, after it: {}", shown(one))));
        }
        for difference in compare(&reference.same[0], &watched) {
            complaints.push(format!("undisturbed and watched: {}", shown(&difference)));
        }
        Ok(Survey { calls: run.calls, complaints })
    }

    fn try_point(&self, point: &Point, reference: &Reference) -> Result<Verdict> {
        let Point { at, fault, next } = *point;
        let which = self.question.side.which();
        let mut stage = self.stage()?;
        let first = stage.first(Watch::Fault { which, at, fault })?;
        let clean = match fault {
            Fault::Error(_) if first.exit == "1" => {
                let left = stage.facts("")?;
                Some(compare(&reference.before, &left).is_empty())
            }
            Fault::Error(_) | Fault::Kill => None,
        };
        let second = stage.second(&first.exit, self.desired(next))?;
        let found = stage.facts(&second.exit)?;
        let references = match next {
            Next::Same => &reference.same,
            Next::Other => &reference.other,
        };
        let mut differences = judge(references, &found);
        if self.question.side == Side::TakenOver {
            // What the original leaves in the tree is its own (docs/compatibility.md, D1), and nothing
            // but the next run of ours removes a draft.
            let matters = |aspect| {
                matches!(
                    aspect,
                    Aspect::Exit | Aspect::Freezer | Aspect::Mounts | Aspect::HostMounts
                )
            };
            differences.retain(|one| matters(one.aspect));
        }
        Ok(Verdict {
            hit: first.calls.first().cloned(),
            first: Told::of(&first),
            second: Told::of(&second),
            differences,
            clean,
        })
    }
}

fn shown(difference: &Difference) -> String {
    format!("{}: {}", difference.aspect.words(), difference.lines.join("; "))
}
