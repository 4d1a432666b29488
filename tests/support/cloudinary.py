"""A stand-in for Cloudinary's upload API on loopback.

After https://cloudinary.com/documentation/image_upload_api_reference and
https://cloudinary.com/documentation/signatures: the signature is the SHA-1 of the signed
parameters in alphabetical order and the secret; ``file``, ``cloud_name``, ``resource_type`` and
``api_key`` are not signed. With ``overwrite`` false a taken name answers with what is there.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.support.pictures import opened

KEY, SECRET, CLOUD = "1234567890", "s3cr&t/of+the shop", "shop"
_UNSIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
Fault = Callable[["UploadApi", Request], Response]


@dataclass
class UploadApi:
    """What was uploaded, and every request that came."""

    url: str = ""
    assets: dict[str, bytes] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The ``CLOUDINARY_URL`` that leads here."""
        return f"cloudinary://{KEY}:s3cr%26t%2Fof%2Bthe%20shop@{CLOUD}?upload_prefix={self.url}"

    def answer(self, request: Request) -> Response:
        """One request."""
        self.requests.append(dict(request.form))
        if self.faults:
            return self.faults.pop(0)(self, request)
        return self.upload(request)

    def upload(self, request: Request) -> Response:
        """Store it, as the real thing does."""
        if request.path != f"/v1_1/{CLOUD}/image/upload" or request.method != "POST":
            return refusal(404, "Resource not found")
        form = request.form
        if form.get("api_key") != KEY or form.get("signature") != _signature(form.to_dict()):
            return refusal(401, f"Invalid Signature {form.get('signature')}")
        if abs(time.time() - int(form["timestamp"])) > 3600:
            return refusal(400, "Stale request")
        name = form["public_id"]
        was_there = name in self.assets
        if not was_there or form.get("overwrite") != "0":
            self.assets[name] = request.files["file"].read()
        width, height = opened(self.assets[name]).size
        return _json(
            200,
            {
                "public_id": name,
                "version": 1700000000 + list(self.assets).index(name),
                "width": width,
                "height": height,
                "format": "webp",
                "resource_type": "image",
                "type": "upload",
                **({"existing": True} if was_there else {}),
            },
        )


def _signature(form: dict[str, str]) -> str:
    signed = "&".join(
        f"{name}={value}".replace("&", "%26")
        for name, value in sorted(form.items())
        if name not in _UNSIGNED
    )
    return hashlib.sha1((signed + SECRET).encode()).hexdigest()


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def refusal(status: int, message: str) -> Response:
    """An error as the API words it."""
    return _json(status, {"error": {"message": message}})


def failing(status: int, message: str = "Something went wrong") -> Fault:
    """A fault that answers with this status and does nothing."""
    return lambda _api, _request: refusal(status, message)


def garbled(_api: UploadApi, _request: Request) -> Response:
    """A fault: a proxy's page instead of an answer."""
    return Response("<html>Bad gateway</html>", 502, content_type="text/html")


def lost(api: UploadApi, request: Request) -> Response:
    """A fault: carried out, and the answer lost on its way."""
    api.upload(request)
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


@contextmanager
def running() -> Iterator[UploadApi]:
    """The API on a free port."""
    api = UploadApi()
    server = make_server("127.0.0.1", 0, Request.application(api.answer), threaded=True)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
