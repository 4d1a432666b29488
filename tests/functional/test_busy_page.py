"""Whose turn did not come is told so, without Flask and without a question to anybody."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request_started

from app.web import metrics
from app.web.turns import TOO_MANY
from tests.support.shopper import HTMX

_CROWD: dict[str, Any] = {"environ_overrides": {TOO_MANY: True}}


def test_a_page_asks_again_by_itself_and_no_cache_keeps_it(app: Flask) -> None:
    told = app.test_client().get("/orders/lookup", **_CROWD)
    seconds = told.headers["Retry-After"]
    assert told.status_code == 503
    assert "Very many people are here" in told.text
    assert f'http-equiv="refresh" content="{seconds}"' in told.text
    assert told.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in told.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in told.headers
    head = app.test_client().head("/orders/lookup", **_CROWD)
    assert (head.status_code, head.data) == (503, b"")


def test_it_speaks_the_readers_language(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("mossx_language", "de")
    told = client.get("/orders/lookup", **_CROWD)
    assert '<html lang="de">' in told.text
    assert "Very many people" not in told.text
    assert "Very many people" in app.test_client().get("/orders/lookup", **_CROWD).text


@pytest.mark.parametrize("path", ["/checkout?draft=1", "/cart/items"])
def test_what_a_form_of_the_purchase_sent_can_be_sent_again(app: Flask, path: str) -> None:
    typed = {"name": 'Ada "<b>" Lovelace', "codes": ["ONE", "TWO"]}
    told = app.test_client().post(path, data=typed, **_CROWD)
    assert told.status_code == 503
    assert f'<form method="post" action="{path}">' in told.text
    assert 'value="Ada &#34;&lt;b&gt;&#34; Lovelace"' in told.text
    assert told.text.count('name="codes"') == 2
    assert "refresh" not in told.text


@pytest.mark.parametrize("path", ["/login", "/account/password", "/admin/products"])
def test_what_another_form_sent_stands_in_no_page(app: Flask, path: str) -> None:
    told = app.test_client().post(path, data={"password": "correct horse"}, **_CROWD)
    assert told.status_code == 503
    assert "correct horse" not in told.text
    assert "Please try again in a moment." in told.text


def test_a_form_that_cannot_be_read_is_answered_all_the_same(app: Flask) -> None:
    broken = app.test_client().post(
        "/checkout", data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x", **_CROWD
    )
    assert broken.status_code == 503


def test_a_fragment_is_said_above_what_was_typed(app: Flask) -> None:
    told = app.test_client().post("/cart/items", data={"sku": "A"}, headers=HTMX, **_CROWD)
    assert (told.status_code, told.headers["HX-Retarget"]) == (503, "#trouble")
    assert told.text.lstrip().startswith('<div class="alert alert-error" role="alert"')
    assert "HX-Request" in told.headers["Vary"]
    aside = app.test_client().get("/cart/badge", headers={**HTMX, "HX-Aside": "1"}, **_CROWD)
    assert aside.headers["HX-Reswap"] == "none"


def test_it_is_counted(app: Flask) -> None:
    def counted() -> float:
        return float(metrics._requests.labels("turned_away", "GET", 503)._value.get())

    before = counted()
    app.test_client().get("/cart", **_CROWD)
    assert counted() == before + 1


def test_it_is_no_request_of_flasks(app: Flask) -> None:
    """Which would look for the view, the visitor, the cart and the shop's categories."""
    begun: list[Flask] = []
    with request_started.connected_to(lambda sender, **_: begun.append(sender), app):
        assert app.test_client().get("/orders/lookup", **_CROWD).status_code == 503
        assert begun == []
        assert app.test_client().get("/orders/lookup").status_code == 200
        assert begun == [app]
