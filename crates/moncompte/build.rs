//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Its own addresses are put right at each start: kept in their short form, they are a hundredth of what has to be read and stays in memory for it. A linker
    // that does not know it says so and goes on; a C library from before 2022 cannot start it.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
}
