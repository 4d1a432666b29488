"""A gateway whose answers are late gets no more calls, and takes no more threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.payments.errors import GatewayUnreachable
from app.payments.gateways.base import Gateway
from app.payments.gateways.guard import _MOST_LATE, GuardedGateway
from app.shared.crowd import Crowd
from tests.gateways.test_contract import gateway, make_attempt  # noqa: F401 - a fixture
from tests.support.gateways import Sandbox
from tests.support.waiting import wait_until


def test_the_next_call_is_not_sent(gateway: Gateway, sandbox: Sandbox) -> None:  # noqa: F811
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
