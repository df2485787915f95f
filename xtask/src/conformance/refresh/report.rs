//! What is printed about a sequence that failed.

use super::Answer;
use super::guest::Done;
use snap_ns_model::history::{History, Root, Step, lines};

/// A failed sequence: what differs, and how to see it again.
pub(super) fn failure(name: &str, smallest: &History, answer: &Answer) {
    println!("FAIL {name}, made smaller:");
    match answer {
        Err(error) => println!("  {error}"),
        Ok(steps) => {
            for (at, step) in steps.iter().enumerate() {
                for difference in &step.differences {
                    println!("  step {}: {}", at + 1, difference.kind.words());
                    difference.lines.iter().for_each(|line| println!("    {line}"));
                }
            }
        }
    }
    println!("\n{}", case(name, smallest, answer.as_deref().unwrap_or_default()));
}

/// A case for a topic file of `xtask/conformance/`.
fn case(name: &str, history: &History, steps: &[Done]) -> String {
    let root = match history.root {
        Root::Recorded => "recorded",
        Root::ReadOnly => "read-only",
    };
    // The seed, or the instance, is the last word.
    let name = name.rsplit(' ').next().unwrap_or(name);
    let mut text = format!(
        "[[case]]\nname = \"refresh-{name}\"\nshows = \"\"\ninstance = \"{}\"\nroot = \"{root}\"\nworld = \"\"\"\n{}\"\"\"\n",
        history.instance,
        history.world_text()
    );
    for (at, Step { before, profile, .. }) in history.steps.iter().enumerate() {
        let caller = if at == 0 { "snap-confine" } else { "snapd" };
        let exit = steps.get(at).map_or("0", |step| step.fresh_exit.as_str());
        text.push_str(&format!(
            "[[case.step]]\ncaller = \"{caller}\"\nworld = \"\"\"\n{}\"\"\"\ndesired = \"\"\"\n{}\"\"\"\nexit = {exit}\n",
            lines(before),
            lines(profile)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::case::Topic;
    use super::case;
    use snap_ns_model::history::generate;

    #[test]
    fn a_failure_is_printed_as_a_case() {
        for seed in 0..20 {
            let history = generate(seed);
            let topic: Topic = toml::from_str(&case("a", &history, &[])).unwrap();
            assert_eq!(topic.cases[0].steps.len(), history.steps.len());
        }
    }
}
