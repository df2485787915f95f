//! Why a step is taken, in words.

use core::fmt::{self, Display};

use snap_ns_plan::{Field, Plan, Reason, Which};

use crate::output::Shown;

/// `its source is on /usr/share/foo, which goes`
pub(crate) struct ReasonText<'p> {
    pub(crate) plan: &'p Plan<'p>,
    pub(crate) reason: Reason,
}

impl Display for ReasonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (relation, which) = match self.reason {
            Reason::New => ("new", None),
            Reason::Gone => ("no longer desired", None),
            Reason::Differs(Field::Source) => ("its source changed", None),
            Reason::Differs(Field::Type) => ("its type changed", None),
            Reason::Differs(Field::Options) => ("its options changed", None),
            Reason::Differs(Field::Numbers) => ("its fifth or sixth field changed", None),
            Reason::Twice => ("recorded twice", None),
            Reason::NotMounted => ("recorded, but not mounted", None),
            Reason::NotPossible => ("a fresh namespace could not have it", None),
            Reason::ReadOnly => ("read-only", None),
            Reason::WouldShowOnHost => ("what is made in it would show on the host", None),
            Reason::InTheWay => ("something of another kind is in the way", None),
            Reason::NotNeeded => ("no entry needs the writable copy any more", None),
            Reason::Changed => ("what is in the directory changed", None),
            Reason::Related(which) => ("related by path to", Some(which)),
        };
        f.write_str(relation)?;
        let (item, fate) = match which {
            None => return Ok(()),
            Some(Which::Current(place)) => (self.plan.current(place), "goes"),
            Some(Which::Desired(place)) => (self.plan.desired(place), "is made"),
            Some(Which::Mimic(place)) => {
                let dir = self.plan.mimic(place).map_or(&b""[..], |mimic| mimic.dir);
                return write!(f, " the writable copy of {}", Shown(dir));
            }
        };
        let path = item.map_or(&b""[..], |item| item.entry.mount_point);
        write!(f, " {}, which {fate}", Shown(path))
    }
}
