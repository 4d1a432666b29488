"""The quicker ways through the embedded database lead to the same places."""

from __future__ import annotations

import random
from typing import Any

import pytest
from bson import encode

from dev import embedded_speed

KEYS: list[tuple[str, tuple[Any, ...]]] = [
    ("S", ("",)),
    ("SS", ("mossx", "orders")),
    ("SSS", ("mossx", "größe", "")),
    ("SSu", ("mossx", "orders", b"\x00")),
    ("SSSu", ("mossx", "orders", "number_1", b"\x00\x01\x00\xff")),
    ("SSSu", ("mossx", "orders", "number_1", b"")),
    ("SSSu", ("mossx", "cut\x00off", "number_1", b"1")),
    ("u", (b"",)),
    ("u", (encode({"a": 1}),)),
    ("i", (-4,)),
    *(("q", (sign * 2**power,)) for sign in (1, -1) for power in range(0, 62, 7)),
    *(("SSq", ("mossx", "orders", random.Random(n).getrandbits(40))) for n in range(5)),
]


@pytest.mark.parametrize(("form", "values"), KEYS)
def test_keys_are_what_the_storage_engine_makes_of_them(form: str, values: tuple[Any, ...]) -> None:
    packed = embedded_speed._pack(form, *values)
    assert embedded_speed.pack(form, *values) == packed
    assert embedded_speed.unpack(form, packed) == embedded_speed._unpack(form, packed)
