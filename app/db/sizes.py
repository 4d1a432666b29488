"""How large a document may be."""

from __future__ import annotations

import bson

from app.db.database import Document

_MOST = 15 * 1024 * 1024  # bytes; any MongoDB refuses 16 MB, and some is added to documents later


def is_storable(document: Document) -> bool:
    """Whether the database takes a document of this size."""
    return len(bson.encode(document)) <= _MOST
