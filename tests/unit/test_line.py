"""First come, first served; whoever finds the line too long, or waits too long, is told."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue

import pytest

from app.shared.line import Line

_SOON = 20.0  # seconds


class _Crowd:
    """Visitors by number, each of whom is held until let go; what became of them, in order."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.inside: SimpleQueue[int] = SimpleQueue()
        self.turned_away: SimpleQueue[int] = SimpleQueue()
        self._leave = threading.Semaphore(0)

    def come(self, number: int, *, first: bool = False) -> None:
        def visit() -> None:
            self.inside.put(number)
            self._leave.acquire(timeout=_SOON)

        self._line.join(visit, lambda: self.turned_away.put(number), first=first)

    def let_go(self, how_many: int = 1) -> None:
        self._leave.release(how_many)


def _crowd(served: int, waiting: int, patience: float = _SOON) -> _Crowd:
    line = Line(served=served, waiting=waiting, patience=patience)
    line.open()
    return _Crowd(line)


def _next(queue: SimpleQueue[int]) -> int:
    return queue.get(timeout=_SOON)


def test_as_many_are_served_at_once_as_may_be_and_the_rest_in_order() -> None:
    crowd = _crowd(2, 50)
    crowd.come(0)
    crowd.come(1)
    assert {_next(crowd.inside), _next(crowd.inside)} == {0, 1}
    for number in range(2, 50):
        crowd.come(number)
    assert crowd.inside.empty()
    for number in range(2, 50):
        crowd.let_go()
        assert _next(crowd.inside) == number
    crowd.let_go(2)
    assert crowd.turned_away.empty()


def test_who_finds_the_line_full_is_told_at_once() -> None:
    crowd = _crowd(1, 2)
    crowd.come(0)
    assert _next(crowd.inside) == 0
    for number in range(1, 5):
        crowd.come(number)
    assert (_next(crowd.turned_away), _next(crowd.turned_away)) == (3, 4)
    crowd.let_go(3)
    assert (_next(crowd.inside), _next(crowd.inside)) == (1, 2)


def test_who_waits_too_long_is_told_and_served_no_more() -> None:
    crowd = _crowd(1, 5, patience=0.05)
    crowd.come(0)
    assert _next(crowd.inside) == 0
    crowd.come(1)
    crowd.come(2)
    assert (_next(crowd.turned_away), _next(crowd.turned_away)) == (1, 2)
    crowd.let_go()
    crowd.come(3)
    assert _next(crowd.inside) == 3
    crowd.let_go()


def test_who_goes_first_stands_behind_nobody_else() -> None:
    crowd = _crowd(1, 5)
    crowd.come(0)
    assert _next(crowd.inside) == 0
    for number in (1, 2):
        crowd.come(number)
    for number in (3, 4):
        crowd.come(number, first=True)
    for number in (3, 4, 1, 2):
        crowd.let_go()
        assert _next(crowd.inside) == number
    crowd.let_go()


def test_who_goes_first_waits_no_longer_than_others() -> None:
    crowd = _crowd(1, 5, patience=0.05)
    crowd.come(0)
    assert _next(crowd.inside) == 0
    crowd.come(1)
    crowd.come(2, first=True)
    assert {_next(crowd.turned_away), _next(crowd.turned_away)} == {1, 2}
    crowd.let_go()


def test_few_are_served_while_another_line_is_long() -> None:
    tills = Line(served=1, waiting=5, patience=_SOON)
    tills.open()
    paying = _Crowd(tills)
    line = Line(served=3, waiting=50, patience=_SOON, few=1, yields_to=tills)
    line.open()
    looking = _Crowd(line)
    paying.come(0)
    assert _next(paying.inside) == 0
    looking.come(0)
    looking.come(1)
    assert {_next(looking.inside), _next(looking.inside)} == {0, 1}  # nobody waits at the till
    looking.let_go(2)
    paying.come(1)
    for number in range(2, 6):
        looking.come(number)
    assert _next(looking.inside) == 2
    for number in (3, 4):  # one by one
        with pytest.raises(Empty):
            looking.inside.get(timeout=0.2)
        looking.let_go()
        assert _next(looking.inside) == number
    looking.come(6)
    paying.let_go()
    assert _next(paying.inside) == 1
    assert {_next(looking.inside), _next(looking.inside)} == {5, 6}  # beside the one that is there
    looking.let_go(3)
    paying.let_go()


def test_nobody_who_comes_is_forgotten() -> None:
    line = Line(served=3, waiting=5000, patience=60)
    line.open()
    served: SimpleQueue[int] = SimpleQueue()

    def come(first: int) -> None:
        for number in range(first, first + 500):
            line.join(lambda number=number: served.put(number), lambda: None)

    coming = [threading.Thread(target=come, args=(first,)) for first in range(0, 4000, 500)]
    for each in coming:
        each.start()
    for each in coming:
        each.join()
    assert sorted(_next(served) for _ in range(4000)) == list(range(4000))
