//! What is printed.

use nix::errno::Errno;

use super::Plan;
use super::driver::Fault;
use super::guest::{Next, Point, Told, Verdict};
use super::tally::{Count, Failure, Tally};

/// Points of a row that are shown, and lines of each aspect.
const POINTS: usize = 3;
const LINES: usize = 8;
/// Characters of a note.
const NOTE: usize = 200;
/// Further points that are named.
const NAMED: usize = 60;

/// How much is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Short,
    Full,
}

/// What is wrong with the rows themselves, undisturbed.
pub(super) fn complaints(swept: &[(Plan, Tally)]) {
    for (plan, _) in swept {
        for complaint in &plan.survey.complaints {
            println!("FAIL {}: {complaint}", plan.row.name);
        }
    }
}

/// The same of others than ours, which is told once and fails nothing.
pub(super) fn notes(swept: &[(Plan, Tally)]) {
    for (plan, _) in swept {
        if let Some(complaint) = plan.survey.complaints.first() {
            let short: String = complaint.chars().take(NOTE).collect();
            println!("note: {}: {short}", plan.row.name);
        }
    }
}

/// What did not survive; of single points that were asked for, everything.
pub(super) fn failures(swept: &[(Plan, Tally)], single: bool) {
    for (plan, tally) in swept {
        let name = &plan.row.name;
        if single {
            tally.survivors.iter().for_each(|(point, verdict)| {
                println!("{}", title("pass", name, point, verdict.hit_text()));
                whole(verdict, Length::Full);
            });
        }
        let (shown, length) =
            if single { (usize::MAX, Length::Full) } else { (POINTS, Length::Short) };
        for failure in tally.failures.iter().take(shown) {
            one(name, failure, length);
        }
        if tally.failures.len() > shown {
            let more = &tally.failures[shown..];
            let named: Vec<String> = more.iter().take(NAMED).map(brief).collect();
            let dots = if more.len() > NAMED { " ..." } else { "" };
            println!("  {} more in {name}: {}{dots}", more.len(), named.join(" "));
        }
        if tally.missed > 0 {
            println!("  {} points of {name} were not reached", tally.missed);
        }
    }
}

fn brief(failure: &Failure) -> String {
    let kind = match failure.point.fault {
        Fault::Kill => "k",
        Fault::Error(_) => "e",
    };
    format!("{kind}{}", failure.point.at)
}

fn one(name: &str, failure: &Failure, length: Length) {
    match &failure.verdict {
        Err(error) => {
            println!("{}", title("FAIL", name, &failure.point, ""));
            println!("  cannot be tried: {error}");
        }
        Ok(verdict) => {
            println!("{}", title("FAIL", name, &failure.point, verdict.hit_text()));
            whole(verdict, length);
        }
    }
}

fn title(what: &str, name: &str, point: &Point, call: &str) -> String {
    let fault = match point.fault {
        Fault::Kill => "killed".to_owned(),
        Fault::Error(number) => format!("{:?}", Errno::from_raw(number)),
    };
    let next = match point.next {
        Next::Same => "",
        Next::Other => ", then another profile",
    };
    format!("{what} {name}, point {}: {fault} at {call}{next}", point.at)
}

fn whole(verdict: &Verdict, length: Length) {
    said("  first run", &verdict.first, length);
    if verdict.clean == Some(false) {
        println!("  it did not leave all as it was before");
    }
    said("  second run", &verdict.second, length);
    for difference in &verdict.differences {
        println!("  {} (- undisturbed, + this)", difference.aspect.words());
        let shown = if length == Length::Full { usize::MAX } else { LINES };
        for line in difference.lines.iter().take(shown) {
            println!("    {line}");
        }
        if difference.lines.len() > shown {
            println!("    ... {} more", difference.lines.len() - shown);
        }
    }
}

fn said(who: &str, told: &Told, length: Length) {
    let shown = if length == Length::Full { usize::MAX } else { 1 };
    let lines: Vec<&str> = told.lines.iter().take(shown).map(String::as_str).collect();
    println!("{who}: {} {}", told.exit, lines.join("\n    "));
}

impl Verdict {
    fn hit_text(&self) -> &str {
        self.hit.as_ref().map_or("", |call| &call.text)
    }
}

/// The figures, a line for each row.
pub(super) fn table(ours: &[(Plan, Tally)], original: Option<&[(Plan, Tally)]>) {
    println!("{:34} {:>6} {:>11} {:>11} {:>11}", "", "calls", "kills", "errors", "clean");
    figures("ours", ours);
    if let Some(original) = original {
        figures("the original", original);
    }
}

fn figures(who: &str, swept: &[(Plan, Tally)]) {
    println!(
        "{who}: points survived of those tried; clean: runs with an error that left all as it was"
    );
    let mut sum = Tally::default();
    for (plan, tally) in swept {
        let share = match plan.row.scenario.every {
            1 => String::new(),
            every => format!(" (1 in {every})"),
        };
        line(&format!("{}{share}", plan.row.name), Some(plan.survey.calls.len()), tally);
        sum.sum(tally);
    }
    line("all", None, &sum);
}

fn line(name: &str, calls: Option<usize>, tally: &Tally) {
    let calls = calls.map_or(String::new(), |calls| calls.to_string());
    let count = |count: Count| format!("{}/{}", count.survived, count.tried);
    let more = |what: &str, many: usize| match many {
        0 => String::new(),
        many => format!("  {what} {many}"),
    };
    println!(
        "  {name:32} {calls:>6} {:>11} {:>11} {:>11}{}{}",
        count(tally.kills),
        count(tally.errors),
        count(tally.refused),
        more("not reached", tally.missed),
        more("another call", tally.strayed)
    );
}

/// How often the original ended where it does after an undisturbed run of ours.
pub(super) fn taken_over(swept: &[(Plan, Tally)]) {
    println!(
        "ours is killed, and the original runs next: where that ends as after a whole run of ours"
    );
    let (mut survived, mut tried) = (0, 0);
    for (plan, tally) in swept {
        let Count { tried: all, survived: good } = tally.kills;
        println!("  {:<30} {good:>7}/{all}", plan.row.name);
        (survived, tried) = (survived + good, tried + all);
    }
    println!("  {:<30} {survived:>7}/{tried}", "all");
}
