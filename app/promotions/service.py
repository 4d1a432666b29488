"""Keeping the shop's promotions and their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.db.database import Database, Session
from app.promotions.code_repository import CodeRepository
from app.promotions.codes import check_code, normal_code
from app.promotions.errors import CodeTaken, PromotionInUse, PromotionMoved
from app.promotions.models import Promotion, Use
from app.promotions.plain import (
    plain_batch,
    plain_promotion,
    restored_batch,
    restored_promotion,
)
from app.promotions.queries import PromotionQuery
from app.promotions.repository import PromotionRepository
from app.promotions.usage_repository import UsageRepository
from app.shared.errors import Conflict, NotFound
from app.shared.ids import PromotionId
from app.shared.texts import Text

_MOST_KEPT = 500  # codes of a promotion that is deleted


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
        self._codes = CodeRepository(database)

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
            raise CodeTaken(code)

    def change(self, promotion: Promotion) -> Promotion:
        """Store a changed promotion over the revision that was read, and return the next one.

        Orders that were placed keep their discount. Raises ``PromotionMoved`` if somebody else
        changed it, ``NotFound`` if it is gone.
        """

        def work(session: Session) -> None:
            before = self._promotions.find(promotion.id, session)
            if before is None:
                raise _not_found()
            if not self._promotions.replace(promotion, session):
                raise PromotionMoved
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
            raise _not_found()
        return promotion

    # --- lists ------------------------------------------------------------------------------------

    def listed(self, wanted: PromotionQuery, most: int) -> list[Promotion]:
        """At most so many promotions, the newest first. A search that is a code finds what it
        unlocks."""
        code = normal_code(wanted.q)
        ids = (
            each.promotion_id for each in self._promotions.codes([code] if code else ()).values()
        )
        return self._promotions.listed(replace(wanted, ids=tuple(ids)), most)

    def left(self, ids: Iterable[PromotionId]) -> dict[PromotionId, int]:
        """How many uses each of these promotions that has a limit has left."""
        return self._promotions.left(ids)

    def with_amounts_in(self, market: str, session: Session) -> list[str]:
        """Names of some promotions that have an amount in a market's currency."""
        return self._promotions.names_in(market, 5, session)

    def uses(self, promotion_id: str, after: str, most: int) -> list[Use]:
        """Uses of a promotion, the newest first, from the place ``after`` on."""
        return self._uses.listed(PromotionId(promotion_id), after, most)

    def is_used(self, promotion_id: str) -> bool:
        """Whether any order uses it, or ever did."""
        return self._uses.is_used(PromotionId(promotion_id))

    # --- taking away ------------------------------------------------------------------------------

    def delete(self, promotion: Promotion) -> Mapping[str, Any]:
        """Delete the revision that was read, with its codes; what ``restore`` brings back.

        Raises ``NotFound``, ``PromotionMoved``, and ``PromotionInUse`` if an order ever used it or
        it has too many codes to bring back. An order that takes it at this very moment keeps its
        discount, and holds a use of something that is gone, which has no limit.
        """

        def work(session: Session) -> Mapping[str, Any]:
            if self._promotions.find(promotion.id, session) is None:
                raise _not_found()
            if self._uses.is_used(promotion.id, session):
                raise PromotionInUse(
                    Text("Orders have used this promotion: switch it off instead.")
                )
            codes = self._promotions.codes_of(promotion.id)
            if len(codes) > _MOST_KEPT:
                raise PromotionInUse(Text("This promotion has many codes: switch it off instead."))
            batches = self._codes.batches(promotion.id, _MOST_KEPT)
            if not self._promotions.delete(promotion, session):
                raise PromotionMoved
            return {
                **plain_promotion(promotion),
                "codes": [{"code": each.code, "limit": each.limit, "batch": each.batch,
                           "active": each.switched_on} for each in codes],
                "batches": list(map(plain_batch, batches)),
            }  # fmt: skip

        return self._database.in_transaction(work)

    def restore(self, deleted: Mapping[str, Any]) -> Promotion:
        """Bring back what ``delete`` took away. Raises ``Conflict`` if it is there again, or one
        of its codes is another promotion's by now."""
        given = dict(deleted)
        codes, batches = given.pop("codes"), given.pop("batches")
        promotion = restored_promotion(given)

        def work(session: Session) -> None:
            if self._promotions.find(promotion.id, session) is not None:
                raise Conflict(Text("This promotion is there already."))
            self._refuse_taken([each["code"] for each in codes])
            self._promotions.insert(promotion, session)
            self._codes.restore(list(map(restored_batch, batches)), session)
            for each in codes:
                self._promotions.insert_codes(
                    promotion.id, [each["code"]], each["limit"], each["batch"], session,
                    active=each.get("active", True),
                )  # fmt: skip

        self._database.in_transaction(work)
        return promotion

    # --- how they are used ------------------------------------------------------------------------

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


def _not_found() -> NotFound:
    return NotFound(Text("There is no promotion with this id."))
