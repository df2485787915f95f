//! `cargo xtask transitions`: the real snap-confine under AppArmor, in an emulated machine.
//!
//! The root that the end-to-end test makes for snap-confine is taken to a machine with AppArmor in
//! enforce mode and the policy that snap-confine's package ships. A recorder in front of our program,
//! and a shell in the place of the application, say as whom, where and under which profile they are.
//! That must be what `xtask/transitions/*.txt` says, which docs/confinement.md draws.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::archive::Archive;
use super::{machine, packages, policy};
use crate::conformance;
use crate::peer::{SUITES, cache_dir, workspace_root};

/// The suite whose kernel is booted, whatever snap-confine.
const KERNEL: &str = "trixie";

/// What the snap desires.
const LAYOUT: &str = "/var/snap/hello/1/opt /opt/data none rbind,rw,x-snapd.origin=layout 0 0\n";

#[derive(Args)]
pub(crate) struct Options {
    /// Only the snap-confine of this Debian suite: sid, trixie or bookworm.
    #[arg(long, value_parser = SUITES)]
    suite: Option<String>,
    /// Our program; by default target/release/snap-update-ns, built first.
    #[arg(long, value_name = "PATH")]
    ours: Option<PathBuf>,
}

/// Runs all suites; an error when what happens is not what is expected.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "cargo xtask transitions NEEDS ROOT (loop devices, a setuid snap-confine): nothing was tested"
    );
    let ours = options.ours.clone().map_or_else(conformance::build, Ok)?.canonicalize()?;
    let mut wrong = 0;
    for suite in SUITES {
        if options.suite.as_ref().is_some_and(|only| only != suite) {
            continue;
        }
        let seen = readable(&in_machine(suite, &ours)?)?;
        let expected = match suite {
            "sid" => include_str!("../../transitions/file-capabilities.txt"),
            _ => include_str!("../../transitions/set-user-id.txt"),
        };
        let good = seen == expected;
        println!("{} snap-confine of Debian {suite}", if good { "pass" } else { "FAIL" });
        if !good {
            println!("expected:\n{expected}\nseen:\n{seen}");
            wrong += 1;
        }
    }
    ensure!(wrong == 0, "transitions: {wrong} of the callers did something else");
    Ok(())
}

/// What the machine says with the snap-confine of `suite`.
fn in_machine(suite: &str, ours: &PathBuf) -> Result<String> {
    let root = workspace_root()?;
    let out = root.join("target/transitions").join(suite);
    fs::create_dir_all(&out)?;
    packages::parser()?;
    let (stock, layout) = (out.join("stock"), out.join("layout"));
    fs::write(&stock, policy::policy("hello", LAYOUT)?)?;
    fs::write(&layout, LAYOUT)?;
    let output = Command::new("bash")
        .arg(root.join("xtask/e2e/real-client.sh"))
        .env("SUITE", suite)
        .env("CGROUP", "v2")
        .env("REAL_CLIENT_CACHE", cache_dir()?)
        .env("OUT", &out)
        .env("HOOK", root.join("xtask/transitions/host.sh"))
        .env("TRANSITIONS", root.join("xtask/transitions"))
        .env("PARSER", packages::cache_dir()?.join("parser"))
        .env("STOCK", &stock)
        .env("LAYOUT", &layout)
        .env("SNAP_UPDATE_NS", ours)
        .env_remove("DEB_ROOT")
        .env_remove("RECORD")
        .output()
        .context("bash real-client.sh")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "real-client.sh: {said}");
    let mut archive = Archive::default();
    archive.add("/init", include_bytes!("../../transitions/init.sh"));
    archive.add("/bin/busybox", &fs::read(out.join("busybox"))?);
    archive.add("/root.tar", &fs::read(out.join("root.tar"))?);
    let initramfs = out.join("initramfs");
    fs::write(&initramfs, archive.finish())?;
    let answers = machine::run(&packages::kernel(KERNEL)?, &initramfs, &out.join("logs"), "")?;
    for file in ["initramfs", "root.tar", "busybox"] {
        fs::remove_file(out.join(file))?;
    }
    Ok(answers)
}

/// The machine's words with names for what has a number by chance, up to its last ones. Namespaces are
/// named in the order in which they appear in a case.
fn readable(answers: &str) -> Result<String> {
    let mut lines = answers.lines().map(|line| line.trim_end_matches('\r'));
    let host =
        lines.find_map(|line| line.strip_prefix("host ")).context("the machine did not start")?;
    let kernel = lines.next().and_then(|line| line.strip_prefix("kernel ")).context("no kernel")?;
    ensure!(kernel.ends_with(", apparmor Y"), "without AppArmor: {kernel}");
    let mut names = BTreeMap::new();
    let mut text = String::new();
    for line in lines {
        if line == "-- end" {
            return Ok(text);
        }
        if line.starts_with("-- ") {
            names = BTreeMap::from([(host.to_owned(), "of the host".to_owned())]);
        }
        let named = line.split_once("mnt:[").and_then(|(before, rest)| {
            let (number, after) = rest.split_once(']')?;
            let new = format!("{}", names.len());
            let name = names.entry(format!("mnt:[{number}]")).or_insert(new);
            Some(format!("{before}{name}{after}"))
        });
        text.push_str(named.as_deref().unwrap_or(line));
        text.push('\n');
    }
    anyhow::bail!("the machine did not reach its end:\n{text}")
}

#[cfg(test)]
mod tests {
    use super::readable;

    const START: &str = "host mnt:[7]\r\nkernel 6.12, apparmor Y\r\n";

    #[test]
    fn namespaces_get_names() {
        let said = format!(
            "{START}-- a\na mnt:[9]; x\nb mnt:[8]\nc mnt:[9]\n-- b\nmnt:[7]\nmnt:[8]\n-- end\n"
        );
        let text = "-- a\na 1; x\nb 2\nc 1\n-- b\nof the host\n1\n";
        assert_eq!(readable(&said).unwrap(), text);
    }

    #[test]
    fn what_does_not_end_or_has_no_apparmor_is_an_error() {
        for said in [
            "",
            START,
            "host mnt:[7]\nkernel 6.12, apparmor N\n-- end\n",
            &format!("{START}-- a\n"),
        ] {
            readable(said).unwrap_err();
        }
        assert_eq!(readable(&format!("{START}-- end\n")).unwrap(), "");
    }
}
