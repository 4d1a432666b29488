"""First come, first served; whoever finds the line too long, or waits too long, is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.shared.line import Line
from app.web.patience import shares
from tests.support.waiting import wait_until


def test_as_many_are_served_at_once_as_may_be() -> None:
    line = Line(served=2, waiting=0, patience=0)
    with line.join() as first, line.join() as second, line.join() as third:
        assert (first, second, third) == (True, True, False)
    with line.join() as later:
        assert later


def test_a_turn_that_never_comes_is_given_up_and_lost_to_nobody() -> None:
    line = Line(served=1, waiting=1, patience=0.01)
    with line.join(), line.join() as second:
        assert not second
    with line.join() as later, line.join() as other:
        assert (later, other) == (True, False)


def test_who_fails_gives_the_turn_back() -> None:
    line = Line(served=1, waiting=0, patience=0)
    with pytest.raises(RuntimeError), line.join():
        raise RuntimeError
    with line.join() as later:
        assert later


def test_they_are_served_in_the_order_they_came_and_never_too_many() -> None:
    line = Line(served=1, waiting=20, patience=30)
    order: list[int] = []
    inside = threading.Semaphore(1)

    def come(number: int) -> bool:
        with line.join() as served:
            assert inside.acquire(blocking=False)
            order.append(number)
            inside.release()
        return served

    with ThreadPoolExecutor(20) as pool:
        with line.join():
            coming = []
            for number in range(20):
                coming.append(pool.submit(come, number))
                wait_until(lambda wanted=number: len(line._turns) == wanted + 1)
        assert all(each.result(30) for each in coming)
    assert order == list(range(20))


def test_a_crowd_is_served_whole() -> None:
    line = Line(served=3, waiting=500, patience=30)

    def come(_: int) -> bool:
        with line.join() as served:
            return served

    with ThreadPoolExecutor(40) as pool:
        assert all(pool.map(come, range(500)))
    assert line._free == 3


@pytest.mark.parametrize("threads", [3, 4, 8, 24, 100])
def test_some_threads_neither_serve_nor_wait(threads: int) -> None:
    served, waiting = shares(threads)
    assert served >= 1
    assert threads - served - waiting >= threads // 4
