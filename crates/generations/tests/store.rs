//! Generations and nodes as the program uses them, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use generations::{File, Files, Generations, LIVE, NodeReport, PREPARING, Proposal, Proposed, State};
use kernel::sea_orm::{ConnectionTrait, Statement};
use testbed::{Bed, apply, both};

fn files(accent: &str) -> Files {
    let file = |content: &str, secret| File { content: content.into(), secret };
    Files::from([
        (("ag001".into(), "agencies/ag001.toml".into()), file(accent, false)),
        (("ag001".into(), "secrets/ag001".into()), file("a secret in clear", true)),
        (("ag002".into(), "secrets/ag001".into()), file("a secret in clear", true)),
        ((String::new(), "terms/2026-11/fr.md".into()), file("Article 1", false)),
    ])
}

fn proposal<'a>(files: &'a Files, base: Option<i64>) -> Proposal<'a> {
    Proposal { files, by: "marie@node-a", base, before: base, kept: &[] }
}

async fn accepted(all: &Generations, files: &Files, base: Option<i64>) -> i64 {
    let Proposed::Preparing(id) = all.propose(&proposal(files, base)).await.unwrap() else { panic!() };
    assert!(all.accept(id, 7).await.unwrap());
    id
}

async fn rows(bed: &Bed, what: &str) -> i64 {
    let db = bed.context.db.reader();
    let sql = format!("SELECT count(*) AS n FROM {what}");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

#[apply(both!)]
#[tokio::test]
async fn a_generation_gives_back_the_files_that_it_was_given(bed: Bed) {
    let all = Generations::new(bed.context.clone());
    assert_eq!(all.latest().await.unwrap(), None);
    let first = accepted(&all, &files("green"), None).await;
    let latest = all.latest().await.unwrap().unwrap();
    assert_eq!((latest.id, latest.state, &*latest.by), (first, State::Accepted(7), "marie@node-a"));
    assert!(all.files(first).await.unwrap() == files("green"));
    assert_eq!(latest.digest, all.digest(&files("green")));
    assert_ne!(latest.digest, all.digest(&files("blue")));
    // No secret is there in clear, nor by a hash that can be tried without the key.
    let db = bed.context.db.reader();
    let sql = "SELECT id, sealed, content FROM config_content";
    let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let clear = kernel::sha256(b"a secret in clear").map(|byte| format!("{byte:02x}")).concat();
    let mut sealed = 0;
    for row in &found {
        let content: Vec<u8> = row.try_get("", "content").unwrap();
        assert!(!content.windows(8).any(|part| part == b"in clear"));
        assert_ne!(row.try_get::<String>("", "id").unwrap(), clear);
        sealed += usize::from(row.try_get::<bool>("", "sealed").unwrap());
    }
    assert_eq!((found.len(), sealed), (3, 1), "a content is stored once");
}

#[apply(both!)]
#[tokio::test]
async fn of_two_at_once_one_wins_and_the_other_is_told(bed: Bed) {
    let [a, b] = [bed.context.clone(), bed.second_node().await].map(Generations::new);
    let (green, blue) = (files("green"), files("blue"));
    for turn in 0..10 {
        let base = a.latest().await.unwrap().map(|latest| latest.id);
        let wanted = [proposal(&green, base), proposal(&blue, base)];
        let (one, other) = tokio::join!(a.propose(&wanted[0]), b.propose(&wanted[1]));
        let both = [one.unwrap(), other.unwrap()];
        let won: Vec<i64> = both
            .iter()
            .filter_map(|p| if let Proposed::Preparing(id) = p { Some(*id) } else { None })
            .collect();
        let told =
            both.iter().filter(|p| matches!(p, Proposed::UnderWay(other) if other.id == won[0])).count();
        assert_eq!((won.len(), told), (1, 1), "{turn}: {both:?}");
        assert!(a.accept(won[0], 7).await.unwrap());
        assert!(!b.refuse(won[0], "too late").await.unwrap() && !b.accept(won[0], 8).await.unwrap());
    }
    // What was compared with an older one is not accepted over a newer.
    assert_eq!(a.propose(&proposal(&green, Some(3))).await.unwrap(), Proposed::Overtaken(10));
}

#[apply(both!)]
#[tokio::test]
async fn what_was_abandoned_or_refused_is_in_nobodys_way(bed: Bed) {
    let all = Generations::new(bed.context.clone());
    let first = accepted(&all, &files("green"), None).await;
    let blue = files("blue");
    let Proposed::Preparing(second) = all.propose(&proposal(&blue, Some(first))).await.unwrap() else {
        panic!()
    };
    assert!(matches!(all.propose(&proposal(&blue, Some(first))).await.unwrap(), Proposed::UnderWay(_)));
    bed.clock.advance(PREPARING + 1);
    let Proposed::Preparing(third) = all.propose(&proposal(&blue, Some(first))).await.unwrap() else {
        panic!()
    };
    assert!(
        matches!(all.by_id(second).await.unwrap().unwrap().state, State::Refused(why) if why.contains("abandoned"))
    );
    assert!(!all.accept(second, 7).await.unwrap());
    assert!(all.refuse(third, "node-b: no").await.unwrap());
    assert_eq!(all.latest().await.unwrap().unwrap().id, first);
    assert_eq!(all.after(first).await.unwrap(), []);
    assert_eq!(accepted(&all, &blue, Some(first)).await, third + 1);
}

#[apply(both!)]
#[tokio::test]
async fn old_generations_go_with_the_contents_that_only_they_name(bed: Bed) {
    let all = Generations::new(bed.context.clone());
    let mut base = None;
    for nth in 0..25 {
        base = Some(accepted(&all, &files(&nth.to_string()), base).await);
    }
    all.purge().await.unwrap();
    assert_eq!((rows(&bed, "config_generation").await, rows(&bed, "config_file").await), (20, 80));
    assert_eq!(rows(&bed, "config_content").await, 20 + 2);
    assert!(all.files(25).await.unwrap() == files("24"));
    assert_eq!(all.by_id(6).await.unwrap().unwrap().before, None, "it led to one that is gone");
}

#[apply(both!)]
#[tokio::test]
async fn a_node_is_live_while_it_reports(bed: Bed) {
    let all = Generations::new(bed.context.clone());
    let report =
        NodeReport { name: "node-a".into(), version: "1".into(), serves: 3, ..NodeReport::default() };
    all.report(&report).await.unwrap();
    all.report(&NodeReport { serves: 4, error: Some("no".into()), ..report.clone() }).await.unwrap();
    all.report(&NodeReport { name: "node-b".into(), ..report.clone() }).await.unwrap();
    let nodes = all.nodes().await.unwrap();
    assert_eq!(
        nodes.iter().map(|node| (node.report.serves, node.live)).collect::<Vec<_>>(),
        [(4, true), (3, true)]
    );
    bed.clock.advance(LIVE / 1000 + 1);
    all.report(&report).await.unwrap();
    let live: Vec<bool> = all.nodes().await.unwrap().iter().map(|node| node.live).collect();
    assert_eq!(live, [true, false]);
    all.leave("node-a").await.unwrap();
    bed.clock.advance(86_400);
    all.forget_nodes().await.unwrap();
    assert_eq!(all.nodes().await.unwrap(), []);
}
