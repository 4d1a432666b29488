"""A gateway that is late may not take every thread of a process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.payments.errors import GatewayUnreachable
from app.payments.gateways import guard
from app.payments.gateways.guard import _CallsOut


def test_no_more_calls_go_out_while_some_are_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_LONG", 0.0)
    out, arrived, answer = _CallsOut(), threading.Semaphore(0), threading.Event()

    def call() -> None:
        with out.one_more():
            arrived.release()
            answer.wait(30)

    with ThreadPoolExecutor(guard._MOST_LATE) as pool:
        calls = [pool.submit(call) for _ in range(guard._MOST_LATE)]
        for _ in calls:
            assert arrived.acquire(timeout=10)
        with pytest.raises(GatewayUnreachable), out.one_more():
            pass
        answer.set()
        for each in calls:
            each.result(10)
    with out.one_more():
        pass


def test_calls_that_are_answered_in_time_hold_nobody_up() -> None:
    out = _CallsOut()
    with out.one_more(), out.one_more(), out.one_more(), out.one_more(), out.one_more():
        pass
