//! A file system that answers at once: every path is a directory of a read-only base.

use snap_ns_plan::{
    Access, Attributes, Buffer, Each, Fault, FsKind, FsView, Ground, Look, NodeKind, Observer,
    Outcome, Plan, Role, Step,
};

use super::shape::Shape;

/// The directory that [`Shape::children`] is about, and what is missing in it.
const DIR: &[u8] = b"/usr/share";
const MISSING: &[u8] = b"/usr/share/new";

const GROUND: Ground = Ground { access: Access::ReadOnly, fs: FsKind::Other };

/// The view.
pub(super) struct Stub(Vec<String>);

impl Stub {
    pub(super) fn new(shape: Shape) -> Self {
        Self((0..shape.children().unwrap_or(0)).map(|i| format!("d{i}")).collect())
    }
}

impl FsView for Stub {
    fn look(&mut self, path: &[u8], _: Role) -> Result<Look, Fault> {
        Ok(if path == MISSING {
            Look::Missing { parent: DIR.len(), ground: GROUND }
        } else {
            Look::Found(NodeKind::Directory)
        })
    }

    fn ground(&mut self, _: &[u8]) -> Result<Ground, Fault> {
        Ok(GROUND)
    }

    fn same_fs(&mut self, _: &[u8], _: &[u8]) -> Result<bool, Fault> {
        Ok(true)
    }

    fn leads_to(&mut self, _: &[u8], _: &[u8]) -> Result<bool, Fault> {
        Ok(false)
    }

    fn read_link(&mut self, _: &[u8], _: &mut Buffer) -> Result<bool, Fault> {
        Ok(false)
    }

    fn is_vacant(&mut self, _: &[u8]) -> Result<bool, Fault> {
        Ok(false)
    }

    fn attributes(&mut self, _: &[u8]) -> Result<Attributes, Fault> {
        Ok(Attributes { mode: 0o755, uid: 0, gid: 0 })
    }

    fn list(&mut self, path: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
        let names = if path == DIR { self.0.as_slice() } else { &[] };
        names.iter().try_for_each(|name| each(name.as_bytes(), NodeKind::Directory))
    }

    fn has_tree_flags(&mut self) -> bool {
        true
    }
}

/// Counts what must not be: entries that were left out.
#[derive(Default)]
pub(super) struct Complaints(pub(super) usize);

impl Observer for Complaints {
    fn left_out(&mut self, _: &Plan<'_>, _: u16, _: Fault) {
        self.0 += 1;
    }

    fn tried(&mut self, _: &Plan<'_>, _: Step, _: Outcome) {}
}
