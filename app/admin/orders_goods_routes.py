"""The goods of orders: parcels, their arrival, and what comes back."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs, staff
from app.admin.orders_forms import Typed, quantities, request_key, typed
from app.admin.orders_page import order_changed, order_of, path_of
from app.admin.permissions import Permission
from app.fulfilment.carriers import carrier_codes, carrier_name
from app.fulfilment.errors import ShippedMeanwhile
from app.fulfilment.rules import open_units
from app.fulfilment.shipping import Shipping
from app.inventory.locations import Locations
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("order_goods", __name__, "/orders/<number>/shipments")


@blueprint.get("/new")
@needs(Permission.ORDERS_EDIT)
def ship_form(number: str) -> Response:
    """The form of a parcel, with all that is open in it."""
    order = order_of(number)
    values = {f"quantity-{at}": str(units) for at, units in open_units(order).items()}
    return _ship_page(order, Typed(values=values))


@blueprint.post("")
@needs(Permission.ORDERS_EDIT)
def ship(number: str) -> BaseResponse:
    """Hand units to a carrier; the same form again is the same parcel."""
    order, form = order_of(number), request.form
    try:
        key = request_key(form)
        units = quantities(form, range(1, len(order.lines) + 1))
        if not units:
            raise Invalid(Text("Please put at least one unit into the parcel."))
        shipment = service(Shipping).ship(
            order.id,
            units,
            key=key,
            carrier=form.get("carrier", ""),
            tracking=form.get("tracking", ""),
            by=staff().email,
            seen=whole(form.get("seen", ""), -1),
        )
    except ShippedMeanwhile as meanwhile:
        now = service(OrderService).get(order.id)
        return _ship_page(now, typed(form, message=meanwhile.message), 409)
    except Invalid as refusal:
        return _ship_page(order, typed(form, refusal), 422)
    order_changed(order, {"shipment": shipment.id, "tracking": shipment.tracking})
    leave_message(Text("Shipment %(number)s is on its way.", number=shipment.number))
    return leave_to(path_of(order))


def _ship_page(order: Order, form: Typed, status: int = 200) -> Response:
    shipping = service(Shipping)
    return page(
        "admin/orders/ship.html",
        "content",
        status,
        order=order,
        form=form,
        open=open_units(order),
        places=shipping.places_to_pick(order) if order.is_paid else (),
        names=service(Locations).names(),
        owed=shipping.owed(order) if order.is_paid else {},
        carriers=[(code, carrier_name(code)) for code in carrier_codes()],
    )


@blueprint.post("/<int:shipment>/delivery")
@needs(Permission.ORDERS_EDIT)
def deliver(number: str, shipment: int) -> BaseResponse:
    """Note that a parcel arrived; pressing twice is pressing once."""
    order = order_of(number)
    service(Shipping).deliver(f"{order.id}:{shipment}", by=staff().email)
    order_changed(order)
    leave_message(Text("Shipment %(number)s is delivered.", number=shipment))
    return leave_to(path_of(order))
