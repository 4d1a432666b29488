"""Every state the capture protocol can reach, visited."""

from __future__ import annotations

from tests.model.protocol import State, charged_twice, explore, steps


def test_no_reachable_state_charges_twice() -> None:
    states = explore()
    assert len(states) > 1000  # the model is not trivial
    assert not [state for state in states if charged_twice(state)]


def test_only_captured_money_is_booked() -> None:
    for state in explore():
        if state.paid:
            assert state.payments[state.claim] == "captured"


def test_no_captured_payment_is_ever_released() -> None:
    for state in explore():
        for after in steps(state):
            for before, now in zip(state.payments, after.payments, strict=True):
                assert (before, now) != ("captured", "released")


def test_from_every_state_the_order_can_still_be_paid_once() -> None:
    """Nothing gets stuck: walking backwards from good ends reaches every state."""
    states = explore()
    before: dict[State, list[State]] = {}
    for state in states:
        for after in steps(state):
            before.setdefault(after, []).append(state)
    good = {state for state in states if state.paid and "authorised" not in state.payments}
    reached, waiting = set(good), list(good)
    while waiting:
        for earlier in before.get(waiting.pop(), ()):
            if earlier not in reached:
                reached.add(earlier)
                waiting.append(earlier)
    assert reached == set(states)


def test_a_claim_with_a_lease_is_caught() -> None:
    """The broken variant, so that the model proves something: a lease that lets another payment
    take over charges twice when the first request was only late."""
    states = explore(lease=True)
    caught = [state for state in states if charged_twice(state)]
    assert caught
    path: list[State] = []
    state: State | None = caught[0]
    while state is not None:
        path.append(state)
        state = states[state]
    assert len(path) > 5
    assert path[-1] == State()
