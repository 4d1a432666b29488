"""The addresses that an account keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.db.database import Database
from app.identity.errors import AddressBookFull
from app.identity.models import SavedAddress
from app.identity.repository import AccountRepository
from app.shared.errors import Conflict, NotFound
from app.shared.ids import AccountId, AddressId, new_id
from app.shared.postal import Address
from app.shared.texts import Text

MOST = 20
_TRIES = 5
Entries = tuple[SavedAddress, ...]


class AddressBook:
    """Adds, changes and removes entries; each change is written over the book it was read in."""

    def __init__(self, database: Database) -> None:
        self._accounts = AccountRepository(database)

    def get(self, account_id: AccountId, address_id: AddressId) -> SavedAddress:
        """One entry. Raises ``NotFound``, also for another account's."""
        account = self._accounts.find(account_id)
        return _find(account.addresses if account else (), address_id)

    def add(self, account_id: AccountId, address: Address, *, default: bool = False) -> None:
        """Add an entry, unless it is there already. Raises ``AddressBookFull``."""

        def change(entries: Entries) -> Entries:
            known = next((each for each in entries if each.address == address), None)
            if known is None:
                if len(entries) >= MOST:
                    raise AddressBookFull(MOST)
                known = SavedAddress(
                    id=AddressId(new_id("adr")), address=address, is_default=not entries
                )
                entries = (*entries, known)
            return _with_default(entries, known.id) if default else entries

        self._change(account_id, change)

    def replace(
        self, account_id: AccountId, address_id: AddressId, address: Address, *, default: bool
    ) -> None:
        """Change an entry. Raises ``NotFound``."""

        def change(entries: Entries) -> Entries:
            changed = replace(_find(entries, address_id), address=address)
            entries = tuple(changed if each.id == address_id else each for each in entries)
            return _with_default(entries, address_id) if default else entries

        self._change(account_id, change)

    def make_default(self, account_id: AccountId, address_id: AddressId) -> None:
        """Offer this one first. Raises ``NotFound``."""

        def change(entries: Entries) -> Entries:
            return _with_default(entries, _find(entries, address_id).id)

        self._change(account_id, change)

    def remove(self, account_id: AccountId, address_id: AddressId) -> None:
        """Remove an entry, again and again if asked."""

        def change(entries: Entries) -> Entries:
            left = tuple(each for each in entries if each.id != address_id)
            needs = left and not any(each.is_default for each in left)
            return _with_default(left, left[0].id) if needs else left

        self._change(account_id, change)

    def _change(self, account_id: AccountId, change: Callable[[Entries], Entries]) -> None:
        for _ in range(_TRIES):
            account = self._accounts.find(account_id)
            if account is None:
                raise NotFound(Text("This account does not exist (any more)."))
            after = change(account.addresses)
            if after == account.addresses or self._accounts.replace_addresses(account, after):
                return
        raise Conflict(
            Text("Your addresses are being changed in another window. Please try again."), 1
        )


def _find(entries: Entries, address_id: AddressId) -> SavedAddress:
    found = next((each for each in entries if each.id == address_id), None)
    if found is None:
        raise NotFound(Text("This address is not in your book."))
    return found


def _with_default(entries: Entries, address_id: AddressId) -> Entries:
    return tuple(replace(each, is_default=each.id == address_id) for each in entries)
