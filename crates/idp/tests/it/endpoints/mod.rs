//! The protocol's endpoints over HTTP, as clients and browsers meet them, on SQLite and on
//! PostgreSQL. Each test is named after what a client may rely on and cites the module or the item that it holds.

mod addresses;
mod authorization;
mod away;
mod browser;
mod clients;
mod cors;
mod discovery;
mod forged;
mod front;
mod front_channel;
mod hostile;
mod logout;
mod redemption;
mod resources;
mod silence;
mod step_up;
mod tokens;
mod transport;

use super::grant::world;
