//! A full disk (SECURITY #119): nothing is half done, everything acknowledged stays, and the node recovers when there is room again.

use std::time::Instant;

use testbed::Bed;

use super::{HEALED, Site, is_not_now};
use crate::{
    disk::Disk,
    operate::{self, Page},
    place::eventually,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_the_database_nothing_is_half_done_and_it_heals() {
    let (bed, disk) = (Bed::sqlite().await, Disk::under("/test.db"));
    let address = bed.address.clone();
    let site = Site::on(bed, &address, "", |command| disk.lay(command)).await;
    let tokens = site.redeem(&site.signs_in().await.code().unwrap()).await;
    let tables = ["session", "token_grant", "refresh_token WHERE used_at IS NOT NULL", "outbox", "evidence"];
    let mut before = Vec::new();
    for table in tables {
        before.push(site.count(table).await);
    }

    disk.fill();
    // To arrive writes nothing (docs/adr/0015): the first thing that cannot be kept is the sign-in.
    let page = site.signs_in().await;
    assert!(is_not_now(&page), "{} {}", page.url, page.status);
    // FINDING L11: the refused write itself makes the node unready, not the next check some seconds later.
    assert_eq!(site.health("ready").await, 503, "the operator is told at once");
    let told = site.refresh(tokens.text("refresh_token")).await;
    assert!(told.is_not_now(), "{} {}", told.status, told.json);
    // Requests that write nothing go on.
    assert_eq!(site.userinfo(tokens.text("access_token")).await.status, 200);
    assert_eq!(site.health("live").await, 200);
    // The node stays unready, whatever else is asked.
    for _ in 0..30 {
        assert_eq!(site.userinfo(tokens.text("access_token")).await.status, 200);
        assert_eq!(site.health("ready").await, 503);
    }
    for (table, before) in tables.iter().zip(before) {
        assert_eq!(site.count(table).await, before, "{table}");
    }

    disk.mend();
    let since = Instant::now();
    eventually("it heals", async || {
        let told = site.refresh(tokens.text("refresh_token")).await;
        (told.status == 200).then_some(())
    })
    .await;
    eventually("the operator is told", async || (site.health("ready").await == 200).then_some(())).await;
    assert!(since.elapsed() < HEALED, "healed after {:?}", since.elapsed());
    assert!(site.signs_in().await.code().is_some());
    let told = operate::done(&site.place, Page::under("runbook.md", "First look").commands()[1]);
    assert!(told.contains("I10  holds"), "{told}");
    let said = site.running.said();
    assert!(said.contains("not now") && !said.contains("panicked"), "{said}");
}
