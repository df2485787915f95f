//! Debian's kernels and AppArmor's parser, fetched by name into a cache folder and never installed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::peer::workspace_root;

/// Where suites go that the mirrors have dropped.
const ARCHIVE: &str = "http://archive.debian.org/debian";

/// The suite whose AppArmor parser compiles the policy, whatever the kernel.
const PARSERS: &str = "trixie";

/// Where the parser is, what it is linked with, and what policies refer to: in the packages, and for
/// the guest.
const PARSER: [(&str, &str); 4] = [
    ("etc/apparmor.d/abi/3.0", "/etc/apparmor.d/abi/3.0"),
    ("usr/sbin/apparmor_parser", "/usr/sbin/apparmor_parser"),
    ("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
    ("usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"),
];

/// `target/kernels-cache` of the workspace: `cargo clean` removes it.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    Ok(workspace_root()?.join("target/kernels-cache"))
}

/// The kernel that `suite` installs by default, as a file to boot.
pub(crate) fn kernel(suite: &str) -> Result<PathBuf> {
    let dir = cache_dir()?.join(suite);
    let image = dir.join("vmlinuz");
    if image.exists() {
        return Ok(image);
    }
    let apt = Apt::new(suite)?;
    let package = apt.needed_by("linux-image-amd64", "linux-image-")?;
    let package = package.context("linux-image-amd64 needs no kernel")?;
    // Newer packages of that name hold nothing themselves.
    let package = apt.needed_by(&package, "linux-binary-")?.unwrap_or(package);
    let deb = apt.download(&package)?;
    let unpacked = dir.join("vmlinuz.part");
    extract(&deb, "*/vmlinuz*", &unpacked)?;
    ensure!(fs::metadata(&unpacked)?.len() > 0, "{package} holds no kernel");
    fs::rename(unpacked, &image)?;
    apt.forget()?;
    Ok(image)
}

/// The files that the guest needs to load a policy: where they are, and where they belong.
pub(crate) fn parser() -> Result<Vec<(PathBuf, &'static str)>> {
    let root = cache_dir()?.join("parser");
    if !root.exists() {
        let apt = Apt::new(PARSERS)?;
        let part = cache_dir()?.join("parser.part");
        for package in ["apparmor", "libc6"] {
            let deb = apt.download(package)?;
            run(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(&part))?;
        }
        apt.forget()?;
        fs::rename(part, &root)?;
    }
    Ok(PARSER.iter().map(|(from, to)| (root.join(from), *to)).collect())
}

/// apt with a state of its own, which knows one suite.
struct Apt {
    dir: PathBuf,
    config: PathBuf,
}

impl Apt {
    fn new(suite: &str) -> Result<Self> {
        let dir = cache_dir()?.join(suite).join("apt");
        for mirror in [mirror()?.as_str(), ARCHIVE] {
            eprintln!("asking {mirror} for Debian {suite}");
            match Self::knowing(&dir, suite, mirror) {
                Ok(apt) => return Ok(apt),
                Err(error) => eprintln!("{error:#}"),
            }
        }
        bail!("no mirror has Debian {suite}")
    }

    fn knowing(dir: &Path, suite: &str, mirror: &str) -> Result<Self> {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        for made in ["state/lists/partial", "cache/archives/partial", "etc/preferences.d", "debs"] {
            fs::create_dir_all(dir.join(made))?;
        }
        fs::write(dir.join("state/status"), "")?;
        let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let source = format!("deb [signed-by={keys}] {mirror} {suite} main\n");
        fs::write(dir.join("sources.list"), source)?;
        let at = dir.display();
        let config = dir.join("apt.conf");
        fs::write(
            &config,
            format!(
                "Dir::State \"{at}/state\"; Dir::State::status \"{at}/state/status\";\n\
                 Dir::Cache \"{at}/cache\"; Dir::Etc \"{at}/etc\";\n\
                 Dir::Etc::sourcelist \"{at}/sources.list\"; Dir::Etc::sourceparts \"/dev/null\";\n\
                 Acquire::Languages \"none\"; APT::Sandbox::User \"root\";\n\
                 Acquire::Check-Valid-Until \"false\"; APT::Architecture \"amd64\";\n"
            ),
        )?;
        let apt = Self { dir: dir.to_owned(), config };
        run(apt.command("apt-get").args(["--quiet", "--error-on=any", "update"]))?;
        Ok(apt)
    }

    /// Removes what was downloaded.
    fn forget(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.dir)?)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", &self.config).env("LC_ALL", "C").current_dir(&self.dir);
        command
    }

    /// The first package that `package` depends on and whose name starts so.
    fn needed_by(&self, package: &str, start: &str) -> Result<Option<String>> {
        let text = run(self.command("apt-cache").args(["show", "--no-all-versions", package]))?;
        let depends = text.lines().filter_map(|line| line.strip_prefix("Depends: "));
        let names = depends.flat_map(|line| line.split([',', '|'])).filter_map(|one| {
            one.trim_ascii().split(' ').next().filter(|name| name.starts_with(start))
        });
        Ok(names.map(str::to_owned).next())
    }

    fn download(&self, package: &str) -> Result<PathBuf> {
        let debs = self.dir.join("debs");
        let mut command = self.command("apt-get");
        run(command.current_dir(&debs).args(["--quiet", "download", package]))?;
        let files =
            fs::read_dir(&debs)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?;
        let is_it = |file: &&PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("{package}_"))
        };
        files.iter().find(is_it).cloned().with_context(|| format!("{package} was not downloaded"))
    }
}

/// The Debian mirror that this machine's apt uses.
fn mirror() -> Result<String> {
    let mut command = Command::new("apt-get");
    let text = run(command.args(["indextargets", "--format", "$(SITE) $(ORIGIN) $(COMPONENT)"]))?;
    let site = text.lines().find_map(|line| {
        let site = line.strip_suffix(" Debian main")?;
        (!site.contains("security")).then(|| site.to_owned())
    });
    site.context("apt knows no Debian mirror here: run apt-get update once")
}

/// Writes the one file of `deb` that the pattern names.
fn extract(deb: &Path, pattern: &str, to: &Path) -> Result<()> {
    let mut unpack = Command::new("dpkg-deb");
    let unpack = unpack.arg("--fsys-tarfile").arg(deb).stdout(Stdio::piped());
    let mut unpack = unpack.spawn().context("dpkg-deb")?;
    let tar = unpack.stdout.take().context("the output of dpkg-deb")?;
    let mut select = Command::new("tar");
    let select = select.args(["--extract", "--to-stdout", "--wildcards", pattern]);
    let selected = select.stdin(tar).stdout(File::create(to)?).status().context("tar")?;
    let unpacked = unpack.wait()?;
    ensure!(selected.success() && unpacked.success(), "{}: {selected}, {unpacked}", deb.display());
    Ok(())
}

/// What the command says on standard output.
fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim_ascii());
    }
    Ok(String::from_utf8(output.stdout)?)
}
