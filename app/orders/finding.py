"""Finding orders: what staff can ask for, and the words under which an order is found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.orders.models import Order
from app.shared.postal import Address

# Kept with the words, so that one index serves them all; nobody's name has a colon.
NOTED = "is:noted"
RETURNED = "is:returned"
_MOST_WORDS = 6
_LONGEST_WORD = 80


class OrderSort(StrEnum):
    """The order of a list. By total is within a period, see ``OrderDesk``."""

    NEWEST = ""
    OLDEST = "oldest"
    TOTAL = "total"


class Payment(StrEnum):
    """How far the money of an order is."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFilter:
    """Which orders to list; empty fields ask for nothing. ``placed_until`` is not included."""

    q: str = ""
    state: str = ""
    payment: str = ""
    fulfilment: str = ""
    gateway: str = ""
    market: str = ""
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    returned: bool = False
    noted: bool = False
    sort: OrderSort = OrderSort.NEWEST


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundOrders:
    """A page of a list. ``older`` is where the next begins, "" after the last.

    ``until`` is how far was looked where that took long and less than a page was found.
    """

    orders: tuple[Order, ...]
    older: str = ""
    until: datetime | None = None


def words_in(text: str) -> tuple[str, ...]:
    """What was typed into a search, word by word as orders keep them."""
    words = (word.strip("#,;()\"'") for word in _folded(text).split())
    return tuple(dict.fromkeys(word[:_LONGEST_WORD] for word in words if word))[:_MOST_WORDS]


def words_of(order: Order) -> list[str]:
    """The words under which an order is found from the beginning."""
    found = {*_words(order.number), order.number.lower().rpartition("-")[2]}
    found |= {*words_of_email(order.email), *words_of_address(order.address)}
    for line in order.lines:
        things = [(line.sku, line.title), *((part.sku, part.title) for part in line.parts)]
        for sku, title in things:
            found |= {sku.lower(), *_words(title)}
    return sorted(filter(None, found))


def words_of_email(email: str) -> list[str]:
    """The same of a mail address: all of it, and what is before the "@"."""
    return [email.lower(), email.lower().partition("@")[0]]


def words_of_address(address: Address) -> list[str]:
    """The same of an address: the name, the postal code and the phone's digits."""
    found = {*_words(address.name), *_words(address.postal_code)}
    found |= {"".join(_folded(address.postal_code).split()), re.sub(r"\D", "", address.phone)}
    return sorted(filter(None, found))


def word_of(text: str) -> str:
    """An id of a parcel or a payment as it is found: without spaces, in small letters."""
    return "".join(_folded(text).split())[:_LONGEST_WORD]


def _words(text: str) -> Iterator[str]:
    """Each word, and the parts of one with hyphens and the like."""
    for word in _folded(text).split():
        yield word.strip(".,;:()\"'")[:_LONGEST_WORD]
        yield from (part[:_LONGEST_WORD] for part in re.findall(r"[^\W_]{2,}", word))


def _folded(text: str) -> str:
    """Small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))
