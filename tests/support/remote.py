"""Browsers that reach a shop over the network, by way of a door."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import Cookie
from itertools import count
from typing import Any

import requests

from tests.support.door import Door
from tests.support.member import Member

_ADDRESSES = count(1)
_PATIENCE = 30


class Entrance:
    """Stands where ``Shopper`` and ``Member`` expect an application, and opens browsers."""

    def __init__(self, base: str, door: Door) -> None:
        self.base = base
        self.door = door

    def test_client(self) -> Browser:
        """A browser without cookies."""
        return Browser(self.base, self.door)


class Browser:
    """As much of Flask's test client as shoppers use, at a network address of its own."""

    def __init__(self, base: str, door: Door) -> None:
        number = next(_ADDRESSES)
        self._base = base
        self.session = requests.Session()
        self.session.mount(base, door)
        self.session.headers["X-Forwarded-For"] = f"10.77.{number // 250}.{number % 250 + 1}"

    def get(self, path: str, *, follow_redirects: bool = False, **more: Any) -> requests.Response:
        """Open a page."""
        return self._send("GET", path, follow_redirects, **more)

    def post(
        self, path: str, data: Mapping[str, Any], headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:  # fmt: skip
        """Send a form."""
        return self._send("POST", path, False, data=data, headers=headers, **more)

    def _send(self, method: str, path: str, follow: bool, **more: Any) -> requests.Response:
        answer = self.session.request(
            method, self._base + path, allow_redirects=follow, timeout=_PATIENCE, **more
        )
        answer.location = answer.headers.get("Location", "")  # as werkzeug's answers have it
        return answer

    def get_cookie(self, name: str) -> Cookie | None:
        """A cookie that the browser has."""
        return next((each for each in self.session.cookies if each.name == name), None)


def at(member: Member, server: str) -> Member:
    """The same browser, with the same cookies, whose requests arrive at one server."""
    same = copy_of(member, server)
    same.client.session.cookies = member.client.session.cookies
    return same


def copy_of(member: Member, server: str) -> Member:
    """Another browser with the same cookies as they are now, at one server: a thief's, or one of
    two that press at the same moment."""
    other = Member(Entrance(member.app.base, Door([server])), member.email)
    other.client.session.cookies = member.client.session.cookies.copy()
    other.client.session.headers = member.client.session.headers.copy()
    return other
