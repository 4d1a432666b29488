"""Gift cards and store credit: issued, looked up, adjusted and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from functools import partial

from app.credit.codes import derive_code, digest_of, normal_code
from app.credit.errors import (
    CardSoldByOrder,
    GiftCardRefused,
    GiftCardSpent,
    KeyUsedOtherwise,
    NotUnspent,
    UnknownGiftCard,
)
from app.credit.events import GIFT_CARD_ISSUED
from app.credit.givebacks import GiveBacks
from app.credit.models import (
    Cause,
    CreditAccount,
    CreditEntry,
    CreditFault,
    CreditFilter,
    CreditState,
    ListedCredit,
    Recipient,
)
from app.credit.repository import CreditRepository
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.shared.clock import now
from app.shared.credit import CreditKind
from app.shared.errors import Invalid, NotFound
from app.shared.ids import AccountId, CreditId, OrderId, new_id
from app.shared.money import Money
from app.shared.shop_keys import ShopKeys
from app.shared.texts import Text


class CreditService:
    """The shop's credit accounts. Gift card codes are derived from ``keys``, and only their
    digests are kept: without the key of its day every card stays good, and only its mail cannot
    be made again."""

    def __init__(self, database: Database, outbox: Outbox, keys: ShopKeys) -> None:
        self._database = database
        self._outbox = outbox
        self._keys = keys
        self._accounts = CreditRepository(database)
        self._givebacks = GiveBacks(database)

    # --- looking --------------------------------------------------------------------------------

    def get(self, credit_id: CreditId, session: Session | None = None) -> CreditAccount:
        """The account. Raises ``NotFound``."""
        account = self._accounts.find(credit_id, session)
        if account is None:
            raise NotFound(Text("There is no such credit account."))
        return account

    def find_many(self, credit_ids: Iterable[CreditId]) -> dict[CreditId, CreditAccount]:
        """Those of the accounts that there are."""
        return self._accounts.find_many(credit_ids)

    def find_by_code(self, typed: str) -> CreditAccount | None:
        """The gift card with this code, or None; for staff, so disabled ones too."""
        code = normal_code(typed)
        return self._accounts.find_by_digest(digest_of(code)) if code else None

    def look_up(self, typed: str) -> CreditAccount:
        """The gift card with this code, whatever is left on it.

        Raises ``UnknownGiftCard``, for a disabled one as well.
        """
        if not typed.strip():
            raise GiftCardRefused(Text("Please enter the code of your gift card."))
        account = self.find_by_code(typed)
        if account is None or account.state is not CreditState.ACTIVE:
            raise UnknownGiftCard
        return account

    def usable(self, typed: str, currency: str) -> CreditAccount:
        """The gift card with this code, if it can pay in ``currency`` now.

        Raises ``UnknownGiftCard``, and ``GiftCardRefused`` with the reason to whoever has the
        right code.
        """
        account = self.look_up(typed)
        if account.is_expired(now()):
            raise GiftCardRefused(Text("This gift card has expired."))
        if account.currency != currency:
            raise GiftCardRefused(
                Text(
                    "This gift card is in %(its)s, and your cart is in %(currency)s. Change the "
                    "country of your cart to use it.",
                    its=account.currency,
                    currency=currency,
                )
            )
        if not account.balance:
            raise GiftCardRefused(Text("Nothing is left on this gift card."))
        return account

    def of_account(self, account_id: AccountId) -> list[CreditAccount]:
        """A shopper's store credit, one for each currency."""
        return self._accounts.of_account(account_id)

    def listed(self, wanted: CreditFilter, most: int) -> list[ListedCredit]:
        """Accounts as they are asked for, the newest first."""
        return self._accounts.listed(wanted, most)

    def has_card(self, key: str) -> bool:
        """Whether a gift card was issued with this key before."""
        return self._accounts.find(CreditId(f"crd_{key}")) is not None

    def was_granted(self, key: str) -> bool:
        """Whether a grant with this key was made before."""
        return self._accounts.find_entry(f"grant:{key}") is not None

    def fault_of(self, credit_id: CreditId) -> str:
        """What is wrong with an account's figures by its entries, "" if nothing is."""
        return self._database.in_transaction(lambda session: self._fault(credit_id, session))

    def history(self, credit_id: CreditId) -> list[CreditEntry]:
        """What happened to an account, oldest first."""
        return self._accounts.entries(credit_id)

    def code_of(self, account: CreditAccount) -> str:
        """A gift card's code, "" if it was issued under a key that is gone."""
        for key in self._keys:
            code = derive_code(key, account.id)
            found = self._accounts.find_by_digest(digest_of(code))
            if found is not None and found.id == account.id:
                return code
        return ""

    # --- issuing --------------------------------------------------------------------------------

    def issue(
        self,
        amount: Money,
        *,
        by: str,
        session: Session,
        credit_id: CreditId | None = None,
        order_id: OrderId | None = None,
        expires_at: datetime | None = None,
        recipient: Recipient | None = None,
    ) -> CreditAccount | None:
        """Issue a gift card, and have it sent to its ``recipient``; None if the one with this
        ``credit_id`` was issued before."""
        if amount.minor <= 0:
            raise Invalid(Text("A gift card needs an amount."))
        credit_id = credit_id or CreditId(new_id("crd"))
        if self._accounts.find(credit_id, session) is not None:
            return None
        code = derive_code(self._keys.newest, credit_id)
        zero = Money.zero(amount.currency)
        account = CreditAccount(
            id=credit_id,
            kind=CreditKind.GIFT_CARD,
            state=CreditState.ACTIVE,
            balance=zero,
            held=zero,
            available=zero,
            issued=amount,
            last4=code[-4:],
            created_at=now(),
            expires_at=expires_at,
        )
        self._accounts.insert(account, digest_of(code), session)
        self._accounts.change(
            f"{credit_id}:{Cause.ISSUE}",
            credit_id,
            balance=amount.minor,
            cause=Cause.ISSUE,
            order_id=order_id,
            by=by,
            session=session,
        )
        if recipient is not None:
            self._have_sent(credit_id, recipient, order_id, session)
        return self.get(credit_id, session)

    def _have_sent(
        self,
        credit_id: CreditId,
        recipient: Recipient,
        order_id: OrderId | None,
        session: Session,
    ) -> None:
        payload = {"credit_id": credit_id, "order_id": order_id, **asdict(recipient)}
        key = f"{GIFT_CARD_ISSUED}:{credit_id}"
        self._outbox.publish(GIFT_CARD_ISSUED, payload, session, key=key)

    def void(
        self, credit_id: CreditId, amount: Money, *, order_id: OrderId, by: str, session: Session
    ) -> None:
        """Take a sold gift card's money off it, only if nothing of it was spent or is held.

        One that is not issued yet never will be. Raises ``GiftCardSpent``.
        """
        self.issue(amount, by=by, session=session, credit_id=credit_id, order_id=order_id)
        voided = self._accounts.change(
            f"{by}:{Cause.VOID}:{credit_id}",
            credit_id,
            balance=-amount.minor,
            cause=Cause.VOID,
            order_id=order_id,
            by=by,
            session=session,
            only={"held": 0},
            also={"state": CreditState.DISABLED.value},
        )
        if not voided:
            raise GiftCardSpent

    def is_unspent(self, credit_id: CreditId, amount: Money, session: Session) -> bool:
        """Whether all of a sold gift card is on it, or it is not issued yet."""
        account = self._accounts.find(credit_id, session)
        return account is None or (account.balance == amount and not account.held)

    def unvoid(
        self,
        credit_id: CreditId,
        amount: Money,
        recipient: Recipient,
        *,
        order_id: OrderId,
        by: str,
        session: Session,
    ) -> None:
        """Undo a ``void``: the refund it was for failed. One that was void before it was issued has
        been sent to nobody: its ``recipient`` gets it now."""
        issued = self._accounts.find_entry(f"{credit_id}:{Cause.ISSUE}", session)
        if issued is not None and issued.by == by:
            self._have_sent(credit_id, recipient, order_id, session)
        self._accounts.change(
            f"{by}:un{Cause.VOID}:{credit_id}",
            credit_id,
            balance=amount.minor,
            cause=Cause.VOID,
            order_id=order_id,
            by=by,
            session=session,
            also={"state": CreditState.ACTIVE.value},
        )

    # --- by staff -------------------------------------------------------------------------------

    def issue_card(
        self,
        amount: Money,
        *,
        by: str,
        expires_at: datetime | None = None,
        recipient: Recipient | None = None,
        key: str = "",
    ) -> CreditAccount:
        """Issue a gift card that nobody bought; the same ``key`` again issues no second one.

        Raises ``KeyUsedOtherwise`` where it had another amount.
        """
        credit_id = CreditId(f"crd_{key}") if key else CreditId(new_id("crd"))
        try:
            self._database.in_transaction(
                lambda session: self.issue(
                    amount,
                    by=by,
                    session=session,
                    credit_id=credit_id,
                    expires_at=expires_at,
                    recipient=recipient,
                )
            )
        except DuplicateKeyError:
            pass  # the same form came twice at once
        issued = self.get(credit_id)
        if issued.issued != amount:
            raise KeyUsedOtherwise
        return issued

    def void_card(self, credit_id: CreditId, *, by: str) -> CreditAccount:
        """Take all its money off a gift card of which nothing was spent, for good; repeating it
        changes nothing. Raises ``NotFound``, ``CardSoldByOrder`` and ``NotUnspent``."""
        entry = f"{credit_id}:{Cause.VOID}"

        def work(session: Session) -> CreditAccount:
            card = self.get(credit_id, session)
            if self._accounts.has_entry(entry, session):
                return card
            issue = self._accounts.find_entry(f"{credit_id}:{Cause.ISSUE}", session)
            if issue is not None and issue.order_id is not None:
                raise CardSoldByOrder
            if card.kind is not CreditKind.GIFT_CARD or not self._accounts.change(
                entry,
                credit_id,
                balance=-card.issued.minor,
                cause=Cause.VOID,
                by=by,
                session=session,
                only={"held": 0},
                also={"state": CreditState.DISABLED.value},
            ):
                raise NotUnspent
            return self.get(credit_id, session)

        return self._database.in_transaction(work)

    def grant(
        self, account_id: AccountId, amount: Money, *, reason: str, by: str, key: str = ""
    ) -> CreditAccount:
        """Add to a shopper's store credit, or take from it with a negative amount; the same
        ``key`` again changes nothing. Raises ``Invalid`` if there is not so much."""
        entry = f"grant:{key or new_id('grt')}"
        if not amount:
            raise Invalid(Text("Please enter an amount."), {"amount": Text("Not nothing.")})

        def work(session: Session) -> CreditAccount:
            account = self._givebacks.store_credit(account_id, amount.currency, session)
            if not self._accounts.has_entry(entry, session) and not self._accounts.change(
                entry,
                account.id,
                balance=amount.minor,
                cause=Cause.ADJUST,
                by=f"{by}: {reason}" if reason else by,
                session=session,
            ):
                raise Invalid(Text("There is not so much store credit to take away."))
            return self.get(account.id, session)

        return self._database.in_transaction(work)

    def set_state(self, credit_id: CreditId, state: CreditState) -> CreditAccount:
        """Disable an account, or let it be spent again. Raises ``NotFound``."""
        self.get(credit_id)
        self._accounts.set_state(credit_id, state)
        return self.get(credit_id)

    def disown(self, account_id: AccountId, session: Session) -> None:
        """Keep the ledger of a shopper who deletes their account, without the shopper."""
        self._accounts.disown(account_id, session)

    # --- checking -------------------------------------------------------------------------------

    def check(self, since: datetime | None = None) -> list[CreditFault]:
        """Accounts changed from ``since`` on (None: all) whose money is not what their entries
        say."""
        found = []
        for credit_id in self._accounts.changed_since(since):
            fault = self._database.in_transaction(partial(self._fault, credit_id))
            if fault:
                found.append(CreditFault(credit_id=credit_id, message=fault))
        return found

    def _fault(self, credit_id: CreditId, session: Session) -> str:
        account = self.get(credit_id, session)
        entries = self._accounts.entries(credit_id, session)
        balance = sum(each.amount.minor for each in entries)
        held = sum(each.held.minor for each in entries)
        if balance != account.balance.minor:
            return f"balance {account.balance.minor}, entries say {balance}"
        if held != account.held.minor:
            return f"held {account.held.minor}, entries say {held}"
        if account.available != account.balance - account.held:
            return f"available {account.available.minor} is not the balance without what is held"
        return ""
