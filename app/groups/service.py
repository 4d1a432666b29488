"""Making groups, and saying who is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.groups.errors import GroupCodeTaken, GroupMovedOn, NoGroup
from app.groups.events import GROUP_CHANGED
from app.groups.models import Group, Member
from app.groups.repository import GroupRepository
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid
from app.shared.slugs import slug_from
from app.shared.texts import Text

MOST_AT_ONCE = 5_000  # addresses
_TOLD_AT_ONCE = 500
_TRIES = 5
_LONGEST_CODE = 40
_SHAPE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
T = TypeVar("T")


class GroupService:
    """The shop's groups. Whoever comes or goes is told by an event."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._groups = GroupRepository(database)

    # --- looking --------------------------------------------------------------------------------

    def every(self) -> list[Group]:
        """All groups, by name."""
        return self._groups.every()

    def get(self, code: str) -> Group:
        """A group. Raises ``NoGroup``."""
        group = self._groups.find(code)
        if group is None:
            raise NoGroup
        return group

    def members(self, code: str, after: str, most: int) -> list[Member]:
        """Some who are in a group, by address, from the one behind ``after`` on."""
        return self._groups.members(code, after, most)

    def codes_of(self, emails: Iterable[str]) -> frozenset[str]:
        """The groups that any of these addresses (in their normal spelling) is in."""
        return self._groups.codes_of(emails)

    # --- the group itself -----------------------------------------------------------------------

    def create(self, code: str, name: str) -> Group:
        """Make an empty group; the same again changes nothing. Without a code it gets one from its
        name. Raises ``Invalid`` for what is no code, and ``GroupCodeTaken``."""
        code = code.strip().lower() or slug_from(name, _LONGEST_CODE)
        if not _SHAPE.fullmatch(code):
            message = Text("A code has 2 to 40 small letters a to z, digits and hyphens.")
            raise Invalid(message, {"code": message})
        group = Group(code=code, name=name, size=0, version=1, created_at=now())
        try:
            self._database.in_transaction(lambda session: self._groups.insert(group, session))
        except DuplicateKeyError as error:
            known = self._groups.find(code)
            if known is None or known.name != name:
                raise GroupCodeTaken(code) from error
            return known
        return group

    def rename(self, code: str, name: str, version: int) -> Group:
        """Change a group's name as it was read in ``version``. Raises ``GroupMovedOn``, and
        ``NoGroup``."""
        known = self.get(code)
        if known.name != name and not self._groups.rename(code, name, version):
            raise GroupMovedOn
        return self.get(code)

    def delete(self, code: str) -> dict[str, Any]:
        """Delete a group; what ``restore`` needs to bring it back. Raises ``NoGroup``."""

        def work(session: Session) -> dict[str, Any]:
            group = self._groups.find(code, session)
            if group is None:
                raise NoGroup
            emails = [each.email for each in self._groups.members(code, session=session)]
            self._groups.delete(code, session)
            self._tell(code, emails, session)
            return {"code": code, "name": group.name, "emails": emails}

        return self._settled(work)

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Bring back what ``delete`` returned. Raises ``GroupCodeTaken`` if there is another."""
        code, emails = kept["code"], list(kept["emails"])
        group = Group(code=code, name=kept["name"], size=len(emails), version=1, created_at=now())

        def work(session: Session) -> None:
            self._groups.insert(group, session)
            self._groups.add(code, emails, now(), session)
            self._tell(code, emails, session)

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError as error:
            raise GroupCodeTaken(code) from error

    # --- members --------------------------------------------------------------------------------

    def add(self, code: str, emails: Iterable[str]) -> list[str]:
        """Put addresses (in their normal spelling) into a group; those that were not in it.

        Raises ``NoGroup``, and ``Invalid`` for too many at once.
        """
        wanted = list(dict.fromkeys(emails))
        if len(wanted) > MOST_AT_ONCE:
            raise Invalid(Text("Please add at most %(most)s addresses at once.", most=MOST_AT_ONCE))

        def work(session: Session) -> list[str]:
            known = self._groups.known(code, wanted, session)
            new = [email for email in wanted if email not in known]
            if not self._groups.resize(code, len(new), session):
                raise NoGroup
            self._groups.add(code, new, now(), session)
            self._tell(code, new, session)
            return new

        return self._settled(work)

    def remove(self, code: str, emails: Sequence[str]) -> list[str]:
        """Take addresses out of a group; those that were in it. Raises ``NoGroup``."""

        def work(session: Session) -> list[str]:
            gone = sorted(self._groups.known(code, emails, session))
            if not self._groups.resize(code, -len(gone), session):
                raise NoGroup
            self._groups.remove(code, gone, session)
            self._tell(code, gone, session)
            return gone

        return self._settled(work)

    def forget(self, email: str, session: Session) -> None:
        """Take an address out of every group, in the caller's transaction."""
        for code in sorted(self._groups.codes_of([email], session)):
            self._groups.resize(code, -1, session)
            self._groups.remove(code, [email], session)
            self._tell(code, [email], session)

    def _tell(self, code: str, emails: Sequence[str], session: Session) -> None:
        for start in range(0, len(emails), _TOLD_AT_ONCE):
            some = list(emails[start : start + _TOLD_AT_ONCE])
            self._outbox.publish(GROUP_CHANGED, {"code": code, "emails": some}, session)

    def _settled(self, work: Callable[[Session], T]) -> T:
        """Try again while somebody else adds the same address."""
        for _ in range(_TRIES):
            try:
                return self._database.in_transaction(work)
            except DuplicateKeyError:
                continue
        raise Conflict(Text("This group is being changed just now. Please try again."), 1)
