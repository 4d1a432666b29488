"""Spans by OpenTelemetry, sent over OTLP/HTTP by a thread of their own.

Imported only where they are wanted: the SDK costs memory and time to start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.shared.tracing import ATTEMPT, ORDER, Value

_HEADER = "traceparent"
_INHERITED = (ATTEMPT, ORDER)
_CLOSING = 5_000  # milliseconds to send what waits
_propagator = TraceContextTextMapPropagator()


class OtlpSpans:
    """Sends spans to a collector. The SDK's own variables (``OTEL_TRACES_SAMPLER``,
    ``OTEL_EXPORTER_OTLP_HEADERS`` and so on) hold as well."""

    def __init__(self, endpoint: str, service_name: str) -> None:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("mossx")

    @contextmanager
    def span(self, name: str, about: Mapping[str, Value], parent: str, kind: str) -> Iterator[None]:
        """A span around what is inside."""
        around = trace.get_current_span()
        above = context.get_current()
        links = []
        if parent:
            above = _propagator.extract({_HEADER: parent}, context.Context())
            if around.get_span_context().is_valid:
                links.append(Link(around.get_span_context()))
        with self._tracer.start_as_current_span(
            name,
            context=above,
            kind=SpanKind[kind.upper()],
            attributes={**_inherited(around), **about},
            links=links,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def note(self, about: Mapping[str, Value]) -> None:
        """Say more about the current span."""
        trace.get_current_span().set_attributes(about)

    def name(self, name: str) -> None:
        """Call the current span otherwise."""
        trace.get_current_span().update_name(name)

    def carried(self) -> str:
        """The current span as a header."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(_HEADER, "")

    def close(self) -> None:
        """Send what waits."""
        self._provider.force_flush(_CLOSING)
        self._provider.shutdown()


def _inherited(around: trace.Span) -> dict[str, Value]:
    """What the spans inside are about as well."""
    if not isinstance(around, ReadableSpan) or not around.attributes:
        return {}
    known = {name: around.attributes.get(name) for name in _INHERITED}
    return {name: value for name, value in known.items() if isinstance(value, str)}
