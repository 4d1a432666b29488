"""Campaigns come and go by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.catalog.models import Collection
from app.catalog.readmodel.arrivals import arrived_between, seconds_to_arrival
from app.catalog.readmodel.edit import ModelEdit
from app.catalog.readmodel.entries import milliseconds
from app.catalog.readmodel.model import CatalogModel, empty_model
from app.shared.clock import now

_START = datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = st.integers(-3, 12).map(lambda days: _START + timedelta(days=days))


def _model(*collections: Collection) -> CatalogModel:
    edit = ModelEdit(empty_model())
    edit.set_shelves((), collections)
    return edit.done()


def _campaign(starts_at: datetime | None, ends_at: datetime | None) -> Collection:
    return Collection(slug="winter", title="Winter", starts_at=starts_at, ends_at=ends_at)


@given(starts=st.none() | _DAYS, ends=st.none() | _DAYS, at=_DAYS)
def test_a_campaign_is_open_from_its_start_until_its_end(
    starts: datetime | None, ends: datetime | None, at: datetime
) -> None:
    expected = (starts is None or starts <= at) and (ends is None or at < ends)
    assert _campaign(starts, ends).is_open(at) == expected


@given(starts=_DAYS, ends=_DAYS, before=_DAYS, after=_DAYS)
def test_whoever_turns_between_two_looks_is_told_of(
    starts: datetime, ends: datetime, before: datetime, after: datetime
) -> None:
    campaign = _campaign(starts, ends)
    touched = arrived_between(_model(campaign), milliseconds(before), milliseconds(after))
    turned = any(before < each <= after for each in (starts, ends))

    assert touched.navigation == turned
    assert touched.shelves == ({"winter"} if turned else set())
    if before <= after and campaign.is_open(before) != campaign.is_open(after):
        assert turned


def test_the_next_end_is_waited_for() -> None:
    soon = now() + timedelta(seconds=30)
    assert 28 < seconds_to_arrival(_model(_campaign(soon, soon + timedelta(days=1)))) < 31
    assert 28 < seconds_to_arrival(_model(_campaign(None, soon))) < 31
    assert seconds_to_arrival(_model(_campaign(_START, None))) == 3600
