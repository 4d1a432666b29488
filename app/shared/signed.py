"""Texts that carry the shop's own signature, in links and cookies: readable, and nobody else's."""

from __future__ import annotations

import hashlib

from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

_DIGEST = {"digest_method": hashlib.sha256}  # the library's own choice is SHA-1


def signer(key: str, purpose: str) -> URLSafeSerializer:
    """Signs for one ``purpose``, for ever. Reading raises ``itsdangerous.BadData``."""
    return URLSafeSerializer(key, salt=purpose, signer_kwargs=_DIGEST)


def timed_signer(key: str, purpose: str) -> URLSafeTimedSerializer:
    """The same with the moment in it, for what ends after a while."""
    return URLSafeTimedSerializer(key, salt=purpose, signer_kwargs=_DIGEST)
