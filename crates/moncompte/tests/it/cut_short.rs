//! A restore that is killed at any moment leaves a database that is whole, or that no command takes for one (docs/operate/backup.md).

use std::{
    fs::{self, File},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    time::Instant,
};

use testbed::{Bed, apply, both};

use crate::{
    backup::{done, refused, said, value, wipe},
    person::Persona,
    place::{MAIL_FOLDER, Place, Running, eventually, program},
};

/// The rows of a schema's marks, and of its people.
const MARKED: &str = "SELECT count(*) FROM meta WHERE key = 'restoring'";
const PEOPLE: &str = "SELECT count(*) FROM legacy_identity";
const TABLES: &str =
    "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";

/// The SQLite database, and the file in which it is restored.
fn files(place: &Place) -> Option<[PathBuf; 2]> {
    let file = place.bed.address.strip_prefix("sqlite://")?;
    Some([file.into(), format!("{file}.restoring").into()])
}

async fn is_begun(place: &Place) -> bool {
    match files(place) {
        Some(files) => files.iter().any(|file| file.exists()),
        None => value::<i64>(place, TABLES).await > 0,
    }
}

/// Starts a restore as the first of a group of its own: PostgreSQL's program dies with it, which is one that never begins if `hangs`.
fn restore(place: &Place, backup: &str, hangs: bool) -> Running {
    let mut command = program();
    if hangs {
        let (folder, psql) = (place.path("hangs"), place.path("hangs/psql"));
        fs::create_dir(&folder).unwrap();
        fs::write(&psql, "#!/bin/sh\nexec /bin/sleep 60\n").unwrap();
        fs::set_permissions(&psql, fs::Permissions::from_mode(0o755)).unwrap();
        command.env("PATH", folder);
    }
    command.args(["restore", backup, "--config"]).arg(place.folder.path()).process_group(0);
    Running::start(command)
}

/// Starts a restore of SQLite and halts it while it holds its file. On a busy machine it may end before it hears of it: then once more.
async fn halted(place: &Place, backup: &str, part: &Path) -> Running {
    loop {
        let mut running = restore(place, backup, false);
        while !part.exists() && !running.has_ended() {}
        running.halt();
        eventually("it has halted or ended", async || {
            let state = fs::read_to_string(format!("/proc/{}/stat", running.id())).unwrap_or_default();
            (state.contains(") T ") || running.has_ended()).then_some(())
        })
        .await;
        if File::open(part).is_ok_and(|file| file.try_lock().is_err()) {
            return running;
        }
        kill(running);
        let _ = fs::remove_file(part);
        wipe(place).await;
    }
}

fn kill(mut running: Running) {
    if !running.has_ended() {
        // The group may end meanwhile.
        let group = format!("-{}", running.id());
        let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).output();
    }
    drop(running);
}

/// Waits until PostgreSQL has ended the connections of the program that was killed.
async fn the_server_has_noticed(place: &Place) {
    const LEFT: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'psql'";
    if files(place).is_none() {
        eventually("the server has noticed", async || (value::<i64>(place, LEFT).await == 0).then_some(()))
            .await;
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_is_whole_or_refused(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    place.people([Persona::number(0).row()]);
    let backup = place.path("one");
    let backup = backup.to_str().unwrap();
    done(&place, "backup", &[backup]);
    wipe(&place).await;
    let begun = Instant::now();
    done(&place, "restore", &[backup]);
    let took = begun.elapsed();
    let mut cut_short = 0;
    for moment in 0..6 {
        wipe(&place).await;
        if moment == 0 && files(&place).is_some() {
            assert!(done(&place, "migrate", &["--plan"]).contains("would run m0017_baseline"));
            assert!(!is_begun(&place).await, "a plan writes nothing");
        }
        let running = match (moment, files(&place)) {
            (0, Some([_, part])) => {
                let running = halted(&place, backup, &part).await;
                refused(&place, "restore", &[backup], "another restore writes");
                running
            }
            // PostgreSQL's program has not begun when the first one is killed.
            (0, None) => {
                let running = restore(&place, backup, true);
                while !is_begun(&place).await {}
                running
            }
            _ => {
                let running = restore(&place, backup, false);
                tokio::time::sleep(took * moment / 6).await;
                running
            }
        };
        kill(running);
        the_server_has_noticed(&place).await;
        if !is_begun(&place).await {
            done(&place, "restore", &[backup]);
            continue;
        }
        let out = place.run("status", &[]);
        if out.status.success() {
            assert_eq!(value::<i64>(&place, MARKED).await, 0, "{}: {moment}", place.bed.name);
            assert_eq!(value::<i64>(&place, PEOPLE).await, 1, "{}: {moment}", place.bed.name);
            continue;
        }
        cut_short += 1;
        assert!(moment > 0 || said(&out).contains("run `moncompte restore` again, or"), "{}", said(&out));
        refused(&place, "status", &[], "a restore into this database was cut short");
        if said(&out).contains("empty it") {
            refused(&place, "restore", &[backup], "is there already");
            wipe(&place).await;
        } else {
            refused(&place, "migrate", &[], "a restore into this database was cut short");
        }
        done(&place, "restore", &[backup]);
        assert_eq!(value::<i64>(&place, PEOPLE).await, 1, "{}: {moment}", place.bed.name);
        done(&place, "status", &[]);
    }
    assert!(cut_short > 0, "{}: {took:?}", place.bed.name);
}
