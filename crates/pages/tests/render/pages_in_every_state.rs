//! Rules for every page, and promises of single pages.

use pages::page::*;
use pages::{Locale, Page, Pages, asset, gallery, markdown};

use crate::dom::Document;
use crate::shown::{Shown, every, frame, render};

fn french<P: Page>(page: &P) -> Document {
    let pages = Pages::new().unwrap();
    render(&pages, &frame(Locale::Fr, Some(gallery::look()), "/authorize/1"), page)
}

#[test]
fn every_page_is_a_sound_document() {
    fn check(shown: &Shown, document: &Document) {
        let name = &document.name;
        document.check_well_formed();
        document.check_references();
        assert_eq!(document.attribute("html", "lang"), shown.locale.tag(), "{name}");
        assert!(!document.text("h1").trim().is_empty() && document.all("h1").len() == 1, "{name}: one h1");
        for landmark in ["header", "main", "footer"] {
            document.one(landmark);
        }
        assert_eq!(document.attribute("body > a.skip", "href"), "#main", "{name}");
        let title = document.text("title");
        assert_eq!(
            title.starts_with("Erreur") || title.starts_with("Error"),
            shown.failed,
            "{name}: {title}"
        );
        assert!(
            !document.source.contains("{{") && !document.source.contains("{ $"),
            "{name}: a placeholder is left"
        );
    }
    every(check);
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    fn check(shown: &Shown, document: &Document) {
        let name = &document.name;
        for selector in ["style", "[style]", "script:not([src])", "object", "base"] {
            assert!(document.all(selector).is_empty(), "{name}: {selector}");
        }
        for element in document.all("*") {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                assert!(!value.trim_start().starts_with("javascript:"), "{name}: {attribute}={value}");
            }
        }
        // One page loads documents of others: the clients' sign-out.
        let frames = document.all("iframe");
        assert!(frames.is_empty() || shown.page == "signing-out", "{name}: iframe");
        for frame in frames {
            assert_eq!(frame.attr("sandbox"), Some("allow-scripts allow-same-origin"), "{name}");
            assert!(frame.attr("title").is_some_and(|title| !title.is_empty()), "{name}");
        }
        for element in document.all("[src]:not(iframe), link[href]") {
            let url = element.attr("src").or_else(|| element.attr("href")).unwrap();
            assert!(url.starts_with('/') && !url.starts_with("//"), "{name}: loads {url}");
            if let Some(path) = url.strip_prefix("/assets/") {
                assert!(asset(path).is_some(), "{name}: no asset {path}");
            }
        }
        assert!(!document.source.contains("<b>"), "{name}: a name became markup");
    }
    every(check);
}

#[test]
fn every_field_has_one_label_and_says_what_it_is_for() {
    fn check(shown: &Shown, document: &Document) {
        let name = &document.name;
        for input in document.all("input:not([type=hidden])") {
            if input.attr("aria-hidden") == Some("true") {
                assert_eq!(
                    (input.attr("autocomplete"), input.attr("tabindex")),
                    (Some("username"), Some("-1")),
                    "{name}"
                );
                continue;
            }
            let id = input.attr("id").unwrap_or_else(|| panic!("{name}: a field without id"));
            assert_eq!(document.all(&format!("label[for='{id}']")).len(), 1, "{name}: label of {id}");
            assert!(!document.text(&format!("label[for='{id}']")).trim().is_empty(), "{name}: label of {id}");
            assert!(input.attr("placeholder").is_none(), "{name}: a placeholder is no label");
            let expected: &[&str] = match input.attr("type") {
                Some("password") => &["current-password", "new-password"],
                Some("email") => &["username", "email"],
                // What staff type is of somebody else: browsers must not offer their own.
                Some("text") if shown.page.starts_with("desk-") => &["off"],
                Some("text") => &["username", "name", "one-time-code"],
                _ => continue,
            };
            let token = input.attr("autocomplete").unwrap_or_default();
            assert!(expected.contains(&token), "{name}: autocomplete={token} on {id}");
            assert_eq!(input.attr("spellcheck"), Some("false"), "{name}: {id}");
        }
        for invalid in document.all("[aria-invalid]") {
            assert_eq!(invalid.attr("aria-invalid"), Some("true"), "{name}: aria-invalid only when true");
        }
    }
    every(check);
}

#[test]
fn every_form_is_posted_with_its_token_and_every_error_is_announced() {
    fn check(shown: &Shown, document: &Document) {
        let name = &document.name;
        let forms = document.all("form");
        for form in &forms {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            assert!(!form.attr("action").unwrap_or_default().is_empty(), "{name}");
        }
        let tokens = document.all("form input[type=hidden][name=csrf][value=c5rf]").len();
        // The answer to a portal is the one form that posts to another host.
        assert_eq!(tokens, if shown.page == "form-post" { 0 } else { forms.len() }, "{name}");
        assert_eq!(document.all("[role=alert]").len(), usize::from(shown.failed), "{name}");
    }
    every(check);
}

#[test]
fn the_labels_that_people_know_are_there_to_the_letter() {
    let page = french(&SignIn::samples()[0]);
    assert_eq!(page.text("h1"), "Mon compte immobilier");
    let words = page.text("main");
    for label in [
        "Mot de passe",
        "Mot de passe oublié ?",
        "Garder ma session active",
        "Connexion",
        "Besoin d'aide pour se connecter ?",
    ] {
        assert!(words.contains(label), "{label}");
    }
    assert_eq!(page.attribute("form", "action"), "/authorize/1/sign-in");
    assert_eq!(page.attribute("input[name=keep]", "value"), "on");
    assert!(page.all("input[checked]").is_empty(), "never ticked in advance");
    assert_eq!(page.all("a[href='/authorize/1/forgot']").len(), 1);
    assert!(page.text("aside").contains("Agence des Tilleuls"));
    assert_eq!(page.attribute("aside a", "href"), "/authorize/1/legacy");
    assert!(
        french(&Terms::samples()[0]).text("label").contains("J'ai lu et j'accepte les présentes conditions")
    );
    assert!(french(&Connected::samples()[0]).text("h1").contains("Vous êtes maintenant connecté"));
}

#[test]
fn a_wrong_password_is_counted_down_in_good_grammar() {
    let say = |remaining| {
        let page = SignIn { error: Some(SignInError::Wrong { remaining }), ..SignIn::samples().remove(0) };
        french(&page).text("[role=alert]").replace('\u{a0}', " ")
    };
    assert!(say(4).contains("Mot de passe invalide"));
    assert!(say(4).contains("4 essais au plus avant que le compte ne soit bloqué"), "{}", say(4));
    assert!(say(1).contains("1 essai avant"), "{}", say(1));
    let locked = SignIn { error: Some(SignInError::Locked), ..SignIn::samples().remove(0) };
    let locked = french(&locked);
    assert!(locked.text("[role=alert]").contains("bloqué"));
    assert_eq!(locked.all("[role=alert] a[href='/authorize/1/forgot']").len(), 1);
}

#[test]
fn an_identifier_that_was_moved_leads_back_in_one_click() {
    let page = |hint: Option<&str>| {
        let error = Some(LegacyError::Moved { hint: hint.map(Into::into) });
        french(&Legacy { error, ..Legacy::samples().remove(0) })
    };
    let shown = page(Some("m•••••@g•••.com"));
    assert!(shown.text("[role=alert]").contains("m•••••@g•••.com"));
    assert_eq!(shown.all("[role=alert] svg").len(), 1, "never colour alone");
    assert_eq!(shown.attribute("[role=alert] a.button", "href"), "/authorize/1");
    assert!(!page(None).text("[role=alert]").contains('•'));
}

#[test]
fn forms_send_the_fields_that_the_service_reads() {
    let fields = |document: Document, action: &str| {
        let selector = format!("form[action='{action}'] input");
        let mut names: Vec<_> =
            document.all(&selector).iter().filter_map(|i| i.attr("name").map(String::from)).collect();
        names.sort();
        names.dedup();
        names.join(" ")
    };
    let at = |path: &str| format!("/authorize/1/{path}");
    assert_eq!(fields(french(&SignIn::samples()[0]), &at("sign-in")), "csrf email keep password");
    assert_eq!(fields(french(&Legacy::samples()[0]), &at("legacy")), "agency csrf identifier password");
    assert_eq!(fields(french(&Notice::samples()[0]), &at("notice")), "csrf");
    assert_eq!(fields(french(&Notice::samples()[0]), &at("leave")), "csrf");
    assert_eq!(fields(french(&Email::samples()[0]), &at("email")), "csrf email");
    assert_eq!(fields(french(&Password::samples()[0]), &at("password")), "csrf password username");
    assert_eq!(fields(french(&LookAtYourMail::samples()[0]), &at("resend")), "csrf");
    assert_eq!(fields(french(&MailCode::samples()[0]), &at("code")), "code csrf");
    assert_eq!(fields(french(&MailCode::samples()[4]), &at("resend")), "csrf");
    assert_eq!(fields(french(&Confirm::samples()[0]), "/confirm"), "csrf email password");
    assert_eq!(fields(french(&LinkAccount::samples()[0]), &at("link")), "csrf password username");
    assert_eq!(fields(french(&LinkAccount::samples()[1]), &at("link")), "csrf");
    assert_eq!(
        fields(french(&Terms::samples()[0]), &at("terms")),
        "accept csrf language read sha256 version"
    );
    assert_eq!(fields(french(&NotLinked::samples()[0]), &at("continue")), "csrf");
    assert_eq!(fields(french(&NotLinked::samples()[0]), &at("switch")), "csrf");
    assert_eq!(fields(french(&Forgot::samples()[0]), &at("forgot")), "csrf email");
    assert_eq!(fields(french(&Reset::samples()[0]), "/reset"), "csrf password username");
    assert_eq!(fields(french(&Home::samples()[0]), "/sign-out"), "csrf");
    let sessions = || french(&AccountSessions::samples()[0]);
    assert_eq!(fields(sessions(), "/account/sessions/end"), "csrf session");
    assert_eq!(fields(sessions(), "/account/sessions/end-others"), "csrf");
    assert_eq!(fields(french(&AccountName::samples()[0]), "/account/name"), "csrf name");
    assert_eq!(fields(french(&AccountLanguage::samples()[0]), "/account/language"), "csrf language");
    let email = || french(&AccountEmail::samples()[0]);
    assert_eq!(fields(email(), "/account/email"), "csrf email password username");
    assert_eq!(
        fields(french(&AccountEmail::samples()[2]), "/account/email"),
        "csrf email password sure username"
    );
    assert_eq!(fields(french(&AccountEmailAsked::samples()[0]), "/account/email/cancel"), "csrf");
    assert_eq!(fields(french(&NewAddress::samples()[0]), "/new-address"), "csrf");
    assert_eq!(fields(french(&NewAddress::samples()[1]), "/new-address"), "csrf password username");
    assert_eq!(fields(french(&TakeBack::samples()[0]), "/take-back"), "csrf password username");
    let password = french(&AccountPassword::samples()[0]);
    assert_eq!(fields(password, "/account/password"), "csrf current password username");
    assert_eq!(fields(french(&SignOutConfirm::samples()[0]), "/end-session"), "csrf state");
    let search = french(&DeskSearch::samples()[0]);
    assert_eq!(fields(search, "/desk/tilleuls/search"), "by csrf typed");
    let (agencys, vendors) = (DeskPerson::samples().remove(2), DeskPerson::samples().remove(3));
    for (verb, expected) in
        [("resend", "csrf form mail reason"), ("code", "csrf form reason"), ("unlock", "csrf form reason")]
    {
        assert_eq!(fields(french(&agencys), &format!("{}/{verb}", agencys.url)), expected);
    }
    assert_eq!(fields(french(&vendors), &format!("{}/close", vendors.url)), "because csrf form reason");
}

#[test]
fn the_waiting_page_goes_on_without_scripts() {
    let page = french(&LookAtYourMail::samples()[0]);
    assert!(
        page.source
            .contains("<noscript><meta http-equiv=\"refresh\" content=\"30;url=/authorize/1\"></noscript>"),
        "{}",
        page.source
    );
    assert_eq!(page.attribute("#waiting", "data-status"), "/authorize/0192/status");
    let last = LookAtYourMail { resends_left: 0, ..LookAtYourMail::samples().remove(0) };
    assert!(french(&last).all("form").is_empty());
}

#[test]
fn terms_can_be_read_to_the_end_and_hold_one_unticked_box() {
    let look = pages::Theme { logo_url: Some("/look/tilleuls.svg".into()), ..gallery::look() };
    for (locale, text) in [
        (Locale::Fr, include_str!("../../../../config/terms/2026-11/fr.md")),
        (Locale::En, include_str!("../../../../config/terms/2026-11/en.md")),
    ] {
        let body = text.splitn(3, "+++").nth(2).expect("front matter between +++ lines");
        let page =
            Terms { body_html: markdown(body), language: locale.tag().into(), ..Terms::samples().remove(0) };
        let document =
            render(&Pages::new().unwrap(), &frame(locale, Some(look.clone()), "/authorize/1"), &page);
        assert_eq!(document.all("article h2").len(), 9, "nine articles");
        assert_eq!(document.attribute("article", "lang"), locale.tag());
        crate::budgets::light(&document);
        let words = document.text("article").split_whitespace().count();
        assert!(words > 1200, "{words} words: long enough that the end means something");
        let boxes = document.all("input[type=checkbox]");
        assert_eq!(boxes.len(), 1, "no other consent is mixed in");
        assert!(boxes[0].attr("checked").is_none() && boxes[0].attr("disabled").is_none());
        let (end, form) = (document.source.find("id=\"terms-end\""), document.source.find("id=\"accept\""));
        assert!(end < form, "the box comes after the end of the text");
        assert_eq!(document.attribute("#to-end", "href"), "#terms-end");
        assert!(document.text("dl").contains("marie.durand@example.fr"));
    }
}

#[test]
fn problems_lead_nowhere_else() {
    for page in Problem::samples() {
        let document = french(&page);
        assert!(!document.all("main a").is_empty(), "a way on");
        for link in document.all("main a") {
            let href = link.attr("href").unwrap();
            assert!(href.starts_with('/') && !href.starts_with("//"), "{href}");
        }
        assert!(document.text("main").contains("7H3K-PQ"));
    }
}

/// The other language is one link away, on the same page: without an account, and without scripts.
#[test]
fn every_page_leads_to_itself_in_the_other_language() {
    fn check(shown: &Shown, document: &Document) {
        let (tag, name) = if shown.locale == Locale::Fr { ("en", "English") } else { ("fr", "Français") };
        let link = document.one(&format!("footer a[hreflang={tag}][lang={tag}]"));
        assert_eq!(link.text().collect::<String>(), name, "{}", document.name);
        let kept = if shown.page == "legacy" { "agency=tilleuls&" } else { "" };
        assert_eq!(link.attr("href"), Some(format!("?{kept}hl={tag}").as_str()), "{}", document.name);
    }
    every(check);
}

#[test]
fn an_agency_is_recognised_by_its_name_and_colour() {
    let page = french(&SignIn::samples()[0]);
    assert!(page.text("header").contains("Agence des Tilleuls"));
    assert_eq!(page.all("link[href='/look/tilleuls.css']").len(), 1);
    let sheet = gallery::look().stylesheet();
    assert!(sheet.contains("--accent:#1f6f54") && sheet.contains("--second:#c26a1b"), "{sheet}");
    assert!(page.text("title").contains("Agence des Tilleuls"));
}
