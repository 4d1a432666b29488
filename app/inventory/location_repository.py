"""Location documents. A shop that stored none has the one of ``DEFAULT_LOCATION``."""

from __future__ import annotations

from dataclasses import asdict

from app.db.database import Database, Document, Session
from app.inventory.models import DEFAULT_LOCATION, Location


class LocationRepository:
    """Reads and writes ``locations``."""

    def __init__(self, database: Database) -> None:
        self._locations = database["locations"]

    def every(self, session: Session | None = None) -> list[Location]:
        """All locations, open ones first, by priority."""
        found = [_location(each) for each in self._locations.find({}, session=session)]
        ordered = sorted(found, key=lambda each: (not each.active, each.priority, each.code))
        return ordered or [DEFAULT_LOCATION]

    def insert(self, location: Location, session: Session) -> None:
        """Store a new location. Raises ``DuplicateKeyError`` for a code that is taken."""
        document = asdict(location)
        document["_id"] = document.pop("code")
        self._locations.insert_one(document, session=session)

    def has_any(self, session: Session) -> bool:
        """Whether any is stored."""
        return self._locations.find_one({}, {"_id": 1}, session=session) is not None

    def set_active(self, location: Location, active: bool, session: Session) -> None:
        """Open or close a location; written also where nothing changes, so that two who do it at
        once conflict."""
        self._locations.update_one(
            {"_id": location.code},
            {"$set": {"active": active}, "$inc": {"version": 1}},
            session=session,
        )

    def replace(self, location: Location, session: Session) -> bool:
        """Store the next version of what was read, open or closed as it is; False if it moved on
        since."""
        document = asdict(location)
        for name in ("code", "active", "version"):
            del document[name]
        result = self._locations.update_one(
            {"_id": location.code, "version": location.version},
            {"$set": document, "$inc": {"version": 1}},
            session=session,
        )
        return bool(result.modified_count)


def _location(document: Document) -> Location:
    return Location(
        **{"code": document["_id"], **{k: v for k, v in document.items() if k != "_id"}}
    )
