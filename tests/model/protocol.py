"""A model of the capture protocol, small enough to visit every state it can get into.

Two gateways hold one payment of the order each (two tabs, or a switch with a late authorisation).
Two workers settle at will; each may crash between any two steps and forget everything. A capture
request may be executed at once, late, or never, and its answer may be lost. What is authorised may
be withdrawn at any time by somebody else: voided in a dashboard, or lapsed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

PAYMENTS = (0, 1)
WORKERS = (0, 1)
_MOST_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Worker:
    """Where a worker stands: ``idle``, ``read``, ``won``, ``sent``, ``lost``."""

    step: str = "idle"
    payment: int = -1


@dataclass(frozen=True, slots=True)
class State:
    """Gateways, the wire, the database, the workers."""

    payments: tuple[str, ...] = ("none", "none")  # none, authorised, captured, released
    in_flight: tuple[int, ...] = ()  # capture requests sent and not executed
    claim: int = -1  # the payment the order's capture is claimed for
    paid: bool = False
    void: bool = False  # the claimed payment was read as withdrawn; the claim stays for ever
    workers: tuple[Worker, ...] = (Worker(), Worker())

    def with_payment(self, payment: int, state: str) -> State:
        """One payment moved."""
        changed = tuple(state if p == payment else s for p, s in enumerate(self.payments))
        return replace(self, payments=changed)

    def with_worker(self, number: int, worker: Worker) -> State:
        """One worker moved."""
        changed = tuple(worker if n == number else w for n, w in enumerate(self.workers))
        return replace(self, workers=changed)


def steps(
    state: State, *, lease: bool = False, hasty: bool = False, withdrawn: bool = True
) -> Iterator[State]:
    """Every state that one step leads to, those of others who withdraw a payment only if
    ``withdrawn``.

    Two ways to break the protocol: with ``lease``, a claim whose worker is gone may be taken over
    for another payment; with ``hasty``, a worker without an answer may end the claim unread.
    """
    yield from _shopper(state)
    yield from _wire(state)
    if withdrawn:
        yield from _others(state)
    for number in WORKERS:
        yield from _worker(state, number, lease=lease, hasty=hasty)


def _shopper(state: State) -> Iterator[State]:
    for payment in PAYMENTS:
        if state.payments[payment] == "none":
            yield state.with_payment(payment, "authorised")


def _others(state: State) -> Iterator[State]:
    for payment in PAYMENTS:
        if state.payments[payment] == "authorised":
            yield state.with_payment(payment, "released")


def _wire(state: State) -> Iterator[State]:
    """A request on the wire is executed, or gets lost."""
    for place, payment in enumerate(state.in_flight):
        rest = replace(state, in_flight=state.in_flight[:place] + state.in_flight[place + 1 :])
        yield rest
        if state.payments[payment] == "authorised":
            yield rest.with_payment(payment, "captured")


def _worker(state: State, number: int, *, lease: bool, hasty: bool) -> Iterator[State]:
    worker = state.workers[number]
    if worker.step != "idle":
        yield state.with_worker(number, Worker())  # kill -9
    if worker.step == "idle":
        yield from _reads(state, number)
    elif worker.step == "read":
        yield _claims(state, number, worker, lease=lease)
    elif worker.step == "won":
        if len(state.in_flight) < _MOST_IN_FLIGHT:
            sent = replace(state, in_flight=tuple(sorted((*state.in_flight, worker.payment))))
            yield sent.with_worker(number, replace(worker, step="sent"))
    elif worker.step == "sent":
        yield _checks(state, number, worker)
        if hasty and not state.paid:
            yield replace(state, void=True).with_worker(number, Worker())
    elif worker.step == "lost" and state.payments[worker.payment] == "authorised":
        released = state.with_payment(worker.payment, "released")
        yield released.with_worker(number, Worker())


def _reads(state: State, number: int) -> Iterator[State]:
    for payment in PAYMENTS:
        if state.payments[payment] == "authorised":
            yield state.with_worker(number, Worker("read", payment))
        elif state.payments[payment] in {"captured", "released"}:
            yield _checks(state, number, Worker("sent", payment))


def _claims(state: State, number: int, worker: Worker, *, lease: bool) -> State:
    """Insert-or-read by the order's id: the first claim stands for ever."""
    claim = state.claim
    holders = {each.payment for each in state.workers if each.step in {"won", "sent"}}
    expired = lease and claim not in holders and not state.paid
    if claim == -1 or expired:
        claim = worker.payment
    step = "won" if claim == worker.payment and not state.void else "lost"
    return replace(state, claim=claim).with_worker(number, replace(worker, step=step))


def _checks(state: State, number: int, worker: Worker) -> State:
    """Only what the gateway itself shows as captured is booked, and only a claim on what it shows
    as withdrawn is ended; each by a conditional update, so that the first stands."""
    idle = state.with_worker(number, Worker())
    if state.claim != worker.payment or state.paid or state.void:
        return idle
    shown = state.payments[worker.payment]
    return replace(idle, paid=shown == "captured", void=shown == "released")


def explore(*, lease: bool = False, hasty: bool = False) -> dict[State, State | None]:
    """Every reachable state with the state it was first reached from."""
    start = State()
    came_from: dict[State, State | None] = {start: None}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        for after in steps(state, lease=lease, hasty=hasty):
            if after not in came_from:
                came_from[after] = state
                waiting.append(after)
    return came_from


def charged_twice(state: State) -> bool:
    """The one thing that must never be."""
    return state.payments.count("captured") > 1
