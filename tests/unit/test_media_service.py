"""Addresses of pictures, wherever they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.cloudinary_store import CloudinaryMediaStore
from app.media.local import LocalMediaStore
from app.media.service import MediaService, steps
from app.media.store import WIDTHS

MUG = "/media/dune-mug-c0866d-1d4df8b2a8359122.webp"
ACCOUNT = "cloudinary://key:se%2Fcret@shop"


@pytest.fixture
def pictures(tmp_path: Path) -> MediaService:
    return MediaService(CloudinaryMediaStore(ACCOUNT), LocalMediaStore(tmp_path))


@given(st.integers(1, 4000))
def test_no_step_is_wider_than_the_picture_and_the_widest_is_all_it_has(own: int) -> None:
    offered = steps(own)
    assert max(offered) == min(own, WIDTHS[-1])
    assert list(offered) == sorted(set(offered))
    assert set(offered) - {own} <= set(WIDTHS)


def test_local_pictures(pictures: MediaService) -> None:
    assert pictures.url(MUG, 500, 960) == MUG.replace("/media/", "/media/w640/")
    assert pictures.url(MUG, 1280, 800) == MUG.replace("/media/", "/media/w800/")
    assert pictures.url(MUG, 9999) == MUG.replace("/media/", "/media/w1920/")
    assert [each.split()[1] for each in pictures.srcset(MUG, 700).split(", ")] == [
        "320w",
        "480w",
        "640w",
        "700w",
    ]
    assert pictures.srcset(MUG, 0) == ""
    assert pictures.tone(MUG) == "#c0866d"


@pytest.mark.parametrize(
    "src",
    [
        "https://cdn.shopify.com/s/files/1/mug.jpg?v=1",
        "/media/../secret",
        "/media/w640/x.webp",
        "https://res.cloudinary.com/other/image/upload/v1/mossx/x.webp",
        "https://res.cloudinary.com/shop/image/upload/v1/elsewhere/x.webp",
        "",
    ],
)
def test_what_is_not_ours_is_linked_as_it_is(pictures: MediaService, src: str) -> None:
    assert pictures.url(src, 640, 2000) == src
    assert pictures.srcset(src, 2000) == ""
    assert pictures.tone(src) == ""


def test_pictures_named_before_names_told_a_colour(pictures: MediaService) -> None:
    old = "/media/dune-mug.0123456789ab.webp"
    assert pictures.url(old, 640, 640) == "/media/w640/dune-mug.0123456789ab.webp"
    assert pictures.tone(old) == ""
