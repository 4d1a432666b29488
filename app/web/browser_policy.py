"""What every answer tells browsers to refuse.

It is said in front of all of Flask, so that no page, fragment, file, redirect or error can miss it;
the page cache before it passes on what it was told. An answer that needs another rule, such as a
mail's preview, says it itself: what is said already stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TWO_YEARS = 2 * 365 * 24 * 3600
_SELF, _NONE = "'self'", "'none'"
_UNUSED = (  # features of browsers that no page of the shop asks for
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "magnetometer", "microphone",
    "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock",
    "usb", "xr-spatial-tracking",
)  # fmt: skip


def show_anywhere(response: Response) -> Response:
    """Let other sites show a public file: search engines, a delivery network, somebody's mail."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


class BrowserPolicy:
    """WSGI middleware. ``pictures`` and ``forms`` are the origins beside the shop's own from which
    pictures come and to which forms may lead, redirects included; ``https`` says whether the shop
    is reached by nothing else."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        https: bool,
        pictures: Iterable[str],
        forms: Iterable[str],
    ) -> None:
        self._app = app
        rules = _rules(_content(pictures, forms, https=https), https=https)
        self._rules = [(name.lower(), (name, value)) for name, value in rules.header_items()]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Answer as the application does, with the policy."""

        def start_with_policy(status: str, headers: list[tuple[str, str]], *more: object) -> object:
            said = {name.lower() for name, _ in headers}
            ours = [pair for name, pair in self._rules if name not in said]
            return start(status, [*headers, *ours], *more)  # type: ignore[arg-type]  # exc_info

        return self._app(environ, start_with_policy)  # type: ignore[arg-type]  # as WSGI has it


def _content(
    pictures: Iterable[str], forms: Iterable[str], *, https: bool
) -> ContentSecurityPolicy:
    """Nothing but the shop's own files, and nothing written into a page: no inline script, style
    or handler. Frames are the mails' previews."""
    policy = (
        ContentSecurityPolicy()
        .default_src(_NONE)
        .script_src(_SELF)
        .style_src(_SELF)
        .font_src(_SELF)
        .img_src(_SELF, *pictures)
        .connect_src(_SELF)
        .frame_src(_SELF)
        .form_action(_SELF, *forms)
        .frame_ancestors(_NONE)
        .base_uri(_NONE)
        .object_src(_NONE)
    )
    return policy.upgrade_insecure_requests() if https else policy


def _rules(content: ContentSecurityPolicy, *, https: bool) -> Secure:
    features = PermissionsPolicy()
    for name in _UNUSED:
        features.add_directive(name)
    return Secure(
        csp=content,
        # Orders and mailed links have secrets in their addresses; a gateway may see the origin.
        referrer=ReferrerPolicy().strict_origin_when_cross_origin(),
        permissions=features,
        xcto=XContentTypeOptions().nosniff(),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        hsts=StrictTransportSecurity().max_age(_TWO_YEARS).include_subdomains() if https else None,
    )
