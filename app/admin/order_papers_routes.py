"""Papers of orders for staff: invoices, credit notes and packing slips, one or many."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs
from app.admin.orders_page import order_of, path_of
from app.admin.permissions import Permission
from app.checkout.refunding import Refunding
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.models import Shipment
from app.fulfilment.paper import Paper
from app.fulfilment.paper_routes import paper_file, paper_page, papers_page
from app.fulfilment.papers import PaperWriter
from app.fulfilment.shipping import Shipping
from app.inventory.locations import Locations
from app.orders.desk import OrderDesk
from app.orders.models import Order
from app.shared.errors import NotFound
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to

blueprint = area("order_papers", __name__, "/orders")
_MOST_SLIPS = 100


@blueprint.get("/slips")
@needs(Permission.ORDERS_VIEW)
def slips() -> BaseResponse:
    """The packing slips of the chosen orders with something to pack, to print in one go."""
    numbers = request.args.getlist("number")
    if not numbers:
        leave_message(Text("Please choose the orders whose packing slips you want."))
        return leave_to(f"/admin/orders?{request.query_string.decode()}")
    chosen = service(OrderDesk).many(numbers[:_MOST_SLIPS])
    papers = [_slip(order, None) for order in chosen if order.is_paid]
    return papers_page([paper for paper in papers if paper.table.rows], "/admin/orders")


@blueprint.get("/<number>/packing-slip")
@needs(Permission.ORDERS_VIEW)
def packing_slip(number: str) -> Response:
    """What to pack, or with ``shipment`` what was, to print."""
    order, chosen = _chosen(number)
    asked = f"?shipment={chosen.number}" if chosen else ""
    pdf = path_of(order, f"/packing-slip.pdf{asked}")
    return paper_page(_slip(order, chosen), path_of(order), pdf)


@blueprint.get("/<number>/packing-slip.pdf")
@needs(Permission.ORDERS_VIEW)
def packing_slip_pdf(number: str) -> Response:
    """The same as PDF."""
    order, chosen = _chosen(number)
    part = f"-{chosen.number}" if chosen else ""
    return paper_file(_slip(order, chosen), f"packing-slip-{order.number}{part}")


def _chosen(number: str) -> tuple[Order, Shipment | None]:
    """The order, and the shipment that the address names. Raises ``NotFound``."""
    order, wanted = order_of(number), request.args.get("shipment", "")
    if not wanted:
        return order, None
    for shipment in service(Shipping).of_order(order.id):
        if str(shipment.number) == wanted:
            return order, shipment
    raise NotFound(Text("There is no such shipment."))


def _slip(order: Order, chosen: Shipment | None) -> Paper:
    shipping = service(Shipping)
    return service(PaperWriter).packing_slip(
        order,
        service(Invoicing).seller,
        chosen,
        service(Refunding).of_order(order.id),
        places=chosen.places if chosen else shipping.places_to_pick(order),
        names=service(Locations).names(),
        owed={} if chosen else shipping.owed(order),
    )


@blueprint.get("/<number>/invoice")
@needs(Permission.ORDERS_VIEW)
def invoice(number: str) -> Response:
    """The invoice to print."""
    order = order_of(number)
    paper, _ = _invoice(order)
    return paper_page(paper, path_of(order), path_of(order, "/invoice.pdf"))


@blueprint.get("/<number>/invoice.pdf")
@needs(Permission.ORDERS_VIEW)
def invoice_pdf(number: str) -> Response:
    """The same as PDF."""
    return paper_file(*_invoice(order_of(number)))


def _invoice(order: Order) -> tuple[Paper, str]:
    issued = service(Invoicing).issue(order)
    return service(PaperWriter).invoice(order, issued), issued.number


@blueprint.get("/<number>/credit-notes/<note_number>")
@needs(Permission.ORDERS_VIEW)
def credit_note(number: str, note_number: str) -> Response:
    """A credit note to print."""
    order = order_of(number)
    paper, name = _credit_note(order, note_number)
    return paper_page(paper, path_of(order), path_of(order, f"/credit-notes/{name}.pdf"))


@blueprint.get("/<number>/credit-notes/<note_number>.pdf")
@needs(Permission.ORDERS_VIEW)
def credit_note_pdf(number: str, note_number: str) -> Response:
    """The same as PDF."""
    return paper_file(*_credit_note(order_of(number), note_number))


def _credit_note(order: Order, note_number: str) -> tuple[Paper, str]:
    found, refund = service(Invoicing).note_of(order, note_number)
    return service(PaperWriter).credit_note(order, found, refund), found.number
