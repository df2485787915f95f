//! One file of a corpus. Its first line says what the command would be given:
//! `# run: --revision 7 --instance two --base base/fonts.yaml --content SOURCE=TARGET`.

use std::fs;
use std::path::{Path, PathBuf};

use snap_layout::{Request, Setting, Source};

pub(crate) struct Case {
    /// The file's name without its ending.
    pub(crate) name: String,
    file: String,
    bytes: Vec<u8>,
    revision: String,
    instance: Option<String>,
    base: Option<(String, Vec<u8>)>,
    content: Vec<String>,
}

/// Where a corpus is.
pub(crate) fn directory(corpus: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(corpus)
}

impl Case {
    /// All files of a corpus, which are at least so many.
    pub(crate) fn all(corpus: &str, at_least: usize) -> Vec<Self> {
        let dir = directory(corpus);
        let mut files: Vec<PathBuf> = fs::read_dir(&dir)
            .expect("the corpus")
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .collect();
        files.sort();
        let count = files.len();
        assert!(count >= at_least, "{corpus} has shrunk to {count} files, {at_least} are needed");
        files.iter().map(|file| Self::read(&dir, file)).collect()
    }

    fn read(dir: &Path, path: &Path) -> Self {
        let bytes = fs::read(path).expect("a file");
        let file = path.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
        let name = file.trim_end_matches(".yaml").to_owned();
        let first = String::from_utf8_lossy(&bytes).lines().next().unwrap_or("").to_owned();
        let mut case = Self {
            name,
            file,
            bytes,
            revision: "7".to_owned(),
            instance: None,
            base: None,
            content: Vec::new(),
        };
        let first = first.trim_start_matches('\u{feff}');
        let mut words = first.strip_prefix("# run: ").unwrap_or("").split_whitespace();
        while let Some(option) = words.next() {
            let value = words.next().expect("a value").to_owned();
            match option {
                "--revision" => case.revision = value,
                "--instance" => case.instance = Some(value),
                "--content" => case.content.push(value),
                "--base" => {
                    let bytes = fs::read(dir.join(&value)).expect("a base");
                    case.base = Some((value, bytes));
                }
                other => panic!("{}: unknown option {other}", path.display()),
            }
        }
        case
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            application: Source { name: &self.file, bytes: &self.bytes },
            base: self.base.as_ref().map(|(name, bytes)| Source { name, bytes }),
            content: &self.content,
            setting: Setting::new(&self.revision, self.instance.as_deref()).expect("a setting"),
        }
    }

    /// The same with the last declaration first, where each stands on a line of its own.
    pub(crate) fn with_declarations_turned_round(&self) -> Self {
        let text = String::from_utf8(self.bytes.clone()).expect("UTF-8");
        let is_declaration =
            |line: &str| line.starts_with("  ") && line.contains(": {") && line.ends_with('}');
        let mut lines: Vec<&str> = text.lines().collect();
        let start =
            lines.iter().position(|line| *line == "layout:").map_or(lines.len(), |at| at + 1);
        let count = lines[start..].iter().take_while(|line| is_declaration(line)).count();
        lines[start..start + count].reverse();
        let bytes = format!("{}\n", lines.join("\n")).into_bytes();
        let (name, file, content) = (self.name.clone(), self.file.clone(), self.content.clone());
        let (instance, base) = (self.instance.clone(), self.base.clone());
        Self { name, file, bytes, revision: self.revision.clone(), instance, base, content }
    }
}
