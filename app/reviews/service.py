"""Writing, reading and deciding upon reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.reviews.errors import NoReview, NotBought, ReviewMovedOn
from app.reviews.models import (
    Draft,
    Purchase,
    Review,
    ReviewFilter,
    ReviewId,
    ReviewPage,
    ReviewState,
    Right,
)
from app.reviews.repository import ReviewRepository
from app.reviews.rules import (
    TRANSITIONS,
    buyer_of_account,
    buyer_of_guest,
    counted,
    says_the_same,
)
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.ids import AccountId, ProductId, new_id
from app.shared.texts import Text

PAGE = 10  # reviews on a page
_TRIES = 10
T = TypeVar("T")


class ReviewService:
    """The shop's reviews. What is published of a product is counted with the product."""

    def __init__(self, database: Database, catalog: CatalogService, orders: OrderService) -> None:
        self._database = database
        self._catalog = catalog
        self._orders = orders
        self._reviews = ReviewRepository(database)

    # --- reading --------------------------------------------------------------------------------

    def page(self, product_id: ProductId, number: int) -> ReviewPage:
        """Published reviews of a product."""
        number = min(max(number, 1), 1_000)
        found = self._reviews.published(product_id, (number - 1) * PAGE, PAGE + 1)
        return ReviewPage(reviews=tuple(found[:PAGE]), number=number, has_more=len(found) > PAGE)

    def of_account(self, account_id: AccountId) -> list[Review]:
        """Everything that an account's owner said, also as a guest with orders that joined it."""
        return self._said_by(account_id)

    def _said_by(self, account_id: AccountId, session: Session | None = None) -> list[Review]:
        orders = [order.id for order in self._orders.every_of_account(account_id)]
        found = [
            *self._reviews.with_orders(orders, session),
            *self._reviews.of_account(account_id, session),
        ]
        return list({review.id: review for review in found}.values())

    def purchases(self, account_id: AccountId) -> tuple[Purchase, ...]:
        """What an account bought, the latest first, with what its owner said of it."""
        orders = self._paid_orders(account_id)
        said = {review.product_id: review for review in self._said_by(account_id)}
        lines = {line.product_id: line for order in reversed(orders) for line in order.lines}
        latest = dict.fromkeys(line.product_id for order in orders for line in order.lines)
        return tuple(
            Purchase(
                product_id=ProductId(name),
                slug=lines[name].slug,
                title=lines[name].title,
                image_src=lines[name].image_src,
                review=said.get(ProductId(name)),
            )
            for name in latest
        )

    # --- who may --------------------------------------------------------------------------------

    def right_of_account(self, account_id: AccountId, name: str, product_id: ProductId) -> Right:
        """The right of an account's owner. Raises ``NotBought``."""
        orders = self._paid_orders(account_id)
        return _right(orders, product_id, account_id=account_id, name=name)

    def right_of_order(self, number: str, token: str, product_id: ProductId) -> Right:
        """The right of whoever holds an order's secret link. Raises ``NotFound``, ``NotBought``."""
        order = self._orders.get_for(number, token, None)
        paid = [order] if order.state is OrderState.PAID else []
        return _right(paid, product_id, account_id=order.account_id, name=order.address.name)

    def _paid_orders(self, account_id: AccountId) -> list[Order]:
        every = self._orders.every_of_account(account_id)
        return [order for order in every if order.state is OrderState.PAID]

    # --- writing --------------------------------------------------------------------------------

    def find_own(self, right: Right) -> Review | None:
        """What the buyer said so far, or None."""
        return self._reviews.find_of(right.product_id, right.buyer, right.order_ids)

    def write(self, right: Right, draft: Draft) -> Review:
        """Store what a buyer says, or says instead; it waits to be read.

        Saying the same again changes nothing. Raises ``ReviewMovedOn``.
        """

        def work(session: Session) -> Review:
            own = self._reviews.find_of(right.product_id, right.buyer, right.order_ids, session)
            if own is None:
                new = _new_review(right, draft)
                self._reviews.insert(new, session)
                return new
            if says_the_same(own, draft):
                return own
            edited = replace(
                own,
                buyer=right.buyer,
                account_id=right.account_id,
                draft=draft,
                state=ReviewState.WAITING,
                version=own.version + 1,
                updated_at=now(),
                reason="",
                moderated_by="",
            )
            self._step(own, edited, session)
            return edited

        return self._settled(work)

    # --- deciding -------------------------------------------------------------------------------

    def in_state(self, state: ReviewState, most: int = 100) -> list[Review]:
        """Reviews in a state, those that wait longest first."""
        return self._reviews.in_state(state, most)

    def listed(self, wanted: ReviewFilter, most: int) -> list[Review]:
        """Reviews for staff, the newest first."""
        return self._reviews.listed(wanted, most)

    def get(self, review_id: ReviewId) -> Review:
        """A review, for staff. Raises ``NoReview``."""
        review = self._reviews.find(review_id)
        if review is None:
            raise NoReview
        return review

    def publish(self, review_id: ReviewId, version: int, by: str) -> Review:
        """Show a review as it was read: in ``version``. Repeating it changes nothing.

        Raises ``NoReview``, and ``ReviewMovedOn`` if it was written anew since.
        """
        return self._decide(review_id, version, ReviewState.PUBLISHED, by, "")

    def refuse(self, review_id: ReviewId, version: int, by: str, reason: str) -> Review:
        """Do not show it (any more); ``reason`` is for its writer. Raises as ``publish``."""
        return self._decide(review_id, version, ReviewState.REFUSED, by, reason)

    def _decide(
        self, review_id: ReviewId, version: int, target: ReviewState, by: str, reason: str
    ) -> Review:
        def work(session: Session) -> Review:
            review = self._reviews.find(review_id, session)
            if review is None:
                raise NoReview
            if review.version != version:
                raise ReviewMovedOn
            if review.state is target:
                return review
            if target not in TRANSITIONS[review.state]:
                raise Invalid(Text("This cannot be done with the review any more."))
            decided = replace(
                review,
                state=target,
                published_at=now() if target is ReviewState.PUBLISHED else None,
                reason=reason,
                moderated_by=by,
            )
            self._step(review, decided, session)
            return decided

        return self._settled(work)

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Delete everything that an account's owner said, in the caller's transaction."""
        for review in self._said_by(account_id, session):
            if not self._reviews.delete(review, session):
                raise ReviewMovedOn
            self._count(review, None, session)

    # --------------------------------------------------------------------------------------------

    def _step(self, before: Review, after: Review, session: Session) -> None:
        if not self._reviews.replace(before, after, session):
            raise ReviewMovedOn
        self._count(before, after, session)

    def _count(self, before: Review, after: Review | None, session: Session) -> None:
        steps = counted(before, after)
        if steps:
            self._catalog.count_ratings(before.product_id, steps, session)

    def _settled(self, work: Callable[[Session], T]) -> T:
        """Try again while another tab is writing the same review."""
        for _ in range(_TRIES):
            try:
                return self._database.in_transaction(work)
            except DuplicateKeyError:
                continue
        raise ReviewMovedOn


def _right(
    orders: Iterable[Order], product_id: ProductId, *, account_id: AccountId | None, name: str
) -> Right:
    fitting = list(_with(orders, product_id))
    if not fitting:
        raise NotBought
    buyer = buyer_of_account(account_id) if account_id else buyer_of_guest(fitting[0].email)
    return Right(
        product_id=product_id,
        buyer=buyer,
        account_id=account_id,
        order_ids=tuple(order.id for order in fitting),
        name=name.split(" ", maxsplit=1)[0],
    )


def _with(orders: Iterable[Order], product_id: ProductId) -> Iterator[Order]:
    return (o for o in orders if any(line.product_id == product_id for line in o.lines))


def _new_review(right: Right, draft: Draft) -> Review:
    moment = now()
    return Review(
        id=ReviewId(new_id("rev")),
        product_id=right.product_id,
        buyer=right.buyer,
        order_id=right.order_ids[0],
        account_id=right.account_id,
        draft=draft,
        state=ReviewState.WAITING,
        version=1,
        created_at=moment,
        updated_at=moment,
    )
