//! What is expected, in files beside the corpus.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use crate::case::directory;

pub(crate) struct Snapshots {
    corpus: &'static str,
    kinds: &'static [&'static str],
    expected: BTreeSet<PathBuf>,
    wrong: Vec<String>,
    update: bool,
}

impl Snapshots {
    /// Those of a corpus, with these endings.
    pub(crate) fn new(corpus: &'static str, kinds: &'static [&'static str]) -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let update = is_set("UPDATE_SNAPSHOTS");
        assert!(
            !(update && is_set("CI")),
            "where CI is set nothing is written: unset UPDATE_SNAPSHOTS"
        );
        Self { corpus, kinds, expected: BTreeSet::new(), wrong: Vec::new(), update }
    }

    /// Compares the file NAME.KIND, which is not to be there when there is nothing to expect.
    pub(crate) fn check(&mut self, name: &str, kind: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let path = directory(self.corpus).join(format!("{name}.{kind}"));
        if self.update {
            fs::write(&path, text).expect("write");
        }
        match fs::read_to_string(&path) {
            Ok(expected) if expected == text => {}
            Ok(expected) => {
                self.wrong.push(format!("{name}.{kind} has\n{expected}but it is\n{text}"));
            }
            Err(error) => self.wrong.push(format!("{name}.{kind}: {error}")),
        }
        self.expected.insert(path);
    }

    /// Fails for what is different, missing, or there without anybody expecting it.
    pub(crate) fn finish(mut self) {
        for file in fs::read_dir(directory(self.corpus)).expect("the corpus") {
            let path = file.expect("a file").path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
            if self.kinds.contains(&ending) && !self.expected.contains(&path) {
                if self.update {
                    fs::remove_file(&path).expect("remove");
                } else {
                    self.wrong.push(format!("{} is expected of nothing", path.display()));
                }
            }
        }
        let wrong = self.wrong.join("\n");
        assert!(
            wrong.is_empty(),
            "UPDATE_SNAPSHOTS=1 writes them anew; look at the difference:\n{wrong}"
        );
    }
}
