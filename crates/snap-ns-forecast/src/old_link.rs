//! A symbolic link of the snap's own in the place of one that is wanted: from before a reboot, or from
//! the data of another revision, which snapd copied.

use snap_mount_options::{Kind, Options};
use snap_profile::FOUND;

use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::route::{Buffer, Route};
use crate::view::FsView;

/// What is in front of the target in the options that the link is recorded with, and behind it.
const BEFORE: &[u8] = b"x-snapd.kind=symlink,x-snapd.symlink=";
const BEHIND: &[u8] = b",x-snapd.origin=layout,";

impl Forecast<'_> {
    /// At the end of `route`, where the desired entry at `place` wants a symbolic link, is one that
    /// leads elsewhere. Notes where it leads, and tells whether it may be replaced: it is root's alone,
    /// in the snap's own data, and leads to what is or was the snap's.
    pub(crate) fn find_old_link(
        &mut self,
        place: u16,
        route: &Route<'_>,
        view: &mut dyn FsView,
    ) -> Result<bool, Fault> {
        let mut target = Buffer::new_const();
        let roots = view.read_link(route.path, &mut target)?;
        let start = self.names.len();
        for part in [BEFORE, &target, BEHIND, FOUND] {
            let full = |_| Fault::new(What::Full(Limit::Names), Role::MountPoint);
            self.names.try_extend_from_slice(part).map_err(full)?;
        }
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            let len = u16::try_from(self.names.len().saturating_sub(start));
            need.old_link = (u32::try_from(start).unwrap_or(u32::MAX), len.unwrap_or(u16::MAX));
        }
        // It has to be read back from a profile.
        let legible = !target.iter().any(|&byte| byte == b',' || byte.is_ascii_control());
        let territory = self.territory();
        let own = territory.is_own_data(route.path) && territory.is_of_snap(&target);
        Ok(roots && legible && own && snap_path::check(&target).is_ok())
    }

    /// The options that the symbolic link in the place of the desired entry at `place` is recorded
    /// with, if there is one that leads elsewhere, and where it leads.
    #[must_use]
    pub fn old_link(&self, place: u16) -> Option<(&[u8], &[u8])> {
        let (start, len) = self.need(place).old_link;
        let start = start as usize;
        let options = self.names.get(start..start.saturating_add(len.into()))?;
        match Options::recorded(b"", options).kind {
            Kind::Symlink(target) => Some((options, target)),
            Kind::Directory | Kind::File | Kind::EnsureDir(_) => None,
        }
    }
}
