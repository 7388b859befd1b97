//! The certification's plans for an OP, module by module, written from the specifications (PROTOCOL "Modules of those plans"): a suite's
//! server and its HTML robot on one side, the provider on the other, on SQLite and on PostgreSQL.
//!
//! Each row of a plan's table is a test on each database with the module's name, so that a run says which module fails. The checks
//! of every answer are in `checks`; a module holds its own alone.

mod advertised;
mod basic;
mod checks;
mod client_key;
mod discovery;
mod keys;
mod logout;
mod op;
mod policy;
mod robot;
mod suite;

/// One test for each row: the module, as the certification calls it, and the function that is it.
macro_rules! plan {
    ($(#[$doc:meta])* $name:ident = $plan:ident of $modules:path { $($module:literal => $run:ident,)* }) => {
        $(#[$doc])*
        mod $name {
            use $modules as modules;
            use crate::conformance::suite::{Plan, Suite};

            $(
                testbed::both! {
                    #[tokio::test]
                    async fn $run(bed: testbed::Bed) {
                        assert_eq!($module.replace('-', "_"), stringify!($run), "a module's function has its name");
                        let mut suite = Suite::on(bed, Plan::$plan).await;
                        modules::$run(&mut suite).await;
                    }
                }
            )*
        }
    };
}

/// The modules of the basic plan, which the form-post plan runs again.
macro_rules! basic_plan {
    ($(#[$doc:meta])* $name:ident = $plan:ident) => {
        plan! {
            $(#[$doc])*
            $name = $plan of crate::conformance::basic {
                "oidcc-server" => oidcc_server,
                "oidcc-response-type-missing" => oidcc_response_type_missing,
                "oidcc-idtoken-signature" => oidcc_idtoken_signature,
                "oidcc-idtoken-unsigned" => oidcc_idtoken_unsigned,
                "oidcc-userinfo-get" => oidcc_userinfo_get,
                "oidcc-userinfo-post-header" => oidcc_userinfo_post_header,
                "oidcc-userinfo-post-body" => oidcc_userinfo_post_body,
                "oidcc-ensure-request-without-nonce-succeeds-for-code-flow" =>
                    oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
                "oidcc-scope-profile" => oidcc_scope_profile,
                "oidcc-scope-email" => oidcc_scope_email,
                "oidcc-scope-address" => oidcc_scope_address,
                "oidcc-scope-phone" => oidcc_scope_phone,
                "oidcc-scope-all" => oidcc_scope_all,
                "oidcc-alternate-happy-flow" => oidcc_alternate_happy_flow,
                "oidcc-display-page" => oidcc_display_page,
                "oidcc-display-popup" => oidcc_display_popup,
                "oidcc-ui-locales" => oidcc_ui_locales,
                "oidcc-claims-locales" => oidcc_claims_locales,
                "oidcc-login-hint" => oidcc_login_hint,
                "oidcc-prompt-login" => oidcc_prompt_login,
                "oidcc-prompt-none-not-logged-in" => oidcc_prompt_none_not_logged_in,
                "oidcc-prompt-none-logged-in" => oidcc_prompt_none_logged_in,
                "oidcc-max-age-1" => oidcc_max_age_1,
                "oidcc-max-age-10000" => oidcc_max_age_10000,
                "oidcc-ensure-request-with-unknown-parameter-succeeds" =>
                    oidcc_ensure_request_with_unknown_parameter_succeeds,
                "oidcc-id-token-hint" => oidcc_id_token_hint,
                "oidcc-ensure-request-with-acr-values-succeeds" => oidcc_ensure_request_with_acr_values_succeeds,
                "oidcc-codereuse" => oidcc_codereuse,
                "oidcc-codereuse-30seconds" => oidcc_codereuse_30seconds,
                "oidcc-ensure-registered-redirect-uri" => oidcc_ensure_registered_redirect_uri,
                "oidcc-ensure-post-request-succeeds" => oidcc_ensure_post_request_succeeds,
                "oidcc-server-client-secret-post" => oidcc_server_client_secret_post,
                "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported" =>
                    oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
                "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported" =>
                    oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
                "oidcc-claims-essential" => oidcc_claims_essential,
                "oidcc-ensure-request-object-with-redirect-uri" => oidcc_ensure_request_object_with_redirect_uri,
                "oidcc-refresh-token" => oidcc_refresh_token,
                "oidcc-ensure-request-with-valid-pkce-succeeds" => oidcc_ensure_request_with_valid_pkce_succeeds,
            }
        }
    };
}

plan! {
    /// oidcc-config
    oidcc_config = Basic of crate::conformance::discovery {
        "oidcc-discovery-endpoint-verification" => oidcc_discovery_endpoint_verification,
    }
}

basic_plan! {
    /// oidcc-basic: the response is in the query.
    oidcc_basic = Basic
}

basic_plan! {
    /// oidcc-formpost-basic: the response is a form that posts itself.
    oidcc_formpost_basic = FormPost
}

plan! {
    /// oidcc-rp-initiated-logout
    oidcc_rp_initiated_logout = RpLogout of crate::conformance::logout {
        "oidcc-rp-initiated-logout-discovery-endpoint-verification" =>
            oidcc_rp_initiated_logout_discovery_endpoint_verification,
        "oidcc-rp-initiated-logout" => oidcc_rp_initiated_logout,
        "oidcc-rp-initiated-logout-no-state" => oidcc_rp_initiated_logout_no_state,
        "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri" =>
            oidcc_rp_initiated_logout_bad_post_logout_redirect_uri,
        "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri" =>
            oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri,
        "oidcc-rp-initiated-logout-modified-id-token-hint" => oidcc_rp_initiated_logout_modified_id_token_hint,
        "oidcc-rp-initiated-logout-bad-id-token-hint" => oidcc_rp_initiated_logout_bad_id_token_hint,
        "oidcc-rp-initiated-logout-no-id-token-hint" => oidcc_rp_initiated_logout_no_id_token_hint,
        "oidcc-rp-initiated-logout-no-params" => oidcc_rp_initiated_logout_no_params,
        "oidcc-rp-initiated-logout-no-post-logout-redirect-uri" =>
            oidcc_rp_initiated_logout_no_post_logout_redirect_uri,
        "oidcc-rp-initiated-logout-only-state" => oidcc_rp_initiated_logout_only_state,
    }
}

plan! {
    /// oidcc-backchannel-rp-initiated-logout
    oidcc_backchannel_rp_initiated_logout = BackChannel of crate::conformance::logout {
        "oidcc-backchannel-logout-discovery-endpoint-verification" =>
            oidcc_backchannel_logout_discovery_endpoint_verification,
        "oidcc-backchannel-rp-initiated-logout" => oidcc_backchannel_rp_initiated_logout,
    }
}

plan! {
    /// oidcc-frontchannel-rp-initiated-logout
    oidcc_frontchannel_rp_initiated_logout = FrontChannel of crate::conformance::logout {
        "oidcc-frontchannel-logout-discovery-endpoint-verification" =>
            oidcc_frontchannel_logout_discovery_endpoint_verification,
        "oidcc-frontchannel-rp-initiated-logout" => oidcc_frontchannel_rp_initiated_logout,
    }
}
