//! SPEC J8: "Garder ma session active".

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, CLOSED},
    demo::Demo,
    walk::{MARIE, PASSWORD, knock, move_over, session_ends, sign_in},
};

const DAYS_90: Duration = Duration::from_hours(90 * 24);

/// "Ticked: the session outlives the browser, 30 days sliding, 90 at most … Unticked: it ends with the browser".
#[tokio::test]
async fn a_kept_session_outlives_the_browser_and_another_does_not() -> Result<()> {
    let Some(mut browser) = Browser::open(CLOSED).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&browser, &demo, &MARIE).await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;

    knock(&browser, &demo.tilleuls("/")).await?;
    sign_in(&browser, MARIE.email, PASSWORD).await?;
    browser.page("Bonjour Marie Durand").await?;
    ensure!(session_ends(&browser).await?.is_none(), "an unticked session has a date of its own");
    browser.restart().await?;
    browser.go(&demo.tilleuls("/login")).await?;
    browser.page("Mon compte immobilier").await?;

    ensure!(browser.tick("keep").await?, "the box cannot be ticked");
    sign_in(&browser, MARIE.email, PASSWORD).await?;
    browser.page("Bonjour Marie Durand").await?;
    let ends = session_ends(&browser).await?;
    let left =
        ends.and_then(|at| u64::try_from(at).ok()).map(|at| Duration::from_secs(at).saturating_sub(now()));
    ensure!(left.is_some_and(|left| left > Duration::ZERO && left <= DAYS_90), "it ends at {ends:?}");
    browser.restart().await?;
    browser.go(&demo.tilleuls("/login")).await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.close().await
}

#[allow(
    clippy::disallowed_methods,
    reason = "the browser goes by the machine's clock, and so does this test"
)]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
