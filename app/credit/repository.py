"""Credit documents. Every change of money is one conditional update plus its entry, in a
transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.credit.models import (
    Cause,
    CreditAccount,
    CreditEntry,
    CreditFilter,
    CreditState,
    ListedCredit,
)
from app.db.database import Database, Document, Session, find_any
from app.shared.clock import now
from app.shared.credit import CreditKind
from app.shared.ids import AccountId, CreditId, OrderId
from app.shared.money import Money


class CreditRepository:
    """Reads and writes ``credit_accounts`` and ``credit_entries``."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["credit_accounts"]
        self._entries = database["credit_entries"]

    def insert(self, account: CreditAccount, digest: str, session: Session) -> None:
        """Store a new account, which has no money before its first entry. Raises
        ``DuplicateKeyError`` if its id, its code or its owner has one."""
        document = {
            "_id": account.id,
            "kind": account.kind.value,
            "state": account.state.value,
            "currency": account.currency,
            "balance": 0,
            "held": 0,
            "available": 0,
            "issued": account.issued.minor,
            "last4": account.last4,
            "created_at": account.created_at,
            "updated_at": account.created_at,
            "expires_at": account.expires_at,
            "rank": f"{account.created_at:%Y%m%d%H%M%S%f}:{account.id}",
        }
        if digest:
            document["digest"] = digest
        if account.account_id is not None:
            document["account_id"] = account.account_id
        self._accounts.insert_one(document, session=session)

    def find(self, credit_id: CreditId, session: Session | None = None) -> CreditAccount | None:
        """The account, or None."""
        return _maybe(self._accounts.find_one({"_id": credit_id}, session=session))

    def find_many(self, credit_ids: Iterable[CreditId]) -> dict[CreditId, CreditAccount]:
        """Those of the accounts that there are."""
        found = find_any(self._accounts, "_id", credit_ids)
        return {document["_id"]: _account(document) for document in found}

    def find_by_digest(self, digest: str) -> CreditAccount | None:
        """The gift card with this code, or None."""
        return _maybe(self._accounts.find_one({"digest": digest}))

    def of_account(
        self, account_id: AccountId, session: Session | None = None
    ) -> list[CreditAccount]:
        """A shopper's store credit, one for each currency."""
        found = self._accounts.find({"account_id": account_id}, session=session)
        return sorted(map(_account, found), key=lambda each: each.currency)

    def listed(self, wanted: CreditFilter, most: int) -> list[ListedCredit]:
        """Accounts, the newest first."""
        chosen = {
            "kind": wanted.kind.value if wanted.kind else "",
            "state": wanted.state.value if wanted.state else "",
            "currency": wanted.currency,
            "last4": wanted.last4,
            "account_id": wanted.account_id,
        }
        query: Document = {name: value for name, value in chosen.items() if value}
        if wanted.after:
            query["rank"] = {"$lt": wanted.after}
        found = self._accounts.find(query).sort("rank", -1).limit(most)
        return [ListedCredit(account=_account(each), rank=each["rank"]) for each in found]

    def disown(self, account_id: AccountId, session: Session) -> None:
        """Keep the ledger of a shopper who goes, without the shopper."""
        self._accounts.update_many(
            {"account_id": account_id},
            {
                "$unset": {"account_id": ""},
                "$set": {"state": CreditState.DISABLED.value, "updated_at": now()},
            },
            session=session,
        )

    def change(
        self,
        entry_id: str,
        credit_id: CreditId,
        *,
        balance: int = 0,
        held: int = 0,
        cause: Cause,
        by: str,
        session: Session,
        order_id: OrderId | None = None,
        only: Mapping[str, Any] | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> bool:
        """Add ``balance`` and ``held`` (minor units, either sign) if the account is as ``only``
        says and has so much available. Raises ``DuplicateKeyError`` if this entry was made
        before; the caller's transaction must then roll back."""
        guards: Document = {"_id": credit_id, **(only or {})}
        for field, step in (("balance", balance), ("held", held), ("available", balance - held)):
            if step < 0:
                guards[field] = {"$gte": -step}
        moment = now()
        result = self._accounts.update_one(
            guards,
            {
                "$inc": {"balance": balance, "held": held, "available": balance - held},
                "$set": {"updated_at": moment, **(also or {})},
            },
            session=session,
        )
        if not result.matched_count:
            return False
        self._entries.insert_one(
            {
                "_id": entry_id,
                "credit_id": credit_id,
                "amount": balance,
                "held": held,
                "cause": cause.value,
                "order_id": order_id,
                "by": by,
                "at": moment,
            },
            session=session,
        )
        return True

    def find_entry(self, entry_id: str, session: Session | None = None) -> CreditEntry | None:
        """A change that was made, or None."""
        found = self._entries.find_one({"_id": entry_id}, session=session)
        account = self.find(found["credit_id"], session) if found else None
        return _entry(found, account.currency) if found and account else None

    def has_entry(self, entry_id: str, session: Session) -> bool:
        """Whether this change was made before."""
        return self._entries.find_one({"_id": entry_id}, {"_id": 1}, session=session) is not None

    def set_state(self, credit_id: CreditId, state: CreditState) -> None:
        """Disable an account, or let it be spent again."""
        self._accounts.update_one(
            {"_id": credit_id}, {"$set": {"state": state.value, "updated_at": now()}}
        )

    def prolong(self, credit_id: CreditId, until: datetime, session: Session) -> None:
        """Let an account that ends before ``until`` end then; one that never ends stays so."""
        self._accounts.update_one(
            {"_id": credit_id, "expires_at": {"$lt": until}},
            {"$set": {"expires_at": until}},
            session=session,
        )

    def entries(self, credit_id: CreditId, session: Session | None = None) -> list[CreditEntry]:
        """Everything that happened to an account, oldest first."""
        found = self._accounts.find_one({"_id": credit_id}, {"currency": 1}, session=session)
        if found is None:
            return []
        entries = self._entries.find({"credit_id": credit_id}, session=session)
        return sorted(
            (_entry(each, found["currency"]) for each in entries), key=lambda each: each.at
        )

    def changed_since(self, moment: datetime | None) -> list[CreditId]:
        """Accounts that changed from ``moment`` on; None is all there are."""
        query = {} if moment is None else {"updated_at": {"$gte": moment}}
        return [document["_id"] for document in self._accounts.find(query, {"_id": 1})]


def _maybe(document: Document | None) -> CreditAccount | None:
    return _account(document) if document else None


def _account(document: Document) -> CreditAccount:
    def money(name: str) -> Money:
        return Money(document[name], document["currency"])

    return CreditAccount(
        id=document["_id"],
        kind=CreditKind(document["kind"]),
        state=CreditState(document["state"]),
        balance=money("balance"),
        held=money("held"),
        available=money("available"),
        issued=money("issued"),
        last4=document["last4"],
        created_at=document["created_at"],
        account_id=document.get("account_id"),
        expires_at=document.get("expires_at"),
    )


def _entry(document: Document, currency: str) -> CreditEntry:
    return CreditEntry(
        id=document["_id"],
        credit_id=document["credit_id"],
        amount=Money(document["amount"], currency),
        held=Money(document["held"], currency),
        cause=Cause(document["cause"]),
        order_id=document["order_id"],
        by=document["by"],
        at=document["at"],
    )
