//! A symbolic link of the snap's own in the place of one that is wanted: from before a reboot, or from
//! the data of another revision, which snapd copied.

use snap_mount_options::{Kind, Options, Origin};
use snap_path::parent;
use snap_profile::FOUND;

use crate::entries::Asked;
use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::noted::NotedLink;
use crate::route::{Buffer, Route};
use crate::view::FsView;

/// What is in front of the target in the options that the link is recorded with, and behind it.
const BEFORE: &[u8] = b"x-snapd.kind=symlink,x-snapd.symlink=";
const BEHIND: &[u8] = b",x-snapd.origin=layout,";

/// A symbolic link in the place of one that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct OldLink<'f> {
    /// Where it really is, if it is to be replaced.
    pub replaced_at: Option<&'f [u8]>,
    /// The options that it is recorded with.
    pub options: &'f [u8],
    /// Where it leads.
    pub target: &'f [u8],
}

impl Forecast<'_> {
    /// At the end of `route`, where `asked` wants a symbolic link, is one that leads elsewhere. Notes
    /// where it leads, and tells whether it may be replaced, by a layout: it is root's alone, in the
    /// snap's own data, and leads to what is or was the snap's.
    pub(crate) fn find_old_link(
        &mut self,
        asked: &Asked<'_>,
        route: &Route<'_>,
        view: &mut dyn FsView,
    ) -> Result<bool, Fault> {
        let mut target = Buffer::new_const();
        let roots = view.read_link(route.path, &mut target)?;
        // It has to be read back from a profile.
        let legible = !target.iter().any(|&byte| byte == b',' || byte.is_ascii_control());
        let territory = self.territory();
        let own = territory.is_own_data(route.path) && territory.is_of_snap(&target);
        // By this path it could not be removed again, elsewhere or read-only.
        let dir = parent(asked.item.entry.mount_point).unwrap_or_default();
        let may = !route.read_only && territory.contains(dir);
        let layout = asked.item.origin == Origin::Layout;
        let clean = snap_path::check(&target).is_ok();
        let replaced = roots && legible && own && may && layout && clean;
        // A way back finds it where it really is: what this route leads through is not there then.
        let at = if replaced { route.path } else { b"" };
        let text = self.names.len();
        for part in [at, BEFORE, &target, BEHIND, FOUND] {
            let full = |_| Fault::new(What::Full(Limit::Names), Role::MountPoint);
            self.names.try_extend_from_slice(part).map_err(full)?;
        }
        if let Some(need) = self.needs.get_mut(usize::from(asked.place)) {
            let options = text.saturating_add(at.len());
            need.old_link = Some(NotedLink { text, options, end: self.names.len() });
        }
        Ok(replaced)
    }

    /// The symbolic link in the place of the desired entry at `place`, if there is one that leads
    /// elsewhere.
    #[must_use]
    pub fn old_link(&self, place: u16) -> Option<OldLink<'_>> {
        let NotedLink { text, options, end } = self.need(place).old_link?;
        let replaced_at = self.names.get(text..options).filter(|path| !path.is_empty());
        let options = self.names.get(options..end)?;
        match Options::recorded(b"", options).kind {
            Kind::Symlink(target) => Some(OldLink { replaced_at, options, target }),
            Kind::Directory | Kind::File | Kind::EnsureDir(_) => None,
        }
    }
}
