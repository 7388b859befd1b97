//! The journeys of docs/requirements/journeys.md as people walk them: Debian's Chromium, the built program and its demo. Each test starts its own demo on
//! its own ports and its own browsers, so they run side by side.
//!
//! `TEST_CHROMIUM` and `TEST_CHROMEDRIVER` name the browser and its driver. Without them and without Debian's own, a test says so
//! and passes, unless `MONCOMPTE_CI` is set. `MONCOMPTE_SHOTS` names a folder that receives a picture of every page.

mod browser;
mod demo;
mod keyboard;
mod look;
mod parts;
mod wait;
mod walk;
mod words;

mod account;
mod first_agency;
mod gallery;
mod harmless;
mod help;
mod manners;
mod next_agency;
mod other_device;
mod refusals;
mod sessions;
mod terms;
mod two_hosts;
mod without_scripts;
