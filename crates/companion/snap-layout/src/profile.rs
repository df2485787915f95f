//! The profile that comes out.

use std::convert::Infallible;

use snap_fstab::{Entry, Sink};
use snap_path::parents_first;

use crate::content::Content;
use crate::layout::{Element, Layout};
use crate::snap::Snap;

/// The lines, in the order in which a namespace is built: the mapping of a parallel instance,
/// content, layouts; each by mount point, parents first. So the same snap gives the same bytes, in
/// whatever order its declarations stand.
pub(crate) fn write(snap: &Snap<'_>, content: &[Content], layouts: &[Layout]) -> Vec<u8> {
    let mut profile = Lines(Vec::new());
    for line in [overnames(snap), contents(content), layout_lines(layouts)].map(sorted).concat() {
        line.write(&mut profile);
    }
    profile.0
}

#[derive(Clone)]
struct Line {
    source: String,
    mount_point: String,
    fs_type: &'static str,
    options: String,
}

impl Line {
    fn write(&self, profile: &mut Lines) {
        let entry = Entry {
            source: self.source.as_bytes(),
            mount_point: self.mount_point.as_bytes(),
            fs_type: self.fs_type.as_bytes(),
            options: self.options.as_bytes(),
            dump: 0,
            pass: 0,
        };
        let Ok(()) = entry.write(profile);
    }
}

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| parents_first(a.mount_point.as_bytes(), b.mount_point.as_bytes()));
    lines
}

/// A parallel instance sees its own directories under the plain name.
fn overnames(snap: &Snap<'_>) -> Vec<Line> {
    let (Some(parallel), Some(name)) = (snap.parallel(), snap.name()) else { return Vec::new() };
    let map = |dir: &str| Line {
        source: format!("{dir}/{parallel}"),
        mount_point: format!("{dir}/{name}"),
        fs_type: "none",
        options: "rbind,x-snapd.origin=overname".to_owned(),
    };
    vec![map("/snap"), map("/var/snap")]
}

fn contents(content: &[Content]) -> Vec<Line> {
    let line = |content: &Content| Line {
        source: content.source.clone(),
        mount_point: content.target.clone(),
        fs_type: "none",
        options: "bind,ro".to_owned(),
    };
    content.iter().map(line).collect()
}

fn layout_lines(layouts: &[Layout]) -> Vec<Line> {
    layouts.iter().filter_map(layout_line).collect()
}

fn layout_line(layout: &Layout) -> Option<Line> {
    let mut options: Vec<String> = Vec::new();
    let (source, fs_type) = match &layout.element.as_ref()?.0 {
        Element::Bind { source } => {
            options.push("rbind,rw".to_owned());
            (source.as_str(), "none")
        }
        Element::BindFile { source } => {
            options.push("bind,rw,x-snapd.kind=file".to_owned());
            (source.as_str(), "none")
        }
        Element::Symlink { target } => {
            options.push(format!("x-snapd.kind=symlink,x-snapd.symlink={target}"));
            (target.as_str(), "none")
        }
        Element::Tmpfs => ("tmpfs", "tmpfs"),
    };
    // What is not said is not written: the mode of a tmpfs is the kernel's then.
    options.extend(layout.mode.map(|mode| format!("x-snapd.mode=0{mode:03o}")));
    options.extend(layout.user.map(|user| format!("x-snapd.user={user}")));
    options.extend(layout.group.map(|group| format!("x-snapd.group={group}")));
    options.push("x-snapd.origin=layout".to_owned());
    Some(Line {
        source: source.to_owned(),
        mount_point: layout.mount_point.clone()?,
        fs_type,
        options: options.join(","),
    })
}

struct Lines(Vec<u8>);

impl Sink for Lines {
    type Error = Infallible;

    fn put(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
