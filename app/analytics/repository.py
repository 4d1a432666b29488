"""Counters, what each order counts for in them, and who asked for a look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from pymongo import UpdateOne

from app.analytics.models import Cell, Counted, Kind, Span
from app.analytics.rules import Cells
from app.db.database import Database, Document, Session
from app.db.moments import at_any_time
from app.shared.clock import now

_STATE = "counters"
_UNSAFE = str.maketrans({"%": "%25", ".": "%2E", "$": "%24"})  # in the name of a field


class CounterRepository:
    """Reads and writes ``analytics_subjects``, ``analytics_counters`` and ``analytics_state``.

    Counters belong to a generation; making them anew begins another one.
    """

    def __init__(self, database: Database) -> None:
        self._subjects = database["analytics_subjects"]
        self._counters = database["analytics_counters"]
        self._state = database["analytics_state"]

    # --- who is to be looked at -------------------------------------------------------------------

    def ask(self, subject: str) -> None:
        """Have a subject looked at."""
        blank = {"generation": 0, "cells": []}
        self._subjects.update_one(
            {"_id": subject}, {"$set": {"asked_at": now()}, "$setOnInsert": blank}, upsert=True
        )

    def ask_once(self, subject: str, cells: Cells) -> None:
        """Have something counted that is a fact by itself, unless it is known already."""
        document = {"generation": 0, "cells": [], "fact": _to_list(cells), "asked_at": now()}
        self._subjects.update_one({"_id": subject}, {"$setOnInsert": document}, upsert=True)

    def asked(self, most: int) -> list[str]:
        """Subjects to be looked at."""
        query = {"asked_at": at_any_time()}
        return [each["_id"] for each in self._subjects.find(query, {"_id": 1}).limit(most)]

    def forget(self, subject: str) -> None:
        """Look no more at a subject that never counted."""
        self._subjects.delete_one({"_id": subject, "cells": []})

    def ask_facts(self) -> None:
        """Have everything counted again that is a fact by itself."""
        self._subjects.update_many({"fact": {"$exists": True}}, {"$set": {"asked_at": now()}})

    # --- counting, in a transaction ---------------------------------------------------------------

    def touch(self, session: Session | None = None) -> int:
        """Say that something changes; the generation. Two who do so at once conflict."""
        self._state.update_one(
            {"_id": _STATE},
            {"$inc": {"revision": 1}, "$setOnInsert": {"generation": 1}},
            upsert=True,
            session=session,
        )
        return self._read_state(session)[0]

    def state(self) -> tuple[int, int]:
        """The generation that is read, and a number that changes with every change."""
        return self._read_state(None)

    def _read_state(self, session: Session | None) -> tuple[int, int]:
        found = self._state.find_one({"_id": _STATE}, session=session) or {}
        return int(found.get("generation", 1)), int(found.get("revision", 0))

    def begin_anew(self) -> None:
        """Begin another generation, in which nothing is counted yet, and drop the older ones."""
        self.touch()
        self._state.update_one({"_id": _STATE}, {"$inc": {"generation": 1, "revision": 1}})
        self._counters.delete_many({"generation": {"$lt": self.state()[0]}})

    def known(self, subject: str, generation: int, session: Session) -> tuple[Cells, Cells | None]:
        """What is counted of a subject, and the fact that it is, if it is one."""
        found = self._subjects.find_one({"_id": subject}, session=session) or {}
        counted = found.get("cells", []) if found.get("generation") == generation else []
        fact = found.get("fact")
        return _from_list(counted), None if fact is None else _from_list(fact)

    def store(self, subject: str, generation: int, cells: Cells, session: Session) -> None:
        """Remember what is counted of a subject now, and that it was looked at."""
        self._subjects.update_one(
            {"_id": subject},
            {
                "$set": {"generation": generation, "cells": _to_list(cells)},
                "$unset": {"asked_at": ""},
            },
            upsert=True,
            session=session,
        )

    def add(self, generation: int, cells: Cells, session: Session) -> None:
        """Add to the counters; negative numbers take away."""
        steps: dict[tuple[Kind, str, str, str], dict[str, int]] = defaultdict(dict)
        for cell, number in cells.items():
            field = f"figures.{cell.name.translate(_UNSAFE)}.{cell.figure}"
            steps[cell.kind, cell.period, cell.market, cell.currency][field] = number
        writes = [
            UpdateOne(
                {"_id": "|".join((str(generation), *key))},
                {"$inc": step, "$setOnInsert": _head(generation, *key)},
                upsert=True,
            )
            for key, step in sorted(steps.items())
        ]
        if writes:
            self._counters.bulk_write(writes, ordered=False, session=session)

    # --- reading ----------------------------------------------------------------------------------

    def read(self, kind: Kind, first: str, last: str, markets: Iterable[str] = ()) -> list[Counted]:
        """Counters of the periods from ``first`` to ``last``, in no order; without ``markets`` of
        all of them."""
        query: Document = {
            "generation": self.state()[0],
            "kind": kind.value,
            "period": {"$gte": first, "$lte": last},
        }
        wanted = set(markets)
        return [
            _counted(each)
            for each in self._counters.find(query)
            if not wanted or each["market"] in wanted
        ]

    def read_span(self, kind: Kind, span: Span, market: str = "") -> list[Counted]:
        """Counters of days; without a ``market`` of all of them."""
        markets = [market] if market else []
        return self.read(kind, span.first.isoformat(), span.last.isoformat(), markets)


def _head(generation: int, kind: Kind, period: str, market: str, currency: str) -> Document:
    return {
        "generation": generation,
        "kind": kind.value,
        "period": period,
        "market": market,
        "currency": currency,
    }


def _counted(document: Document) -> Counted:
    return Counted(
        period=document["period"],
        market=document["market"],
        currency=document["currency"],
        names={
            name.replace("%2E", ".").replace("%24", "$").replace("%25", "%"): figures
            for name, figures in document["figures"].items()
        },
    )


def _to_list(cells: Cells) -> list[Document]:
    return [{"cell": [*map(str, cell)], "number": number} for cell, number in cells.items()]


def _from_list(documents: Iterable[Document]) -> Cells:
    cells: Cells = Counter()
    for each in documents:
        kind, *rest = each["cell"]
        cells[Cell(Kind(kind), *rest)] = each["number"]
    return cells
