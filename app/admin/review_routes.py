"""Reviews: reading what buyers wrote, and deciding what is shown."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.catalog.service import CatalogService
from app.reviews.errors import ReviewMovedOn
from app.reviews.models import Review, ReviewFilter, ReviewId, ReviewState
from app.reviews.rules import STATE_LABELS, parse_handle
from app.reviews.service import ReviewService
from app.shared.errors import Invalid, NotFound
from app.shared.ids import ProductId
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("reviews", __name__, "/reviews")
_PAGE = 25
_LONGEST_REASON = 500
_STARS = ("5", "4", "3", "2", "1")
_ALL = "all"


@blueprint.get("")
@needs(Permission.REVIEWS_EDIT)
def reviews() -> Response:
    """Those that wait to be read, unless others are asked for; ``q`` is a product's address."""
    return _list()


def _list(status: int = 200, message: str = "", reason: str = "", back: str = "") -> Response:
    states = [each.value for each in ReviewState]
    state = list_state(
        filters={"state": [*states, _ALL], "stars": _STARS}, path="/admin/reviews", back=back
    )
    chosen = state.filters.get("state", ReviewState.WAITING.value)
    wanted = ReviewFilter(
        state=None if chosen == _ALL else ReviewState(chosen),
        stars=int(state.filters.get("stars", 0)),
        product_id=_product_id(state.q) if state.q else "",
        before=state.after,
    )
    found: Slice[Review] = cut(service(ReviewService).listed(wanted, _PAGE + 1), _PAGE, "id")
    return page(
        "admin/reviews/list.html",
        "list",
        status,
        state=state,
        message=message,
        reason=reason,
        chosen=chosen,
        found=found,
        titles=_titles(found.items),
        labels=STATE_LABELS,
    )


def _product_id(slug: str) -> str:
    """The product of this address; one that nobody has finds nothing."""
    product = service(CatalogService).find_product(slug.strip().strip("/").rpartition("/")[2])
    return product.id if product else "none"


def _titles(found: Sequence[Review]) -> dict[ProductId, tuple[str, str]]:
    return service(CatalogService).slugs_and_titles_of(each.product_id for each in found)


@blueprint.get("/<review_id>")
@needs(Permission.REVIEWS_EDIT)
def review(review_id: str) -> Response:
    """One review, to decide upon."""
    return _show(ReviewId(review_id))


def _show(review_id: ReviewId, status: int = 200, message: str = "", reason: str = "") -> Response:
    found = service(ReviewService).get(review_id)
    return page(
        "admin/reviews/review.html",
        "content",
        status,
        review=found,
        product=_titles([found]).get(found.product_id),
        labels=STATE_LABELS,
        message=message,
        reason=reason,
    )


@blueprint.post("/decision")
@needs(Permission.REVIEWS_EDIT)
def decide() -> BaseResponse:
    """Publish or refuse each review that was chosen, as it was read: ``handle`` names both."""
    handles, reason = request.form.getlist("handle"), request.form.get("reason", "").strip()
    action, back = request.form.get("action", ""), request.form.get("back", "")
    if not handles:
        return _list(422, Text("Please choose reviews first."), reason, back)
    if action not in {"publish", "refuse"} or len(reason) > _LONGEST_REASON:
        raise Invalid(Text("Please choose to publish or to refuse, with a reason in 500 letters."))
    read = [_handle(text) for text in handles[: 2 * _PAGE]]
    moved_on = [each for each in read if not _decide(*each, action, reason)]
    if len(read) == 1 and moved_on:
        message = Text("This review was written anew since you read it. Please read it again.")
        only_looked()
        return _show(moved_on[0][0], 409, message, reason)
    _report(len(read) - len(moved_on), len(moved_on), action)
    fits = back.startswith("/admin/reviews")
    return leave_to(back if fits else "/admin/reviews")


def _handle(text: str) -> tuple[ReviewId, int]:
    try:
        return parse_handle(text)
    except ValueError as error:
        raise NotFound(Text("There is no such review.")) from error


def _decide(review_id: ReviewId, version: int, action: str, reason: str) -> bool:
    """Decide upon one; False if it was written anew since, or cannot be decided like that."""
    reviews = service(ReviewService)
    before = reviews.get(review_id)
    try:
        if action == "publish":
            after = reviews.publish(review_id, version, staff().email)
        else:
            after = reviews.refuse(review_id, version, staff().email, reason)
    except (ReviewMovedOn, Invalid):
        return False
    if after != before:
        changed(f"review:{review_id}", before.draft.title, _plain(before), _plain(after))
    return True


def _plain(review: Review) -> dict[str, object]:
    return {"state": review.state.value, "reason": review.reason, "version": review.version}


def _report(done: int, left: int, action: str) -> None:
    if action == "publish":
        text = Text.counted("%(num)s review is published.", "%(num)s reviews are published.", done)
    else:
        text = Text.counted("%(num)s review is refused.", "%(num)s reviews are refused.", done)
    leave_message(text)
    if left:
        leave_message(
            Text.counted(
                "%(num)s was written anew since you read it, and waits.",
                "%(num)s were written anew since you read them, and wait.",
                left,
            )
        )
