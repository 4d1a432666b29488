"""Compiled templates that stay in memory."""

from __future__ import annotations

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class RememberedTemplates(BytecodeCache):
    """What templates are compiled to, for every shop that a process builds; jinja2 compiles a
    template whose text has changed."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give out what there is for this name and text."""
        checksum, code = self._made.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        assert bucket.code is not None
        self._made[bucket.key] = (bucket.checksum, bucket.code)
