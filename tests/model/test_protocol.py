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


def test_nothing_is_taken_for_an_order_whose_claim_ended() -> None:
    for state in explore():
        if state.void:
            assert not state.paid
            assert state.payments[state.claim] == "released"
            assert "captured" not in state.payments


def test_a_claim_is_for_ever() -> None:
    for state in explore():
        for after in steps(state):
            assert state.claim in {-1, after.claim}
            assert (after.paid, after.void) >= (state.paid, state.void)


def test_from_every_state_the_order_comes_to_an_end() -> None:
    """Nothing gets stuck: walking backwards from good ends reaches every state, even if nobody
    withdraws anything any more. A claim whose payment still stands can still be paid."""
    states = explore()
    before: dict[State, list[State]] = {}
    for state in states:
        for after in steps(state, withdrawn=False):
            before.setdefault(after, []).append(state)
    good = {state for state in states if _is_over(state)}
    reached, waiting = set(good), list(good)
    while waiting:
        for earlier in before.get(waiting.pop(), ()):
            if earlier not in reached:
                reached.add(earlier)
                waiting.append(earlier)
    assert reached == set(states)


def _is_over(state: State) -> bool:
    """Paid, or without money that could come, and no money is left waiting."""
    if "authorised" in state.payments:
        return False
    nothing_left = set(state.payments) == {"released"} and state.claim == -1
    return state.paid or state.void or nothing_left


def test_a_claim_that_is_ended_without_a_reading_is_caught() -> None:
    """The broken variant: taking a lost answer for an end leaves money taken and not booked."""
    states = explore(hasty=True)
    assert any(state.void and "captured" in state.payments for state in states)


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
