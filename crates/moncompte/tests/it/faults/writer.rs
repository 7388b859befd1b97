//! Another process holds SQLite's one write lock (SECURITY #116, B14): a backup, somebody's shell.

use std::time::{Duration, Instant};

use testbed::Bed;

use super::{ANSWERED, HEALED, Site, away::Crowd, is_not_now};
use crate::place::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_meets_a_foreign_writer_waits_or_is_told_to_come_back() {
    let bed = Bed::sqlite().await;
    let (address, foreign) = (bed.address.clone(), bed.second_node().await.db);
    let site = Site::new(bed, &address, "").await;
    let crowd = Crowd::of(&site).await;
    eventually("somebody is in", async || (!crowd.saw().is_empty()).then_some(())).await;

    let pen = foreign.begin().await.unwrap();
    // The fault lasts for three seconds: a wait for the time itself.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(site.health("ready").await, 200, "it answers who only reads");
    pen.commit().await.unwrap();
    let back = Instant::now();
    eventually("somebody is in", async || (crowd.in_since(back) > 0).then_some(())).await;
    assert!(back.elapsed() < HEALED, "healed after {:?}", back.elapsed());
    for sight in crowd.saw() {
        // The provider waits for three seconds of lock.
        assert!(sight.page.code().is_some(), "{} {}", sight.page.url, sight.page.status);
        assert!(sight.took() < Duration::from_secs(3) + HEALED, "{:?}", sight.took());
    }

    let pen = foreign.begin().await.unwrap();
    eventually("somebody is told", async || {
        crowd.saw().iter().any(|sight| is_not_now(&sight.page)).then_some(())
    })
    .await;
    pen.commit().await.unwrap();
    let back = Instant::now();
    eventually("somebody is in", async || (crowd.in_since(back) > 0).then_some(())).await;
    assert!(back.elapsed() < HEALED, "healed after {:?}", back.elapsed());
    let saw = crowd.end().await;
    println!("{} sign-ins, the longest {:?}", saw.len(), saw.iter().map(|s| s.took()).max());
    for sight in saw {
        let page = &sight.page;
        assert!(sight.took() < 2 * ANSWERED, "{:?}", sight.took());
        match page.code() {
            // Whatever was acknowledged is there: a code gives tokens, unless its minute is over.
            Some(code) if sight.ended.elapsed() < Duration::from_secs(50) => {
                assert_eq!(site.redeem(&code).await.status, 200);
            }
            Some(_) => {}
            None => assert!(is_not_now(page), "{} {} {}", page.url, page.status, page.body),
        }
    }
}
