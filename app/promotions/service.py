"""Keeping the shop's promotions and their codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.db.database import Database, Session
from app.promotions.codes import check_code, make_code
from app.promotions.models import CouponCode, Promotion
from app.promotions.repository import PromotionRepository
from app.promotions.usage_repository import UsageRepository
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import PromotionId

_BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionReport:
    """A promotion with how it is used: by orders that wait for their payment, and by paid ones."""

    promotion: Promotion
    codes: int
    held: int
    used: int


class PromotionService:
    """The shop's promotions, for those who run them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._promotions = PromotionRepository(database)
        self._uses = UsageRepository(database)

    def create(self, promotion: Promotion, codes: Sequence[tuple[str, int | None]] = ()) -> None:
        """Store a new promotion with its codes and each one's limit.

        Raises ``Invalid`` for a code that cannot be one, ``Conflict`` for one that is taken.
        """
        checked = [(check_code(code), limit) for code, limit in codes]

        def work(session: Session) -> None:
            self._refuse_taken([code for code, _ in checked])
            self._promotions.insert(promotion, session)
            for code, limit in checked:
                self._promotions.insert_codes(promotion.id, [code], limit, "", session)

        self._database.in_transaction(work)

    def _refuse_taken(self, codes: Sequence[str]) -> None:
        for code in self._promotions.codes(codes):
            raise Conflict(f"There is a code {code} already.")

    def change(self, promotion: Promotion) -> Promotion:
        """Store a changed promotion over the revision that was read, and return the next one.

        Orders that were placed keep their discount. Raises ``Conflict`` if somebody else changed
        it, ``NotFound`` if it is gone.
        """

        def work(session: Session) -> None:
            before = self._promotions.find(promotion.id, session)
            if before is None:
                raise NotFound("This promotion does not exist.")
            if not self._promotions.replace(promotion, session):
                raise Conflict("Somebody else has changed this promotion. Please look again.")
            if before.limit_total != promotion.limit_total:
                states = self._uses.count(promotion.id, session)
                used = states["held"] + states["committed"]
                self._promotions.set_limit(promotion.id, promotion.limit_total, used, session)

        self._database.in_transaction(work)
        return replace(promotion, revision=promotion.revision + 1)

    def switch(self, promotion_id: str, *, active: bool) -> Promotion:
        """Turn a promotion on or off. Raises as ``change``."""
        promotion = self.get(promotion_id)
        if promotion.active is active:
            return promotion
        return self.change(replace(promotion, active=active))

    def find(self, promotion_id: str) -> Promotion | None:
        """A promotion, or None."""
        return self._promotions.find(PromotionId(promotion_id))

    def get(self, promotion_id: str) -> Promotion:
        """A promotion. Raises ``NotFound``."""
        promotion = self.find(promotion_id)
        if promotion is None:
            raise NotFound("There is no promotion with this id.")
        return promotion

    def generate(
        self,
        promotion_id: str,
        count: int,
        *,
        prefix: str = "",
        limit: int | None = 1,
        batch: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> list[str]:
        """Make ``count`` codes that nobody can guess, each good for ``limit`` orders.

        Raises ``NotFound``, and ``Invalid`` for a promotion that needs no code or a bad prefix.
        """
        promotion = self.get(promotion_id)
        if promotion.automatic:
            raise Invalid("This promotion is automatic: it needs no codes.")
        prefix = check_code(prefix) if prefix else ""
        if len(prefix) > 20:
            raise Invalid("The prefix is at most 20 letters.")
        made: set[str] = set()
        while len(made) < count:
            new: set[str] = set()
            while len(new) < min(_BATCH, count - len(made)):
                new.add(make_code(prefix))
            new -= made | set(self._promotions.codes(new))
            self._promotions.insert_codes(promotion.id, sorted(new), limit, batch)
            made |= new
            if progress:
                progress(len(made), count)
        return sorted(made)

    def codes_of(self, promotion_id: str, batch: str | None = None) -> list[CouponCode]:
        """The codes of a promotion, or of one batch of it. Raises ``NotFound``."""
        return self._promotions.codes_of(self.get(promotion_id).id, batch)

    def report(self) -> list[PromotionReport]:
        """Every promotion with how it is used, the oldest first."""
        return [self._report(promotion) for promotion in self._promotions.every()]

    def _report(self, promotion: Promotion) -> PromotionReport:
        states = self._uses.count(promotion.id)
        return PromotionReport(
            promotion=promotion,
            codes=len(self._promotions.codes_of(promotion.id)),
            held=states["held"],
            used=states["committed"],
        )
