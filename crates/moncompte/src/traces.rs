//! Traces over OTLP/HTTP, if `telemetry.otlp_endpoint` names a collector (docs/adr/0014). Whatever happens to the collector, no request waits for it: spans
//! wait in a bounded queue, what does not fit there is dropped, and both are counted.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use kernel::{Clock, OncePerMinute, SystemClock};
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanKind, Status, TracerProvider},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

use crate::config::TelemetrySection;

/// The number of spans that wait to be sent: some megabytes.
const MAX_WAITING: usize = 4096;
/// The number of spans that are sent at once.
const MAX_BATCH: usize = 512;
/// The pause in which spans gather.
const PAUSE: Duration = Duration::from_secs(1);
/// The time that a collector has for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The time that the last spans have when the program ends.
const LAST_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;
/// The crates whose spans are exported.
const OURS: [&str; 4] = ["accounts", "idp", "kernel", "moncompte"];

/// The export of traces.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    sender: JoinHandle<()>,
    stop: CancellationToken,
}

impl Traces {
    /// Begins to export; `None` if no collector is named.
    ///
    /// # Errors
    /// If the exporter cannot be built.
    pub(crate) fn begin(section: &TelemetrySection) -> anyhow::Result<Option<Self>> {
        let Some(endpoint) = &section.otlp_endpoint else { return Ok(None) };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .user_agent("moncompte")
            .build()?;
        let mut exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Collector(client))
            // The library would wait between two tries on the thread that serves requests.
            .with_retry_policy(RetryPolicy::disabled())
            .with_timeout(TIMEOUT)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()?;
        let resource = Resource::builder_empty()
            .with_service_name("moncompte")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        exporter.set_resource(&resource);
        let (sender, spans) = mpsc::channel(MAX_WAITING);
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(section.sample)));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(sampler)
            .with_span_processor(Waiting { spans: sender })
            .build();
        let stop = CancellationToken::new();
        let sender = tokio::spawn(send(spans, exporter, stop.clone()));
        Ok(Some(Self { provider, sender, stop }))
    }

    /// Returns the layer that makes spans. It takes no events but the outcomes of acts: what is logged stays in the log.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("moncompte"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(FilterFn::new(is_exported))
    }

    /// Sends what waits, for a moment at most.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(LAST_TIMEOUT, self.sender).await;
    }
}

/// Returns true for our spans and for the outcomes of acts, which `#[tracing::instrument(ret)]` tells as events.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    let from = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&from) && (metadata.is_span() || metadata.fields().field("return").is_some())
}

/// Makes a span part of the trace in which a trusted proxy called (W3C Trace Context §3.2). Its `tracestate` is left: it may be anybody's text.
pub(crate) fn continue_trace(span: &tracing::Span, headers: &HeaderMap) {
    struct Parent<'a>(&'a HeaderMap);
    impl Extractor for Parent<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name).filter(|_| name == "traceparent")?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            vec!["traceparent"]
        }
    }
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(headers));
    // Without the layer there is no trace.
    let _ = span.set_parent(parent);
}

/// Puts spans that have ended where the sender finds them.
#[derive(Debug)]
struct Waiting {
    spans: mpsc::Sender<SpanData>,
}

impl SpanProcessor for Waiting {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            count("dropped", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Counts spans by what became of them.
fn count(result: &'static str, spans: usize) {
    metrics::counter!("moncompte_spans_total", "result" => result).increment(spans as u64);
}

/// Sends spans until told to stop, and then those that wait.
async fn send(mut spans: mpsc::Receiver<SpanData>, exporter: impl SpanExporter, stop: CancellationToken) {
    let told = OncePerMinute::default();
    while !stop.is_cancelled() {
        let mut batch = Vec::new();
        tokio::select! {
            _ = spans.recv_many(&mut batch, MAX_BATCH) => {}
            () = stop.cancelled() => {}
        }
        export(batch, &exporter, &told).await;
        if spans.len() < MAX_BATCH {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
    }
    while !spans.is_empty() {
        let mut batch = Vec::new();
        spans.recv_many(&mut batch, MAX_BATCH).await;
        export(batch, &exporter, &told).await;
    }
}

/// Sends a batch. One that the collector does not take is dropped: a trace is not worth a second try.
async fn export(batch: Vec<SpanData>, exporter: &impl SpanExporter, told: &OncePerMinute) {
    let spans = batch.len();
    if spans == 0 {
        return;
    }
    let batch = batch.into_iter().map(shaped).collect();
    let failed = match tokio::time::timeout(TIMEOUT, exporter.export(batch)).await {
        Ok(Ok(())) => return count("sent", spans),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {TIMEOUT:?}"),
    };
    count("failed", spans);
    if told.is_due(SystemClock.now()) {
        tracing::warn!(fault = failed, "traces not exported");
    }
}

/// Gives a span the form that tools know (OpenTelemetry's semantic conventions for HTTP servers), and an act its outcome.
fn shaped(mut span: SpanData) -> SpanData {
    let outcome = span.events.events.iter().flat_map(|event| &event.attributes);
    let mut outcome =
        outcome.filter(|attribute| attribute.key.as_str() == "return").map(|a| a.value.to_string());
    if let Some(outcome) = outcome.next_back() {
        let kind = outcome.strip_prefix("Ok(").and_then(|rest| rest.strip_suffix(')'));
        span.attributes.push(KeyValue::new("outcome", kind.unwrap_or("fault").to_owned()));
    }
    span.events = Default::default();
    if span.name != "request" {
        return span;
    }
    span.span_kind = SpanKind::Server;
    let text =
        |name: &str| span.attributes.iter().find(|a| a.key.as_str() == name).map(|a| a.value.to_string());
    if let (Some(method), Some(route)) = (text("method"), text("route")) {
        span.name = format!("{method} {route}").into();
    }
    if text("status").is_some_and(|status| status.starts_with('5')) {
        span.status = Status::error("");
    }
    for attribute in &mut span.attributes {
        attribute.key = match attribute.key.as_str() {
            "id" => "request_id",
            "method" => "http.request.method",
            "route" => "http.route",
            "status" => "http.response.status_code",
            _ => continue,
        }
        .into();
    }
    span
}

/// The collector, behind the HTTP client that the program has.
#[derive(Debug)]
struct Collector(reqwest::Client);

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut answer = self.0.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err("the answer is longer than 64 KiB".into());
            }
        }
        Ok(response.body(body.into())?)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use metrics_exporter_prometheus::PrometheusBuilder;
    use opentelemetry::trace::{Span as _, Tracer};

    use super::*;

    /// Takes nothing, for ever.
    #[derive(Debug)]
    struct Stuck;

    impl SpanExporter for Stuck {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            pending().await
        }
    }

    #[tokio::test]
    async fn spans_without_room_are_dropped_and_counted_and_nobody_waits() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let (sender, spans) = mpsc::channel(10);
        let provider = SdkTracerProvider::builder().with_span_processor(Waiting { spans: sender }).build();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..25 {
                provider.tracer("test").start("span").end();
            }
        });
        let told = recorder.handle().render();
        assert!(told.contains("moncompte_spans_total{result=\"dropped\"} 15"), "{told}");
        // The program ends, whatever the collector does.
        let stop = CancellationToken::new();
        let sender = tokio::spawn(send(spans, Stuck, stop.clone()));
        tokio::task::yield_now().await;
        let begun = tokio::time::Instant::now();
        Traces { provider, sender, stop }.end().await;
        assert!(begun.elapsed() < LAST_TIMEOUT + TIMEOUT);
    }

    #[test]
    fn an_event_is_exported_only_as_an_outcome() {
        use tracing_subscriber::layer::SubscriberExt;
        let (sender, mut spans) = mpsc::channel(10);
        let provider = SdkTracerProvider::builder().with_span_processor(Waiting { spans: sender }).build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("test"))
            .with_filter(FilterFn::new(is_exported));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!("act");
            let _within = span.enter();
            tracing::warn!(path = "/secret", "refused");
            tracing::debug!(r#return = ?Ok::<_, ()>("wrong"));
        });
        let span = shaped(spans.try_recv().unwrap());
        let outcome = span.attributes.iter().find(|a| a.key.as_str() == "outcome").unwrap();
        assert_eq!(outcome.value.to_string(), "\"wrong\"");
        assert!(span.events.events.is_empty() && !format!("{span:?}").contains("/secret"), "{span:?}");
    }
}
