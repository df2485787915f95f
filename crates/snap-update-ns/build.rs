//! Decides how the binary is built, freestanding or hosted, and how the freestanding one is linked.
//!
//! The arguments are given here and not in a `.cargo/config.toml`, so that the binary is the same
//! wherever it is built from, and that nothing but the binary is linked in this way.

use std::env;

/// The C compiler is only the linker's driver. No start files, no libraries.
const LINK_ARGUMENTS: &[&str] = &[
    "-nostartfiles",
    "-nostdlib",
    // Position independent, relocated by its own start code.
    "-static-pie",
    "-Wl,--no-dynamic-linker",
    "-Wl,-z,text",
    "-Wl,-z,pack-relative-relocs",
    // Code, constants and data in segments of their own: nothing but code is executable, and no
    // page of the file is mapped twice with different permissions.
    "-Wl,-z,separate-code",
    "-Wl,-z,relro,-z,now",
    "-Wl,-z,noexecstack",
    // Warnings of these kinds would be a broken promise.
    "-Wl,--fatal-warnings",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(freestanding)");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    // The same condition as in snap-start.
    let freestanding = target("ARCH") == "x86_64"
        && target("POINTER_WIDTH") == "64"
        && target("OS") == "linux"
        && env::var_os("CARGO_FEATURE_HOSTED").is_none();
    if !freestanding {
        return;
    }
    println!("cargo:rustc-cfg=freestanding");
    for argument in LINK_ARGUMENTS {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    // The symbols of a release build are half of the file; asked-for debug information stays.
    if env::var("PROFILE").is_ok_and(|it| it == "release")
        && env::var("DEBUG").is_ok_and(|it| it == "false" || it == "none" || it == "0")
    {
        println!("cargo:rustc-link-arg-bins=-Wl,--strip-all");
        let directory = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rerun-if-changed=no-unwinding.ld");
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo:rustc-link-arg-bins=-T{directory}/no-unwinding.ld");
    }
}
