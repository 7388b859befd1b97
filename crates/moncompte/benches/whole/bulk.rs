//! Measurements of large tables, large files, and the start.

use std::{
    fmt::Write as _,
    fs,
    io::{BufWriter, Write as _},
    process::Stdio,
    time::{Duration, Instant},
};

use testbed::Bed;

use crate::{
    limit::Bare,
    pace::{cores, median, rate},
    place::{AGENCY, MAIL_FOLDER, Place, program},
    report::{Goal, Row},
    site::{Effort, RS256, Site, resident},
};

/// The time from the start of the program to its first answer, with one agency and with 200; and its memory before anybody has signed in.
pub async fn start(name: &str, bed: Bed, effort: Effort) -> Vec<Row> {
    let place = Place::new(bed, MAIL_FOLDER);
    // The first start makes the keys.
    drop(place.serve().await);
    let few = first_answer(&place, effort).await;
    let idle = idle(&place).await;
    let one = fs::read_to_string(place.path("agencies/exemple.toml")).expect("an agency");
    for n in 0..199 {
        let text = one.replace("client_id = \"exemple\"", &format!("client_id = \"agence-{n}\""));
        fs::write(place.path(&format!("agencies/agence-{n}.toml")), text).expect("an agency");
    }
    let many = first_answer(&place, effort).await;
    vec![
        Row::alone(format!("start to first answer, {name}"), "ms", few, Goal::AtMost(150.0)),
        Row::alone(format!("start to first answer, 200 agencies, {name}"), "ms", many, Goal::AtMost(300.0)),
        Row::alone(format!("resident memory, idle, {name}"), "MiB", idle, Goal::AtMost(30.0)),
    ]
}

/// Resident memory after the first requests of portals and people, in MiB. Nothing has been hashed, so none of it is Argon2's.
async fn idle(place: &Place) -> f64 {
    let running = place.serve().await;
    let client = reqwest::Client::new();
    for path in ["/.well-known/openid-configuration", "/jwks", "/help"] {
        let answer = client.get(format!("{}{path}", place.issuer())).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
    resident(running.id())
}

async fn first_answer(place: &Place, effort: Effort) -> f64 {
    let mut times = Vec::new();
    for _ in 0..effort.rounds {
        let began = Instant::now();
        let mut child = program()
            .args(["serve", "--config"])
            .arg(place.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        // Tried again and again: connections are refused until it listens.
        let url = format!("{}/.well-known/openid-configuration", place.issuer());
        let client = reqwest::Client::new();
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(began.elapsed() < Duration::from_secs(60), "it does not start");
        }
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        child.kill().expect("its end");
        child.wait().expect("its end");
    }
    median(times)
}

/// A sign-in among many accounts, beside one among a thousand.
pub async fn million(name: &str, bed: Bed, effort: Effort) -> Row {
    const FEW: u64 = 1000;
    let site = Site::on(bed, FEW).await;
    let mut rounds = Vec::new();
    let mut times = [Vec::new(), Vec::new()];
    for (half, among) in [FEW, effort.many].into_iter().enumerate() {
        if half == 1 {
            let began = Instant::now();
            site.copy_people(FEW, among).await;
            println!("{among} accounts in {:.0} s", began.elapsed().as_secs_f64());
        }
        for round in 0..effort.rounds as u64 {
            // Spread over all accounts, and others each time.
            let people = (1..=4 * cores() as u64)
                .map(|n| site.visitor((n * 7919 + round * 104_729) % (among - 1) + 1, RS256));
            let (per_second, _) = rate(people.collect(), effort.round * 2).await;
            times[half].push(1000.0 / per_second);
        }
    }
    let [few, many] = times;
    rounds.extend(many.into_iter().zip(few));
    Row::beside(
        format!("sign-in among {} accounts, {name}", effort.many),
        "ms of the machine",
        &rounds,
        Goal::AtMost(1.2),
    )
}

/// Imported rows a second of a file of strong hashes, beside rows that the database copies by itself into a table of the same shape; and the peak memory of
/// the second half of the import, beside that of the first.
pub async fn import(name: &str, bed: Bed, effort: Effort) -> Vec<Row> {
    let mut place = Place::new(bed, MAIL_FOLDER);
    place.bed.unaudited();
    let file = place.path("identities.csv");
    let mut text = BufWriter::new(fs::File::create(&file).expect("a file"));
    writeln!(text, "identifier;client_ref;password_hash;email;given_name;family_name").unwrap();
    for n in 0..effort.rows {
        let mut line = String::new();
        // A bcrypt hash, which is strong and kept as it is, with a salt of its own.
        let _ = write!(line, "{n:08};CT-{n:08};$2y$12$abcdefghijklmno{n:06}e");
        let _ = write!(line, "WvSYXE4qjJnEwBFZCvVsMpEPw0GzKAO;client.{n}@courrier.example;Marie;Durand {n}");
        writeln!(text, "{line}").unwrap();
    }
    text.flush().expect("a file");
    let began = Instant::now();
    let mut child = program()
        .args(["import", "--json", "--agency", AGENCY, "--config"])
        .arg(place.folder.path())
        .arg(&file)
        .stdout(fs::File::create(place.path("report.json")).expect("a file"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut memory = Vec::new();
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    let process = child.id();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the program") {
            break status;
        }
        beat.tick().await;
        if !fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default().contains("VmRSS") {
            continue;
        }
        memory.push(resident(process));
    };
    let ours = effort.rows as f64 / began.elapsed().as_secs_f64();
    let report = fs::read_to_string(place.path("report.json")).expect("a report");
    assert!(status.success(), "the import failed: {}", &report[..report.len().min(2000)]);
    let limit = by_itself(&Bare::open(&place.bed.address).await, effort.rows).await;
    let (early, late) = memory.split_at(memory.len() / 2);
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let what = |what: &str| format!("{what} of {} identities, {name}", effort.rows);
    vec![
        Row::beside(what("import"), "rows/s", &[(ours, limit)], Goal::AtLeast(0.25)),
        Row::beside(
            what("resident memory, import"),
            "MiB, second half · first",
            &[(most(late), most(early))],
            Goal::AtMost(1.1),
        ),
    ]
}

/// Rows a second that one statement copies into a table with the same columns and indexes.
async fn by_itself(bare: &Bare, rows: u64) -> f64 {
    let shape = match bare {
        Bare::Postgres(_) => "CREATE TABLE twin (LIKE legacy_identity INCLUDING ALL)".to_owned(),
        Bare::Sqlite { .. } => {
            let list = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE tbl_name = 'legacy_identity' AND sql IS NOT NULL";
            let made = bare.text(list).await;
            made.replace(" legacy_identity (", " twin (").replace(" INDEX ", " INDEX twin_")
        }
    };
    bare.run(&shape).await;
    let began = Instant::now();
    bare.run("INSERT INTO twin SELECT * FROM legacy_identity").await;
    rows as f64 / began.elapsed().as_secs_f64()
}
