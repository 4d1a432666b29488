"""Receipts of merged carts. A receipt is inserted once and then only closed, by one mark each."""

from __future__ import annotations

from dataclasses import asdict

from app.cart.documents import (
    choice_from_document,
    contents_from_document,
    contents_to_document,
)
from app.cart.models import CouponEntry, CouponOutcome, MergeEntry, MergeReceipt, Outcome
from app.db.database import Database, Document, Session
from app.shared.clock import now
from app.shared.ids import AccountId, CartId
from app.shared.texts import from_words, to_words


class MergeRepository:
    """Reads and writes ``cart_merges``."""

    def __init__(self, database: Database) -> None:
        self._merges = database["cart_merges"]

    def insert(self, receipt: MergeReceipt, session: Session) -> None:
        """Store a receipt. Raises ``DuplicateKeyError`` if this version was merged before."""
        self._merges.insert_one(_to_document(receipt), session=session)

    def find(self, receipt_id: str, session: Session | None = None) -> MergeReceipt | None:
        """The receipt, or None."""
        found = self._merges.find_one({"_id": receipt_id}, session=session)
        return _from_document(found) if found else None

    def find_open(self, account_id: AccountId) -> MergeReceipt | None:
        """The account's newest receipt that nobody closed, undone or not, or None."""
        query = {"account_id": account_id, "closed_at": None}
        found = self._merges.find(query).sort([("at", -1), ("_id", -1)]).limit(1)
        return next(map(_from_document, found), None)

    def unordered_of(self, account_cart_id: CartId, session: Session) -> list[MergeReceipt]:
        """Receipts of merges into this cart whose goods nobody ordered yet."""
        query = {"account_cart_id": account_cart_id, "ordered_at": None}
        return [_from_document(document) for document in self._merges.find(query, session=session)]

    def close(self, receipt_id: str) -> None:
        """Note that the receipt was read."""
        self._merges.update_one(
            {"_id": receipt_id, "closed_at": None}, {"$set": {"closed_at": now()}}
        )

    def mark_ordered(self, receipt_id: str, session: Session) -> None:
        """Note that goods of the merge were paid for: it cannot be undone any more."""
        moment = now()
        self._merges.update_one(
            {"_id": receipt_id},
            {"$set": {"ordered_at": moment, "closed_at": moment}},
            session=session,
        )

    def mark_undone(self, receipt_id: str, account_version: int, session: Session) -> bool:
        """Note that the merge was undone, at this version of the account's cart; once.

        The receipt opens again, to say so.
        """
        result = self._merges.update_one(
            {"_id": receipt_id, "undone_at": None, "ordered_at": None},
            {
                "$set": {
                    "undone_at": now(),
                    "undone_version": account_version,
                    "closed_at": None,
                }
            },
            session=session,
        )
        return bool(result.modified_count)

    def delete_all(self, account_id: AccountId, session: Session) -> None:
        """Forget every merge of an account."""
        self._merges.delete_many({"account_id": account_id}, session=session)


_CONTENTS = ("guest_before", "account_before", "account_after")


def _to_document(receipt: MergeReceipt) -> Document:
    document = asdict(receipt)
    document["_id"] = document.pop("id")
    document["entries"] = [
        {**asdict(entry), "outcome": entry.outcome.value, "words": to_words(entry.why)}
        for entry in receipt.entries
    ]
    document["coupons"] = [
        {"code": each.code, "outcome": each.outcome.value} for each in receipt.coupons
    ]
    held = list(document.pop("held_before"))
    for name in _CONTENTS:
        document[name] = contents_to_document(getattr(receipt, name))
    document["account_before"]["holders"] = held  # a server from before these refuses new fields
    return document


def _from_document(document: Document) -> MergeReceipt:
    fields = {**document, "id": document["_id"]}
    del fields["_id"]
    fields["entries"] = tuple(
        MergeEntry(
            **{
                **{name: value for name, value in entry.items() if name != "words"},
                "why": from_words(entry["why"], entry.get("words")),
                "outcome": Outcome(entry["outcome"]),
                "parts": choice_from_document(entry.get("parts", ())),
            }
        )
        for entry in document["entries"]
    )
    fields["coupons"] = tuple(
        CouponEntry(code=each["code"], outcome=CouponOutcome(each["outcome"]))
        for each in document.get("coupons", ())
    )
    fields["held_before"] = tuple(document["account_before"].get("holders", ()))
    for name in _CONTENTS:
        fields[name] = contents_from_document(document[name])
    return MergeReceipt(**fields)
