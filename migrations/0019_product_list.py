"""Words and orders of the staff's product list, and the past addresses of products."""

from __future__ import annotations

from app.catalog.documents import product_from_document
from app.catalog.listed import listed_fields
from app.db.database import Database
from app.db.schema import DATE, NAME, document, ensure_collection


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    products = database["products"]
    for each in products.find({"listed": {"$exists": False}}):
        listed = listed_fields(product_from_document(each))
        products.update_one({"_id": each["_id"]}, {"$set": {"listed": listed}})
    products.create_index("listed.words")
    products.create_index([("listed.title", 1), ("_id", 1)])
    products.create_index([("updated_at", -1), ("_id", -1)])
    products.create_index([("status", 1), ("_id", -1)])
    products.create_index([("vendor", 1), ("_id", -1)])
    ensure_collection(
        database, "past_addresses", document({"_id": NAME, "product_id": NAME, "at": DATE})
    )
