"""What an answer must be like, plain or to htmx."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from werkzeug.test import TestResponse

from tests.support.shopper import soup

BOTH_WAYS = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def assert_went_to(answer: TestResponse, path: str, *, htmx: bool = False) -> None:
    """The browser is sent on to ``path``; htmx is told by header, as it cannot be redirected."""
    if htmx:
        assert answer.status_code == 200, answer.text
        assert answer.headers["HX-Redirect"] == path
        assert answer.text == ""
    else:
        assert answer.status_code == 303, answer.text
        assert answer.location == path
    assert "HX-Request" in answer.headers["Vary"]


def assert_shown(answer: TestResponse, *, htmx: bool = False, status: int = 200) -> None:
    """A page, or for htmx a part of one, which no cache may keep."""
    assert answer.status_code == status, answer.text
    assert ("<html" in answer.text) is not htmx
    assert "HX-Request" in answer.headers["Vary"]
    assert "no-store" in answer.headers["Cache-Control"]


def assert_refused(
    answer: TestResponse, *fields: str, htmx: bool = False, secrets: Iterable[str] = ()
) -> None:
    """The form again, with a message beside each of ``fields`` and none of what is secret."""
    assert_shown(answer, htmx=htmx, status=422)
    page = soup(answer)
    beside = {str(each["id"]).removesuffix("-error") for each in page.select("p.error[id]")}
    assert beside == set(fields), answer.text
    for name in fields:
        field = page.select_one(f"[name={name}]")
        assert field is not None
        assert field["aria-invalid"] == "true"
        assert f"{name}-error" in str(field["aria-describedby"]).split()
    assert page.select_one("[role=alert]")
    assert all(secret not in answer.text for secret in secrets)


def field_of(answer: TestResponse, name: str) -> str:
    """The value of a field of the page."""
    field = soup(answer).select_one(f"main [name={name}], [name={name}]")
    assert field is not None, answer.text
    return str(field.get("value", ""))
