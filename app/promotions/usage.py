"""Who uses a promotion, and how often: held with an order, counted for good once it is paid.

Every method joins the caller's transaction. A limit is a counter that is taken from only while
something is left, and a customer's uses are numbered slots that exist once: two orders at the same
moment conflict in the database, and one of them finds nothing left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.db.database import Database, Document, Session
from app.promotions.errors import PromotionChanged, PromotionUsedUp
from app.promotions.models import Customer, Promotion, Reduction
from app.promotions.repository import PromotionRepository
from app.promotions.usage_repository import UsageRepository
from app.shared.clock import now
from app.shared.ids import OrderId, PromotionId
from app.shared.money import Money

_UNKNOWN = Money(0, "")


class UsageService:
    """Holds, commits and releases uses. An order holds each promotion at most once."""

    def __init__(self, database: Database) -> None:
        self._promotions = PromotionRepository(database)
        self._uses = UsageRepository(database)

    def take(
        self,
        order_id: OrderId,
        reductions: Sequence[Reduction],
        customer: Customer,
        expires_at: datetime,
        session: Session,
        instead_of: Iterable[OrderId] = (),
        given: Mapping[PromotionId, Money] | None = None,
    ) -> None:
        """Hold every promotion that an order uses: all of them or, by the caller's rollback, none.

        What the orders ``instead_of`` hold is given back first, in the same transaction, so that
        nobody else can get it in between. ``given`` is what each takes off the order, for the
        figures. Raises ``PromotionChanged`` if one is not (or no longer)
        as it was priced, ``PromotionUsedUp`` beyond a limit, and ``DuplicateKeyError`` if the same
        customer takes one at this moment: try again then.
        """
        for earlier in instead_of:
            self.release(earlier, session)
        for reduction in sorted(reductions, key=lambda each: each.promotion_id):
            promotion = self._as_priced(reduction, session)
            most = promotion.uses_per_customer or 0
            self._count(promotion, reduction.code, session)
            self._take_slots(promotion.id, promotion.name, customer.keys, most, order_id, session)
            self._uses.insert(
                order_id,
                promotion.id,
                name=promotion.name,
                code=reduction.code,
                customers=customer.keys,
                most_per_customer=most,
                expires_at=expires_at,
                given=(given or {}).get(promotion.id, _UNKNOWN),
                session=session,
            )

    def hold_again(self, order_id: OrderId, expires_at: datetime, session: Session) -> None:
        """Make sure that an order holds what it once held, for a payment that came late.

        The discount was promised, so that the promotion ended since, or it or its code was
        switched off, does not matter; the limits do. Raises ``PromotionUsedUp`` if others have used
        it up.
        """
        for use in self._uses.of_order(order_id, session):
            if self._uses.move(use["_id"], "held", "held", session, expires_at):
                continue  # written all the same, so that giving it back at this moment conflicts
            if not self._uses.move(use["_id"], "released", "held", session, expires_at):
                continue
            promotion = self._promotions.find(use["promotion_id"], session)
            if promotion is not None:  # one that is gone has no limit
                self._count(promotion, use["code"], session, promised=True)
            self._take_slots(
                use["promotion_id"],
                use["name"],
                use["customers"],
                use["most_per_customer"],
                order_id,
                session,
            )

    def prolong(self, order_id: OrderId, expires_at: datetime, session: Session) -> None:
        """Hold on for longer: the order is being paid anew."""
        for use in self._uses.of_order(order_id, session):
            self._uses.move(use["_id"], "held", "held", session, expires_at)

    def commit(self, order_id: OrderId, session: Session) -> None:
        """Count an order's uses for good: it is paid. Repeating it changes nothing."""
        for use in self._uses.of_order(order_id, session):
            self._uses.move(use["_id"], "held", "committed", session)

    def release(self, order_id: OrderId, session: Session) -> None:
        """Give back what an order holds. Repeating it changes nothing."""
        for use in self._uses.of_order(order_id, session):
            if self._uses.move(use["_id"], "held", "released", session):
                self._give_back(use, order_id, session)

    def expired_owners(self, limit: int = 100) -> list[OrderId]:
        """Orders that hold a use for longer than they can be paid."""
        return self._uses.expired_owners(now(), limit)

    # --------------------------------------------------------------------------------------------

    def _as_priced(self, reduction: Reduction, session: Session) -> Promotion:
        promotion = self._promotions.find(reduction.promotion_id, session)
        if promotion is None or not _is_as_priced(promotion, reduction):
            raise PromotionChanged(reduction.name)
        return promotion

    def _count(
        self, promotion: Promotion, code: str, session: Session, *, promised: bool = False
    ) -> None:
        """One use of the promotion and of the code, of one that is off only if ``promised``."""
        limited = promotion.limit_total is not None
        if limited and not self._promotions.take_one(promotion.id, session):
            raise PromotionUsedUp(promotion.name)
        if code and not self._promotions.take_code(code, promotion.id, session, even_off=promised):
            raise PromotionUsedUp(promotion.name)

    def _take_slots(
        self,
        promotion_id: PromotionId,
        name: str,
        customers: Iterable[str],
        most: int,
        order_id: OrderId,
        session: Session,
    ) -> None:
        for customer in customers if most else ():
            taken = self._uses.slots(promotion_id, customer, session)
            free = next((number for number in range(most) if number not in taken), None)
            if free is None:
                raise PromotionUsedUp(name)
            self._uses.take_slot(promotion_id, customer, free, order_id, session)

    def _give_back(self, use: Document, order_id: OrderId, session: Session) -> None:
        self._promotions.give_back_one(use["promotion_id"], session)
        if use["code"]:
            self._promotions.give_back_code(use["code"], session)
        self._uses.free_slots(use["promotion_id"], order_id, session)


def _is_as_priced(promotion: Promotion, reduction: Reduction) -> bool:
    moment = now()
    begun = promotion.starts_at is None or promotion.starts_at <= moment
    over = promotion.ends_at is not None and promotion.ends_at <= moment
    return promotion.revision == reduction.revision and promotion.active and begun and not over
