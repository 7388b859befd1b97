//! A collector of traces, as small as can be: it reads what is posted to `/v1/traces`, or behaves as one that is in trouble.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
};
use prost::Message;

use crate::place::eventually;

/// The behaviour of a collector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    /// It takes the connection and never answers.
    Hangs,
    /// It answers 500.
    Fails,
    /// Nobody listens.
    Down,
}

/// A span, as it was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub attributes: BTreeMap<String, String>,
    /// Everything in it, for a search.
    pub whole: String,
}

impl Seen {
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.attributes.get(name).is_some_and(|is| is == value)
    }
}

pub struct Collector {
    pub endpoint: String,
    spans: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    pub async fn in_mood(mood: Mood) -> Self {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = match mood {
            Mood::Well => Router::new().route("/v1/traces", post(take)),
            Mood::Fails => {
                Router::new().route("/v1/traces", post(async || StatusCode::INTERNAL_SERVER_ERROR))
            }
            Mood::Hangs => Router::new().route("/v1/traces", post(std::future::pending::<StatusCode>)),
            Mood::Down => return Self { endpoint, spans },
        };
        let router = router.with_state(spans.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, spans }
    }

    pub fn spans(&self) -> Vec<Seen> {
        self.spans.lock().unwrap().clone()
    }

    /// The span for which this is true, once it is there.
    pub async fn span(&self, what: &str, is: impl Fn(&Seen) -> bool) -> Seen {
        eventually(what, async || self.spans().into_iter().find(&is)).await
    }
}

async fn take(State(spans): State<Arc<Mutex<Vec<Seen>>>>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for resource in request.resource_spans {
        let service = resource.resource.iter().flat_map(|resource| &resource.attributes);
        assert_eq!(text(service.clone().find(|a| a.key == "service.name").unwrap()), "moncompte");
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let attributes = span.attributes.iter().map(|a| (a.key.clone(), text(a))).collect();
            let whole = format!("{span:?}");
            let [trace, id, parent] =
                [&span.trace_id, &span.span_id, &span.parent_span_id].map(|bytes| hex(bytes));
            spans.lock().unwrap().push(Seen { name: span.name, trace, id, parent, attributes, whole });
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
