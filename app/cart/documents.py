"""Carts as MongoDB keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from app.cart.models import Cart, CartLine, Contents, GiftNote, Kin
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
        **contents_to_document(contents(cart)),
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
        gift_cards=inside.gift_cards,
        gift_notes=inside.gift_notes,
        merged_into=document.get("merged_into"),
        apart=document.get("apart", False),
        absorbed=tuple(Kin(**kin) for kin in document.get("absorbed", ())),
        parted_from=Kin(**parted_from) if parted_from else None,
        holders=tuple(document.get("holders", ())),
    )


def contents(cart: Cart) -> Contents:
    """What is in a cart now."""
    return Contents(
        lines=cart.lines,
        saved=cart.saved,
        coupons=cart.coupons,
        gift_cards=cart.gift_cards,
        gift_notes=cart.gift_notes,
    )


def contents_to_document(inside: Contents) -> Document:
    """Both lists of lines, the codes, and the gift cards to pay with and to send."""
    return {
        "lines": _lines(inside.lines),
        "saved": _lines(inside.saved),
        "coupons": list(inside.coupons),
        "gift_cards": list(inside.gift_cards),
        "gift_notes": [asdict(note) for note in inside.gift_notes],
    }


def contents_from_document(document: Document) -> Contents:
    """The same as stored."""
    return Contents(
        lines=tuple(map(_line, document["lines"])),
        saved=tuple(map(_line, document.get("saved", ()))),
        coupons=tuple(document.get("coupons", ())),
        gift_cards=tuple(document.get("gift_cards", ())),
        gift_notes=tuple(GiftNote(**note) for note in document.get("gift_notes", ())),
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
