"""An order's invoice and credit notes, to print and as PDF, for whoever may see the order."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, render_template

from app.checkout.service import order_path
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.order_page import visible_order
from app.fulfilment.paper import Paper
from app.fulfilment.papers import PaperWriter
from app.orders.models import Order
from app.shared.texts import speaking
from app.web.registry import service
from app.web.rendering import private

blueprint = Blueprint("papers", __name__, url_prefix="/orders")


def paper_page(paper: Paper, back_url: str, pdf_url: str) -> Response:
    """A paper as a page to print."""
    with speaking(paper.language):
        body = render_template("papers/paper.html", paper=paper, back_url=back_url, pdf_url=pdf_url)
    return private(make_response(body))


def papers_page(papers: Sequence[Paper], back_url: str) -> Response:
    """Papers as one page to print, each on sheets of its own."""
    body = render_template("papers/papers.html", papers=papers, back_url=back_url)
    return private(make_response(body))


def paper_file(paper: Paper, name: str) -> Response:
    """A paper as a PDF that browsers show, and keep under ``name``."""
    from app.fulfilment.pdf import render  # with its fonts, too much for processes without papers

    response = make_response(render(paper))
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response.headers["X-Robots-Tag"] = "noindex"
    return private(response)


@blueprint.get("/<number>/invoice")
def invoice(number: str) -> Response:
    """The invoice to print."""
    order = visible_order(number)
    paper, _ = _invoice(order)
    return paper_page(paper, _url(order), _url(order, "/invoice.pdf"))


@blueprint.get("/<number>/invoice.pdf")
def invoice_pdf(number: str) -> Response:
    """The invoice as PDF."""
    return paper_file(*_invoice(visible_order(number)))


@blueprint.get("/<number>/credit-notes/<note_number>")
def credit_note(number: str, note_number: str) -> Response:
    """A credit note to print."""
    order = visible_order(number)
    paper, name = _credit_note(order, note_number)
    return paper_page(paper, _url(order), _url(order, f"/credit-notes/{name}.pdf"))


@blueprint.get("/<number>/credit-notes/<note_number>.pdf")
def credit_note_pdf(number: str, note_number: str) -> Response:
    """A credit note as PDF."""
    return paper_file(*_credit_note(visible_order(number), note_number))


def _invoice(order: Order) -> tuple[Paper, str]:
    issued = service(Invoicing).issue(order)
    return service(PaperWriter).invoice(order, issued), issued.number


def _credit_note(order: Order, note_number: str) -> tuple[Paper, str]:
    note, refund = service(Invoicing).note_of(order, note_number)
    return service(PaperWriter).credit_note(order, note, refund), note.number


def _url(order: Order, part: str = "") -> str:
    """An address below the order's, with the secret that opens it."""
    return order_path(f"{order.number}{part}", order.access_token)
