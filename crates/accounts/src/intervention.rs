//! An act of staff for a person on the telephone: by whom and why is kept with whatever it changes.

use serde_json::{Map, Value, json};

/// An act of staff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intervention {
    /// The name of who acts, e.g. `marie@poste-3`.
    pub by: String,
    /// In which capacity: `operator`, `vendor`, `manager` or `desk`.
    pub role: &'static str,
    /// The agency for which they act; `None` for operators and the vendor's staff.
    pub agency: Option<String>,
    /// The reason, in a few words, without names and addresses.
    pub reason: String,
}

impl Intervention {
    /// Returns the body of the entry in the evidence: who acted and why, and `more`, an object.
    pub(crate) fn entry(&self, more: Value) -> Value {
        let Self { by, role, agency, reason } = self;
        let mut body = Map::new();
        body.insert("by".into(), json!(by));
        body.insert("role".into(), json!(role));
        body.insert("reason".into(), json!(reason));
        if let Some(agency) = agency {
            body.insert("agency".into(), json!(agency));
        }
        if let Value::Object(more) = more {
            body.extend(more);
        }
        Value::Object(body)
    }
}
