"""What becomes of a stranger's picture."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from PIL import ImageCms

from app.media import picture as rules
from app.media.errors import PictureRefused
from app.media.picture import make_copy, make_master
from tests.support.pictures import encoded, opened, two_halves

_ROTATED = 6  # EXIF: turn by 90 degrees to stand upright
_ORIENTATION, _ARTIST = 0x0112, 0x013B


def _near(shown: object, wanted: tuple[int, ...], by: int = 12) -> bool:
    assert isinstance(shown, tuple)
    return all(abs(a - b) <= by for a, b in zip(shown, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_every_format_becomes_webp_of_the_same_size(kind: str) -> None:
    master = make_master(encoded(two_halves(120, 90), kind))
    shown = opened(master.encode())
    assert (shown.format, shown.size) == ("WEBP", (120, 90))
    assert (master.width, master.height) == (120, 90)
    assert _near(shown.getpixel((60, 10)), (255, 0, 0), 20)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA"])
def test_no_other_decoder_is_let_near_it(kind: str) -> None:
    with pytest.raises(PictureRefused):
        make_master(encoded(two_halves(32, 32), kind))


def test_it_stands_upright_and_tells_nothing_of_its_maker() -> None:
    tags = Picture.Exif()
    tags[_ORIENTATION], tags[_ARTIST] = _ROTATED, "Ann, 12 Main Street"
    data = encoded(two_halves(100, 60), "JPEG", exif=tags, comment=b"shot at home")
    clean = make_master(data).encode()
    shown = opened(clean)
    assert shown.size == (60, 100)
    assert _near(shown.getpixel((5, 50)), (0, 0, 255), 20)
    assert _near(shown.getpixel((55, 50)), (255, 0, 0), 20)
    assert dict(shown.getexif()) == {}
    assert b"Main Street" not in clean
    assert b"at home" not in clean


def test_colours_keep_their_meaning_without_the_profile() -> None:
    # In a profile whose channels are exchanged, (255, 0, 0) means blue: what must be shown is blue.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    data = encoded(Picture.new("RGB", (40, 40), "#ff0000"), "PNG", icc_profile=bytes(profile))
    shown = opened(make_master(data).encode())
    assert "icc_profile" not in shown.info
    assert _near(shown.getpixel((20, 20)), (0, 0, 255), 30)


def test_a_broken_profile_does_not_cost_the_picture() -> None:
    data = encoded(Picture.new("RGB", (40, 40), "#00ff00"), "PNG", icc_profile=b"nonsense")
    assert _near(opened(make_master(data).encode()).getpixel((9, 9)), (0, 255, 0), 20)


def test_transparency_and_sixteen_bits_survive() -> None:
    clear = Picture.new("RGBA", (40, 40), (10, 200, 30, 0))
    assert opened(make_master(encoded(clear)).encode()).getpixel((20, 20))[3] == 0
    grey = Picture.new("I;16", (40, 40), 0x8000)
    assert _near(opened(make_master(encoded(grey)).encode()).getpixel((20, 20)), (128, 128, 128))


def test_what_is_huge_is_scaled_down_and_what_is_small_never_up() -> None:
    assert make_master(encoded(Picture.new("RGB", (5000, 100)))).width == rules.LONGEST_SIDE
    small = make_master(encoded(two_halves(50, 40)))
    assert opened(make_copy(small.encode(), 320)).size == (50, 40)
    wide = make_master(encoded(two_halves(1000, 701)))
    assert opened(make_copy(wide.encode(), 320)).size == (320, 224)
    assert opened(make_copy(encoded(two_halves(1000, 1)), 320)).size == (320, 1)


def _bomb(width: int, height: int) -> bytes:
    """A PNG that promises a huge picture in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a<script>alert(1)</script>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        encoded(two_halves(400, 400), "JPEG")[:900],
        encoded(two_halves(400, 400), "PNG")[:300],
        _bomb(9000, 9000),
        _bomb(60_000, 60_000),
        bytes(rules.MOST_BYTES + 1),
    ],
    ids=["empty", "svg", "gif-script", "postscript", "cut-jpeg", "cut-png", "81-megapixels", "bomb", "too-long"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused) as refusal:
        make_master(data)
    assert refusal.value.fields["picture"]


@settings(deadline=None)  # the first decoder of a kind is loaded when it is used
@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "WEBP", "AVIF", "GIF"]), st.data())
def test_damage_never_does_worse_than_a_refusal(
    junk: bytes, kind: str, data: st.DataObject
) -> None:
    whole = encoded(two_halves(64, 48), kind)
    place = data.draw(st.integers(0, len(whole)))
    with contextlib.suppress(PictureRefused):
        assert make_master(whole[:place] + junk + whole[place + len(junk) :]).width > 0


def test_the_digest_is_that_of_the_bytes_and_the_tone_that_of_the_picture() -> None:
    first = encoded(Picture.new("RGB", (30, 30), "#336699"))
    other = encoded(Picture.new("RGB", (30, 30), "#336699"), compress_level=0)
    assert first != other
    assert make_master(first).digest == make_master(first).digest != make_master(other).digest
    assert make_master(first).tone == make_master(other).tone == "336699"
    assert make_master(encoded(Picture.new("RGBA", (8, 8), (0, 0, 0, 0)))).tone == "ffffff"
