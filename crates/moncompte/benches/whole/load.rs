//! Rates under a steady load, beside the machine's limits.

use std::time::{Duration, Instant};

use crate::{
    http::Caller,
    limit::{self, CALLERS},
    pace::{Work, cores, rate},
    report::{Goal, Row},
    site::{Document, ES256, Effort, Introspection, RS256, Refresh, Site, Tokens, Userinfo},
};

/// Alternates rounds of the provider's work and of the machine's limit.
async fn rounds<W: Work>(
    what: &str,
    site: &Site,
    effort: Effort,
    mut workers: Vec<W>,
    limit: impl Fn(Duration) -> f64,
) -> Vec<(f64, f64)> {
    let (mut all, mut units, mut processor) = (Vec::new(), 0.0, Duration::ZERO);
    for _ in 0..effort.rounds {
        let (began, spent) = (Instant::now(), site.processor());
        let (ours, back) = rate(workers, effort.round).await;
        workers = back;
        units += ours * began.elapsed().as_secs_f64();
        processor += site.processor().saturating_sub(spent);
        all.push((ours, limit(effort.round)));
    }
    println!("{what}: {:.2} ms of the program's processor each", processor.as_secs_f64() * 1000.0 / units);
    all
}

async fn everybody(site: &Site, client: &'static str) -> Vec<Tokens> {
    let mut all = Vec::new();
    for account in 1..=CALLERS as u64 {
        all.push(site.tokens(account, client).await);
    }
    all
}

/// Full sign-ins beside Argon2id hashes.
pub async fn sign_in(name: &str, site: &Site, effort: Effort) -> Row {
    // Enough people that a core never waits for the next password.
    let people = (1..=4 * cores() as u64).map(|account| site.visitor(account, RS256)).collect();
    // Longer rounds, since one sign-in takes long.
    let effort = Effort { round: effort.round * 2, ..effort };
    let work = format!("full sign-in, {name}");
    let rounds = rounds(&work, site, effort, people, limit::hashes).await;
    Row::beside(work, "sign-ins/s · hashes/s", &rounds, Goal::AtLeast(0.9))
}

/// Refreshes, each with an ID token and an access token: with RS256 beside the machine's signatures, with ES256 beside the database's commits.
pub async fn refresh(name: &str, site: &Site, effort: Effort) -> Vec<Row> {
    let work = everybody(site, RS256).await.into_iter().map(Refresh).collect();
    let names = [format!("refresh, RS256, {name}"), format!("refresh, ES256, {name}")];
    let signed = rounds(&names[0], site, effort, work, limit::signatures).await;
    // A refresh makes two signatures.
    let signed: Vec<_> = signed.into_iter().map(|(ours, limit)| (2.0 * ours, limit)).collect();
    let work = everybody(site, ES256).await.into_iter().map(Refresh).collect();
    let address = site.place.bed.address.clone();
    let committed = rounds(&names[1], site, effort, work, |time| limit::commits(&address, time)).await;
    let [rs256, es256] = names;
    vec![
        Row::beside(rs256, "signatures/s", &signed, Goal::AtLeast(0.6)),
        Row::beside(es256, "commits/s", &committed, Goal::AtLeast(0.5)),
    ]
}

/// Userinfo and introspection beside a verification and a read.
pub async fn reads(name: &str, site: &Site, effort: Effort) -> Vec<Row> {
    let address = site.place.bed.address.clone();
    let limit = |time| limit::verified_reads(&address, time);
    let work = everybody(site, RS256).await.into_iter().map(Userinfo).collect();
    let [userinfo, introspection] = ["userinfo", "introspection"].map(|work| format!("{work}, {name}"));
    let told = rounds(&userinfo, site, effort, work, limit).await;
    let work = everybody(site, RS256).await.into_iter().map(Introspection).collect();
    let looked = rounds(&introspection, site, effort, work, limit).await;
    let unit = "answers/s · verified reads/s";
    vec![
        Row::beside(userinfo, unit, &told, Goal::AtLeast(0.5)),
        Row::beside(introspection, unit, &looked, Goal::AtLeast(0.5)),
    ]
}

/// Discovery and the keys, beside a file of about their length from the same server.
pub async fn documents(site: &Site, effort: Effort) -> Vec<Row> {
    let callers = |path| -> Vec<_> {
        (0..CALLERS).map(|_| Document { caller: Caller::new(site.port()), path }).collect()
    };
    let plain: &'static str = pages::asset_url("policy.js").expect("a script of 2 kB").leak();
    let mut rows = Vec::new();
    for (work, path) in [("discovery", "/.well-known/openid-configuration"), ("JWKS", "/jwks")] {
        let mut rounds = Vec::new();
        for _ in 0..effort.rounds {
            let (ours, _) = rate(callers(path), effort.round).await;
            let (plain, _) = rate(callers(plain), effort.round).await;
            rounds.push((ours, plain));
        }
        rows.push(Row::beside(work, "answers/s", &rounds, Goal::AtLeast(0.9)));
    }
    rows
}

/// Longer than the program keeps the memory of hashes when no password comes.
const REST: Duration = Duration::from_secs(15);

/// Resident memory: at rest, some seconds after a sign-in, and under a load without passwords.
pub async fn memory(name: &str, site: &Site, effort: Effort) -> Vec<Row> {
    site.tokens(1, RS256).await;
    tokio::time::sleep(REST).await;
    let rests = site.resident();
    let tokens = everybody(site, RS256).await;
    tokio::time::sleep(REST).await;
    println!("memory, {name}: {:.1} MiB at rest after {} sign-ins more", site.resident(), tokens.len());
    let (_, _) = rate(tokens.into_iter().map(Refresh).collect(), effort.round * effort.rounds as u32).await;
    let loaded = site.resident();
    vec![
        Row::alone(
            format!("resident memory, at rest after a sign-in, {name}"),
            "MiB",
            rests,
            Goal::AtMost(30.0),
        ),
        Row::alone(format!("resident memory, refresh at 64, {name}"), "MiB", loaded, Goal::AtMost(80.0)),
    ]
}
