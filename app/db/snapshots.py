"""Reading a whole database as it was at one moment, document by document, as raw BSON.

MongoDB holds a snapshot for reads outside of transactions, for as long as its history window (300
seconds unless ``minSnapshotHistoryWindowInSeconds`` says otherwise). The embedded database accepts
these but does not hold to them; its transactions do, and last as long as somebody reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from app.db.database import Database, Document, Session

_RAW = CodecOptions(document_class=RawBSONDocument)
_STEP = 500
_PATIENCE = 300  # seconds for each batch
_SNAPSHOT_TOO_OLD = 239


class MomentPassed(Exception):
    """The database keeps the state of that moment no longer: reading took too long."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The database at one moment; good inside of ``one_moment``."""

    names: tuple[str, ...]
    _database: Database
    _session: Session

    def documents(self, name: str) -> Iterator[bytes]:
        """Every document of a collection as BSON, in short batches. Raises ``MomentPassed``."""
        collection = self._database[name].with_options(codec_options=_RAW)
        cursor: Any = collection.find({}, session=self._session).batch_size(_STEP)
        while True:
            try:
                with pymongo.timeout(_PATIENCE):
                    batch = [each.raw for each in islice(cursor, _STEP)]
            except OperationFailure as error:
                if error.code == _SNAPSHOT_TOO_OLD:
                    raise MomentPassed from error
                raise
            yield from batch
            if len(batch) < _STEP:
                return

    def indexes(self, name: str) -> list[Document]:
        """A collection's indexes, as ``listIndexes`` tells them, without that of ``_id``."""
        own = (dict(each) for each in self._database[name].list_indexes())
        return [each for each in own if each["name"] != "_id_"]


@contextmanager
def one_moment(database: Database) -> Iterator[Moment]:
    """The database as it is now, however much is written while it is read."""
    names = tuple(sorted(each for each in database.collections() if not each.startswith("system.")))
    client = database.client
    if "secantusVersion" not in client.admin.command("buildInfo"):
        with client.start_session(snapshot=True) as session:
            yield Moment(names, database, session)
        return
    with (
        client.start_session() as session,
        session.start_transaction(read_concern=ReadConcern("snapshot")),
    ):
        for name in names[:1]:  # the first read fixes the moment
            database[name].find_one({}, {"_id": 1}, session=session)
        yield Moment(names, database, session)
