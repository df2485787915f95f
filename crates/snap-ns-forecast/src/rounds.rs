//! How often every entry is looked at, and which of them are given up.

use crate::entries::Need;
use crate::fault::{Limit, What};
use crate::forecast::Forecast;
use crate::view::FsView;

/// How often the desired profile is looked at: once, and again for each mimic that changes what
/// others find. More than a few mean that entries undo each other's conditions (docs/limits.md).
const ROUNDS_MAX: usize = 256;

impl Forecast<'_> {
    /// Looks at every entry of the desired profile, in the order of application; again when a
    /// mimic turned out to be needed, which changes what others find. What stands is looked at as
    /// what does not, until it turns out that it could not be made.
    ///
    /// # Errors
    ///
    /// The rounds have no end.
    pub fn survey(&mut self, view: &mut dyn FsView) -> Result<(), Limit> {
        self.needs.iter_mut().for_each(|need| need.doubtful = false);
        self.start_over();
        for _ in 0..ROUNDS_MAX {
            self.made.clear();
            self.needs.iter_mut().for_each(|need| need.old_link = None);
            let needs = &self.needs;
            self.faults.retain(|(place, _)| {
                needs.get(usize::from(*place)).is_some_and(|need| need.hopeless)
            });
            let before = (self.mimics.len(), self.omitted);
            for at in 0..self.order.len() {
                let Some(&place) = self.order.get(at) else { break };
                let Some(item) = self.desired(place) else { break };
                self.survey_entry(place, item, view);
            }
            let changed = before != (self.mimics.len(), self.omitted);
            // Those that are in each other's way are told apart first.
            if changed {
                continue;
            }
            if self.waits_for_denial()
                || !self.find_hopeless() && !self.drop_stale_mimics() && !self.find_doubtful()
            {
                return Ok(());
            }
        }
        Err(Limit::Rounds)
    }

    /// Forgets what was found out.
    fn start_over(&mut self) {
        self.needs.iter_mut().for_each(|need| (need.left_out, need.hopeless) = (false, false));
        self.forget_mimics();
    }

    /// Finds what stands and could not be made. Tells whether there is any: all begins again then.
    fn find_doubtful(&mut self) -> bool {
        let mut any = false;
        for need in self.needs.iter_mut().filter(|need| need.kept_as.is_some() && need.left_out) {
            (need.doubtful, any) = (true, true);
        }
        if any {
            self.start_over();
        }
        any
    }

    /// The first entry that a mimic was planned for, and that could not be made in a fresh namespace
    /// all the same.
    fn first_hopeless(&self) -> Option<u16> {
        let needers = self.mimics.iter().map(|slot| slot.needed_by);
        let bad = |need: Need| need.left_out || need.doubtful && need.conflict;
        needers.filter(|&at| bad(self.need(at))).min_by_key(|&at| self.need(at).rank)
    }

    /// Whether an entry that was kept in doubt has to go first: it is the first hopeless one, or that
    /// found what it creates.
    fn waits_for_denial(&self) -> bool {
        let finds = |place: u16| {
            let fault = self.faults.iter().find(|(at, _)| *at == place);
            fault.is_some_and(|(_, fault)| matches!(fault.what, What::WillFind(_)))
        };
        self.needs.iter().any(|need| need.doubtful && need.conflict)
            && self.first_hopeless().is_none_or(|at| self.need(at).doubtful || finds(at))
    }

    /// Gives up the first hopeless entry: a fresh namespace would not have its mimic. Tells whether
    /// there is one; all mimics are forgotten then.
    fn find_hopeless(&mut self) -> bool {
        let first = self.first_hopeless();
        if let Some(need) = first.and_then(|at| self.needs.get_mut(usize::from(at))) {
            need.hopeless = true;
            self.forget_mimics();
        }
        first.is_some()
    }

    /// Marks the entries that were kept in doubt and cannot be kept. Tells whether there are any:
    /// then the survey has to be made again, without them.
    pub fn deny_doubtful(&mut self) -> bool {
        let mut any = false;
        for need in &mut self.needs {
            let bad = need.kept_as.is_none() || need.conflict;
            if need.doubtful && bad && !need.denied {
                (need.denied, any) = (true, true);
            }
        }
        any
    }
}
