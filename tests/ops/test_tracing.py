"""One trace from the click on “Pay” to the mail, as a collector receives it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app import create_app
from app.catalog.service import CatalogService
from app.db.database import Database
from app.shared import tracing
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import ADDRESS, Shopper
from tests.support.signing import stripe_headers
from tests.support.waiting import wait_until


class _Collector:
    """An OTLP/HTTP receiver."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.body = b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        self.body += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                each.value.string_value
                for each in resource.resource.attributes
                if each.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        return [each for each in self.spans if each.name == name]

    def one(self, name: str) -> Span:
        (found,) = self.named(name)
        return found


def _about(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.fixture
def collector() -> Iterator[_Collector]:
    collector = _Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def traced(app: Flask, environment: dict[str, str], collector: _Collector) -> Iterator[Flask]:
    """A shop on the servers of ``app`` that is traced."""
    traced = create_app({**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    traced.testing = True
    yield traced
    tracing.end()
    service(Database, traced).close()


@pytest.fixture
def catalog(traced: Flask) -> CatalogMaker:
    return CatalogMaker(traced)


@pytest.fixture
def buyer(traced: Flask, catalog: CatalogMaker) -> Shopper:
    shopper = Shopper(traced)
    shopper.add(catalog.mug(stock=5))
    return shopper


def test_one_trace_from_the_click_to_the_gateway_and_the_mail(
    traced: Flask,
    environment: dict[str, str],
    buyer: Shopper,
    sandbox: Sandbox,
    collector: _Collector,
) -> None:
    answer = buyer.check_out()
    buyer.approve(sandbox, answer.location, "stripe")  # and vanish: the webhook tells of it
    _tell_by_webhook(buyer, traced, environment)
    assert Mailbox(traced, environment["MOSSX_DATA_DIR"]).subjects("ann@example.com")
    tracing.end()

    click = collector.one("POST /checkout")
    assert collector.services == {"mossx"}
    assert _about(click)["http.response.status_code"] == 303
    trace = click.trace_id
    in_trace = [each for each in collector.spans if each.trace_id == trace]
    names = {each.name for each in in_trace}
    assert {
        "place order",
        "transaction",
        "open payment page",
        "stripe open",
        "settle",
        "stripe observe",
        "stripe capture",
        "event order.paid",
    } <= names
    assert "handler mail.order_confirmation" in names

    attempt = service(Database, traced)["payment_attempts"].find_one()
    assert attempt is not None
    for name in ("stripe open", "stripe capture", "settle"):
        (first, *_) = [each for each in in_trace if each.name == name]
        assert _about(first)["mossx.attempt"] == attempt["_id"], name

    by_id = {each.span_id: each for each in in_trace}
    (opened,) = [each for each in in_trace if each.name == "stripe open"]
    assert by_id[opened.parent_span_id].name == "open payment page"
    webhook = collector.one("POST /webhooks/stripe")
    (event,) = collector.named("event payments.webhook")
    assert event.trace_id == webhook.trace_id != trace
    links = {link.trace_id for each in in_trace if each.name == "settle" for link in each.links}
    assert webhook.trace_id in links


def _tell_by_webhook(buyer: Shopper, app: Flask, environment: dict[str, str]) -> None:
    attempt = service(Database, app)["payment_attempts"].find_one()
    assert attempt is not None
    session = {"id": attempt["session_id"], "metadata": {"attempt_id": attempt["_id"]}}
    body = json.dumps(
        {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": session}}
    ).encode()
    headers = stripe_headers(environment["STRIPE_WEBHOOK_SECRET"], body)
    assert buyer.client.post("/webhooks/stripe", data=body, headers=headers).status_code == 200


def test_nothing_of_a_person_and_no_secret_is_sent(
    traced: Flask,
    environment: dict[str, str],
    buyer: Shopper,
    sandbox: Sandbox,
    collector: _Collector,
) -> None:
    page = buyer.pay(sandbox)
    assert page.status_code == 200
    buyer.post("/account/login", {"email": "ann@example.com", "password": "wrong wrong"})
    Mailbox(traced, environment["MOSSX_DATA_DIR"]).read("ann@example.com")
    tracing.end()

    order = service(Database, traced)["orders"].find_one()
    assert order is not None
    personal = ("email", "name", "phone", "line1")
    hidden = [ADDRESS[field] for field in personal]
    hidden += [order["access_token"], environment["STRIPE_SECRET_KEY"], "wrong wrong"]
    assert collector.spans
    assert [each for each in hidden if each.encode() in collector.body] == []


def test_a_failing_call_tells_its_class_and_no_message(
    traced: Flask, buyer: Shopper, sandbox: Sandbox, collector: _Collector
) -> None:
    sandbox.fault("error_500", gateway="stripe", path="sessions", count=9)
    assert buyer.check_out().status_code == 303
    tracing.end()
    call = collector.one("stripe open")
    assert call.status.code == call.status.STATUS_CODE_ERROR
    assert call.status.message in {"GatewayFaulted", "GatewayUnknown"}
    assert not call.events


def test_a_clients_own_trace_is_not_believed(
    traced: Flask, buyer: Shopper, collector: _Collector
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    buyer.get("/cart", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    tracing.end()
    spans = [each for each in collector.spans if each.name == "GET /cart"]
    assert spans
    assert trace not in {each.trace_id.hex() for each in spans}


def test_a_page_from_memory_has_no_span(
    traced: Flask, catalog: CatalogMaker, collector: _Collector
) -> None:
    catalog.mug()
    pages, follower = service(PageCache, traced), service(CatalogService, traced).follower
    follower.start()
    try:
        wait_until(lambda: follower.is_following)
        for _ in range(3):
            assert traced.test_client().get("/products").status_code == 200
    finally:
        follower.close()
    assert pages.counts.hits == 2
    tracing.end()
    assert len(collector.named("GET /products")) == 1


def test_without_a_collector_nothing_is_kept(
    app: Flask, shopper: Shopper, sandbox: Sandbox, database: Database
) -> None:
    shopper.add(CatalogMaker(app).mug(stock=5))
    shopper.pay(sandbox)
    assert database["outbox"].count_documents({"trace": {"$exists": True}}) == 0
    assert database["payment_attempts"].distinct("trace") == [""]
