"""Transfer documents: one for each, whose key is the request's."""

from __future__ import annotations

from app.db.database import Database, Document, Session
from app.db.pages import page_back
from app.inventory.models import LocationCode, Transfer
from app.shared.ids import Sku


class TransferRepository:
    """Reads and writes ``transfers``."""

    def __init__(self, database: Database) -> None:
        self._transfers = database["transfers"]

    def insert(self, transfer: Transfer, session: Session) -> None:
        """Store a transfer. Raises ``DuplicateKeyError`` for one that was made before."""
        self._transfers.insert_one(
            {
                "_id": transfer.id,
                "at": transfer.at,
                "by": transfer.by,
                "source": transfer.source,
                "target": transfer.target,
                "lines": [{"sku": sku, "units": each} for sku, each in transfer.units.items()],
                "note": transfer.note,
            },
            session=session,
        )

    def find(self, transfer_id: str, session: Session | None = None) -> Transfer | None:
        """A transfer, or None."""
        found = self._transfers.find_one({"_id": transfer_id}, session=session)
        return _transfer(found) if found else None

    def past(self, after: str, most: int) -> list[Transfer]:
        """The newest ones, from the place ``after`` on."""
        return list(map(_transfer, page_back(self._transfers, {}, "at", most, after)))


def _transfer(document: Document) -> Transfer:
    return Transfer(
        id=document["_id"],
        at=document["at"],
        by=document["by"],
        source=LocationCode(document["source"]),
        target=LocationCode(document["target"]),
        units={Sku(line["sku"]): line["units"] for line in document["lines"]},
        note=document["note"],
    )
