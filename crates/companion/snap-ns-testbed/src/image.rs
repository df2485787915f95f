//! Snaps as they are on a real machine: squashfs images, mounted through loop devices.
//!
//! An image is packed and mounted *before* its world is entered, while the machine's tools are
//! still in reach; inside, the same loop device is mounted at the image's place. Where that is not possible (ordinary
//! users, no `mksquashfs`, no loop devices) the same files are written into the world and made
//! read-only there; the caller is told why, so that it can say so.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::mount::MountFlags;

use crate::World;
use crate::isolate::io_error;

/// One object of an image; missing parents are made.
#[derive(Clone, Copy, Debug)]
pub enum Object {
    /// An empty directory.
    Dir(&'static str),
    /// A file with this text.
    File(&'static str, &'static str),
    /// A symbolic link to this target.
    Link(&'static str, &'static str),
}

/// A read-only tree and where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// Absolute path in the world, for example `/snap/hello/1`.
    pub place: &'static str,
    /// What is in it, by relative path.
    pub objects: &'static [Object],
}

/// An image whose file system the kernel has, at a place that the world will not show.
#[derive(Debug)]
pub struct Mounted {
    image: Image,
    device: String,
    /// Entering the world drops the first mount; the kernel would free the device with it.
    _open: File,
}

impl Image {
    /// Packs the image as squashfs below `scratch` and mounts it there through a loop device that
    /// the kernel frees with the last mount.
    ///
    /// # Errors
    ///
    /// Only real root can; or a tool or the kernel lacks something; the text says which.
    pub fn mount(self, scratch: &Path) -> Result<Mounted> {
        let name = self.place.trim_matches('/').replace('/', "_");
        let tree = scratch.join(&name).join("tree");
        let target = scratch.join(&name).join("mounted");
        let file = scratch.join(&name).join("image.squashfs");
        fs::create_dir_all(&tree)?;
        fs::create_dir_all(&target)?;
        self.write(&tree)?;
        let mut pack = Command::new("mksquashfs");
        pack.arg(&tree).arg(&file);
        tool(pack.args(["-all-root", "-noappend", "-quiet", "-no-progress"]))?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "squashfs", "-o", "ro,loop"]);
        tool(mount.arg(&file).arg(&target))?;
        let device = device_of(&target)?;
        Ok(Mounted {
            image: self,
            _open: File::open(&device).with_context(|| device.clone())?,
            device,
        })
    }

    /// Writes the same tree into `world` and makes it read-only there.
    ///
    /// # Errors
    ///
    /// A system call failed.
    pub fn imitate(self, world: &World) -> Result<()> {
        world.dir(self.place)?;
        self.write(Path::new(self.place))?;
        world.read_only(self.place)?;
        Ok(())
    }

    fn write(self, root: &Path) -> Result<()> {
        for object in self.objects {
            let (Object::Dir(path) | Object::File(path, _) | Object::Link(path, _)) = *object;
            let path = root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            match *object {
                Object::Dir(_) => fs::create_dir_all(&path),
                Object::File(_, text) => fs::write(&path, text),
                Object::Link(_, target) => symlink(target, &path),
            }
            .with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

impl Mounted {
    /// Attaches the image at its place in `world`.
    ///
    /// # Errors
    ///
    /// A system call failed.
    pub fn attach(self, world: &World) -> Result<()> {
        world.dir(self.image.place)?;
        let (device, place) = (self.device.as_str(), self.image.place);
        rustix::mount::mount(device, place, "squashfs", MountFlags::RDONLY, None)
            .map_err(io_error)
            .with_context(|| format!("mount {device} on {place}"))
    }
}

/// The loop device that is mounted at `target`, from mountinfo(5).
fn device_of(target: &Path) -> Result<String> {
    let target = target.to_str().context("a path that is UTF-8")?;
    let table = fs::read_to_string("/proc/self/mountinfo").context("mountinfo")?;
    let line = table.lines().find(|line| line.split(' ').nth(4) == Some(target));
    let source = line.and_then(|line| line.split_once(" - ")?.1.split(' ').nth(1));
    Ok(source.context("the image is not mounted")?.to_owned())
}

fn tool(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}
