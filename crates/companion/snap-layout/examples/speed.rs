//! How long it takes to compile: `cargo run --release -p snap-layout --example speed`.
//!
//! For each number of layouts: a snap.yaml with as many of all kinds, and the quartiles of the time
//! from its bytes to those of the profile and of the AppArmor policy.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an example"
)]

use std::time::{Duration, Instant};

use snap_apparmor::{Settings, policy};
use snap_layout::{Request, Setting, Source, compile};

const RUNS: usize = 201;

fn main() {
    println!(
        "{:>8}{:>10}{:>10}{:>12}{:>12}{:>12}{:>12}",
        "layouts", "yaml", "profile", "policy", "25 %", "median", "75 %"
    );
    for count in [1, 10, 100, 1_000, 10_000] {
        let yaml = yaml(count);
        let mut lengths = (0, 0);
        let mut times: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let began = Instant::now();
                let profile = profile(&yaml);
                let policy = policy(b"hello", &profile, b"", &Settings::default());
                lengths = (profile.len(), policy.expect("a policy").to_string().len());
                began.elapsed()
            })
            .collect();
        times.sort();
        let [low, median, high] = [1, 2, 3].map(|quarter| times[RUNS * quarter / 4]);
        let (size, (profile, policy)) = (yaml.len(), lengths);
        println!(
            "{count:>8}{size:>8} B{profile:>8} B{policy:>10} B{low:>12.1?}{median:>12.1?}{high:>12.1?}"
        );
    }
}

fn yaml(count: usize) -> String {
    let layouts = (0..count).map(|number| match number % 4 {
        0 => format!("  /usr/share/large/{number}:\n    bind: $SNAP/usr/share/{number}\n"),
        1 => format!("  /etc/large/{number}:\n    bind-file: $SNAP_DATA/etc/{number}\n"),
        2 => format!("  /opt/large/{number}:\n    symlink: $SNAP_COMMON/opt/{number}\n"),
        _ => format!("  /srv/large/{number}:\n    type: tmpfs\n    mode: 01777\n"),
    });
    format!("name: hello\nversion: '1'\nlayout:\n{}", layouts.collect::<String>())
}

fn profile(yaml: &str) -> Vec<u8> {
    let compiled = compile(&Request {
        application: Source { name: "snap.yaml", bytes: yaml.as_bytes() },
        base: None,
        content: &[],
        setting: Setting::new("7", None).expect("a setting"),
    });
    compiled.profile.expect("a profile")
}
