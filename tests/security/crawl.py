"""Every address that a browser can ask for, with real things in its place where pages link to them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

_OF_A_RULE = 2  # addresses that are asked for of each
_SAMPLES = {"int": "1", "string": "none", "path": "none"}
_LINKS = {"href": "a, link", "src": "img, iframe, script", "hx-get": "[hx-get]"}


def get_rules(app: Flask) -> set[str]:
    """Every route that answers GET."""
    return {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}


def sample(rule: str) -> str:
    """An address of a route, of something that is not there."""
    return re.sub(
        r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: _SAMPLES[found[1] or "string"], rule
    )


def crawl(
    app: Flask, get: Callable[[str], TestResponse], starts: Iterable[str]
) -> Iterator[tuple[str, str, TestResponse]]:
    """Ask for the pages at ``starts``, for what they link to and so on: rule, address, answer."""
    waiting, seen = deque(starts), set[str]()
    asked: dict[str, int] = {}
    while waiting:
        address = waiting.popleft()
        rule = _rule_of(app, address)
        if address in seen or rule is None or asked.get(rule, 0) >= _OF_A_RULE:
            continue
        seen.add(address)
        asked[rule] = asked.get(rule, 0) + 1
        answer = get(address)
        yield rule, address, answer
        if answer.mimetype == "text/html":
            waiting.extend(_links(answer.text, address))
        elif answer.location:
            waiting.append(answer.location)


def _rule_of(app: Flask, address: str) -> str | None:
    parts = urlsplit(address)
    if parts.netloc:
        return None
    try:
        found, _ = app.url_map.bind("localhost").match(parts.path, "GET", return_rule=True)
    except HTTPException:
        return None
    return found.rule


def _links(markup: str, base: str) -> Iterator[str]:
    page = BeautifulSoup(markup, "html.parser")
    for name, tags in _LINKS.items():
        for tag in page.select(tags):
            if tag.get(name):
                yield urljoin(base, str(tag[name])).partition("#")[0]
