"""Names of the columns."""

from __future__ import annotations

import html
import re

HANDLE = "Handle"
TITLE = "Title"
BODY = "Body (HTML)"
VENDOR = "Vendor"
CATEGORY = "Product Category"
TYPE = "Type"
TAGS = "Tags"
PUBLISHED = "Published"
SKU = "Variant SKU"
GRAMS = "Variant Grams"
TRACKER = "Variant Inventory Tracker"
QUANTITY = "Variant Inventory Qty"
POLICY = "Variant Inventory Policy"
FULFILMENT = "Variant Fulfillment Service"
PRICE = "Variant Price"
COMPARE_AT = "Variant Compare At Price"
SHIPPING = "Variant Requires Shipping"
TAXABLE = "Variant Taxable"
BARCODE = "Variant Barcode"
IMAGE = "Image Src"
IMAGE_POSITION = "Image Position"
IMAGE_ALT = "Image Alt Text"
GIFT_CARD = "Gift Card"
SEO_TITLE = "SEO Title"
SEO_DESCRIPTION = "SEO Description"
VARIANT_IMAGE = "Variant Image"
WEIGHT_UNIT = "Variant Weight Unit"
STATUS = "Status"
BUNDLE = "Bundle"  # the shop's own, as are the next
STOCK_POLICY = "Variant Stock Policy"
TAX_CLASS = "Tax Class"
PUBLISHED_AT = "Published At"
STOCK_WAS = "Stock When Exported"

REQUIRED = (HANDLE, TITLE, PRICE)
OPTION_NUMBERS = (1, 2, 3)
_NO_KEY = re.compile(r"(\s*[.$\x00-\x1f\x7f])+\s*")
_NO_ATTRIBUTE = re.compile(r"^[$\s]+|(\s*[.\x00-\x1f\x7f])+\s*")
_ATTRIBUTE = re.compile(r"^(?P<name>.+) \(product\.metafields\.custom\.[a-z0-9_-]+\)$")


def option_name(number: int) -> str:
    """The column of an option's name."""
    return f"Option{number} Name"


def option_value(number: int) -> str:
    """The column of an option's value."""
    return f"Option{number} Value"


def market_price(market_name: str) -> str:
    """The column of the price in a market that is not the file's own."""
    return "Price / " + market_name  # in English, whoever reads


def market_compare_at(market_name: str) -> str:
    """The column of the former price in a market that is not the file's own."""
    return "Compare At Price / " + market_name


def attribute_of(column: str) -> str:
    """The attribute a metafield column is about, ``""`` for another column."""
    match = _ATTRIBUTE.match(column)
    return as_attribute(match["name"]) if match else ""


def as_key(name: str) -> str:
    """The name of an option as a key of a document, where neither dots nor dollars may stand."""
    return _NO_KEY.sub(" ", name).strip()


def as_attribute(name: str) -> str:
    """The name of an attribute as the panel takes it: without dots, and no dollar at its head."""
    return _NO_ATTRIBUTE.sub(" ", name).strip()


def attribute_column(name: str, key: str) -> str:
    """The metafield column of an attribute."""
    return f"{name} (product.metafields.custom.{key})"


def read_text(cell: str) -> str:
    """A cell of plain text. Many a shop's export has its signs as HTML entities: ``&trade;``."""
    return html.unescape(cell) if "&" in cell else cell


def write_text(text: str) -> str:
    """The cell that is read as this text."""
    return text if read_text(text) == text else text.replace("&", "&amp;")


def read_code(cell: str) -> str:
    """A SKU or barcode: before many of them stands an apostrophe, so that spreadsheets take them
    for text."""
    return cell.removeprefix("'")


def write_code(code: str) -> str:
    """The cell that is read as this SKU or barcode."""
    return f"'{code}" if code.startswith("'") else code
