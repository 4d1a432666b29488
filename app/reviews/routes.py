"""Reading reviews, and writing one's own."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.catalog.forgetting import of_products
from app.catalog.models import Product
from app.catalog.moving import follow_move
from app.catalog.rules import is_sold
from app.catalog.service import CatalogService
from app.catalog.structured_data import SharedReview
from app.identity.context import LOGIN_PATH, current_account, signed_in, whose
from app.orders.forms import OrderForm
from app.orders.service import OrderService
from app.reviews.errors import NotBought
from app.reviews.forms import ReviewForm
from app.reviews.models import Review, Right
from app.reviews.rules import STATE_LABELS
from app.reviews.service import ReviewService
from app.shared.errors import NotFound
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.csrf import confirmable
from app.web.limits import failed, limiter, passed
from app.web.memory import leave_message
from app.web.page_cache import keep_page
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("reviews", __name__)
_CHECK = Text("Please check the fields below.")


def _product(slug: str) -> Product:
    product = service(CatalogService).find_product(slug)
    if product is None or not is_sold(product):
        follow_move(slug)
        raise NotFound(Text("We could not find this product."))
    return product


# --- reading --------------------------------------------------------------------------------------


@blueprint.get("/products/<slug>/reviews")
def reviews(slug: str) -> Response:
    """What buyers say of a product, the newest first."""
    product = _product(slug)
    shown = service(ReviewService).page(product.id, whole(request.args.get("page", "1"), 1))
    keep_page(of_products([product.id]))
    return page(
        "reviews/reviews.html",
        "reviews",
        product=product,
        shown=shown,
        shared=tuple(map(_shared, shown.reviews)),
    )


def _shared(review: Review) -> SharedReview:
    draft = review.draft
    return SharedReview(
        author=draft.name,
        title=draft.title,
        text=draft.text,
        stars=draft.stars,
        published_at=review.published_at or review.updated_at,
    )


# --- writing --------------------------------------------------------------------------------------


@blueprint.get("/products/<slug>/review")
def form(slug: str) -> Response:
    """The form; for who has not shown that they bought the product, the way to do so."""
    product = _product(slug)
    right = _right(product)
    if right is None:
        return _ask_who(product, OrderForm())
    own = service(ReviewService).find_own(right)
    typed = _typed(own) if own else {"name": right.name}
    return _show(product, own, ReviewForm(data=typed))


@blueprint.post("/products/<slug>/review")
@confirmable
@limiter.limit("20 per hour", key_func=whose, deduct_when=passed)
@limiter.limit("60 per hour", key_func=whose)
def write(slug: str) -> BaseResponse:
    """Store the review, which is shown once it has been read here."""
    product = _product(slug)
    right = _right(product)
    if right is None:
        raise NotBought
    entered = ReviewForm(request.form)
    if not entered.validate():
        own = service(ReviewService).find_own(right)
        return _show(product, own, entered, 422, _CHECK)
    service(ReviewService).write(right, entered.draft())
    leave_message(Text("Thank you. We read every review before it is shown, mostly within a day."))
    return leave_to(_form_path(product, *_order_link()))


@blueprint.post("/products/<slug>/review/order")
@limiter.limit("30 per 15 minutes", deduct_when=failed)
def find_order(slug: str) -> BaseResponse:
    """Let a guest show the order they bought it with; never tells which entry was wrong."""
    product = _product(slug)
    entered = OrderForm(request.form)
    message = _CHECK
    if entered.validate():
        found = service(OrderService).look_up(entered.number.data or "", entered.email.data or "")
        if found is not None:
            return leave_to(_form_path(product, found.number, found.access_token))
        message = Text("We found no order with this number and e-mail address.")
    return _ask_who(product, entered, 422, message)


@blueprint.get("/account/reviews")
def own_reviews() -> Response:
    """What the account bought, and what its owner said of it."""
    account = current_account()
    orders = service(OrderService)
    orders.adopt(account.id, account.email if account.verified else "")
    purchases = service(ReviewService).purchases(account.id)
    return private(
        page(
            "reviews/own.html",
            "content",
            account=account,
            purchases=purchases,
            labels=STATE_LABELS,
        )
    )


def _order_link() -> tuple[str, str]:
    """Number and secret of the order that the address or the form names."""
    return request.values.get("order", ""), request.values.get("token", "")


def _right(product: Product) -> Right | None:
    """The right of who asks, None for a stranger.

    Raises ``NotFound`` for a wrong link, ``NotBought`` for somebody who did not buy it.
    """
    number, token = _order_link()
    reviews = service(ReviewService)
    if number:
        return reviews.right_of_order(number, token, product.id)
    if signed_in() is None:
        return None
    account = current_account()
    service(OrderService).adopt(account.id, account.email if account.verified else "")
    return reviews.right_of_account(account.id, account.name, product.id)


def _form_path(product: Product, number: str, token: str) -> str:
    path = f"/products/{quote(product.slug)}/review"
    return f"{path}?{urlencode({'order': number, 'token': token})}" if number else path


def _typed(own: Review) -> dict[str, str]:
    draft = own.draft
    return {
        "stars": str(draft.stars), "title": draft.title, "text": draft.text, "name": draft.name,
    }  # fmt: skip


def _show(
    product: Product, own: Review | None, entered: ReviewForm, status: int = 200, message: str = ""
) -> Response:
    number, token = _order_link()
    return private(
        page(
            "reviews/form.html",
            "review_form",
            status,
            product=product,
            own=own,
            form=entered,
            message=message,
            order=number,
            token=token,
            state_label=STATE_LABELS[own.state] if own else "",
        )
    )


def _ask_who(
    product: Product, entered: OrderForm, status: int = 200, message: str = ""
) -> Response:
    here = quote(_form_path(product, "", ""), safe="")
    return private(
        page(
            "reviews/who.html",
            "who",
            status,
            product=product,
            form=entered,
            message=message,
            login_url=f"{LOGIN_PATH}?next={here}",
        )
    )
