//! The options of one entry, as values.

use crate::error::{OptionError, OptionErrorKind};
use crate::flags::{MountFlags, Operation, Propagation, Word, word};
use crate::token::{ModelOption, model_option, tokens};
use crate::unfinished::Unfinished;
use crate::value;

/// What an entry's mount point is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A directory that is mounted on.
    #[default]
    Directory,
    /// A file that is mounted on.
    File,
    /// No mount: a symbolic link to this target.
    Symlink(&'a [u8]),
    /// No mount: directories are made below this directory, and stay.
    EnsureDir(&'a [u8]),
}

/// Who asked for an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// No origin: a connected content interface, or the host.
    #[default]
    Content,
    /// The snap's layout.
    Layout,
    /// The mapping of a parallel instance.
    Overname,
    /// The root file system that snap-confine set up; never touched.
    Rootfs,
}

/// What happens when the source or the mount point does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfMissing {
    /// It is created where that is allowed.
    #[default]
    Create,
    /// The entry is skipped, silently.
    Skip,
}

/// The options of one entry. Whatever is not a field here is [data](Options::data).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// The flags to mount with.
    pub flags: MountFlags,
    /// What to ask of mount(2).
    pub operation: Operation,
    /// The propagation to set after the mount.
    pub propagation: Option<Propagation>,
    /// What the mount point is.
    pub kind: Kind<'a>,
    /// Who asked.
    pub origin: Origin,
    /// What to do when something is not there.
    pub if_missing: IfMissing,
    /// For a synthetic entry: the ID of the entry that needs it (empty when it was not said).
    pub synthetic_for: Option<&'a [u8]>,
    /// The entry's ID, when it is not its mount point.
    pub id: Option<&'a [u8]>,
    /// The mode of what is created, and of a tmpfs root.
    pub mode: Option<u16>,
    /// The owner of what is created, and of a tmpfs root.
    pub uid: Option<u32>,
    /// The group of what is created, and of a tmpfs root.
    pub gid: Option<u32>,
    /// What an interrupted run was about to do with it.
    pub unfinished: Option<Unfinished>,
}

impl<'a> Options<'a> {
    /// Reads the options `text` of an entry with the type `fs_type`.
    ///
    /// # Errors
    ///
    /// A value that is not legal, or options that contradict each other.
    pub fn parse(fs_type: &[u8], text: &'a [u8]) -> Result<Self, OptionError> {
        let mut builder = Builder::default();
        for (start, token) in tokens(text) {
            let error = |kind| OptionError { start, len: token.len(), kind };
            builder.add(token).map_err(error)?;
            if builder.options.unfinished.is_some() {
                return Err(error(OptionErrorKind::Unfinished));
            }
        }
        builder.finish(fs_type).map_err(|kind| OptionError { start: 0, len: 0, kind })
    }

    /// The same for options that were recorded, perhaps by another program: what is not legal is
    /// passed over.
    #[must_use]
    pub fn recorded(fs_type: &[u8], text: &'a [u8]) -> Self {
        let mut builder = Builder::default();
        for (_, token) in tokens(text) {
            let _ = builder.add(token);
        }
        let synthetic_for = builder.synthetic_for();
        let plain =
            Self { synthetic_for, origin: builder.origin.unwrap_or_default(), ..builder.options };
        builder.finish(fs_type).unwrap_or(plain)
    }

    /// The options in `text` that only the file system knows, in order.
    pub fn data(text: &[u8]) -> impl Iterator<Item = &[u8]> {
        tokens(text)
            .map(|(_, token)| token)
            .filter(|token| model_option(token).is_none() && word(token).is_none())
    }
}

/// Options that may still be incomplete.
#[derive(Default)]
struct Builder<'a> {
    options: Options<'a>,
    operation: Option<Operation>,
    origin: Option<Origin>,
    kind: Option<&'a [u8]>,
    symlink: Option<&'a [u8]>,
    must_exist: Option<&'a [u8]>,
    needed_by: Option<&'a [u8]>,
    synthetic: bool,
}

/// Sets what may be set once, or again to the same.
fn once<T: PartialEq>(slot: &mut Option<T>, value: T) -> Result<(), OptionErrorKind> {
    match slot {
        Some(old) if *old != value => Err(OptionErrorKind::Conflict),
        Some(_) | None => {
            *slot = Some(value);
            Ok(())
        }
    }
}

impl<'a> Builder<'a> {
    fn add(&mut self, token: &'a [u8]) -> Result<(), OptionErrorKind> {
        if let Some(option) = model_option(token) {
            return self.model(option);
        }
        match word(token) {
            Some(Word::Set(flags)) => self.options.flags.insert(flags),
            Some(Word::Clear(flags)) => self.options.flags.remove(flags),
            Some(Word::Operation(operation)) => once(&mut self.operation, operation)?,
            Some(Word::Propagation(change)) => once(&mut self.options.propagation, change)?,
            None => {}
        }
        Ok(())
    }

    fn model(&mut self, option: ModelOption<'a>) -> Result<(), OptionErrorKind> {
        let value = || match option.value {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) | None => Err(OptionErrorKind::NeedsValue),
        };
        let no_value = || option.value.map_or(Ok(()), |_| Err(OptionErrorKind::NoValue));
        match option.name {
            b"kind" => once(&mut self.kind, value()?),
            b"symlink" => once(&mut self.symlink, value()?),
            b"must-exist-dir" => once(&mut self.must_exist, value()?),
            b"origin" => once(&mut self.origin, origin(value()?)?),
            b"needed-by" => once(&mut self.needed_by, value()?),
            b"id" => once(&mut self.options.id, value()?),
            b"mode" => once(&mut self.options.mode, value::mode(value()?)?),
            b"uid" | b"user" => once(&mut self.options.uid, value::owner(value()?)?),
            b"gid" | b"group" => once(&mut self.options.gid, value::owner(value()?)?),
            b"unfinished" => once(&mut self.options.unfinished, Unfinished::parse(value()?)?),
            b"synthetic" => no_value().map(|()| self.synthetic = true),
            // Every mount is undone that way (docs/architecture.md): nothing to remember.
            b"detach" => no_value(),
            b"ignore-missing" => no_value().map(|()| self.options.if_missing = IfMissing::Skip),
            // A later version's option: kept in the text, ignored here (contract section 3).
            _ => Ok(()),
        }
    }

    fn finish(self, fs_type: &[u8]) -> Result<Options<'a>, OptionErrorKind> {
        let mut options = self.options;
        let founding_symlink = fs_type == crate::founding::SYMLINK_TYPE;
        options.kind = match (self.kind, self.symlink) {
            (Some(b"symlink"), Some(target)) => Kind::Symlink(target),
            (None, Some(target)) if founding_symlink => Kind::Symlink(target),
            (Some(b"symlink"), None) | (_, Some(_)) => return Err(OptionErrorKind::SymlinkTarget),
            (None, None) if founding_symlink => return Err(OptionErrorKind::SymlinkTarget),
            (None, None) => Kind::Directory,
            (Some(b"file"), None) => Kind::File,
            (Some(b"ensure-dir"), None) => {
                Kind::EnsureDir(self.must_exist.ok_or(OptionErrorKind::MustExistDir)?)
            }
            (Some(_), None) => return Err(OptionErrorKind::Kind),
        };
        if self.must_exist.is_some() && !matches!(options.kind, Kind::EnsureDir(_)) {
            return Err(OptionErrorKind::MustExistDir);
        }
        options.operation = self.operation.unwrap_or_default();
        options.origin = self.origin.unwrap_or_default();
        options.synthetic_for = self.synthetic_for();
        Ok(options)
    }

    fn synthetic_for(&self) -> Option<&'a [u8]> {
        self.synthetic.then(|| self.needed_by.unwrap_or_default())
    }
}

fn origin(text: &[u8]) -> Result<Origin, OptionErrorKind> {
    match text {
        b"layout" => Ok(Origin::Layout),
        b"overname" => Ok(Origin::Overname),
        b"rootfs" => Ok(Origin::Rootfs),
        _ => Err(OptionErrorKind::Origin),
    }
}
