//! The HTTP face. Handlers translate: none decides, none writes a query.

mod address;
mod body;
mod browser;
mod closed;
mod compression;
mod cookie;
mod cors;
mod count;
mod endpoint;
mod error;
mod file;
mod flash;
mod foreign;
mod form;
mod language;
mod limits;
mod link;
mod look;
mod path;
mod response;
mod router;
mod routes;
mod screen;
mod security;
mod throttle;

pub use address::{ForwardedHeader, Proxies};
pub use look::look;
pub use router::router;
pub use throttle::{Throttle, network};
