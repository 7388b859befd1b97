use sea_orm_migration::prelude::*;

use crate::{column::*, index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        accounts(manager).await?;
        legacy(manager).await?;
        proof(manager).await
    }
}

async fn accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        manager,
        "account",
        vec![
            id(),
            text("email"),
            text("email_canonical"),
            text_null("name"),
            // OIDC standard claims beyond email and name, as a JSON object.
            text("profile"),
            text("password_hash"),
            count("auth_epoch"),
            text("locale"),
            time("created_at"),
            time("password_changed_at"),
            time_null("disabled_at"),
        ],
    )
    .await?;
    index(manager, "account", &["email_canonical"], true).await?;

    // Failed attempts, for addresses with and without an account alike. A subject is a keyed hash of what was typed,
    // a bucket is a known device or ''.
    table(
        manager,
        "attempt",
        vec![
            text("subject"),
            text("bucket"),
            count("failures"),
            time("updated_at"),
            time_null("locked_at"),
            time_null("notified_at"),
        ],
    )
    .await?;
    index(manager, "attempt", &["subject", "bucket"], true).await?;

    table(
        manager,
        "device",
        vec![
            id(),
            text("token_hash"),
            uuid("account_id"),
            time("created_at"),
            time("last_seen_at"),
            text("user_agent"),
        ],
    )
    .await?;
    index(manager, "device", &["token_hash", "account_id"], true).await?;

    table(
        manager,
        "session",
        vec![
            id(),
            text("token_hash"),
            uuid("account_id"),
            count("auth_epoch"),
            flag("persistent"),
            time("auth_time"),
            time("created_at"),
            time("last_seen_at"),
            time("ends_at"),
            time_null("ended_at"),
            text("user_agent"),
            text("ip_short"),
        ],
    )
    .await?;
    index(manager, "session", &["token_hash"], true).await?;
    index(manager, "session", &["account_id", "ended_at"], false).await?;

    table(
        manager,
        "recovery",
        vec![
            id(),
            text("token_hash"),
            uuid("account_id"),
            text_null("agency_id"),
            text_null("origin"),
            time("created_at"),
            time("expires_at"),
            time_null("used_at"),
            time_null("superseded_at"),
        ],
    )
    .await?;
    index(manager, "recovery", &["token_hash"], true).await?;
    index(manager, "recovery", &["account_id", "created_at"], false).await
}

async fn legacy(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        manager,
        "legacy_identity",
        vec![
            id(),
            text("agency_id"),
            text("identifier"),
            text("identifier_canonical"),
            text("client_ref"),
            text_null("email"),
            text_null("name"),
            text("profile"),
            // Keyed hash of the imported row: tells whether a later import changes anything.
            text("fingerprint"),
            // 'none' | 'bare' (strong, as text) | 'sealed' (weak, encrypted) | 'wrapped' (Argon2id over the digest)
            text("verifier_kind"),
            bytes_null("verifier"),
            // After the move: recognises the old password to show a hint, never signs anyone in.
            text("recogniser_kind"),
            bytes_null("recogniser"),
            time("imported_at"),
            time_null("moved_at"),
        ],
    )
    .await?;
    index(manager, "legacy_identity", &["agency_id", "identifier_canonical"], true).await?;
    index(manager, "legacy_identity", &["verifier_kind", "id"], false).await?;
    index(manager, "legacy_identity", &["recogniser_kind", "id"], false).await?;

    table(
        manager,
        "link",
        vec![
            id(),
            uuid("account_id"),
            text("agency_id"),
            uuid("legacy_identity_id"),
            text("client_ref"),
            time("linked_at"),
        ],
    )
    .await?;
    index(manager, "link", &["legacy_identity_id"], true).await?;
    index(manager, "link", &["account_id", "agency_id"], false).await?;

    table(
        manager,
        "enrolment",
        vec![
            id(),
            text("agency_id"),
            uuid("legacy_identity_id"),
            text("stage"),
            text_null("origin"),
            text_null("email"),
            text_null("email_canonical"),
            text_null("password_hash"),
            // The interactions in which the password was chosen and the mailed link was followed: only these may end the move.
            text_null("chosen_in"),
            text_null("confirmed_in"),
            text("locale"),
            text_null("confirm_hash"),
            time_null("mailed_at"),
            count("mails"),
            count("addresses"),
            time_null("confirmed_at"),
            time_null("finished_at"),
            uuid_null("account_id"),
            time("created_at"),
            time("expires_at"),
        ],
    )
    .await?;
    index(manager, "enrolment", &["legacy_identity_id", "finished_at"], false).await?;
    index(manager, "enrolment", &["confirm_hash"], true).await?;
    index(manager, "enrolment", &["email_canonical"], false).await?;

    // Migration tickets seen: a second use of the same jti is refused until it would have expired anyway.
    table(manager, "used_ticket", vec![text("agency_id"), text("jti"), time("expires_at")]).await?;
    index(manager, "used_ticket", &["agency_id", "jti"], true).await
}

async fn proof(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        manager,
        "acceptance",
        vec![
            id(),
            uuid("account_id"),
            text_null("agency_id"),
            text("version"),
            text("language"),
            text("sha256"),
            time("accepted_at"),
            text("ip_short"),
            text("user_agent"),
            text("method"),
        ],
    )
    .await?;
    index(manager, "acceptance", &["account_id", "version"], true).await?;

    table(
        manager,
        "evidence",
        vec![
            ColumnDef::new("seq").big_integer().not_null().primary_key().take(),
            time("at"),
            text("kind"),
            uuid_null("account_id"),
            text("body"),
            text("previous"),
            text("hash"),
        ],
    )
    .await?;
    index(manager, "evidence", &["account_id"], false).await?;
    // The chain's end: one row, updated by every transaction that adds to it, which puts them in an order.
    table(manager, "evidence_head", vec![count("id").primary_key().take(), time("seq"), text("hash")])
        .await?;
    manager
        .execute(
            Query::insert()
                .into_table("evidence_head")
                .columns(["id", "seq", "hash"])
                .values_panic([1.into(), 0_i64.into(), "".into()])
                .to_owned(),
        )
        .await
}
