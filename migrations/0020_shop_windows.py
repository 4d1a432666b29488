"""Revisions of categories and collections, the home page, and imports in the background."""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import (
    BOOLEAN,
    COUNT,
    DATE,
    INTEGER,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)

_SUBJECTS = ("type", "vendor", "category", "tag", "option", "price", "stock")
_AMOUNTS: Document = {"bsonType": "object", "additionalProperties": INTEGER}
_TEXTS: Document = {"bsonType": "object", "additionalProperties": STRING}
_IMAGE = document({"src": NAME, "alt": STRING, "width": COUNT, "height": COUNT})
_FILE_LIFE = 30 * 24 * 3600  # seconds


def upgrade(database: Database) -> None:
    """Change and create everything; each step may be repeated."""
    for name in ("categories", "collections"):
        database[name].update_many({"revision": {"$exists": False}}, {"$set": {"revision": 1}})
    _shelves(database)
    _home(database)
    _imports(database)


def _shelves(database: Database) -> None:
    condition = document(
        {
            "field": one_of(_SUBJECTS),
            "values": list_of(NAME),
            "option": STRING,
            "least": _AMOUNTS,
            "most": _AMOUNTS,
            "negated": BOOLEAN,
        }
    )
    ensure_collection(
        database,
        "categories",
        document(
            {"_id": NAME, "name": NAME, "description": STRING, "position": COUNT},
            image=optional(_IMAGE),
            revision=POSITIVE,
        ),
    )
    ensure_collection(
        database,
        "collections",
        document(
            {
                "_id": NAME,
                "title": NAME,
                "description": STRING,
                "product_ids": list_of(NAME),
                "position": COUNT,
            },
            image=optional(_IMAGE),
            revision=POSITIVE,
            rule=optional(document({"any_of": BOOLEAN, "conditions": list_of(condition)})),
            sort=STRING,
            starts_at=optional(DATE),
            ends_at=optional(DATE),
        ),
    )
    for name in ("categories", "collections"):
        database[name].create_index([("position", 1), ("_id", 1)])


def _home(database: Database) -> None:
    hero = document(
        {"title": _TEXTS, "text": _TEXTS, "label": _TEXTS, "link": NAME, "image": optional(_IMAGE)}
    )
    ensure_collection(
        database,
        "home_pages",
        document(
            {
                "_id": NAME,
                "hero": optional(hero),
                "collections": list_of(NAME),
                "featured": list_of(NAME),
                "revision": POSITIVE,
            }
        ),
    )


def _imports(database: Database) -> None:
    ensure_collection(
        database,
        "catalog_imports",
        document(
            {
                "_id": NAME,
                "file_name": NAME,
                "market": NAME,
                "by": NAME,
                "at": DATE,
                "size": POSITIVE,
                "state": one_of(["checking", "checked", "importing", "done", "failed"]),
                "products": COUNT,
                "rows": COUNT,
                "all_rows": COUNT,
                "counts": document({}),
                "planned": document({}),
            },
            lease=optional(DATE),
            worker=STRING,
            problem=STRING,
            tries=COUNT,
        ),
    )
    database["catalog_imports"].create_index([("state", 1), ("lease", 1)])
    ensure_collection(
        database,
        "catalog_import_files",
        document({"_id": NAME, "at": DATE, "data": {"bsonType": "binData"}}),
    )
    database["catalog_import_files"].create_index("at", expireAfterSeconds=_FILE_LIFE)
