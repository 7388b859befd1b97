//! Tables of the kernel: stored values and messages to send.

use crate::schema::{Table, check, index};

pub(super) const META: Table = Table {
    name: "meta",
    columns: "
        key text NOT NULL,
        value text NOT NULL,
    ",
    key: "key",
    checks: &[],
    references: &[],
    indexes: &[],
};

/// Messages to send. `destination` is the host that receives one, `about` the row to update if the address is refused.
pub(super) const OUTBOX: Table = Table {
    name: "outbox",
    columns: "
        id UUID NOT NULL,
        kind text NOT NULL,
        payload BYTES NOT NULL,
        created_at TIME NOT NULL,
        not_before TIME NOT NULL,
        expires_at TIME,
        attempts integer NOT NULL DEFAULT 0,
        locked_until TIME,
        sent_at TIME,
        dead_at TIME,
        last_error text,
        destination text,
        about text,
        dead_why text,
        bounced_at TIME,
    ",
    key: "id",
    checks: &[
        check("ck_outbox_attempts", "attempts >= 0"),
        // SECURITY I12
        check("ck_outbox_end", "sent_at IS NULL OR (dead_at IS NULL AND length(payload) = 0)"),
    ],
    references: &[],
    indexes: &[index("ix_outbox_sent_at_dead_at_not_before", "sent_at, dead_at, not_before")],
};
