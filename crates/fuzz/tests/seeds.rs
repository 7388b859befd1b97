//! Every seed through its target, without libFuzzer: inputs that once broke a target are tried at every `cargo test`.

#![allow(clippy::unwrap_used, reason = "tests say what broke by breaking")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use fuzz::TARGETS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

fn seeds(target: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(folder().join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// SECURITY "Fuzzing", #31, #33
#[test]
fn every_seed_passes_its_target() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 3, "{name}: {} seeds", seeds.len());
        for seed in seeds {
            let data = fs::read(&seed).unwrap();
            let passed = catch_unwind(AssertUnwindSafe(|| target(&data)));
            assert!(passed.is_ok(), "{}", seed.display());
            // Near misses break parsers: each byte removed, and the input cut at each byte.
            for at in 0..data.len().min(300) {
                let without = [&data[..at], &data[at + 1..]].concat();
                assert!(
                    catch_unwind(AssertUnwindSafe(|| target(&without))).is_ok(),
                    "{} without byte {at}",
                    seed.display()
                );
                assert!(
                    catch_unwind(AssertUnwindSafe(|| target(&data[..at]))).is_ok(),
                    "{} cut at {at}",
                    seed.display()
                );
            }
        }
    }
}

#[test]
fn each_target_has_a_program_and_a_folder_and_no_other_has() {
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    let entries = |folder: PathBuf| {
        let mut found: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(entries(folder()), names);
    assert_eq!(entries(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin")), names);
}
