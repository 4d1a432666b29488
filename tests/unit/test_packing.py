"""Packed bodies: whatever is filled in, the gzip stream is whole and right."""

from __future__ import annotations

import gzip

from hypothesis import given
from hypothesis import strategies as st

from app.web.packing import Packed, filling_of

_BLANK = b"0123456789abcdef" * 4
_STRETCHES = st.lists(
    st.text(max_size=200).filter(lambda each: "0" not in each).map(str.encode), min_size=1
)


@given(stretches=_STRETCHES, text=st.binary(min_size=64, max_size=64))
def test_what_is_filled_in_is_what_is_unpacked(stretches: list[bytes], text: bytes) -> None:
    body = Packed(_BLANK.join(stretches), _BLANK)
    packed = body.filled(filling_of(text))

    assert gzip.decompress(packed) == text.join(stretches) == body.plain(text)
    assert body.plain(_BLANK) == _BLANK.join(stretches)
    assert len(packed) == body.length
    assert body.has_blanks == (len(stretches) > 1)


def test_a_long_page_is_packed_as_well_as_without_blanks() -> None:
    card = b"<article class='card'><a href='/products/%d'>Lamp %d</a></article>"
    half = b"".join(card % (number, number * 7919) for number in range(1200))
    with_blanks = Packed(half + _BLANK + half + _BLANK + half, _BLANK)
    without = Packed(half * 3)

    assert len(half) > 64 * 1024
    assert gzip.decompress(with_blanks.filled(filling_of(_BLANK))) == _BLANK.join([half] * 3)
    assert with_blanks.length < without.length + 400
