//! The second half of planning: the way between two profiles that differ.

use snap_mount_options::{Options, Origin};
use snap_ns_forecast::{Fault, FsView, Limit, Role, What};
use snap_profile::{Item, Shape};

use crate::performer::Observer;
use crate::plan::{Plan, PlanError};

impl Plan<'_> {
    /// Plans the way between two profiles that differ: the second half of planning. `view` shows
    /// the tree as it would be if everything in the current profile had been unmounted. A content
    /// entry that cannot be made is left out and told to `observer`.
    ///
    /// # Errors
    ///
    /// There can be no such plan; nothing was changed, and nothing is to be.
    pub fn complete(
        &mut self,
        view: &mut dyn FsView,
        observer: &mut dyn Observer,
    ) -> Result<(), PlanError> {
        self.made_otherwise = false;
        self.forecast.find_remains().map_err(PlanError::Full)?;
        if self.forecast.past.iter().any(|past| !past.mounted) {
            self.pair_entries();
        }
        // Each turn finds at least one more entry that cannot be kept; nearly always none.
        loop {
            self.forecast.survey(view).map_err(PlanError::Full)?;
            self.pair_mimics();
            self.close();
            while self.let_go_of_others() {
                self.follow_up();
            }
            if !self.forecast.deny_doubtful() {
                break;
            }
            self.pair_entries();
        }
        self.judge(observer)?;
        self.find_what_goes_along();
        self.find_lingering(view);
        self.lay_out_steps().ok_or(PlanError::Full(Limit::Steps))?;
        self.check_account().map_err(PlanError::Full)
    }

    /// Refuses the run for what a layout or overname cannot have; leaves out content.
    pub(crate) fn judge(&mut self, observer: &mut dyn Observer) -> Result<(), PlanError> {
        for at in 0..self.forecast.faults.len() {
            let Some(&(place, fault)) = self.forecast.faults.get(at) else { break };
            if self.forecast.need(place).kept_as.is_some() {
                continue;
            }
            if self.desired(place).is_some_and(|item| item.origin != Origin::Content) {
                return Err(PlanError::Refused(place, fault));
            }
            self.forecast.leave_out(place);
            observer.left_out(self, place, fault);
        }
        for place in (0_u16..).take(self.forecast.all_desired().len()) {
            if let Some(fault) = self.remark(place) {
                observer.noticed(self, place, fault);
            }
        }
        Ok(())
    }

    /// What people should know of a desired entry, although nothing fails.
    fn remark(&self, place: u16) -> Option<Fault> {
        let (need, item) = (self.forecast.need(place), self.desired(place)?);
        let desired = |at: u16, is: &dyn Fn(&Item<'_>) -> bool| self.desired(at).is_some_and(is);
        let fault = if let Some(owner) = need.claimed_by {
            // Nothing is lost with a line that is there twice.
            let lost = desired(owner, &|owner| owner.entry != item.entry);
            lost.then(|| Fault::new(What::Claimed(owner), Role::MountPoint))
        } else if item.shape == Shape::Symlink {
            let rest = Options::data(item.entry.options).next().map(|_| What::CutTarget);
            let replaced = self.forecast.old_link(place).and_then(|link| link.replaced_at);
            replaced
                .map(|_| What::Replaces(place))
                .or(rest)
                .map(|what| Fault::new(what, Role::MountPoint))
        } else {
            let source = item.shown().0.filter(|_| item.origin == Origin::Content)?;
            let mut over = self.forecast.desired_by_path.at_or_above(source);
            let over = over.find(|&at| desired(at, &|item| item.shape.is_mount()))?;
            let mapped = desired(over, &|item| item.origin == Origin::Overname);
            mapped.then(|| Fault::new(What::Mapped(over), Role::Source))
        };
        fault.filter(|_| need.kept_as.is_none() && !need.left_out)
    }
}
