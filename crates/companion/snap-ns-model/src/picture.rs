//! What a namespace shows.

use std::fmt::Write as _;

use snap_mount_options::MountFlags;
use snap_ns_plan::NodeKind;

use crate::error::Error;
use crate::inode::Body;
use crate::mount::Spot;
use crate::namespace::{Inside, Namespace};
use crate::table::words;

/// The most components of a path in a picture: binds can make a tree of any depth.
const DEPTH_MAX: usize = 12;

impl Namespace {
    /// Everything that can be seen, one line for each name: path, kind and mode, owner, the flags
    /// of the mount (`ro` also when the file system is), text or target in quotes. Names deeper
    /// than 12 components are not told.
    #[must_use]
    pub fn picture(&self) -> String {
        self.picture_at("/").unwrap_or_default()
    }

    /// The same from `path` on.
    ///
    /// # Errors
    ///
    /// There is nothing at `path`.
    pub fn picture_at(&self, path: impl AsRef<[u8]>) -> Result<String, Error> {
        let inside = self.inside();
        let spot = inside.find(path.as_ref())?;
        let mut shown = path.as_ref().escape_ascii().to_string();
        let mut picture = String::new();
        inside.draw(spot, &mut shown, snap_path::components(path.as_ref()).count(), &mut picture);
        Ok(picture)
    }
}

impl Inside<'_> {
    fn draw(&self, spot: Spot, path: &mut String, depth: usize, picture: &mut String) {
        let inode = self.machine.storage.inode(spot.inode);
        let kind = match inode.kind() {
            NodeKind::Directory => 'd',
            NodeKind::File => 'f',
            NodeKind::Symlink => 'l',
            NodeKind::Special => 's',
        };
        let snap_ns_plan::Attributes { mode, uid, gid } = inode.attributes;
        let flags: MountFlags = self.machine.flags(spot.mount);
        // Writing to a String cannot fail.
        let _ = write!(picture, "{path} {kind} {mode:04o} {uid}:{gid} {}", words(flags));
        match &inode.body {
            Body::File(text) | Body::Symlink(text) => {
                let _ = write!(picture, " \"{}\"", text.escape_ascii());
            }
            Body::Directory(_) | Body::Special => {}
        }
        picture.push('\n');
        if let Body::Directory(children) = &inode.body
            && depth < DEPTH_MAX
        {
            let (len, depth) = (path.len(), depth.saturating_add(1));
            for (name, &inode) in children {
                let slash = if path.ends_with('/') { "" } else { "/" };
                let _ = write!(path, "{slash}{}", name.escape_ascii());
                let child = self.machine.topmost(Spot { mount: spot.mount, inode });
                self.draw(child, path, depth, picture);
                path.truncate(len);
            }
        }
    }
}
