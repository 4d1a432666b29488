"""Form tokens for pages that are answered in front of Flask, where there is no request context."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.shared.shop_keys import ShopKeys
from app.web import visitor
from app.web.csrf import blank_for, tokens
from app.web.packing import Filling, filling_of
from app.web.visitor import VisitorNames

_MARK = 8  # letters


class FormToken(NamedTuple):
    """A visitor's token, as it fills the forms of a page. ``mark`` tells it from others without
    giving it away whole;
    ``cookie`` is the ``Set-Cookie`` header for a browser that has no name yet, or one that is
    sealed with an older key."""

    filling: Filling
    mark: str
    cookie: str = ""


class FormTokens:
    """Visitors' tokens by their cookies; ``blank`` stands for them on kept pages."""

    def __init__(self, keys: ShopKeys, names: VisitorNames) -> None:
        self.blank = blank_for(keys).encode()
        self._seal = tokens(keys).seal
        self._names = names
        self._find = re.compile(rf"(?:^|[;\s]){re.escape(visitor.COOKIE)}=([^;]*)").search

    def known(self, cookies: str) -> FormToken | None:
        """The token of whom these cookies name; None if they name nobody."""
        found = self._find(cookies)
        name = self._names.read(found[1]) if found else ""
        if not found or not name:
            return None
        renewed = self._names.cookie(name) if self._names.is_old(found[1]) else ""
        return self._make(name, renewed)

    def new(self) -> FormToken:
        """A token for a browser that has no name, with the name."""
        name = self._names.new()
        return self._make(name, self._names.cookie(name))

    def _make(self, name: str, cookie: str = "") -> FormToken:
        text = self._seal(name)
        return FormToken(filling_of(text.encode()), text[:_MARK], cookie)
