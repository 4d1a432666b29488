"""A gateway whose answers are late gets no more calls, and takes no more threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import time_machine
from flask import Flask

from app.payments.errors import GatewayUnknown, GatewayUnreachable
from app.payments.gateways import guard
from app.payments.gateways.base import Gateway
from app.payments.gateways.guard import _MOST_LATE, GuardedGateway
from app.payments.gateways.switchboard import Switchboard
from app.shared.clock import now
from app.shared.crowd import Crowd
from app.web.registry import service
from tests.gateways.test_contract import gateway, make_attempt  # noqa: F401 - a fixture
from tests.support.gateways import Sandbox
from tests.support.waiting import wait_until


def test_the_next_call_is_not_sent(gateway: Gateway, sandbox: Sandbox) -> None:  # noqa: F811 - a fixture
    guarded = GuardedGateway(gateway)
    guarded._waiting = Crowd(late=0.0, most=_MOST_LATE)
    sandbox.fault("delay_before", count=_MOST_LATE, seconds=2.0)
    with ThreadPoolExecutor(_MOST_LATE) as pool:
        calls = [pool.submit(guarded.open, make_attempt(gateway)) for _ in range(_MOST_LATE)]
        wait_until(lambda: guarded._waiting.is_full)
        with pytest.raises(GatewayUnreachable):
            guarded.open(make_attempt(gateway))
        assert len({each.result().id for each in calls}) == _MOST_LATE
    assert guarded.open(make_attempt(gateway)).id
    assert sandbox.ledger()["sessions"] == _MOST_LATE + 1


def test_a_breaker_that_opened_while_the_clock_was_ahead_closes_again(
    gateway: Gateway,  # noqa: F811 - a fixture
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "_FAILURES", 1)
    monkeypatch.setattr(guard, "_REST", 0.5)
    guarded = GuardedGateway(gateway)
    sandbox.fault("html_502", count=None)
    with time_machine.travel(now() + timedelta(days=1), tick=True), pytest.raises(GatewayUnknown):
        guarded.open(make_attempt(gateway))
    assert guarded.rests
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    wait_until(lambda: not guarded.rests)
    assert guarded.open(make_attempt(gateway)).id


def test_a_gateway_that_rested_is_offered_again(
    app: Flask,
    gateway: Gateway,  # noqa: F811 - a fixture
    sandbox: Sandbox,
) -> None:
    board = service(Switchboard, app)
    board.get(gateway.name)._breaker.reset_timeout = 1.0
    both = ("stripe", "razorpay")
    sandbox.fault("html_502", gateway=gateway.name, count=None)
    for _ in range(guard._FAILURES):
        with pytest.raises((GatewayUnknown, GatewayUnreachable)):
            board.get(gateway.name).open(make_attempt(gateway))
    assert board.offered(both) == tuple(name for name in both if name != gateway.name)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    wait_until(lambda: board.offered(both) == both)
    assert board.get(gateway.name).open(make_attempt(gateway)).id
    assert board.offered(both) == both
