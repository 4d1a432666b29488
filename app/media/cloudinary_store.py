"""Pictures kept by Cloudinary, through its official SDK.

The SDK keeps its configuration in one global object. Nothing is put there: every call names its
account, so that what else the environment says about Cloudinary changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from urllib3.util import Timeout

from app.media.errors import MediaUnavailable, PictureRefused
from app.media.names import stem_of
from app.media.picture import make_master
from app.media.store import StoredImage
from app.shared.texts import Text

_FOLDER = "mossx/"
_TIMEOUT = Timeout(connect=3.0, read=20.0)  # seconds; the SDK alone would wait for ever
_TRIES = 3
_PAUSE = 0.4  # seconds before the second try, twice that before the third


class CloudinaryMediaStore:
    """One Cloudinary account, named by its ``CLOUDINARY_URL``.

    ``pause`` is what to wait with between two tries.
    """

    def __init__(self, address: str, pause: Callable[[float], None] = time.sleep) -> None:
        from cloudinary import exceptions, uploader, utils

        self._errors = exceptions
        self._upload = uploader.upload
        self._url = utils.cloudinary_url
        self._pause = pause
        parts = urlsplit(address)
        self._account: dict[str, Any] = {
            "cloud_name": parts.hostname,
            "api_key": unquote(parts.username or ""),
            "api_secret": unquote(parts.password or ""),
        }
        self._delivery: dict[str, Any] = {
            "cloud_name": parts.hostname,
            "secure": True,
            "private_cdn": bool(parts.path.strip("/")),
            "secure_distribution": parts.path.strip("/") or None,
        }
        prefix = parse_qs(parts.query).get("upload_prefix")
        self._upload_options = {"upload_prefix": prefix[0]} if prefix else {}
        self._base = self._deliver("x").removesuffix("x")
        delivery = urlsplit(self._base)
        self.origin = f"{delivery.scheme}://{delivery.netloc}"
        self.copy_url = lru_cache(maxsize=16_384)(self._copy_url)

    def put(self, data: bytes, title: str) -> StoredImage:
        """Upload a cleaned master under a name made of its content.

        A name that is taken is never overwritten: it holds the same picture. So a try whose
        outcome is unknown can be repeated.
        """
        master = make_master(data)
        public_id = _FOLDER + stem_of(title, master)
        answer = self._persist(master.encode(), public_id)
        src = self._deliver(public_id, version=int(answer["version"]), format="webp")
        return StoredImage(src=src, width=master.width, height=master.height)

    def owns(self, src: str) -> bool:
        """Whether it is delivered from this account's shop folder."""
        return src.startswith(self._base) and f"/{_FOLDER}" in src

    def _copy_url(self, src: str, width: int) -> str:
        """A signed address: nobody else can make the account transform pictures."""
        version, _, name = src.removeprefix(self._base).partition("/")
        return self._deliver(
            name.rpartition(".")[0],
            version=version.removeprefix("v"),
            sign_url=True,
            api_secret=self._account["api_secret"],
            crop="limit",
            width=width,
            quality="auto",
            fetch_format="auto",
        )

    def _deliver(self, public_id: str, **options: Any) -> str:
        address, _ = self._url(public_id, **self._delivery, **options)
        return str(address)

    def _persist(self, data: bytes, public_id: str) -> dict[str, Any]:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._send(data, public_id)
            except self._errors.BadRequest as error:
                raise PictureRefused(Text("The picture was not accepted.")) from error
            except (self._errors.AuthorizationRequired, self._errors.NotAllowed) as error:
                raise MediaUnavailable(Text("Cloudinary refuses the key of this shop.")) from error
            except self._errors.RateLimited as error:
                raise MediaUnavailable(
                    Text("Cloudinary takes no more pictures for now."), retry_after=600
                ) from error
            except self._errors.Error as error:
                if attempt == _TRIES:
                    raise MediaUnavailable(Text("Pictures cannot be stored now.")) from error
                self._pause(_PAUSE * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    def _send(self, data: bytes, public_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._upload(
            data,
            public_id=public_id,
            overwrite=False,
            resource_type="image",
            type="upload",
            filename=f"{public_id.removeprefix(_FOLDER)}.webp",
            timeout=_TIMEOUT,
            **self._account,
            **self._upload_options,
        )
        if answer.get("public_id") != public_id or "version" not in answer:
            raise self._errors.GeneralError("the answer is about another picture")
        return answer
