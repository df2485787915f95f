//! What the executor says to a new file system, as far as the model understands it.

use snap_mount_options::Options;
use snap_ns_plan::Attributes;
use snap_profile::Item;

use crate::error::Error;

/// Mode and owner of the root of a file system that is mounted for `item`. Of what is said twice
/// the last one holds; the entry's own words come after the data.
pub(crate) fn root_attributes(
    item: &Item<'_>,
    options: &Options<'_>,
    usual: (u32, u32),
    caller: (u32, u32),
) -> Result<Attributes, Error> {
    if !item.is_tmpfs() {
        return Ok(Attributes { mode: 0o755, uid: caller.0, gid: caller.1 });
    }
    let mut attributes = Attributes { mode: 0o1777, uid: usual.0, gid: usual.1 };
    for option in Options::data(item.entry.options) {
        if let Some(mode) = option.strip_prefix(b"mode=") {
            let mode = number(mode, 8)? & 0o7777;
            attributes.mode = u16::try_from(mode).unwrap_or_default();
        } else if let Some(uid) = option.strip_prefix(b"uid=") {
            attributes.uid = number(uid, 10)?;
        } else if let Some(gid) = option.strip_prefix(b"gid=") {
            attributes.gid = number(gid, 10)?;
        }
    }
    let Attributes { mode, uid, gid } = attributes;
    Ok(Attributes {
        mode: options.mode.unwrap_or(mode),
        uid: options.uid.unwrap_or(uid),
        gid: options.gid.unwrap_or(gid),
    })
}

fn number(text: &[u8], radix: u32) -> Result<u32, Error> {
    let text = std::str::from_utf8(text).map_err(|_| Error::Invalid)?;
    u32::from_str_radix(text, radix).map_err(|_| Error::Invalid)
}
