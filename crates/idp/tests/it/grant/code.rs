use testbed::{apply, both};

use crate::grant::world::{
    CALLBACK, VERIFIER, World, answered, ask, basic, call, form, opens, redeem, refresh, text,
};

/// SECURITY #17, I2, oidcc-codereuse
#[apply(both!)]
#[tokio::test]
async fn a_second_redemption_is_refused_and_ends_what_the_first_gave(world: World) {
    let session = world.sign_in().await;
    let code = world.code(&session).await;
    let first = redeem(&world.a, &code).await.unwrap();
    assert!(opens(&world.b, text(&first, "access_token")).await);
    world.bed.clock.advance(30);
    assert_eq!(redeem(&world.b, &code).await.unwrap_err().code().as_str(), "invalid_grant");
    assert!(!opens(&world.a, text(&first, "access_token")).await, "{}", world.bed.name);
    assert!(refresh(&world.a, text(&first, "refresh_token")).await.is_err());
    // And a third changes nothing more (SECURITY I21).
    assert!(redeem(&world.a, &code).await.is_err());
    let told = "kind = 'grant revoked' AND body LIKE '%code_reuse%'";
    assert_eq!(world.count("evidence", told).await, 1, "{}", world.bed.name);
}

/// SECURITY #18, I1, B1: over two nodes exactly one wins, and since reuse was seen its tokens are dead.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_redemptions_at_once_one_wins(world: World) {
    let session = world.sign_in().await;
    for _ in 0..3 {
        let code = world.code(&session).await;
        let tasks: Vec<_> = (0..32)
            .map(|i| {
                let (node, code) = (if i % 2 == 0 { &world.a } else { &world.b }.clone(), code.clone());
                tokio::spawn(async move { redeem(&node, &code).await })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(answer) => won.push(answer),
                Err(error) => assert_eq!(error.code().as_str(), "invalid_grant"),
            }
        }
        assert_eq!(won.len(), 1, "{}", world.bed.name);
        assert!(!opens(&world.a, text(&won[0], "access_token")).await);
        assert!(refresh(&world.b, text(&won[0], "refresh_token")).await.is_err());
    }
    assert_eq!(world.count("token_grant", "revoked_why = 'code_reuse'").await, 3);
    assert_eq!(world.count("refresh_token", "1 = 1").await, 3);
}

/// SECURITY #19, D7: the variant of SECURITY B1. A wrong redemption neither burns the code nor reveals or revokes anything.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_redemptions_burn_nothing(world: World) {
    let session = world.sign_in().await;
    let code = world.code(&session).await;
    let good = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let wrong: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("rp", vec![("redirect_uri", CALLBACK), ("code_verifier", &VERIFIER[1..])]),
        ("rp", vec![("redirect_uri", CALLBACK)]),
        ("rp", vec![("redirect_uri", "https://rp.example/cb/"), ("code_verifier", VERIFIER)]),
        ("rp", vec![("code_verifier", VERIFIER)]),
        ("other", vec![("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]),
    ];
    for (client, fields) in &wrong {
        let fields: Vec<_> = good.iter().chain(fields).copied().collect();
        assert_eq!(ask(&world.a, client, &fields).await.unwrap_err().code().as_str(), "invalid_grant");
    }
    let first = redeem(&world.a, &code).await.expect("the code is not burned");
    // After it was used, too: only who could have redeemed it can reveal its reuse.
    for (client, fields) in &wrong {
        let fields: Vec<_> = good.iter().chain(fields).copied().collect();
        assert!(ask(&world.b, client, &fields).await.is_err());
    }
    assert!(opens(&world.a, text(&first, "access_token")).await, "{}", world.bed.name);
}

/// SECURITY #19, D6
#[apply(both!)]
#[tokio::test]
async fn a_code_lives_sixty_seconds(world: World) {
    let session = world.sign_in().await;
    let (early, late) = (world.code(&session).await, world.code(&session).await);
    world.bed.clock.advance(59);
    assert!(redeem(&world.a, &early).await.is_ok());
    world.bed.clock.advance(1);
    assert_eq!(redeem(&world.a, &late).await.unwrap_err().code().as_str(), "invalid_grant");
}

/// SECURITY #25
#[apply(both!)]
#[tokio::test]
async fn who_does_not_prove_itself_gets_nothing(world: World) {
    let session = world.sign_in().await;
    let code = world.code(&session).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let body = form(&fields);
    let wrong = basic("rp:wrong");
    let with_id = format!("{body}&client_id=rp");
    let with_secret = format!("{with_id}&client_secret=s3cret");
    for (head, body) in [
        (None, &body),
        (Some("Basic !!"), &body),
        (Some(wrong.as_str()), &body),
        (None, &with_id),
        (None, &with_secret),
        (Some(&*basic("nobody")), &body),
    ] {
        let error = answered(world.a.token(call(head, body)).await).unwrap_err();
        assert_eq!((error.code().as_str(), error.status()), ("invalid_client", 401), "{body}");
    }
    let twice = format!("{body}&code=x");
    assert_eq!(answered(world.a.token(call(Some(&basic("rp")), &twice)).await).unwrap_err().status(), 400);
    assert!(redeem(&world.a, &code).await.is_ok());
}
