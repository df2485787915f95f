//! The rules, by name.

use std::fmt;

/// Whether a profile comes out all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// No.
    Error,
    /// Yes: it is only to be known.
    Note,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident $severity:ident $name:literal;)*) => {
        /// What has to be kept. Their order is that of docs/layouts.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As diagnostics and the documentation call it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether breaking it is an error.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    /// A file is UTF-8.
    Encoding Error "encoding";
    /// A file is YAML, with anchors that are there, nested less than 64 levels.
    Yaml Error "yaml";
    /// A file holds one document.
    Documents Error "documents";
    /// The document, its layout section and each layout are mappings of texts.
    Shape Error "shape";
    /// A key is there once.
    DuplicateKey Error "duplicate-key";
    /// The application has a snap name.
    Name Error "name";
    /// A key of a layout that is not known.
    UnknownKey Note "unknown-key";
    /// Exactly one of bind, bind-file, symlink, type.
    Element Error "element";
    /// The only type is tmpfs.
    FileSystem Error "file-system";
    /// A path starts with `/` or a variable.
    Absolute Error "absolute";
    /// A path has no empty, `.` or `..` component.
    Clean Error "clean";
    /// `$SNAP`, `$SNAP_DATA` and `$SNAP_COMMON` are all variables, as first component.
    Variable Error "variable";
    /// No character that has a meaning in patterns of AppArmor.
    PatternCharacter Error "pattern-character";
    /// No control character that a profile cannot hold.
    ControlCharacter Error "control-character";
    /// No comma in the target of a link, which stands in a list with commas.
    Comma Error "comma";
    /// A path that the kernel can take.
    TooLong Error "too-long";
    /// Sources and link targets are below the three variables.
    SourcePlace Error "source-place";
    /// Mount points are at or below top-level directories that exist.
    TopLevel Error "top-level";
    /// Some directories are not to be changed.
    OffLimits Error "off-limits";
    /// Below `/snap` only the snap's own directory.
    OtherSnap Error "other-snap";
    /// The user is root or nobody.
    User Error "user";
    /// The group is root or nobody.
    Group Error "group";
    /// The mode is octal and within 01777.
    Mode Error "mode";
    /// No layout below another one.
    Nested Error "nested";
    /// One entry for one mount point.
    SamePlace Error "same-place";
    /// One source is not both a file and a directory.
    SourceKind Error "source-kind";
    /// A content connection has a source in a snap and a target in this one.
    Content Error "content";
    /// A layout of the base that the application's layouts leave no room for.
    BaseOverridden Note "base-overridden";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
