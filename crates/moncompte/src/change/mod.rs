//! Changes of the configuration while nodes run (docs/adr/0018): [`begin`] finds what a starting node serves, [`apply`] brings a new generation to all
//! nodes, [`follow`] is a node's part in that, [`keys`] its part in the replacement of keys,
//! [`plan`] says in words what would change, and [`reload`] takes in a node's folder at a signal.

pub(crate) mod apply;
pub(crate) mod begin;
pub(crate) mod follow;
pub(crate) mod keys;
pub(crate) mod plan;
pub(crate) mod reload;

/// Returns the person and the machine, as a generation names them.
pub(crate) fn operator_at_host(operator: &str) -> String {
    format!("{operator}@{}", host())
}

/// Returns the name of this machine.
pub(crate) fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}
