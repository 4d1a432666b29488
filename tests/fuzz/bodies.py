"""Bodies of requests as bytes, so that nothing on the way puts them right."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from PIL import Image

Fields = list[tuple[str, str]]
_EDGE = "fuzz7edge"
FORM = "application/x-www-form-urlencoded"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def quoted(text: str) -> str:
    """As in a query or a form, surrogates and all."""
    return quote_plus(_bytes(text))


def form_body(fields: Fields) -> bytes:
    """A plain form."""
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields).encode()


def multipart(fields: Fields, files: list[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A form with files (field, file name, content), and its content type."""
    parts = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{_plain(name)}"\r\n\r\n'
        parts.append(_bytes(head) + _bytes(value))
    for name, filename, content in files:
        head = (
            f'Content-Disposition: form-data; name="{_plain(name)}"; '
            f'filename="{_plain(filename)}"\r\nContent-Type: image/png\r\n\r\n'
        )
        parts.append(_bytes(head) + content)
    edge = f"--{_EDGE}".encode()
    joined = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts)
    return joined + edge + b"--\r\n", f"multipart/form-data; boundary={_EDGE}"


def _plain(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


@cache
def files() -> tuple[tuple[str, bytes], ...]:
    """Names and contents: pictures and tables, good, broken, and one that calls itself another."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 50), "#808080").save(picture, "PNG")
    good = picture.getvalue()
    table = (
        b"Handle,Title,Vendor,Published,Variant SKU,Variant Price\nfz,Fz,Halden,true,FZ2,20.00\n"
    )
    counts = b"sku,location,on_hand,last_movement\nMUG,main,40,\n"
    return (
        ("a.png", good),
        ("a.png", good[:60]),
        ("a.png", table),
        ("../../a.png", good),
        ("a\x00.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"),
        ("a.csv", table),
        ("a.csv", counts),
        ("a.csv", b"SKU,Location,On hand\r\nMUG,main,\xff\xfe\r\n"),
        ("a.csv", b"\xff\xfe\x00\x00" + table),
        ("a.csv", b'"' * 5_000),
        ("a.csv", b"a," * 30_000),
        ("a.csv", b"Handle,Title\n\x00,\x00\n"),
        ("a.csv", b"Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\nh,t,s,1e999999,9e9\n"),
        ("", b""),
        ("x" * 400, b"\x00" * 3_000),
    )  # fmt: skip


def json_body(document: Any) -> bytes:
    """A document with whatever JSON cannot say in it, too."""
    return json.dumps(document).encode()


def deep(depth: int = 20_000) -> bytes:
    """Brackets, and nothing in them."""
    return b"[" * depth + b"]" * depth
