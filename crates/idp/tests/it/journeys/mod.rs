//! The journeys of docs/requirements/journeys.md as a person walks them: over HTTP, through the forms that the server rendered, with the mails that went out, on SQLite and on
//! PostgreSQL.

mod world;

mod account;
mod activation;
mod again;
mod arriving;
mod attaching;
mod closed;
mod cost;
mod crawl;
mod desk;
mod disclosure;
mod doors;
mod ended;
mod every_route;
mod face;
mod fields;
mod forged;
mod garbage;
mod guessing;
mod headers;
mod keeping;
mod leaving;
pub mod lines;
mod mail_code;
mod moving;
mod order;
mod portal;
mod proxies;
mod routes;
mod sequences;
mod signing_in;
mod subjects;
mod terms;
mod tickets;
mod timing;
mod ways_back;
