"""Returns: those that wait for staff, and what staff do with them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, changed, needs, staff
from app.admin.lists import Slice, cut, list_state
from app.admin.permissions import Permission
from app.fulfilment.errors import ReturnMoved
from app.fulfilment.models import ReturnRequest, ReturnState
from app.fulfilment.returns import COMMENT_LENGTH, GoodsReturns
from app.fulfilment.rules import REASON_LABELS, RETURN_LABELS
from app.inventory.locations import Locations
from app.inventory.models import LocationCode
from app.orders.desk import OrderDesk
from app.orders.service import OrderService
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("returns", __name__, "/returns")
_PAGE = 50
_WAITING = (ReturnState.REQUESTED, ReturnState.APPROVED)
_CHOICES = {
    "": _WAITING,
    "all": tuple(ReturnState),
    **{each.value: (each,) for each in ReturnState},
}


@blueprint.get("")
@needs(Permission.ORDERS_VIEW)
def returns() -> Response:
    """Those that wait, or others, the newest first."""
    state = list_state(filters={"state": [each for each in _CHOICES if each]})
    states = _CHOICES[state.filters.get("state", "")]
    goods = service(GoodsReturns)
    if state.q:
        items = goods.of_number(state.q)
        found: Slice[ReturnRequest] = Slice(items=items)
    else:
        found = cut(goods.recent(states, _PAGE + 1, state.after), _PAGE, "place")
    orders = service(OrderDesk).by_ids(each.order_id for each in found.items)
    choices = [("all", Text("All returns")), *((s.value, RETURN_LABELS[s]) for s in ReturnState)]
    return page(
        "admin/returns/list.html",
        "list",
        state=state,
        found=found,
        orders=orders,
        reasons=REASON_LABELS,
        labels=RETURN_LABELS,
        choices=choices,
    )


@blueprint.get("/<return_id>")
@needs(Permission.ORDERS_VIEW)
def show(return_id: str) -> Response:
    """One return, with what can be done with it."""
    return _return_page(service(GoodsReturns).get(return_id))


@blueprint.post("/<return_id>/approval")
@needs(Permission.ORDERS_EDIT)
def approve(return_id: str) -> BaseResponse:
    """Let the goods be sent back."""
    known = service(GoodsReturns).get(return_id)
    return _move(known, lambda goods: goods.approve(known.id, _answer(), by=staff().email))


@blueprint.post("/<return_id>/refusal")
@needs(Permission.ORDERS_EDIT)
def refuse(return_id: str) -> BaseResponse:
    """Say no, and why."""
    known = service(GoodsReturns).get(return_id)
    if not _answer():
        return _return_page(known, 422, Text("Please say to the customer why."), "answer")
    return _move(known, lambda goods: goods.refuse(known.id, _answer(), by=staff().email))


@blueprint.post("/<return_id>/receipt")
@needs(Permission.MONEY)
def receive(return_id: str) -> BaseResponse:
    """Book the goods, put on the shelf what is fit for it, and pay back."""
    known = service(GoodsReturns).get(return_id)
    restock = [at for at in known.units if request.form.get(f"condition-{at}") == "good"]
    location = request.form.get("location", "")
    return _move(
        known,
        lambda goods: goods.receive(
            known.id,
            restock=restock,
            location=LocationCode(location) if location else None,
            with_shipping=bool(request.form.get("with_shipping")),
            by=staff().email,
        ),
    )


def _answer() -> str:
    return request.form.get("answer", "").strip()[:COMMENT_LENGTH]


def _move(known: ReturnRequest, step: Callable[[GoodsReturns], ReturnRequest]) -> BaseResponse:
    """Carry out a step; one that another member of staff was faster with is shown as it is now."""
    goods = service(GoodsReturns)
    try:
        after = step(goods)
    except ReturnMoved as meanwhile:
        return _return_page(goods.get(known.id), 409, meanwhile.message)
    except Invalid as refusal:
        return _return_page(known, 422, refusal.message)
    refund = goods.refund_of(after)
    more = {"refund": refund.id, "amount": str(refund.amount.to_major())} if refund else {}
    changed(
        f"return:{after.id}",
        after.id,
        {"state": known.state.value, "answer": known.answer},
        {"state": after.state.value, "answer": after.answer, **more},
    )
    leave_message(Text("Return %(id)s: %(state)s.", id=after.id, state=RETURN_LABELS[after.state]))
    return leave_to(f"/admin/returns/{after.id}")


def _return_page(
    known: ReturnRequest, status: int = 200, message: str = "", field: str = ""
) -> Response:
    order = service(OrderService).get(known.order_id)
    goods = service(GoodsReturns)
    return page(
        "admin/returns/return.html",
        "content",
        status,
        known=known,
        order=order,
        label=RETURN_LABELS[known.state],
        reason=REASON_LABELS[known.reason],
        refund=goods.refund_of(known),
        worth=goods.worth(known) if known.state is ReturnState.APPROVED else None,
        locations=[each for each in service(Locations).every() if each.active],
        message=message,
        field=field,
        typed=request.form,
    )
