"""What the cells of a row mean, with a message for what they cannot."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.catalog.csv import columns as c
from app.catalog.csv.parsed import BadRow
from app.catalog.csv.policies import CONTINUE, read_policy
from app.catalog.csv.reading import RawRow
from app.catalog.models import DENY, UNCOUNTED, Policy, Price, ProductStatus
from app.shared.money import Money

_MOST_STOCK = 10_000_000
YES = frozenset({"true", "yes", "1"})


def given_sku(row: RawRow) -> str:
    """The SKU, "" where the row has none."""
    return c.read_code(row[c.SKU])


def price(row: RawRow, column: str, compare_column: str, currency: str) -> Price | None:
    """The price in these columns, None if there is none."""
    if not row[column]:
        return None
    compare_at = _amount(row, compare_column, currency) if row[compare_column] else None
    return Price(amount=_amount(row, column, currency), compare_at=compare_at)


def _amount(row: RawRow, column: str, currency: str) -> Money:
    try:
        amount = Money.from_major(row[column], currency)
    except ValueError:
        raise BadRow(
            row.line, f"{column}: {row[column][:60]!r} is no exact {currency} amount"
        ) from None
    if not 0 <= amount.minor < 10**12:
        raise BadRow(row.line, f"{column}: {row[column][:60]!r} is out of range")
    return amount


def policy(row: RawRow, *, tracked: bool) -> Policy:
    """The shop's own column, else Shopify's, where what is not tracked cannot run out."""
    try:
        own = read_policy(row[c.STOCK_POLICY])
    except ValueError as error:
        raise BadRow(row.line, str(error)) from error
    if own or not tracked:
        return own or UNCOUNTED
    return CONTINUE if row[c.POLICY].lower() == "continue" else DENY


def tax_class(row: RawRow) -> str:
    """The code of a tax class, "" if the file does not say."""
    text = row[c.TAX_CLASS].lower()
    if text and not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", text, re.ASCII):
        raise BadRow(row.line, f"{c.TAX_CLASS}: {text[:60]!r} is no tax class")
    return text


def grams(row: RawRow) -> int:
    """The weight."""
    text = row[c.GRAMS] or "0"
    try:
        weight = round(float(text))
    except (ValueError, OverflowError):
        raise BadRow(row.line, f"{c.GRAMS}: {text[:60]!r} is no number") from None
    if not 0 <= weight <= _MOST_STOCK:
        raise BadRow(row.line, f"{c.GRAMS}: {text[:60]!r} is out of range")
    return weight


def quantity(row: RawRow, column: str = c.QUANTITY) -> int | None:
    """The units on the shelves, None if the file does not say."""
    text = row[column]
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII) or abs(int(text)) > _MOST_STOCK:
        raise BadRow(row.line, f"{column}: {text[:60]!r} is no whole number in range")
    return max(int(text), 0)


def source(row: RawRow, column: str) -> str:
    """A picture's address: http(s), or a path from the root."""
    text = row[column]
    if text and not re.match(r"https?://[^\s/]|/[^/\\\s]", text, re.IGNORECASE):
        raise BadRow(row.line, f"{column}: {text[:60]!r} is no picture address")
    return text


def published_at(first: RawRow) -> datetime | None:
    """When it is published, None if the file does not say."""
    text = first[c.PUBLISHED_AT]
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        reason = f"{c.PUBLISHED_AT}: {text[:60]!r} is no time, such as 2031-05-01T09:00Z"
        raise BadRow(first.line, reason) from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as it is stored


def status(first: RawRow) -> ProductStatus:
    """The status by both of the format's columns."""
    text = first[c.STATUS].lower()
    if text == "archived":
        return ProductStatus.ARCHIVED
    published = first[c.PUBLISHED].lower() in YES | {""}
    return ProductStatus.PUBLISHED if published and text in {"", "active"} else ProductStatus.DRAFT
