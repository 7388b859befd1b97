//! Every value in the metadata document works, and nothing works that is not there (PROTOCOL 4.1; OIDC Discovery §3: "supported").

mod authentication;
mod claims;
mod signatures;
mod ways;

use testbed::Bed;

use super::{
    discovery::texts,
    suite::{Plan, Suite},
};

/// The suite of the basic plan.
async fn basic(bed: Bed) -> Suite {
    Suite::on(bed, Plan::Basic).await
}

async fn advertised(suite: &Suite, name: &str) -> Vec<String> {
    texts(&suite.document().await, name)
}
