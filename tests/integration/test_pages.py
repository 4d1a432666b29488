"""Long lists: every document once, the newest first, whatever the gaps between them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.db.database import Database
from app.db.pages import page_back
from app.shared.places import place

_NOW = datetime.now(UTC).replace(microsecond=0)


def _fill(database: Database, moments: list[datetime]) -> list[str]:
    """Documents at these moments; their ids as the list must show them."""
    things = database["paged_things"]
    things.delete_many({})
    things.create_index([("kind", 1), ("at", -1)])
    made = [
        {"_id": f"thg_{number:04}", "kind": "odd" if number % 2 else "even", "at": at}
        for number, at in enumerate(moments)
    ]
    things.insert_many(made)
    ordered = sorted(made, key=lambda each: (each["at"], each["_id"]), reverse=True)
    return [str(each["_id"]) for each in ordered if each["kind"] == "odd"]


def _walk(database: Database, most: int) -> list[str]:
    seen: list[str] = []
    after = ""
    while True:
        page = page_back(database["paged_things"], {"kind": "odd"}, "at", most, after)
        seen += [str(each["_id"]) for each in page]
        if len(page) < most:
            return seen
        after = place(page[-1]["at"], page[-1]["_id"])


@pytest.mark.parametrize("most", [1, 7, 50])
def test_every_document_comes_once(database: Database, most: int) -> None:
    dice = random.Random(most)
    gaps = [timedelta(milliseconds=1), timedelta(0), timedelta(hours=5), timedelta(days=400)]
    at, moments = _NOW, []
    for _ in range(60):
        at -= dice.choice(gaps)
        moments.append(at)
    wanted = _fill(database, moments)
    assert _walk(database, most) == wanted


def test_what_happens_at_one_moment_is_shown_once(database: Database) -> None:
    wanted = _fill(database, [_NOW] * 40)
    assert _walk(database, 6) == wanted


@pytest.mark.parametrize("place", ["", "x", "12", "_", "99999999999999999999_thg_1", "-5_thg"])
def test_a_place_that_is_none_is_the_beginning(database: Database, place: str) -> None:
    wanted = _fill(database, [_NOW - timedelta(days=each) for each in range(10)])
    page = page_back(database["paged_things"], {"kind": "odd"}, "at", 3, place)
    assert [each["_id"] for each in page] == wanted[:3]


def test_nothing_older_than_asked_for(database: Database) -> None:
    _fill(database, [_NOW - timedelta(days=each) for each in range(10)])
    since = _NOW - timedelta(days=5)
    page = page_back(database["paged_things"], {"kind": "odd"}, "at", 50, since=since)
    assert [each["at"] for each in page] == [_NOW - timedelta(days=each) for each in (1, 3, 5)]
