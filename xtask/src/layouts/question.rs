//! One snap.yaml that both are asked about.

use snap_layout::{Request, Setting, Severity, Source, compile};

pub(crate) struct Question {
    name: String,
    yaml: Vec<u8>,
}

impl Question {
    /// A file as a whole and, where each of its layouts stands on a line of its own, each alone. None
    /// for what is not about a snap.yaml alone.
    pub(crate) fn of(name: &str, yaml: Vec<u8>) -> Vec<Self> {
        let text = String::from_utf8_lossy(&yaml).into_owned();
        let first = text.lines().next().unwrap_or_default();
        if name.starts_with("broken/")
            && ["--content", "--base", "--instance"].iter().any(|it| first.contains(it))
        {
            return Vec::new();
        }
        let mut all = Vec::new();
        let lines: Vec<&str> = text.lines().collect();
        let is_layout =
            |line: &&str| line.starts_with("  ") && line.contains(": {") && line.ends_with('}');
        let start =
            lines.iter().position(|line| *line == "layout:").map_or(lines.len(), |at| at + 1);
        let (head, layouts) = lines.split_at(start);
        let alone = name.starts_with("broken/") && layouts.len() > 1 && layouts.len() < 50;
        if alone && layouts.iter().all(is_layout) {
            for (number, layout) in layouts.iter().enumerate() {
                let yaml = format!("{}\n{layout}\n", head.join("\n"));
                let name = format!("{name}:{}", start + number + 1);
                all.push(Self { name, yaml: with_version(yaml.into_bytes()) });
            }
        }
        all.push(Self { name: name.to_owned(), yaml: with_version(yaml) });
        all
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn yaml(&self) -> &[u8] {
        &self.yaml
    }

    /// The file without its comments, to find rows by.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.yaml);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        format!("{}\n{}", self.name, lines.collect::<Vec<_>>().join("\n"))
    }

    /// What snap-layout refuses it for.
    pub(crate) fn ours(&self) -> Result<(), String> {
        let setting = Setting::new("7", None).map_err(|error| error.to_string())?;
        let compiled = compile(&Request {
            application: Source { name: "snap.yaml", bytes: &self.yaml },
            base: None,
            content: &[],
            setting,
        });
        let errors: Vec<String> = compiled
            .diagnostics
            .iter()
            .filter(|found| found.rule.severity() == Severity::Error)
            .map(ToString::to_string)
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
    }
}

/// Snap wants a version, which is no matter of layouts.
fn with_version(yaml: Vec<u8>) -> Vec<u8> {
    let Some(at) = yaml.windows(6).position(|bytes| bytes == b"\nname:") else { return yaml };
    if yaml.windows(8).any(|bytes| bytes == b"version:") {
        return yaml;
    }
    let (head, tail) = yaml.split_at(at);
    [head, b"\nversion: '1'", tail].concat()
}
