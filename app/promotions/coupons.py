"""The codes of promotions: single ones, and batches that nobody can guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError, moved_on
from app.promotions.code_repository import CodeRepository
from app.promotions.codes import check_code, make_code, normal_code
from app.promotions.errors import BatchTaken, CodeTaken
from app.promotions.models import CodeBatch, CouponCode, Promotion
from app.promotions.repository import PromotionRepository
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import PromotionId
from app.shared.texts import Text

MOST_MADE = 1_000_000
_STEP = 500  # codes of a transaction
_PREFIX = 20  # characters
_NAME = 60  # characters
_MOST_BATCHES = 200
_TRIES = 5


class Coupons:
    """Makes, lists and switches codes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._promotions = PromotionRepository(database)
        self._codes = CodeRepository(database)

    # --- single codes -----------------------------------------------------------------------------

    def add(self, promotion_id: str, code: str, limit: int | None) -> CouponCode:
        """Add a code that is good for ``limit`` orders, None is any number. Repeating it changes
        nothing.

        Raises ``NotFound``, ``Invalid`` beside ``code``, and ``CodeTaken``.
        """
        promotion = self._get(promotion_id)
        written = check_code(code)
        if limit is not None and limit < 1:
            message = Text("A limit is at least 1.")
            raise Invalid(message, {"limit": message})
        try:
            self._promotions.insert_codes(promotion.id, [written], limit, "")
        except DuplicateKeyError as error:
            known = self._promotions.codes([written])[written]
            if (known.promotion_id, known.limit, known.batch) != (promotion.id, limit, ""):
                raise CodeTaken(written) from error
        return self._promotions.codes([written])[written]

    def listed(
        self, promotion_id: str, *, q: str = "", batch: str = "", after: str = "", most: int = 100
    ) -> list[CouponCode]:
        """Some codes of a promotion in order: those that begin with ``q``, of one ``batch``."""
        start = "".join(q.split()).upper()
        return self._codes.listed(
            PromotionId(promotion_id), start=start, batch=batch, after=after, most=most
        )

    def every(self, promotion_id: str, batch: str = "") -> Iterator[CouponCode]:
        """All codes of a promotion or of one batch, read as they are asked for."""
        after = ""
        while found := self.listed(promotion_id, batch=batch, after=after, most=_STEP):
            yield from found
            after = found[-1].code

    def find(self, text: str) -> CouponCode | None:
        """The code that was typed, or None."""
        code = normal_code(text)
        return self._promotions.codes([code]).get(code) if code else None

    def switch_code(self, promotion_id: str, code: str, *, active: bool) -> bool:
        """Switch one code off or on; whether that changed anything. Raises ``NotFound``. Orders
        that were placed keep their discount, and a code whose batch is off stays off."""
        found = self._promotions.codes([code]).get(code)
        if found is None or found.promotion_id != promotion_id:
            raise NotFound(Text("There is no such code."))
        return self._codes.switch_code(found, active=active)

    # --- batches --------------------------------------------------------------------------------

    def batches(self, promotion_id: str) -> list[CodeBatch]:
        """The newest batches of a promotion."""
        return self._codes.batches(PromotionId(promotion_id), _MOST_BATCHES)

    def batch(self, promotion_id: str, name: str) -> CodeBatch:
        """A batch. Raises ``NotFound``."""
        found = self._codes.find(PromotionId(promotion_id), name)
        if found is None:
            raise NotFound(Text("There is no such batch of codes."))
        return found[0]

    def make_batch(
        self,
        promotion_id: str,
        count: int,
        *,
        name: str,
        key: str = "",
        prefix: str = "",
        limit: int | None = 1,
        by: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> CodeBatch:
        """Make ``count`` codes that nobody can guess, each good for ``limit`` orders.

        Repeating it under the same ``key`` goes on where it was cut short. Raises ``NotFound``,
        ``Invalid`` beside the field that is wrong, and ``BatchTaken`` for another of this name.
        """
        promotion = self._get(promotion_id)
        batch = CodeBatch(
            promotion_id=promotion.id, name=" ".join(name.split()),
            prefix=_checked_prefix(prefix), limit=limit, count=count, made=0, used=0,
            active=True, at=now(), by=by,
        )  # fmt: skip
        _check_batch(batch)
        batch = self._begin(batch, key)
        while batch.made < batch.count:
            batch = self._make_some(batch)
            if progress:
                progress(batch.made, batch.count)
        return batch

    def _begin(self, batch: CodeBatch, key: str) -> CodeBatch:
        def work(session: Session) -> CodeBatch:
            found = self._codes.find(batch.promotion_id, batch.name, session)
            if found is None:
                self._codes.insert(batch, key, session)
                return batch
            known, its_key = found
            asked = (key, batch.count, batch.prefix, batch.limit)
            if not key or asked != (its_key, known.count, known.prefix, known.limit):
                raise BatchTaken(batch.name)
            return known

        try:
            return self._database.in_transaction(work)
        except DuplicateKeyError:  # the same form twice at the same moment
            return self._database.in_transaction(work)

    def _make_some(self, batch: CodeBatch) -> CodeBatch:
        """The next codes and their number in one transaction, so that two who make the same batch
        make no code too many."""
        wanted = min(_STEP, batch.count - batch.made)

        def work(session: Session) -> CodeBatch:
            known, _ = self._codes.find(batch.promotion_id, batch.name, session) or (None, "")
            if known is None:
                raise NotFound(Text("There is no such batch of codes."))
            if known.made > batch.made:
                return known
            if not self._codes.count_made(known, wanted, session):
                raise moved_on("a batch of codes")
            new: set[str] = set()
            while len(new) < wanted:
                new.add(make_code(batch.prefix))
            self._promotions.insert_codes(
                batch.promotion_id, sorted(new), batch.limit, batch.name, session
            )
            return replace(known, made=known.made + wanted)

        for _ in range(_TRIES):
            try:
                return self._database.in_transaction(work)
            except DuplicateKeyError:
                continue  # one of them was taken: others are not
        raise moved_on("a batch of codes")

    def switch(self, promotion_id: str, name: str, *, active: bool) -> bool:
        """Switch all codes of a batch off or on; whether that changed anything. Raises
        ``NotFound``. Orders that were placed keep their discount."""
        return self._codes.switch(self.batch(promotion_id, name), active=active)

    # --------------------------------------------------------------------------------------------

    def _get(self, promotion_id: str) -> Promotion:
        promotion = self._promotions.find(PromotionId(promotion_id))
        if promotion is None:
            raise NotFound(Text("There is no promotion with this id."))
        if promotion.automatic:
            message = Text("This promotion is automatic: it needs no codes.")
            raise Invalid(message, {"code": message})
        return promotion


def _checked_prefix(text: str) -> str:
    prefix = normal_code(text)
    if (text.strip() and not prefix) or len(prefix) > _PREFIX:
        message = Text("A prefix has 3 to %(most)s letters A to Z, digits, hyphens.", most=_PREFIX)
        raise Invalid(message, {"prefix": message})
    return prefix


def _check_batch(batch: CodeBatch) -> None:
    if not 0 < len(batch.name) <= _NAME:
        message = Text("A batch has a name of at most %(max)s characters.", max=_NAME)
        raise Invalid(message, {"name": message})
    if not 0 < batch.count <= MOST_MADE:
        message = Text("Make 1 to %(most)s codes.", most=MOST_MADE)
        raise Invalid(message, {"count": message})
    if batch.limit is not None and batch.limit < 1:
        message = Text("A limit is at least 1.")
        raise Invalid(message, {"limit": message})
