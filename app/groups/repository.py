"""Group documents, and one for each address in a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.db.database import Database, Document, Session, find_any
from app.groups.models import Group, Member

_BATCH = 1000


class GroupRepository:
    """Reads and writes ``customer_groups`` and ``group_members``."""

    def __init__(self, database: Database) -> None:
        self._groups = database["customer_groups"]
        self._members = database["group_members"]

    def insert(self, group: Group, session: Session) -> None:
        """Store a new group. Raises ``DuplicateKeyError`` if its code is taken."""
        self._groups.insert_one(
            {
                "_id": group.code,
                "name": group.name,
                "size": group.size,
                "version": group.version,
                "created_at": group.created_at,
            },
            session=session,
        )

    def every(self) -> list[Group]:
        """All groups, by name."""
        return sorted(map(_group, self._groups.find()), key=lambda each: each.name.casefold())

    def find(self, code: str, session: Session | None = None) -> Group | None:
        """The group, or None."""
        found = self._groups.find_one({"_id": code}, session=session)
        return _group(found) if found else None

    def rename(self, code: str, name: str, version: int) -> bool:
        """Change the name in a version; False if that is another by now."""
        result = self._groups.update_one(
            {"_id": code, "version": version}, {"$set": {"name": name}, "$inc": {"version": 1}}
        )
        return bool(result.modified_count)

    def resize(self, code: str, step: int, session: Session) -> bool:
        """Count members who came or went; False if there is no such group."""
        result = self._groups.update_one({"_id": code}, {"$inc": {"size": step}}, session=session)
        return bool(result.matched_count)

    def delete(self, code: str, session: Session) -> None:
        """Delete a group with its members."""
        self._groups.delete_one({"_id": code}, session=session)
        self._members.delete_many({"code": code}, session=session)

    # --- members --------------------------------------------------------------------------------

    def known(self, code: str, emails: Sequence[str], session: Session) -> set[str]:
        """Those of the addresses that are in the group."""
        ids = [_member_id(code, email) for email in emails]
        found = find_any(self._members, "_id", ids, session, only=("email",))
        return {each["email"] for each in found}

    def add(self, code: str, emails: Sequence[str], moment: datetime, session: Session) -> None:
        """Put addresses into a group. Raises ``DuplicateKeyError`` for one that is there."""
        documents = [
            {"_id": _member_id(code, email), "code": code, "email": email, "added_at": moment}
            for email in emails
        ]
        for start in range(0, len(documents), _BATCH):
            self._members.insert_many(documents[start : start + _BATCH], session=session)

    def remove(self, code: str, emails: Sequence[str], session: Session) -> int:
        """Take addresses out of a group; how many were in it."""
        gone = 0
        for email in emails:
            result = self._members.delete_one({"_id": _member_id(code, email)}, session=session)
            gone += result.deleted_count
        return gone

    def members(
        self, code: str, after: str = "", most: int = 0, session: Session | None = None
    ) -> list[Member]:
        """Who is in a group, by address, from the one behind ``after`` on; ``most`` 0 is all."""
        found = self._members.find({"code": code, "email": {"$gt": after}}, session=session)
        return [
            Member(email=each["email"], added_at=each["added_at"])
            for each in found.sort("email", 1).limit(most)
        ]

    def codes_of(self, emails: Iterable[str], session: Session | None = None) -> frozenset[str]:
        """The groups that any of these addresses is in."""
        found = find_any(self._members, "email", emails, session, only=("code",))
        return frozenset(each["code"] for each in found)


def _member_id(code: str, email: str) -> str:
    return f"{code}:{email}"


def _group(document: Document) -> Group:
    return Group(
        code=document["_id"],
        name=document["name"],
        size=document["size"],
        version=document["version"],
        created_at=document["created_at"],
    )
