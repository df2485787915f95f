//! Compiling a layout, and having the binary build it.

use std::fs;

use snap_layout::{Request, Setting, Source, compile};

use crate::machine::{CURRENT, DESIRED, Machine};

/// The two spellings of options.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect {
    /// `x-snapd.NAME=VALUE`, which is what is written.
    Today,
    /// `x-snap-NAME:VALUE`, with a type for links.
    Founding,
}

pub(crate) const DIALECTS: [Dialect; 2] = [Dialect::Today, Dialect::Founding];

/// The profile of revision 1 of the snap `hello` with these layouts, content connections, and
/// instance key.
#[track_caller]
pub(crate) fn profile(layout: &str, content: &[&str], key: Option<&str>) -> String {
    let yaml = format!("name: hello\nlayout:\n{layout}");
    let content: Vec<String> = content.iter().map(|&text| text.to_owned()).collect();
    let compiled = compile(&Request {
        application: Source { name: "snap.yaml", bytes: yaml.as_bytes() },
        base: None,
        content: &content,
        setting: Setting::new("1", key).expect("a setting"),
    });
    let said: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, [""; 0]);
    String::from_utf8(compiled.profile.expect("a profile")).expect("UTF-8")
}

impl Dialect {
    /// A profile in today's spelling, as this one has it.
    pub(crate) fn spell(self, profile: &str) -> String {
        match self {
            Self::Today => profile.to_owned(),
            Self::Founding => profile.lines().map(|line| founding(line) + "\n").collect(),
        }
    }
}

fn founding(line: &str) -> String {
    let mut fields: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let spelt = fields[3].split(',').filter_map(|option| {
        let Some(model) = option.strip_prefix("x-snapd.") else { return Some(option.to_owned()) };
        // There the type says it.
        (model != "kind=symlink").then(|| format!("x-snap-{}", model.replacen('=', ":", 1)))
    });
    let options = spelt.collect::<Vec<_>>().join(",");
    if line.contains("x-snapd.kind=symlink") {
        fields[2] = "x-snap-symlink".to_owned();
    }
    fields[3] = options;
    fields.join(" ")
}

/// Builds the profile; what is saved has all its lines, in today's spelling.
#[track_caller]
pub(crate) fn build(machine: &Machine, profile: &str, dialect: Dialect) {
    let text = dialect.spell(profile);
    fs::write(DESIRED, &text).expect("write");
    let output = machine.run();
    assert!(output.status.success(), "{dialect:?}\n{text}{output:?}");
    let notices = String::from_utf8_lossy(&output.stderr);
    assert_eq!(notices, "", "{dialect:?}\n{text}");
    let saved = fs::read_to_string(CURRENT).expect("saved");
    for line in profile.lines() {
        assert!(saved.lines().any(|it| it == line), "{dialect:?}: {line} is missing in\n{saved}");
    }
}
