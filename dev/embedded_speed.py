"""What SecantusDB does again at every command, done once: less time, with the same results.

It is one process of Python, so all that it saves makes every page and every test faster.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache, partial
from typing import Any

import wiredtiger as wt
from secantus import commands, server, transactions
from wiredtiger.intpacking import pack_int, unpack_int

from dev import embedded_catalog, embedded_indexes, embedded_news

_engine = sys.modules[wt.Cursor.__module__]  # the package has but copies of its names
_pack, _unpack = _engine.pack, _engine.unpack
_PATCHED = {
    server: ("Storage", "SecantusDBServer"),
    transactions: ("_strip_per_attempt_fields", "_RETRYABLE_RECORD_LIFETIME_SECONDS"),
    transactions.TransactionRegistry: ("_prune_retryable_locked",),
    _engine: ("pack", "unpack"),
}
_PARTS = (embedded_catalog, embedded_indexes, embedded_news)
_OF_THE_ATTEMPT = {"writeConcernError", "errorLabels"}
_TEXTS_FIRST = re.compile("(S*)([uq]?)")


def apply() -> None:
    """Take the quicker ways from now on. Raises ``SystemExit`` where they fit no more."""
    for patched in (_PATCHED, *(each.PATCHED for each in _PARTS)):
        for owner, names in patched.items():
            for name in names:
                if not hasattr(owner, name):
                    raise SystemExit(f"This version of SecantusDB has no {name}.")
    server.Storage = embedded_news.NewsStorage
    server.SecantusDBServer.address = property(_address)
    transactions._strip_per_attempt_fields = _what_stays
    vars(_engine).update(pack=pack, unpack=unpack)
    plain = commands._HANDLERS["getMore"]
    commands._HANDLERS["getMore"] = partial(embedded_news.get_more, plain)


# --- retryable writes --------------------------------------------------------------------------


def _what_stays(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply as it is remembered; whoever replays it makes a copy."""
    return {name: value for name, value in reply.items() if name not in _OF_THE_ATTEMPT}


class QuickRegistry(transactions.TransactionRegistry):  # type: ignore[misc]  # it has no types
    """Forgets the oldest replies, which are the first, without looking at all others."""

    def _prune_retryable_locked(self) -> None:
        oldest_kept = self._time() - transactions._RETRYABLE_RECORD_LIFETIME_SECONDS
        while self._retryable:
            key, (_, at, _) = next(iter(self._retryable.items()))
            if at >= oldest_kept and len(self._retryable) <= transactions._RETRYABLE_RECORD_MAX:
                return
            del self._retryable[key]


# --- the connection ----------------------------------------------------------------------------


def _address(self: server.SecantusDBServer) -> tuple[str, int]:
    """Where it listens, without asking the kernel at every message."""
    if self._socket is None:
        raise RuntimeError("server is not started")
    known: tuple[Any, tuple[str, int]] | None = vars(self).get("_known_address")
    if known is None or known[0] is not self._socket:
        host, port, *_ = self._socket.getsockname()
        known = self._known_address = (self._socket, (host, port))
    return known[1]


# --- keys of the storage engine ----------------------------------------------------------------


@lru_cache(maxsize=64)
def _shape(form: str) -> tuple[int, str] | None:
    """How many texts such a key begins with, and what follows: bytes (u), a number (q) or nothing.
    None for all other forms."""
    found = _TEXTS_FIRST.fullmatch(form)
    return (len(found[1]), found[2]) if found and form else None


def pack(form: str, *values: Any) -> Any:
    """``wiredtiger.packing.pack``."""
    shape = _shape(form)
    if shape is None or len(values) != len(form):
        return _pack(form, *values)
    texts, last = shape
    for text in values[:texts]:
        if type(text) is not str or "\0" in text:
            return _pack(form, *values)
    packed = b"".join([text.encode() + b"\0" for text in values[:texts]])
    if last == "q":
        return packed + pack_int(values[-1])
    if last and type(values[-1]) is not bytes:
        return _pack(form, *values)
    return packed + values[-1] if last else packed


def unpack(form: str, packed: Any) -> Any:
    """``wiredtiger.packing.unpack``."""
    shape = _shape(form)
    if shape is None or type(packed) is not bytes:
        return _unpack(form, packed)
    texts, last = shape
    *found, rest = packed.split(b"\0", texts)
    values: list[Any] = [text.decode() for text in found]
    if last == "q":
        values.append(unpack_int(rest)[0])
    elif last:
        values.append(rest)
    return values
