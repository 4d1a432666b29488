"""Notes that staff keep of customers."""

from __future__ import annotations

from app.customers.models import CustomerId, Note
from app.db.database import Database, Session


class NoteRepository:
    """Reads and writes ``customer_notes``: a note is written over the version that was read."""

    def __init__(self, database: Database) -> None:
        self._notes = database["customer_notes"]

    def find(self, customer_id: CustomerId) -> Note:
        """The note, perhaps an empty one."""
        found = self._notes.find_one({"_id": customer_id}, {"_id": 0})
        return Note(**found) if found else Note()

    def store(self, customer_id: CustomerId, before: int, note: Note) -> bool:
        """Write a note over version ``before``; False if it is another by now. Raises
        ``DuplicateKeyError`` for a first one that somebody else has just written."""
        document = {"text": note.text, "version": note.version, "by": note.by, "at": note.at}
        if before == 0:
            self._notes.insert_one({"_id": customer_id, **document})
            return True
        result = self._notes.update_one({"_id": customer_id, "version": before}, {"$set": document})
        return bool(result.matched_count)

    def delete(self, customer_id: CustomerId, session: Session) -> None:
        """Remove a note."""
        self._notes.delete_one({"_id": customer_id}, session=session)
