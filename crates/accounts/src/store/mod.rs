//! The rows of this slice, typed, and every statement that reads or writes them: a file a table. A statement that reads takes a [`kernel::Read`], which is
//! a connection outside a transaction or the transaction itself; one that writes takes a [`kernel::Tx`], or the [`kernel::Db`] where it is a transaction
//! of its own. Nothing outside this folder knows the ORM.

pub(crate) mod acceptances;
pub(crate) mod accounts;
pub(crate) mod activation_codes;
pub(crate) mod attempts;
pub(crate) mod counts;
pub(crate) mod deliveries;
pub(crate) mod devices;
pub(crate) mod email_changes;
pub(crate) mod enrolments;
pub(crate) mod evidence;
pub(crate) mod identities;
pub(crate) mod links;
pub(crate) mod looks;
pub(crate) mod proven;
pub(crate) mod purge;
pub(crate) mod recipes;
pub(crate) mod reset_links;
pub(crate) mod restore;
pub(crate) mod sessions;
pub(crate) mod staff_invitations;
pub(crate) mod standing;
mod table;
mod text_column;
pub(crate) mod tickets;
pub(crate) mod used_forms;

use kernel::typed_id;

pub(crate) use table::{
    acceptance::Model as AcceptanceRow, account::Model as AccountRow, activation_code::Model as CodeRow,
    delivery::Model as DeliveryRow, email_change::Model as EmailChangeRow, enrolment::Model as EnrolmentRow,
    legacy_identity::Model as IdentityRow, link::Model as LinkRow, recovery::Model as ResetLinkRow,
    session::Model as SessionRow, staff_invitation::Model as InvitationRow, staff_look::Model as LookRow,
};

typed_id! {
    /// A browser in which the owner of an account signed in.
    DeviceId
}
typed_id! {
    /// A wish for another address.
    EmailChangeId
}
typed_id! {
    /// An invitation of somebody of the staff.
    InvitationId
}
typed_id! {
    /// A link between an account and an identity.
    LinkId
}
typed_id! {
    /// A mailed reset link.
    ResetLinkId
}
