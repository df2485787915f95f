//! The AppArmor policy of a case: the parts of `xtask/kernels/stock-like.apparmor` that its entries
//! need, as snapd would put them together for the snap.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

/// Parts that begin with `#: NAME`.
const PARTS: &str = include_str!("../../kernels/stock-like.apparmor");

/// The name of the profile that snap-confine switches to.
pub(super) fn profile_name(instance: &str) -> String {
    format!("snap-update-ns.{instance}")
}

/// The policy for an instance with these desired profiles, which only have plain paths.
pub(super) fn policy(instance: &str, profiles: &str) -> Result<String> {
    let mut rules = BTreeSet::new();
    for line in profiles.lines().map(str::trim_ascii) {
        if !line.is_empty() && !line.starts_with('#') {
            entry(line, &mut rules).with_context(|| line.to_owned())?;
        }
    }
    let name = profile_name(instance);
    let mut text = format!("profile {name} flags=(attach_disconnected) {{\n");
    text.push_str(&part("once")?.replace("INSTANCE", instance));
    rules.iter().for_each(|rule| text.push_str(rule));
    text.push_str("}\n");
    Ok(text)
}

/// What one line of a desired profile needs.
fn entry(line: &str, rules: &mut BTreeSet<String>) -> Result<()> {
    let line = line.replace("$XDG_RUNTIME_DIR", "/run/user/1000").replace("$HOME", "/home/user");
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (source, target) = (fields[0], *fields.get(1).context("a mount point")?);
    let options: Vec<&str> = fields.get(3).context("options")?.split(',').collect();
    let has = |option| options.contains(&option);
    ensure!(is_plain(target), "a mount point that has to be quoted");
    let layout = has("x-snapd.origin=layout") || has("x-snapd.origin=overname");
    let file = has("x-snapd.kind=file");
    let undone = if file { "undone file" } else { "undone directory" };
    let bind = match (has("bind"), has("rbind")) {
        (false, false) => None,
        (true, false) if file => Some("file"),
        (false, true) if !file => Some("directory"),
        (true, false) if !layout => Some("content"),
        (_, _) => bail!("snapd writes no such bind"),
    };
    let mut add = |name: &str| -> Result<()> {
        rules.insert(part(name)?.replace("SOURCE", source).replace("TARGET", target));
        Ok(())
    };
    if let Some(bind) = bind {
        ensure!(is_plain(source), "a source that has to be quoted");
        add(bind)?;
        add(undone)?;
        if bind == "content" && has("ro") {
            add("read-only content")?;
        }
    } else if !has("x-snapd.kind=symlink") && !has("x-snapd.kind=ensure-dir") {
        add("tmpfs")?;
        add(undone)?;
    }
    let paths = [Some(target), bind.map(|_| source)];
    for path in paths.into_iter().flatten() {
        rules.insert(part("path")?.replace("DIR", path));
        for dir in parents(path) {
            rules.insert(part("mimic")?.replace("DIR", dir));
        }
    }
    Ok(())
}

/// Whether AppArmor would take `path` for itself, not for a pattern.
fn is_plain(path: &str) -> bool {
    path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte))
}

/// The directories above `path`, but for the root.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.char_indices().filter(|(at, c)| *c == '/' && *at > 0).map(|(at, _)| &path[..at])
}

fn part(name: &str) -> Result<&'static str> {
    let text =
        PARTS.split("#: ").skip(1).find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'));
    text.with_context(|| format!("the policy has no part {name}"))
}

#[cfg(test)]
mod tests {
    use super::{PARTS, parents, part, policy};

    #[test]
    fn entries_get_the_rules_of_their_kind() {
        let text = policy(
            "hello",
            "/var/snap/hello/common/d /usr/share/d none rbind,rw,x-snapd.origin=layout 0 0\n\
             /snap/other/1/c /snap/hello/1/c none bind,ro 0 0\n\
             tmpfs /opt/t tmpfs x-snapd.origin=layout 0 0",
        )
        .unwrap();
        for rule in [
            "profile snap-update-ns.hello ",
            "mount options=(rbind, rw) \"/var/snap/hello/common/d/\" -> \"/usr/share/d/\",",
            "mount options=(bind, rw) \"/snap/other/1/c/\" -> \"/snap/hello/1/c/\",",
            "remount options=(bind, ro) \"/snap/hello/1/c/\",",
            "mount fstype=tmpfs -> \"/opt/t/\",",
            "mount options=(rbind, rw) \"/usr/share/\" -> \"/tmp/.snap/usr/share/\",",
            "\"/usr/share/d{,/}\" rw,",
            "/run/snapd/ns/snap.hello.fstab{,.*} rw,",
        ] {
            assert!(text.contains(rule), "no {rule} in {text}");
        }
        for word in ["SOURCE", "TARGET", "DIR", "INSTANCE", "#: "] {
            assert!(!text.contains(word), "{word} is left in {text}");
        }
    }

    #[test]
    fn what_would_be_a_pattern_is_refused() {
        assert!(policy("hello", "/var/snap/* /usr/share/d none rbind 0 0").is_err());
    }

    #[test]
    fn nothing_is_denied_silently() {
        assert!(PARTS.lines().all(|line| !line.trim_ascii().starts_with("deny")));
        assert!(part("undone").is_err());
    }

    #[test]
    fn the_root_is_nobodys_mimic() {
        assert_eq!(parents("/a/b/c").collect::<Vec<_>>(), ["/a", "/a/b"]);
        assert_eq!(parents("/a").count(), 0);
    }
}
