//! From text to items.

use arrayvec::ArrayVec;
use snap_fstab::{Columns, Entry, Line, Rigour, escaped_len, parse};
use snap_mount_options::{Kind, Operation, Options, Origin, founding};

use crate::arena::Arena;
use crate::error::{LoadError, LoadErrorKind};
use crate::item::Item;
use crate::variables::{HomeUse, Variables};

/// The most entries a profile can have (docs/limits.md).
pub const ENTRIES_MAX: usize = 16_384;

/// The most bytes of text a profile can have (docs/limits.md).
pub const TEXT_MAX: usize = 8 * 1024 * 1024;

/// The entries of a profile, in the order of its lines.
pub type Profile<'a> = ArrayVec<Item<'a>, ENTRIES_MAX>;

/// Which of the two profiles is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What the namespace shall look like; written by snapd.
    Desired,
    /// What this program recorded of it.
    Current,
}

/// Reads `text` into `profile`, which should be empty. Unescaping and cleaning happen in place;
/// what gets longer goes into `arena`.
///
/// # Errors
///
/// The first line that cannot be used.
pub fn load<'a>(
    text: &'a mut [u8],
    role: Role,
    variables: &Variables<'_>,
    arena: &mut Arena<'a>,
    profile: &mut Profile<'a>,
) -> Result<HomeUse, LoadError<'a>> {
    let mut loader = Loader { role, variables, arena, home_use: HomeUse::Unused, last: None };
    let rigour = match role {
        Role::Desired => Rigour::Strict,
        Role::Current => Rigour::Lenient,
    };
    let error = |line, column, kind| LoadError { line, column, culprit: &[], kind };
    for line in parse(text, rigour) {
        let line = line.map_err(|e| error(e.line, e.column, LoadErrorKind::Parse(e.kind)))?;
        let full = error(line.number, 0, LoadErrorKind::TooManyEntries);
        profile.try_push(loader.item(line)?).map_err(|_| full)?;
    }
    Ok(loader.home_use)
}

struct Loader<'l, 'a> {
    role: Role,
    variables: &'l Variables<'l>,
    arena: &'l mut Arena<'a>,
    home_use: HomeUse,
    /// The options of the entry before.
    last: Option<Typed<'a>>,
}

/// The options of an entry, as text and as values, with the type that they are for.
#[derive(Clone, Copy)]
struct Typed<'a> {
    fs_type: &'a [u8],
    options: &'a [u8],
    values: Options<'a>,
}

impl<'a> Loader<'_, 'a> {
    fn item(&mut self, line: Line<'a>) -> Result<Item<'a>, LoadError<'a>> {
        let Line { number, columns, source, mount_point, fs_type, options, dump, pass } = line;
        let error = |column, culprit, kind| LoadError { line: number, column, culprit, kind };
        // Entries next to each other mostly have the same options.
        let known = self.last.filter(|last| last.fs_type == fs_type && last.options == options);
        let typed = match known {
            Some(known) => known,
            None => self.read_options(fs_type, options, &columns, number)?,
        };
        // What was rewritten is not the same text again.
        self.last = Some(typed).filter(|typed| typed.options == options);
        let Typed { fs_type, options, values } = typed;
        let mount_point = self
            .mount_point(mount_point, &values, number)
            .map_err(|(kind, text)| error(columns.mount_point, text, kind))?;
        let source = if is_path(&values) {
            let expanded = self.variables.expand_runtime_dir(source, self.arena);
            match expanded {
                Ok(expanded) => clean(expanded.unwrap_or(source))
                    .map_err(|(kind, text)| (LoadErrorKind::Source(kind), text)),
                Err(kind) => Err((kind, &[][..])),
            }
            .map_err(|(kind, text)| error(columns.source, text, kind))?
        } else {
            source
        };
        let entry = Entry { source, mount_point, fs_type, options, dump, pass };
        Ok(Item::new(entry, number, &values))
    }

    /// Reads and checks an entry's options, and rewrites them where they are not as they are to be
    /// written.
    fn read_options(
        &mut self,
        mut fs_type: &'a [u8],
        mut options: &'a [u8],
        columns: &Columns,
        line: u32,
    ) -> Result<Typed<'a>, LoadError<'a>> {
        let error = |column, culprit, kind| LoadError { line, column, culprit, kind };
        let full = error(columns.options, &[], LoadErrorKind::ArenaFull);
        if self.role == Role::Current {
            return Ok(Typed { fs_type, options, values: Options::recorded(fs_type, options) });
        }
        let mut values = Options::parse(fs_type, options).map_err(|bad| {
            let (before, rest) = options.split_at_checked(bad.start).unwrap_or_default();
            let offset = u32::try_from(escaped_len(before)).unwrap_or(u32::MAX);
            let culprit = rest.get(..bad.len).unwrap_or_default();
            let column = columns.options.saturating_add(offset);
            error(column, culprit, LoadErrorKind::Option(bad.kind))
        })?;
        if founding::is_used(fs_type, options) {
            let translated = self.arena.fill(|free| founding::translate(fs_type, options, free));
            options = translated.ok_or(full)?;
            fs_type = if fs_type == founding::SYMLINK_TYPE { b"none" } else { fs_type };
            values = Options::parse(fs_type, options)
                .map_err(|bad| error(columns.options, &[], LoadErrorKind::Option(bad.kind)))?;
        }
        if values.origin == Origin::Rootfs {
            return Err(error(columns.options, &[], LoadErrorKind::RootfsIsNotDesired));
        }
        if let Kind::EnsureDir(dir) = values.kind {
            let expanded =
                self.must_exist_dir(dir, line).map_err(|kind| error(columns.options, dir, kind))?;
            if expanded != dir {
                options = self.replace(options, dir, expanded).ok_or(full)?;
            }
        }
        Ok(Typed { fs_type, options, values })
    }

    /// `options` with the directory that must exist replaced.
    fn replace(&mut self, options: &[u8], dir: &[u8], by: &[u8]) -> Option<&'a [u8]> {
        const NAME: &[u8] = b"x-snapd.must-exist-dir=";
        let start = options.windows(NAME.len()).position(|window| window == NAME)?;
        let (before, value) = options.split_at_checked(start.checked_add(NAME.len())?)?;
        let after = value.get(dir.len()..)?;
        self.arena.concat(&[before, by, after]).map(|text| &*text)
    }

    fn mount_point(
        &mut self,
        path: &'a mut [u8],
        options: &Options<'a>,
        line: u32,
    ) -> Result<&'a [u8], (LoadErrorKind, &'a [u8])> {
        let failed = |kind| (kind, &[][..]);
        let mut expanded = self.variables.expand_runtime_dir(path, self.arena).map_err(failed)?;
        if expanded.is_none() && matches!(options.kind, Kind::EnsureDir(_)) {
            expanded = self.expand_home(path, line).map_err(failed)?;
        }
        let path = clean(expanded.unwrap_or(path))
            .map_err(|(kind, text)| (LoadErrorKind::MountPoint(kind), text))?;
        if path == b"/" && options.origin != Origin::Rootfs {
            return Err((LoadErrorKind::MountPointIsRoot, &[]));
        }
        Ok(path)
    }

    fn must_exist_dir(&mut self, dir: &[u8], line: u32) -> Result<&'a [u8], LoadErrorKind> {
        let path = match self.expand_home(dir, line)? {
            Some(path) => path,
            None => self.arena.concat(&[dir]).ok_or(LoadErrorKind::ArenaFull)?,
        };
        match clean(path) {
            // It could not stand among options.
            Ok(path) if path.contains(&b',') => Err(LoadErrorKind::CommaInDir),
            Ok(path) => Ok(path),
            Err((kind, _)) => Err(LoadErrorKind::MustExistDir(kind)),
        }
    }

    fn expand_home(
        &mut self,
        path: &[u8],
        line: u32,
    ) -> Result<Option<&'a mut [u8]>, LoadErrorKind> {
        let expanded = self.variables.expand_home(path, self.arena)?;
        if expanded.is_some() && self.home_use == HomeUse::Unused {
            self.home_use = HomeUse::InLine(line);
        }
        Ok(expanded)
    }
}

/// As [`snap_path::clean`], with the path given back when it is bad.
fn clean(path: &mut [u8]) -> Result<&[u8], (snap_path::PathError, &[u8])> {
    match snap_path::check(path) {
        Ok(()) => Ok(path),
        Err(snap_path::PathError::NotClean) => {
            snap_path::clean(path).map_err(|kind| (kind, &[][..]))
        }
        Err(kind) => Err((kind, path)),
    }
}

/// Whether the source of an entry with these options is a path of the namespace. Other sources are
/// devices or mere names, and belong to the file system.
fn is_path(options: &Options<'_>) -> bool {
    let mounted = match options.kind {
        Kind::Directory | Kind::File => true,
        Kind::Symlink(_) | Kind::EnsureDir(_) => false,
    };
    mounted
        && match options.operation {
            Operation::Bind(_) | Operation::Move => true,
            Operation::Mount | Operation::Remount => false,
        }
}
