//! Which directories are in a tmpfs of ours, or in the snap's own data.

use crate::entries::Time;
use crate::fault::Role;
use crate::forecast::Forecast;
use crate::route::{Buffer, Log, Route, Space};

impl Forecast<'_> {
    /// The tmpfs of ours that the directory `dir` is in, by how many bytes of its path that is: one
    /// that this program mounted right there, and that nothing covers. The root file system that
    /// snap-confine set up is one, too, as far as nothing else is mounted in it.
    pub fn own_tmpfs(&self, log: Log, dir: &[u8], time: Time) -> Option<usize> {
        let mut buffer = Buffer::new_const();
        let route = self.route_in(log, dir, time, Role::MountPoint, &mut buffer).ok()?;
        if route.replaced != (0, 0) {
            return None;
        }
        match route.space {
            Space::Tmpfs(_) | Space::Mimic(_) => Some(route.root),
            Space::Live => self.rootfs.map(<[u8]>::len),
            Space::Unknown => None,
        }
    }

    /// Where the layout is mounted in which `dir` is the snap's own data: how many bytes of its path
    /// that is. None while something is undone: nobody knows what was there before.
    pub fn own_data(&self, log: Log, dir: &[u8], time: Time) -> Option<usize> {
        let mut buffer = Buffer::new_const();
        let route = self.route_in(log, dir, time, Role::MountPoint, &mut buffer).ok()?;
        (log == Log::Desired && self.is_data(&route, route.path)).then_some(route.replaced.0)
    }

    /// Whether the directory `live`, which a route leads to or through, is the snap's own data, and the
    /// route leads there through its layouts alone.
    pub(crate) fn is_data(&self, route: &Route<'_>, live: &[u8]) -> bool {
        let bound = route.space == Space::Live && route.replaced.0 > 0;
        bound && !route.through_content && self.territory().is_own_data(live)
    }
}
