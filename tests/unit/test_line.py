"""First come, first served; whoever finds the line too long, or waits too long, is told."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from app.shared.line import Line

_SOON = 20.0  # seconds


class _Crowd:
    """Visitors by number, each of whom is held until let go; what became of them, in order."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.inside: SimpleQueue[int] = SimpleQueue()
        self.turned_away: SimpleQueue[int] = SimpleQueue()
        self._leave = threading.Semaphore(0)

    def come(self, number: int) -> None:
        def visit() -> None:
            self.inside.put(number)
            self._leave.acquire(timeout=_SOON)

        self._line.join(visit, lambda: self.turned_away.put(number))

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
