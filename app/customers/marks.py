"""Where long lists of customers can be cut, so that a page reads a short stretch of its index.

A database that sorts what a query matches before it cuts off a page takes as long as the list is.
Every so often each list is marked; a page asks from mark to mark, further each time, until it is
full. Old marks only make stretches longer or shorter: what is found is never less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.customers.models import CustomerSort
from app.db.database import Database
from app.db.stretches import further_each_time

FIRST, LAST = "!", "~"  # around every rank, which begin with a digit
LAST_LETTER = "\uffff"
WORDS = "words"


class CustomerMarks:
    """Reads and writes ``customer_marks``: of each list some values, in their order."""

    def __init__(self, database: Database) -> None:
        self._marks = database["customer_marks"]
        self._customers = database["customers"]

    def down(self, field: str, high: str, low: str) -> Iterator[tuple[str, str]]:
        """Stretches from below ``high`` down to ``low``, each as its least and its upper end."""
        marks = [each for each in reversed(self._of(field)) if low < each < high]
        for least in (*further_each_time(marks), low):
            yield least, high
            high = least

    def words(self, beginning: str) -> Iterator[str | tuple[str, str]]:
        """Stretches of words that begin so, upwards; a word that very many have comes by itself."""
        marks = Counter(each for each in self._of(WORDS) if each.startswith(beginning))
        low = beginning
        common = sorted(each for each, count in marks.items() if count > 1)
        for end in (*common, beginning + LAST_LETTER):
            between = sorted(each for each in marks if low < each < end)
            for upper in (*further_each_time(between), end):
                yield low, upper
                low = upper
            if end in marks:
                yield end
                low = end + "\0"

    def _of(self, field: str) -> list[str]:
        found = self._marks.find_one({"_id": field})
        return list(found["marks"]) if found else []

    def renew(self, every: int = 200) -> None:
        """Mark every so manieth customer of each list."""
        values: dict[str, list[str]] = {}
        for document in self._customers.find({}, {"rank": 1, "words": 1}):
            for field, value in _values(document):
                values.setdefault(field, []).append(value)
        for field, found in values.items():
            marks = sorted(found)[every // 2 :: every]
            self._marks.replace_one({"_id": field}, {"marks": marks}, upsert=True)


def _values(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rank = document["rank"]
    for sort in CustomerSort:
        if sort is not CustomerSort.SPENT and sort.value in rank:
            yield f"rank.{sort.value}", rank[sort.value]
    for currency, value in rank[CustomerSort.SPENT.value].items():
        yield f"rank.{CustomerSort.SPENT.value}.{currency}", value
    for word in document["words"]:
        yield WORDS, word
