"""Pictures at Cloudinary: uploads through the SDK to a server that checks them, signed addresses."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from urllib3.util import Timeout

from app import create_app
from app.config import ConfigurationError, load_settings
from app.db.database import Database
from app.media import cloudinary_store
from app.media.cloudinary_store import CloudinaryMediaStore
from app.media.errors import MediaUnavailable, PictureRefused
from app.media.service import MediaService
from app.web.registry import service
from tests.support.cloudinary import (
    CLOUD,
    SECRET,
    Fault,
    UploadApi,
    failing,
    garbled,
    lost,
    running,
)
from tests.support.pictures import encoded, opened, two_halves

PHOTO = encoded(two_halves(1500, 1000), "JPEG", quality=80)


@pytest.fixture
def api() -> Iterator[UploadApi]:
    with running() as api:
        yield api


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def store(api: UploadApi, pauses: list[float]) -> CloudinaryMediaStore:
    return CloudinaryMediaStore(api.account, pauses.append)


def test_an_upload_is_signed_cleaned_and_named_after_its_content(
    api: UploadApi, store: CloudinaryMediaStore
) -> None:
    stored = store.put(PHOTO, "Dune Mug")
    assert (stored.width, stored.height) == (1500, 1000)
    (name,) = api.assets
    assert re.fullmatch(r"mossx/dune-mug-[0-9a-f]{6}-[0-9a-f]{16}", name)
    assert stored.src == f"https://res.cloudinary.com/{CLOUD}/image/upload/v1700000000/{name}.webp"
    kept = opened(api.assets[name])
    assert (kept.format, kept.size, dict(kept.getexif())) == ("WEBP", (1500, 1000), {})
    (sent,) = api.requests
    assert sent["overwrite"] == "0"
    assert SECRET not in str(sent)


def test_the_same_picture_is_stored_once(api: UploadApi, store: CloudinaryMediaStore) -> None:
    assert store.put(PHOTO, "Dune Mug") == store.put(PHOTO, "Dune Mug")
    assert len(api.assets) == 1
    assert (
        store.put(encoded(two_halves(30, 20)), "Dune Mug").src != store.put(PHOTO, "Dune Mug").src
    )


@pytest.mark.parametrize(
    "faults",
    [[lost], [failing(500)], [failing(503), failing(500)], [garbled, lost]],
    ids=["answer-lost", "500", "503-500", "garbled-lost"],
)
def test_a_passing_fault_is_tried_again_and_stores_once(
    api: UploadApi, store: CloudinaryMediaStore, pauses: list[float], faults: list[Fault]
) -> None:
    api.faults = list(faults)
    stored = store.put(PHOTO, "Dune Mug")
    assert len(api.assets) == 1
    assert next(iter(api.assets)) in stored.src
    assert len(api.requests) == len(faults) + 1
    assert pauses == sorted(pauses)
    assert len(pauses) == len(faults)


def test_it_gives_up_after_three_tries(api: UploadApi, store: CloudinaryMediaStore) -> None:
    api.faults = [failing(500)] * 9
    with pytest.raises(MediaUnavailable):
        store.put(PHOTO, "Dune Mug")
    assert len(api.requests) == 3
    assert api.assets == {}


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, PictureRefused), (401, MediaUnavailable), (403, MediaUnavailable), (420, MediaUnavailable), (429, MediaUnavailable)],
)  # fmt: skip
def test_a_refusal_is_final(
    api: UploadApi, store: CloudinaryMediaStore, status: int, error: type[Exception]
) -> None:
    api.faults = [failing(status, f"secret detail about {SECRET}")]
    with pytest.raises(error) as refusal:
        store.put(PHOTO, "Dune Mug")
    assert len(api.requests) == 1
    assert SECRET not in str(refusal.value)


def test_a_wrong_secret_stores_nothing(api: UploadApi) -> None:
    wrong = CloudinaryMediaStore(api.account.replace("s3cr", "nope"))
    with pytest.raises(MediaUnavailable, match="refuses the key"):
        wrong.put(PHOTO, "Dune Mug")
    assert api.assets == {}


def test_what_is_no_picture_is_never_sent(api: UploadApi, store: CloudinaryMediaStore) -> None:
    with pytest.raises(PictureRefused):
        store.put(b"<svg/>", "Dune Mug")
    assert api.requests == []


def test_nobody_waits_for_ever(api: UploadApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudinary_store, "_TIMEOUT", Timeout(connect=0.3, read=0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = api.account.replace(api.url, f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(MediaUnavailable):
            CloudinaryMediaStore(address, lambda _: None).put(PHOTO, "Dune Mug")
    assert time.monotonic() - started < 10


def test_addresses_are_signed_as_cloudinary_documents_it(store: CloudinaryMediaStore) -> None:
    src = store.put(PHOTO, "Dune Mug").src
    pictures = MediaService(store)
    addresses = [entry.split() for entry in pictures.srcset(src, 1500).split(", ")]
    assert [width for _, width in addresses] == ["320w", "480w", "640w", "960w", "1280w", "1500w"]
    for address, width in addresses:
        match = re.fullmatch(
            rf"https://res\.cloudinary\.com/{CLOUD}/image/upload/s--(.{{8}})--/(\S+?)/v1700000000/(\S+)",
            address,
        )
        assert match is not None, address
        signature, transformation, public_id = match.groups()
        assert transformation == f"c_limit,f_auto,q_auto,w_{width.removesuffix('w')}"
        digest = hashlib.sha1(f"{transformation}/{public_id}{SECRET}".encode()).digest()
        assert signature == base64.urlsafe_b64encode(digest).decode()[:8]
    assert re.fullmatch(r"#[0-9a-f]{6}", pictures.tone(src))


def test_a_private_distribution_is_respected(api: UploadApi) -> None:
    address = api.account.replace(f"@{CLOUD}?", f"@{CLOUD}/img.shop.example?")
    store = CloudinaryMediaStore(address)
    src = store.put(PHOTO, "Dune Mug").src
    assert src.startswith("https://img.shop.example/image/upload/v1700000000/mossx/")
    assert store.owns(src)
    assert store.copy_url(src, 320).startswith("https://img.shop.example/image/upload/s--")


def test_the_environment_chooses_where_pictures_go(
    api: UploadApi, environment: dict[str, str]
) -> None:
    shop: Flask = create_app({**environment, "CLOUDINARY_URL": api.account})
    pictures = service(MediaService, shop)
    src = pictures.put(PHOTO, "Dune Mug").src
    assert src.startswith("https://res.cloudinary.com/")
    assert len(api.assets) == 1
    older = "/media/old-mug-c0866d-1d4df8b2a8359122.webp"
    assert pictures.url(older, 640) == "/media/w640/old-mug-c0866d-1d4df8b2a8359122.webp"
    service(Database, shop).close()


@pytest.mark.parametrize("address", ["https://key:secret@shop", "cloudinary://shop", "cloudinary://key@shop"])  # fmt: skip
def test_a_wrong_address_is_found_at_the_start(address: str) -> None:
    with pytest.raises(ConfigurationError, match="CLOUDINARY_URL"):
        load_settings({"CLOUDINARY_URL": address})
