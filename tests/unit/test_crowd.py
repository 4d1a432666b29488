"""Others do not join those who wait for long; who is answered in time holds nobody up."""

from __future__ import annotations

import pytest

from app.shared.crowd import Crowd


def test_it_is_full_while_enough_wait_for_long() -> None:
    crowd = Crowd(late=0.0, most=2)
    with crowd.join():
        assert not crowd.is_full
        with crowd.join():
            assert crowd.is_full
        assert not crowd.is_full


def test_who_has_just_come_is_not_late() -> None:
    crowd = Crowd(late=3600.0, most=1)
    with crowd.join(), crowd.join(), crowd.join():
        assert not crowd.is_full


def test_who_fails_waits_no_more() -> None:
    crowd = Crowd(late=0.0, most=1)
    with pytest.raises(RuntimeError), crowd.join():
        raise RuntimeError
    assert not crowd.is_full
