//! Files that are huge, that end in the middle, and that change while they are read: one sentence, bounded memory, nothing half applied.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    process::{Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::place::{AGENCY, MAIL_FOLDER, Place, program};

const HEADER: &str = "identifier;client_ref;password;name\n";

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn import(place: &Place, args: &[&str]) -> std::process::Command {
    let mut command = program();
    command.arg("import").arg("--config").arg(place.folder.path()).args(["--agency", AGENCY, "--json"]);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs an import to its end; returns its output, and the most memory that it had, in KiB.
fn watched(place: &Place, args: &[&str]) -> (Output, u64) {
    let child = import(place, args).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let peak = scope.spawn(|| {
            let mut peak = 0;
            while !over.load(Ordering::Relaxed) {
                let text = fs::read_to_string(&status).unwrap_or_default();
                let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let read = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
                peak = peak.max(read.unwrap_or(0));
                std::thread::yield_now();
            }
            peak
        });
        let out = child.wait_with_output().unwrap();
        over.store(true, Ordering::Relaxed);
        (out, peak.join().unwrap())
    })
}

/// One field of 192 MiB, in quotes, in lines and in JSON, between good rows: one sentence, the others are taken, and the memory is that of any file.
#[tokio::test]
async fn a_field_without_end_is_one_bad_row_and_takes_no_memory() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let small = place.path("small.csv");
    fs::write(&small, format!("{HEADER}C0;R0;Vieux-Secret 0;Anne\n")).unwrap();
    let (out, usual) = watched(&place, &["--dry-run", small.to_str().unwrap()]);
    assert!(out.status.success() && usual > 0, "{}", said(&out));
    const SIZE: i64 = 64 << 20;
    for (name, before, after, reason) in [
        ("bare.csv", "C1;R1;", ";x\nC2;R2;Vieux-Secret 2;Paul\n", "the line is longer than 65536 bytes"),
        (
            "quoted.csv",
            "C1;R1;\"",
            "\";x\nC2;R2;Vieux-Secret 2;Paul\n",
            "the line is longer than 65536 bytes",
        ),
        (
            "row.jsonl",
            "{\"identifier\":\"C1\",\"name\":\"",
            "\"}\n{\"identifier\":\"C2\",\"password\":\"Vieux-Secret 2\"}\n",
            "longer than 65536 bytes",
        ),
    ] {
        let path = place.path(name);
        let mut file = File::create(&path).unwrap();
        let header = if name.ends_with("csv") { HEADER } else { "" };
        file.write_all(format!("{header}{before}").as_bytes()).unwrap();
        // A hole: zeros that take no place on the disk.
        file.seek(SeekFrom::Current(SIZE)).unwrap();
        file.write_all(after.as_bytes()).unwrap();
        drop(file);
        let (out, peak) = watched(&place, &["--dry-run", path.to_str().unwrap()]);
        assert_eq!(out.status.code(), Some(2), "{name}: {}", said(&out));
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!((&told["added"], told["bad"].as_array().unwrap().len()), (&1.into(), 1), "{name}: {told}");
        assert!(told["bad"][0]["reason"].as_str().unwrap().contains(reason), "{name}: {told}");
        assert!(peak < usual + 32 * 1024, "{name}: {peak} KiB, and {usual} KiB for a small file");
        fs::remove_file(&path).unwrap();
    }
}

/// A pipe that breaks in the middle of a row, and one that breaks in the middle of the header.
#[apply(both!)]
#[tokio::test]
async fn a_file_that_ends_in_the_middle_is_told_in_a_sentence(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let piped = |text: &str| {
        let mut child = import(&place, &["--format", "csv", "-"]).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let out = piped("identifier;client_ref;\"passw");
    assert_eq!(out.status.code(), Some(1), "{name}: {}", said(&out));
    assert!(said(&out).contains("the first line must name the columns"), "{name}: {}", said(&out));
    // A file of a cut transfer is refused, and nothing of it is taken (FINDING P2).
    let out = piped(&format!("{HEADER}C1;R1;Vieux-Secret 1;Anne\nC2;R2;\"Vieux-Sec"));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &told["added"]), (Some(3), &0.into()), "{name}: {told}");
    let reason = "the file ends within this row, as when a transfer is cut off: a double quote opens a value and none closes it";
    assert_eq!(told["bad"][0]["reason"], reason, "{name}");
    assert!(said(&out).contains("the file ends within its last row"), "{name}: {}", said(&out));
    // Of a list that is said to be complete, a first half closes nobody.
    let all: String = (0..200).map(|n| format!("C{n};R{n};Vieux-Secret {n};Personne {n}\n")).collect();
    let file = place.path("all.csv");
    fs::write(&file, format!("{HEADER}{all}")).unwrap();
    assert!(place.run("import", &["--agency", AGENCY, file.to_str().unwrap()]).status.success(), "{name}");
    let half = all[..all.len() / 2].rfind('\n').unwrap() + 1;
    fs::write(&file, format!("{HEADER}{}", &all[..half])).unwrap();
    let out = place.run("import", &["--agency", AGENCY, "--complete", file.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(3), "{name}: {}", said(&out));
    assert!(said(&out).contains("max_gone"), "{name}: {}", said(&out));
}

/// Somebody writes to the file, cuts it and puts it back all the time that it is read: what is applied is what was read, to the row.
#[apply(both!)]
#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_applied_as_it_was_read(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let name = place.bed.name;
    let text: String = (0..4000).map(|n| format!("C{n};R{n};Vieux-Secret {n};Personne {n}\n")).collect();
    let text = format!("{HEADER}{text}");
    let path = place.path("clients.csv");
    fs::write(&path, &text).unwrap();
    let over = AtomicBool::new(false);
    let out = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = File::options().write(true).open(&path).unwrap();
            while !over.load(Ordering::Relaxed) {
                file.set_len(text.len() as u64 / 3).unwrap();
                file.seek(SeekFrom::Start(0)).unwrap();
                file.write_all(text.as_bytes()).unwrap();
                file.write_all(b"C9999;R9;\"Vieux").unwrap();
            }
        });
        // Forced, for what was read may end within a row.
        let out = import(&place, &["--force", "--by", "odile", path.to_str().unwrap()]).output().unwrap();
        over.store(true, Ordering::Relaxed);
        out
    });
    assert!(matches!(out.status.code(), Some(0 | 2)), "{name}: {}", said(&out));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    let listed = place.run("import", &["list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let delivery = &listed["deliveries"][0];
    assert_eq!(
        (&delivery["state"], &delivery["report"]["added"]),
        (&"applied".into(), &told["added"]),
        "{name}"
    );
    let doubles = told["plan"]["doubles"].as_u64().unwrap();
    let rows = told["added"].as_u64().unwrap() + told["bad"].as_array().unwrap().len() as u64 + doubles;
    assert_eq!(told["plan"]["rows"], rows, "{name}: {told}");
}
