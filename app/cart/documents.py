"""Carts as MongoDB keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from app.cart.models import Cart, CartLine, Contents, Kin
from app.catalog.models import Choice, ChosenPart
from app.db.database import Document


def cart_to_document(cart: Cart) -> Document:
    """Every field but ``holders``, which only orders write."""
    return {
        "_id": cart.id,
        "version": cart.version,
        "updated_at": cart.updated_at,
        "merged_into": cart.merged_into,
        "apart": cart.apart,
        "absorbed": [asdict(kin) for kin in cart.absorbed],
        "parted_from": asdict(cart.parted_from) if cart.parted_from else None,
        **contents_to_document(Contents(lines=cart.lines, saved=cart.saved, coupons=cart.coupons)),
    }


def cart_from_document(document: Document) -> Cart:
    """A cart as stored; what is not there is as in a new cart."""
    inside = contents_from_document(document)
    parted_from = document.get("parted_from")
    return Cart(
        id=document["_id"],
        version=document["version"],
        updated_at=document["updated_at"],
        lines=inside.lines,
        saved=inside.saved,
        coupons=inside.coupons,
        merged_into=document.get("merged_into"),
        apart=document.get("apart", False),
        absorbed=tuple(Kin(**kin) for kin in document.get("absorbed", ())),
        parted_from=Kin(**parted_from) if parted_from else None,
        holders=tuple(document.get("holders", ())),
    )


def contents_to_document(contents: Contents) -> Document:
    """Both lists of lines, and the codes."""
    return {
        "lines": _lines(contents.lines),
        "saved": _lines(contents.saved),
        "coupons": list(contents.coupons),
    }


def contents_from_document(document: Document) -> Contents:
    """Both lists of lines and the codes as stored."""
    return Contents(
        lines=tuple(map(_line, document["lines"])),
        saved=tuple(map(_line, document.get("saved", ()))),
        coupons=tuple(document.get("coupons", ())),
    )


def choice_from_document(parts: Iterable[Document]) -> Choice:
    """The chosen parts as stored."""
    return tuple(ChosenPart(**part) for part in parts)


def _lines(lines: Iterable[CartLine]) -> list[dict[str, Any]]:
    return [_line_to_document(line) for line in lines]


def _line_to_document(line: CartLine) -> Document:
    document = {**asdict(line), "seen_prices": dict(line.seen_prices)}
    if not line.parts:
        del document["parts"]
    return document


def _line(document: Document) -> CartLine:
    return CartLine(**{**document, "parts": choice_from_document(document.get("parts", ()))})
