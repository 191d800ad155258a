//! Sees to it that the folder the panel is embedded from exists, so that the
//! program builds before the panel was built.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let panel = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    std::fs::create_dir_all(&panel)?;
    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads the folder as it runs; only a release carries it inside.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed={}", panel.display());
    }
    Ok(())
}
