"""What a shopper can pay a cart with."""

from __future__ import annotations

from collections.abc import Iterable

from app.credit.holds import CreditHolds
from app.credit.models import CreditAccount, CreditSource, CreditState
from app.credit.repository import CreditRepository
from app.db.database import Database
from app.shared.clock import now
from app.shared.ids import AccountId, CreditId, OrderId
from app.shared.money import Money
from app.shared.texts import Text


class CreditSources:
    """Reads accounts as far as a cart may spend them."""

    def __init__(self, database: Database) -> None:
        self._accounts = CreditRepository(database)
        self._holds = CreditHolds(database)

    def of(
        self,
        card_ids: Iterable[CreditId],
        owner: AccountId | None,
        currency: str,
        own_orders: Iterable[OrderId],
    ) -> tuple[CreditSource, ...]:
        """What pays in ``currency``: gift cards in their order, then the owner's store credit.

        One that cannot has a note why. What the cart's ``own_orders`` hold counts as free: it is
        theirs to be placed anew.
        """
        wanted = list(dict.fromkeys(card_ids))
        found = self._accounts.find_many(wanted) if wanted else {}
        accounts = [found[each] for each in wanted if each in found]
        accounts += self._accounts.of_account(owner) if owner is not None else []
        held = self._holds.held_by(own_orders) if accounts else {}
        return tuple(_source(each, currency, held.get(each.id, 0)) for each in accounts)


def _source(account: CreditAccount, currency: str, own: int) -> CreditSource:
    note: str = ""
    free = account.available.minor + own
    if account.state is not CreditState.ACTIVE:
        note = Text("It cannot be used any more.")
    elif account.is_expired(now()):
        note = Text("It has expired.")
    elif account.currency != currency:
        note = Text("It is in %(currency)s, so it cannot pay here.", currency=account.currency)
    elif not free:
        note = Text("Nothing is left on it.")
    return CreditSource(
        id=account.id,
        kind=account.kind,
        last4=account.last4,
        free=Money(0 if note else free, currency),
        note=note,
    )
