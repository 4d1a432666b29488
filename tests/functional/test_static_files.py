"""Static files: packed for those who take it, kept for ever under their hashed names."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

_ROOT = Path(__file__).resolve().parents[2] / "static"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("name", ["css/mossx.css", "vendor/htmx-2.0.11.min.js", "favicon.svg"])
@pytest.mark.parametrize(
    ("asked", "coding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("", None), ("zstd", None), ("identity", None)],
)  # fmt: skip
def test_texts_are_packed_as_the_browser_likes(
    app: Flask, client: FlaskClient, name: str, asked: str, coding: str | None
) -> None:
    url = app.jinja_env.globals["static_url"](name)
    answer = client.get(url, headers={"Accept-Encoding": asked})
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding") == coding
    assert unpack(answer.data) == (_ROOT / name).read_bytes()
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype in {"text/css", "text/javascript", "image/svg+xml"}
    again = client.get(
        url, headers={"Accept-Encoding": asked, "If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_codings_have_tags_of_their_own(client: FlaskClient) -> None:
    tags = {client.get("/static/css/mossx.css", headers={"Accept-Encoding": each}).headers["ETag"] for each in ("br", "gzip", "")}  # fmt: skip
    assert len(tags) == 3


def test_fonts_stay_as_they_are(client: FlaskClient) -> None:
    answer = client.get("/static/fonts/fraunces-5.3.0.woff2", headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["../wsgi.py", "css", "none.css", "css/../../wsgi.py", "%2e%2e/wsgi.py"])  # fmt: skip
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}", headers={"Accept-Encoding": "br"}).status_code == 404


@pytest.mark.parametrize("coding", ["br", "identity"])
def test_a_page_of_another_version_gets_the_file_there_is_and_keeps_it_not(
    app: Flask, client: FlaskClient, coding: str
) -> None:
    """While two versions are side by side, either may be asked for what a page of the other names."""
    own = app.jinja_env.globals["static_url"]("css/mossx.css")
    other = "/static/css/mossx.0123456789.css"
    headers = {"Accept-Encoding": coding}
    answer = client.get(other, headers=headers)
    assert answer.status_code == 200
    assert answer.data == client.get(own, headers=headers).data
    assert answer.mimetype == "text/css"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "immutable" not in answer.headers["Cache-Control"]
    assert client.get("/static/css/none.0123456789.css").status_code == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/favicon.ico", "image/svg+xml"),
        ("/apple-touch-icon.png", "image/png"),
        ("/apple-touch-icon-precomposed.png", "image/png"),
    ],
)
def test_icons_are_where_browsers_look_unasked(client: FlaskClient, path: str, kind: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "max-age=300" in answer.headers["Cache-Control"]
