//! The HTTP face. No handler decides, none writes a query.

mod address;
mod answer;
mod arrivals;
mod body;
mod browser;
mod cookie;
mod cors;
mod endpoint;
mod error;
mod flash;
mod foreign;
mod form;
mod language;
mod link;
mod packed;
mod path;
mod router;
mod screen;
mod security;
mod throttle;

pub use address::{ForwardedHeader, Proxies};
pub use answer::look;
pub use router::router;
pub use throttle::{Throttle, network};
