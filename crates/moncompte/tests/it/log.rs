//! Output that cannot be written: a closed pipe, a full disk, a reader that has stopped. The provider goes on, and commands end with their exit codes.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use testbed::Bed;

use crate::{
    person::{Person, Persona},
    place::{MAIL_FOLDER, Place, eventually, program},
};

/// The other end of standard output and standard error.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    /// A pipe whose reader has gone.
    Closed,
    /// A full disk.
    Full,
    /// A pipe whose reader does not read.
    Stuck,
}

/// A program whose output goes to an [`End`]. It ends with the test.
struct Unheard(Child);

impl Unheard {
    fn start(mut command: Command, end: End) -> Self {
        if end == End::Full {
            let full = || File::options().write(true).open("/dev/full").unwrap();
            return Self(command.stdout(full()).stderr(full()).spawn().unwrap());
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if end == End::Closed {
            drop((child.stdout.take(), child.stderr.take()));
        }
        Self(child)
    }
}

impl Drop for Unheard {
    fn drop(&mut self) {
        // Fails, harmlessly, if it has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn operators(place: &Place, path: &str) -> Option<(u16, String)> {
    let text = fs::read_to_string(place.path("moncompte.toml")).unwrap();
    let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
    let answer = reqwest::get(format!("http://{}{path}", ops.trim_end_matches('"'))).await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_stops_nothing() {
    for end in [End::Closed, End::Full, End::Stuck] {
        let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
        let mover = Persona::number(1);
        place.people([mover.row()]);
        let mut command = program();
        // Trace logs fill the pipe at once.
        command.env("MONCOMPTE_LOG", "trace").arg("serve").arg("--config").arg(place.folder.path());
        let unheard = Unheard::start(command, end);
        eventually("it answers", async || operators(&place, "/health/live").await).await;
        // The move needs a mail, which the worker sends.
        let page = Person::new(&place.issuer()).moves(&mover, &place).await;
        assert!(page.status.is_success() || page.code().is_some(), "{end:?}: {} {}", page.url, page.status);
        // A request that is logged.
        let page = Person::new(&place.issuer()).get("/nothing/here").await;
        assert_eq!(page.status, 404, "{end:?}");
        let page = Person::new(&place.issuer()).signs_in(&mover.email, &mover.new).await;
        assert!(page.code().is_some(), "{end:?}: {} {}", page.url, page.status);
        assert_eq!(operators(&place, "/health/ready").await, Some((200, "ok\n".to_owned())), "{end:?}");
        let (_, told) = operators(&place, "/metrics").await.unwrap();
        let lost = told.lines().find_map(|line| line.strip_prefix("moncompte_log_lines_lost_total "));
        assert!(end == End::Stuck || lost.unwrap().parse::<u64>().unwrap() > 0, "{end:?}: {told}");
        drop(unheard);
    }
}

/// Runs a command with its output on a full disk, or else into a closed pipe; returns its exit code and its standard error.
fn ends(folder: &Path, arguments: &[&str], full: bool) -> (Option<i32>, String) {
    let mut command = program();
    command.args(arguments).arg("--config").arg(folder).stderr(Stdio::piped());
    if full {
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
    } else {
        command.stdout(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_print_for_whoever_is_there() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let people = place.path("people.csv");
    fs::write(&people, "identifier;client_ref;password;email\n1;R1;ancien-1;\n").unwrap();
    place.serve().await.stop().await;
    let import = ["import", "--agency", "exemple", people.to_str().unwrap()];
    let commands: [&[&str]; 8] = [
        &["check"],
        &["check", "--schema"],
        &["check", "--agency-schema"],
        &["clock"],
        &["doctor", "--invariants"],
        &["doctor", "--invariants", "--json"],
        &["keys", "list"],
        &import,
    ];
    for arguments in commands {
        let (code, said) = ends(place.folder.path(), arguments, false);
        assert!(code == Some(0) && !said.contains("panicked"), "{arguments:?}: {code:?} {said}");
        let (code, said) = ends(place.folder.path(), arguments, true);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        assert!(said.contains("could not be written") && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}
