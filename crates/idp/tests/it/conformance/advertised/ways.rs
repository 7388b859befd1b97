use http::Method;
use scraper::{Html, Selector};
use testbed::{Bed, apply, both};

use super::{advertised, basic};
use crate::conformance::{
    checks::{response, token},
    op::{FIRST, Op, portal},
    suite::Plan,
};

/// OAuth Multiple Response Types §2.1, Form Post §1; JARM §2.3 and Web Message are not built.
#[apply(both!)]
#[tokio::test]
async fn response_modes_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let modes = advertised(&suite, "response_modes_supported").await;
    for mode in ["query", "fragment", "form_post", "jwt", "query.jwt", "form_post.jwt", "web_message"] {
        let keys = format!("response_modes = [\"{mode}\"]");
        if !modes.iter().any(|m| m == mode) {
            assert_eq!(Op::refused(&portal(&FIRST, &keys)), ["portal.response_modes"]);
            let asked = suite.request().with("response_mode", mode);
            assert_eq!(suite.refused(asked).await, "invalid_request", "{mode}");
            continue;
        }
        suite.op.reconfigure(&portal(&FIRST, &keys)).await;
        suite.fresh_browser();
        let asked = suite.request().with("response_mode", mode);
        let seen = suite.send(&asked).await;
        let mut to = suite.sign_in(seen).await.client();
        match mode {
            "query" => drop(response::success(Plan::Basic, &asked, &to)),
            "form_post" => drop(response::success(Plan::FormPost, &asked, &to)),
            _ => {
                assert_eq!(to.url.matches('#').count(), 1);
                assert!(!to.url.contains('?'), "nothing in the query: {}", to.url);
                to.url = to.url.replace('#', "?");
                response::success(Plan::Basic, &asked, &to);
            }
        }
    }
}

/// A client whose file says nothing of response modes may use each that discovery lists.
#[apply(both!)]
#[tokio::test]
async fn a_silent_file_may_use_every_mode_that_is_listed(bed: Bed) {
    let mut suite = basic(bed).await;
    for mode in advertised(&suite, "response_modes_supported").await {
        suite.fresh_browser();
        let asked = suite.request().with("response_mode", &mode);
        let seen = suite.send(&asked).await;
        let to = suite.sign_in(seen).await.client();
        let arrived = format!("{}{}", to.url, to.body.unwrap_or_default());
        assert!(arrived.contains("code=") && !arrived.contains("error="), "{mode}: {arrived}");
    }
}

/// OAuth Multiple Response Types §3, §5; SECURITY #8
#[apply(both!)]
#[tokio::test]
async fn response_types_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    assert_eq!(advertised(&suite, "response_types_supported").await, ["code"]);
    suite.happy(suite.request()).await;
    for other in
        ["token", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"]
    {
        let error = suite.refused(suite.request().with("response_type", other)).await;
        assert_eq!(error, "unsupported_response_type", "{other}");
    }
}

/// RFC 6749 §5.2 unsupported_grant_type. `oidcc-refresh-token` tests that both advertised grant types work.
#[apply(both!)]
#[tokio::test]
async fn grant_types_supported(bed: Bed) {
    let suite = basic(bed).await;
    let grants = advertised(&suite, "grant_types_supported").await;
    for grant in [
        "authorization_code",
        "refresh_token",
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
    ] {
        let fields =
            [("grant_type", grant), ("code", "x"), ("redirect_uri", FIRST.callback), ("refresh_token", "x")];
        let error = token::failure(&suite.token(&FIRST, &fields).await);
        let supported = grants.iter().any(|g| g == grant);
        assert_eq!(error, if supported { "invalid_grant" } else { "unsupported_grant_type" }, "{grant}");
    }
}

/// RFC 7636 §4.3. `oidcc-ensure-request-with-valid-pkce-succeeds` tests that S256 works.
#[apply(both!)]
#[tokio::test]
async fn code_challenge_methods_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    assert_eq!(advertised(&suite, "code_challenge_methods_supported").await, ["S256"]);
    let asked = suite.request().with("code_challenge", &suite.op.random());
    for other in ["plain", "S512", ""] {
        let error = suite.refused(asked.clone().with("code_challenge_method", other)).await;
        assert_eq!(error, "invalid_request", "{other:?}");
    }
}

/// OIDC Core §3.1.2.1 ui_locales, §5.2: the page is in the language that was asked for, and in the agency's where it has no such one.
#[apply(both!)]
#[tokio::test]
async fn ui_locales_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let all = advertised(&suite, "ui_locales_supported").await;
    let expected = [("fr", "fr"), ("en", "en"), ("en-GB", "en"), ("de en", "en"), ("de", "fr"), ("se", "fr")];
    assert!(all.iter().all(|tag| expected.contains(&(tag, tag))), "{all:?}");
    for (wish, language) in expected {
        let page = suite.send(&suite.request().with("ui_locales", wish)).await.page();
        let html = Html::parse_document(&page.body);
        let root = html.select(&Selector::parse("html").unwrap()).next().unwrap();
        assert_eq!(root.value().attr("lang"), Some(language), "{wish}");
        assert!(all.iter().any(|tag| tag == language));
    }
}

/// Every endpoint is there, and by its methods only (RFC 6749 §3.2: the token endpoint takes POST alone).
#[apply(both!)]
#[tokio::test]
async fn endpoints(bed: Bed) {
    let suite = basic(bed).await;
    for (name, value) in suite.document().await.as_object().unwrap() {
        if !(name.ends_with("_endpoint") || name == "jwks_uri") {
            continue;
        }
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let status = suite.call(method.clone(), value.as_str().unwrap(), None, &[]).await.status;
            let takes = match name.as_str() {
                "jwks_uri" => method == Method::GET,
                "authorization_endpoint" | "userinfo_endpoint" | "end_session_endpoint" => {
                    method == Method::GET || method == Method::POST
                }
                _ => method == Method::POST,
            };
            assert_ne!(status, 404, "{name}");
            assert_eq!(status == 405, !takes, "{method} {name}: {status}");
        }
    }
}
