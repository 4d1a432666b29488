"""Pictures as bytes: verified, cleaned, scaled. Nothing here knows where they are kept."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image as Picture
from PIL import ImageCms, ImageOps

from app.media.errors import PictureRefused
from app.shared.texts import Text

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 2560  # pixels; what is larger is scaled down before it is kept
_READ = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")  # no other decoder ever sees a stranger's bytes
# Quality and effort. Copies are made of the master, so it keeps more than they show; they are made
# once and sent often, so they are worth twice the time.
_MASTER = (90, 2)
_COPY = (78, 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Master:
    """A picture as it is kept: without metadata, upright, in sRGB, of bounded size.

    ``digest`` names the bytes that were given, ``tone`` is the average colour (``rrggbb``).
    """

    pixels: Picture.Image
    tone: str
    digest: str

    @property
    def width(self) -> int:
        """In pixels."""
        return self.pixels.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.pixels.height

    def encode(self) -> bytes:
        """The picture as WebP."""
        return _encoded(self.pixels, *_MASTER)


def make_master(data: bytes) -> Master:
    """Read a stranger's picture, to be encoded anew. Raises ``PictureRefused``."""
    if len(data) > MOST_BYTES:
        raise PictureRefused(
            Text("The picture is larger than %(most)s MB.", most=MOST_BYTES // 2**20)
        )
    try:
        picture = _cleaned(data)
    except PictureRefused:
        raise
    except Exception as error:  # over hostile bytes a decoder may raise anything
        raise PictureRefused(
            Text("This is not a picture we can read: use JPEG, PNG or WebP.")
        ) from error
    return Master(
        pixels=picture,
        tone=_tone(picture),
        digest=hashlib.sha256(data).hexdigest()[:16],
    )


def make_copy(master: bytes, width: int) -> bytes:
    """The picture scaled down to ``width`` pixels; never up, as WebP."""
    with Picture.open(io.BytesIO(master), formats=_READ) as picture:
        if picture.width <= width:
            return _encoded(_in_plain_mode(picture), *_COPY)
        size = (width, max(round(picture.height * width / picture.width), 1))
        scaled = _in_plain_mode(picture).resize(size, Picture.Resampling.LANCZOS, reducing_gap=3.0)
        return _encoded(scaled, *_COPY)


def _cleaned(data: bytes) -> Picture.Image:
    with Picture.open(io.BytesIO(data), formats=_READ) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise PictureRefused(
                Text("The picture has more than %(most)s megapixels.", most=MOST_PIXELS // 10**6)
            )
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG decodes at a fraction by itself
        picture = _in_plain_mode(_in_srgb(ImageOps.exif_transpose(opened)))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Picture.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _in_srgb(picture: Picture.Image) -> Picture.Image:
    """Colours as their profile means them, since the profile is not kept."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "RGBA", "CMYK"}:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, given, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return picture  # a broken profile says nothing about the picture
    return converted or picture


def _in_plain_mode(picture: Picture.Image) -> Picture.Image:
    if picture.mode.startswith("I"):  # 16 bits of grey: Pillow would clip them, not scale
        picture = picture.convert("I").point(lambda value: value / 256, "L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _encoded(picture: Picture.Image, quality: int, effort: int) -> bytes:
    picture.info.clear()  # EXIF, XMP, comments and thumbnails stay behind
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=quality, method=effort)
    return target.getvalue()


def _tone(picture: Picture.Image) -> str:
    opaque = Picture.new("RGB", picture.size, "white")
    opaque.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    return opaque.resize((1, 1), Picture.Resampling.BOX).tobytes().hex()
