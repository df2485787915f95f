//! Looking at the tree before anything is touched: what has to be created, which directories have
//! to be made writable, and what cannot work at all.

use snap_mount_options::{Depth, IfMissing, Kind, MountFlags, Operation, Options, Origin};
use snap_path::PATH_MAX;
use snap_profile::{Item, Shape};

use crate::drive::Observer;
use crate::fault::{Fault, Limit, Role, What};
use crate::forecast::Forecast;
use crate::mimic::{CHILDREN_MAX, Child, Listed, MimicState, Slot, Turn};
use crate::plan::{Plan, PlanError};
use crate::territory::{Rule, Territory, Verdict};
use crate::view::{FsView, Ground, Look, NodeKind};

/// What an entry of the desired profile needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need {
    /// The equal entry of the current profile that stays.
    pub(crate) kept_as: Option<u16>,
    /// Its number in the order of application.
    pub(crate) rank: u16,
    /// Its source may have to be created.
    pub(crate) make_source: bool,
    /// Its mount point may have to be created.
    pub(crate) make_mount_point: bool,
    /// It cannot be made, or is not to be.
    pub(crate) left_out: bool,
    /// It was made in this run.
    pub(crate) made: bool,
}

/// How much longer a path gets where the executor sets a mimic's directory aside (`/tmp/.snap`).
const ASIDE_LEN: usize = 10;

/// The most data of a file system that fits mount(2)'s one page with mode and owner behind it.
const DATA_MAX: usize = 4096 - 40;

/// What one path of an entry needs.
enum PathNeed {
    Nothing,
    Create,
    /// The entry says to ignore that the path is missing.
    Ignore,
}

impl<'a> Plan<'a> {
    /// Looks at every entry that is to be made.
    pub(crate) fn survey(
        &mut self,
        view: &mut dyn FsView,
        observer: &mut dyn Observer,
    ) -> Result<(), PlanError> {
        let mut buffer = [0; PATH_MAX];
        for at in 0..self.order.len() {
            let Some(&place) = self.order.get(at) else {
                break;
            };
            let Some(item) = self.desired(place) else {
                break;
            };
            match self.survey_entry(place, item, &mut buffer, view) {
                Ok(()) => {}
                Err(fault) if item.origin == Origin::Content => {
                    self.leave_out(place);
                    observer.left_out(self, place, fault);
                }
                Err(fault) => return Err(PlanError::Refused(place, fault)),
            }
        }
        Ok(())
    }

    fn survey_entry(
        &mut self,
        place: u16,
        item: &'a Item<'a>,
        buffer: &mut [u8; PATH_MAX],
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        let (entry, options) = (&item.entry, item.options());
        let mut make_source = false;
        let mut ignore = false;
        let wanted = match options.kind {
            Kind::EnsureDir(dir) if snap_path::is_at_or_below(entry.mount_point, dir) => {
                return Ok(());
            }
            Kind::EnsureDir(_) => return Err(Fault::new(What::NotBelow, Role::MustExistDir)),
            Kind::Symlink(_) => NodeKind::Symlink,
            Kind::Directory => NodeKind::Directory,
            Kind::File => NodeKind::File,
        };
        if wanted != NodeKind::Symlink && matches!(options.operation, Operation::Bind(_)) {
            let recursive = options.operation == Operation::Bind(Depth::Recursive);
            if recursive && options.flags.contains(MountFlags::READ_ONLY) {
                return Err(Fault::new(What::RecursiveReadOnly, Role::Source));
            }
            match self.survey_path(
                place,
                (item, wanted),
                (entry.source, Role::Source),
                buffer,
                view,
            )? {
                PathNeed::Nothing => {}
                PathNeed::Create => make_source = true,
                PathNeed::Ignore => ignore = true,
            }
        }
        check_texts(item, &options)?;
        let mut make_mount_point = false;
        match self.survey_path(
            place,
            (item, wanted),
            (entry.mount_point, Role::MountPoint),
            buffer,
            view,
        )? {
            PathNeed::Nothing => {}
            PathNeed::Create => make_mount_point = true,
            PathNeed::Ignore => ignore = true,
        }
        if let Some(need) = self.needs.get_mut(usize::from(place)) {
            (need.make_source, need.make_mount_point) = (make_source, make_mount_point);
            need.left_out = ignore;
        }
        Ok(())
    }

    fn survey_path(
        &mut self,
        place: u16,
        (item, wanted): (&'a Item<'a>, NodeKind),
        (path, role): (&'a [u8], Role),
        buffer: &mut [u8; PATH_MAX],
        view: &mut dyn FsView,
    ) -> Result<PathNeed, Fault> {
        let rank = self.need(place).rank;
        let (live, replaced) = match self.forecast(path, rank, role, buffer)? {
            Forecast::Live { path, replaced } => (path, replaced),
            // Whatever is there will be found when the step is performed.
            Forecast::Unknown => return Ok(create_unless_ignored(item)),
            Forecast::Fresh(root) if root == path.len() && wanted == NodeKind::Directory => {
                return Ok(PathNeed::Nothing);
            }
            Forecast::Fresh(_) => return Ok(create_unless_ignored(item)),
        };
        // What lies in the replaced part of a path is not part of the asked one.
        let asked_len = |len: usize| match len.checked_sub(replaced.1) {
            Some(rest) => replaced.0.saturating_add(rest),
            None => replaced.0,
        };
        match view.look(live, role)? {
            Look::Found(kind) if kind == wanted => {
                if let Kind::Symlink(target) = item.options().kind
                    && !view.leads_to(live, target)?
                {
                    return Err(Fault::new(What::Found(kind), role));
                }
                Ok(PathNeed::Nothing)
            }
            Look::Found(kind) => Err(Fault::new(What::Found(kind), role)),
            Look::Blocked { at, kind } => Err(Fault::at(What::Found(kind), role, asked_len(at))),
            // A source that is yet to be created is an empty directory then.
            Look::Missing { parent, .. } if parent < replaced.1 => Ok(create_unless_ignored(item)),
            Look::Missing { parent, ground } => {
                match (item.options().if_missing, item.origin) {
                    (IfMissing::Create, _) => {}
                    (IfMissing::Skip, Origin::Content) => return Ok(PathNeed::Ignore),
                    // A layout or overname is a promise.
                    (IfMissing::Skip, Origin::Layout | Origin::Overname | Origin::Rootfs) => {
                        return Err(Fault::new(What::Missing, role));
                    }
                }
                let dir = path.get(..asked_len(parent)).unwrap_or(path);
                let live_dir = live.get(..parent).unwrap_or(live);
                self.survey_ground(place, (dir, live_dir), ground, role, view)?;
                Ok(PathNeed::Create)
            }
        }
    }

    /// Something has to be created in `dir`, a directory above the path `role` of an entry, which
    /// is `live` today: makes sure that it can be.
    fn survey_ground(
        &mut self,
        place: u16,
        (dir, live): (&'a [u8], &[u8]),
        ground: Ground,
        role: Role,
        view: &mut dyn FsView,
    ) -> Result<(), Fault> {
        if self.mimic_at(dir).is_some() {
            return Ok(());
        }
        let what = match self.verdict(dir, ground) {
            Verdict::Write => return Ok(()),
            Verdict::WriteIfOn(len) => {
                if view.same_fs(live, dir.get(..len).unwrap_or(dir))? {
                    return Ok(());
                }
                What::WouldShowOnHost
            }
            Verdict::Trespass => What::WouldShowOnHost,
            Verdict::ReadOnly => What::ReadOnly,
        };
        self.add_mimic(place, dir, Fault::at(what, role, dir.len()), view).map(|_| ())
    }

    /// Plans a mimic at `dir` for the entry at `place`, to which `fault` happens otherwise. Returns
    /// its place.
    pub(crate) fn add_mimic(
        &mut self,
        place: u16,
        dir: &'a [u8],
        fault: Fault,
        view: &mut dyn FsView,
    ) -> Result<u16, Fault> {
        let item = self.desired(place).ok_or(fault)?;
        let layout = item.origin == Origin::Layout;
        let ensures = item.shape == Shape::EnsureDir;
        let source = fault.place.role == Role::Source;
        // A user cannot make any.
        let user = matches!(self.territory(), Territory::User { .. });
        if user || ensures || (source && !layout) {
            // Nothing is said about where it is missing: that is what the caller will see.
            let missing = Fault::new(What::Missing, fault.place.role);
            return Err(if source { missing } else { fault });
        }
        if dir == b"/" {
            return Err(Fault { what: What::MimicOfRoot, ..fault });
        }
        if item.id().contains(&b',') {
            return Err(Fault { what: What::CommaInId, ..fault });
        }
        let aside = dir.len().saturating_add(ASIDE_LEN);
        if item.id().len() >= PATH_MAX || aside >= PATH_MAX {
            return Err(Fault { what: What::Full(Limit::Path), ..fault });
        }
        let rank = self.need(place).rank;
        let mut buffer = [0; PATH_MAX];
        let live = match self.forecast(dir, rank, fault.place.role, &mut buffer)? {
            Forecast::Live { path, .. } => path,
            Forecast::Fresh(_) | Forecast::Unknown => dir,
        };
        let full = |limit| Fault::at(What::Full(limit), fault.place.role, dir.len());
        let listed = self.list_children(live, full, view)?;
        let turn = if item.origin == Origin::Overname || self.lies_in_new_mount(dir, rank) {
            Turn::Late
        } else {
            Turn::Early
        };
        let mimic = u16::try_from(self.mimics.len()).unwrap_or(u16::MAX);
        let slot = Slot { dir, needed_by: place, listed, state: MimicState::Planned, turn };
        self.mimics.try_push(slot).map_err(|_| full(Limit::Mimics))?;
        let start = self.mimics_before(dir);
        self.mimics_by_dir.try_insert(start, mimic).map_err(|_| full(Limit::Mimics))?;
        Ok(mimic)
    }

    /// Looks at what is in the directory `live`.
    fn list_children(
        &mut self,
        live: &[u8],
        full: impl Fn(Limit) -> Fault,
        view: &mut dyn FsView,
    ) -> Result<Listed, Fault> {
        let attributes = view.attributes(live)?;
        let first_child = self.children.len();
        let mut count = 0_usize;
        let (children, names) = (&mut self.children, &mut self.names);
        view.list(live, &mut |name, kind| {
            count = count.saturating_add(1);
            let name_start = u32::try_from(names.len()).unwrap_or(u32::MAX);
            let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
            names.try_extend_from_slice(name).map_err(|_| full(Limit::Names))?;
            let child = Child { name_start, name_len, kind };
            children.try_push(child).map_err(|_| full(Limit::AllChildren))?;
            let path_len = live.len().saturating_add(name.len()).saturating_add(1);
            if count > CHILDREN_MAX {
                return Err(full(Limit::Children));
            }
            if path_len >= PATH_MAX { Err(full(Limit::Path)) } else { Ok(()) }
        })?;
        // The same order whatever the file system says first.
        let all_names = &self.names[..];
        if let Some(new) = self.children.get_mut(first_child..) {
            new.sort_unstable_by(|a, b| a.name(all_names).cmp(b.name(all_names)));
        }
        Ok(Listed {
            attributes,
            first_child: u32::try_from(first_child).unwrap_or(u32::MAX),
            children: u32::try_from(count).unwrap_or(u32::MAX),
        })
    }

    /// Looks again at a mimic's directory, which may have other things in it now that the teardown
    /// is done.
    pub(crate) fn relist(&mut self, mimic: u16, view: &mut dyn FsView) -> Result<(), Fault> {
        let at = usize::from(mimic);
        let Some(dir) = self.mimics.get(at).map(|slot| slot.dir) else { return Ok(()) };
        let full = |limit| Fault::new(What::Full(limit), Role::Mimic);
        let listed = self.list_children(dir, full, view)?;
        if let Some(slot) = self.mimics.get_mut(at) {
            slot.listed = listed;
        }
        Ok(())
    }

    fn mimics_before(&self, dir: &[u8]) -> usize {
        self.mimics_by_dir.partition_point(|&mimic| {
            let slot = self.mimics.get(usize::from(mimic));
            slot.is_some_and(|slot| snap_path::parents_first(slot.dir, dir).is_lt())
        })
    }

    /// The mimic at just `dir`, if there is one in this plan.
    pub(crate) fn mimic_at(&self, dir: &[u8]) -> Option<&Slot<'a>> {
        let mimic = *self.mimics_by_dir.get(self.mimics_before(dir))?;
        self.mimics.get(usize::from(mimic)).filter(|slot| slot.dir == dir)
    }

    /// The mimics that all entries but overname find already made; the outermost first.
    pub(crate) fn lay_out_early_mimics(&mut self) -> Option<()> {
        self.lay_out_mimics(|slot| slot.turn == Turn::Early)
    }

    /// The mimics that are made just for the entry at `place`.
    pub(crate) fn lay_out_late_mimics(&mut self, place: u16) -> Option<()> {
        if self.mimics.is_empty() {
            return Some(());
        }
        self.lay_out_mimics(|slot| slot.turn == Turn::Late && slot.needed_by == place)
    }

    fn lay_out_mimics(&mut self, chosen: impl Fn(&Slot<'_>) -> bool) -> Option<()> {
        for at in 0..self.mimics_by_dir.len() {
            let mimic = *self.mimics_by_dir.get(at)?;
            if self.mimics.get(usize::from(mimic)).is_some_and(&chosen) {
                self.push(crate::step::Op::Mimic(mimic))?;
            }
        }
        Some(())
    }
}

/// Makes sure that the kernel takes what is no path of the namespace: each fits a page.
fn check_texts(item: &Item<'_>, options: &Options<'_>) -> Result<(), Fault> {
    let target = if let Kind::Symlink(target) = options.kind { target.len() } else { 0 };
    let longest = item.entry.source.len().max(item.entry.fs_type.len()).max(target);
    if longest >= PATH_MAX {
        return Err(Fault::new(What::Full(Limit::Path), Role::MountPoint));
    }
    let data: usize =
        Options::data(item.entry.options).map(|data| data.len().saturating_add(1)).sum();
    let takes_data = matches!(options.operation, Operation::Mount | Operation::Remount);
    if takes_data && data > DATA_MAX {
        return Err(Fault::new(What::Full(Limit::Data), Role::MountPoint));
    }
    Ok(())
}

/// What cannot be looked at yet is created when it turns out to be missing, unless that is to be
/// ignored: then the mount finds out.
fn create_unless_ignored(item: &Item<'_>) -> PathNeed {
    match item.options().if_missing {
        IfMissing::Skip => PathNeed::Nothing,
        IfMissing::Create => PathNeed::Create,
    }
}
