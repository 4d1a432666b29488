"""What Prometheus gets, and who else does not."""

from __future__ import annotations

import pytest
from flask import Flask


def test_requests_are_counted_by_endpoint(app: Flask) -> None:
    client = app.test_client()
    client.get("/orders/lookup")
    text = client.get("/metrics").text
    assert 'mossx_requests_total{endpoint="orders.lookup",method="GET",status="200"}' in text
    assert 'mossx_request_seconds_bucket{endpoint="orders.lookup",le="0.05"}' in text


def test_those_who_ask_every_second_are_not_counted_as_shoppers(app: Flask) -> None:
    client = app.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert 'endpoint="health' not in client.get("/metrics").text
    assert 'endpoint="metrics' not in client.get("/metrics").text


@pytest.mark.parametrize(
    ("address", "headers"),
    [("8.8.8.8", {}), ("127.0.0.1", {"X-Forwarded-For": "8.8.8.8"}), ("nonsense", {})],
)
def test_the_public_finds_no_such_page(app: Flask, address: str, headers: dict[str, str]) -> None:
    answer = app.test_client().get(
        "/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )
    assert answer.status_code == 404
    assert "mossx_requests_total" not in answer.text
