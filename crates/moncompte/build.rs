//! The linker's options for the program.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Packed relative relocations: each start applies them, and the packed form takes a hundredth of the memory. A linker without the option
    // warns and goes on; a C library from before 2022 cannot start the program.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
}
