//! Reads an agency's file and prints what is in it; nothing is stored. `cargo run -p legacy --example read_rows -- FILE` (`.csv` or `.jsonl`).
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::{error::Error, fs::File};

use legacy::{
    hash::Strength,
    row::{Format, Rows},
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let format = if path.ends_with(".jsonl") { Format::Jsonl } else { Format::Csv };
    let (mut strong, mut weak, mut without, mut bad) = (0, 0, 0, 0);
    for row in Rows::open(File::open(&path)?, format)? {
        match row.map(|row| row.verifier.map(|verifier| verifier.strength())) {
            Ok(Some(Strength::Strong)) => strong += 1,
            Ok(Some(Strength::Weak)) => weak += 1,
            Ok(None) => without += 1,
            Err(reason) => {
                bad += 1;
                println!("{reason}");
            }
        }
    }
    println!("{strong} strong, {weak} weak, {without} without a password, {bad} bad");
    Ok(())
}
