"""Plans made concrete: addresses and forms with what is really there, and what is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import Flask
from werkzeug.routing import Rule

from tests.fuzz.asking import Ask
from tests.fuzz.bodies import FORM, Fields, deep, files, form_body, json_body, multipart, quoted
from tests.fuzz.forms import Form, read_page
from tests.fuzz.people import EVERYBODY, Person
from tests.fuzz.plans import Piece, Plan
from tests.fuzz.world import World

T = TypeVar("T")
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
_HEADERS = (
    "Accept", "Accept-Language", "Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since",
    "Idempotency-Key", "Host", "Origin", "Referer", "Sec-Fetch-Site", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id", "X-CSRF-Token", "HX-Target",
    "HX-Current-URL", "HX-Boosted", "HX-History-Restore-Request", "HX-Trigger", "Authorization",
    "X-HTTP-Method-Override", "Content-Encoding", "Transfer-Encoding", "Cookie2", "User-Agent",
)  # fmt: skip
_HEADER_VALUES = (
    "*/*;q=2", "text/html;q=x", "de;q=9,hi", "bytes=0-", "bytes=9-1,-5", '"x", W/"y"', "*",
    "Thu, 99 Foo", "null", "https://evil.example", "cross-site", "same-origin", "true", "127.0.0.1",
    "evil.example", "evil.example:99999", "[::1", "https", "a" * 3_000, "Basic Og==", "DELETE", "gzip",
)  # fmt: skip
ODD_METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST", "GET", "PROPFIND", "LOCK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An address of the shop, and how it is asked."""

    endpoint: str
    rule: str
    method: str

    @property
    def is_admin(self) -> bool:
        """Whether it belongs to the panel."""
        return self.rule == "/admin" or self.rule.startswith("/admin/")


def targets(app: Flask) -> list[Target]:
    """Every address of the application with every method that it answers."""

    def methods(rule: Rule) -> set[str]:
        return (rule.methods or set()) - {"HEAD", "OPTIONS"}

    return sorted(
        (
            Target(endpoint=rule.endpoint, rule=rule.rule, method=method)
            for rule in app.url_map.iter_rules()
            for method in methods(rule)
        ),
        key=lambda each: (each.rule, each.method),
    )


class Maker:
    """Makes requests for a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._urls = world.app.url_map.bind("localhost")

    def blank(
        self,
        number: int,
        kind: str,
        target: Target,
        plan: Plan,
        person: str,
        *,
        foreign: bool = False,
    ) -> Ask:
        """A request to the address without a form; what its path names is Ann's if ``foreign``."""
        ask = Ask(
            number=number,
            kind=kind,
            endpoint=target.endpoint,
            method=target.method,
            person=person,
            path=self._path(target, plan.places, self.world.anns if foreign else {}),
            query=self._query(target, plan),
        )
        self._dress(ask, plan)
        return ask

    def with_form(
        self,
        number: int,
        kind: str,
        target: Target,
        plan: Plan,
        person: Person,
        *,
        foreign: bool = False,
    ) -> Ask:
        """The same with a form that belongs there, changed as planned; its token is the person's."""
        ask = self.blank(number, kind, target, plan, person.name, foreign=foreign)
        form = self._form(target, plan, person)
        used = plan.places[: len(_VARIABLE.findall(target.rule))]
        if form is not None and not foreign and all(piece.real for piece in used):
            parts = urlsplit(form.action)
            ask.path, ask.query = _as_sent(parts.path), parts.query or ask.query
        fields = list(form.fields) if form else []
        secrets = {"csrf_token", "token"} if foreign else {"csrf_token"}
        fields = [pair for pair in fields if pair[0] not in secrets]
        self._change(fields, form, plan)
        fields.insert(0, ("csrf_token", person.known_token))
        self._fill(ask, plan, fields, form)
        return ask

    def forge(self, ask: Ask, plan: Plan, person: Person) -> None:
        """Take the person's token out of a form, or put another in its place."""
        others = [self.world.people[name] for name in EVERYBODY if name != person.name]
        token = {
            "missing": "",
            "junk": "x" * 43,
            "another": pick(others, plan.who).known_token,
        }[plan.token]
        own = quoted(person.known_token).encode()
        ask.body = ask.body.replace(own, token.encode())
        ask.headers.pop("X-CSRF-Token", None)
        if plan.token != "missing":
            ask.headers["X-CSRF-Token"] = token

    def _form(self, target: Target, plan: Plan, person: Person) -> Form | None:
        known = self.world.harvest.forms.get(target.endpoint, [])
        if not known:
            return None
        form = pick(known, plan.form)
        if plan.fresh and form.page:
            answer = person.get(form.page)
            found = read_page(answer.text, form.page).forms if answer.status_code == 200 else []
            same = [each for each in found if self._endpoint(each) == target.endpoint]
            for each in same:
                self.world.harvest.note(each.action, "POST")
            return pick(same, plan.form) if same else form
        return form

    def _endpoint(self, form: Form) -> str:
        if form.method != "post":
            return ""
        return self.world.harvest.note(form.action, "POST")

    def _path(self, target: Target, pieces: tuple[Piece, ...], owned: dict[str, list[str]]) -> str:
        left = list(pieces)
        harvest = self.world.harvest

        def fill(found: re.Match[str]) -> str:
            piece = left.pop(0) if left else pieces[0]
            name = found[1]
            held = (
                owned[name]
                if name in owned
                else harvest.args[target.endpoint][name] or harvest.pool[name]
            )
            if (piece.real or name in owned) and held:
                return pick(held, piece.at)
            return piece.text or "x"

        return _as_sent(quote(_VARIABLE.sub(fill, target.rule), safe="/", errors="replace"))

    def _query(self, target: Target, plan: Plan) -> str:
        held = self.world.harvest.queries.get(target.endpoint, [])
        query = pick(held, plan.form) if held and plan.fresh else ""
        pairs = [each.partition("=")[::2] for each in query.split("&") if each]
        names = [name for each in held for name in re.findall(r"(?:^|&)([^=&]+)=", each)] or ["q"]
        for piece, value in plan.query:
            name = pick(names, piece.at) if piece.real else quoted(piece.text)
            pairs = [pair for pair in pairs if pair[0] != name or not piece.at % 3]
            pairs.append((name, quoted(value)))
        return "&".join(f"{name}={value}" for name, value in pairs)

    def _dress(self, ask: Ask, plan: Plan) -> None:
        """Headers and cookies."""
        if plan.htmx:
            ask.headers["HX-Request"] = "true"
        for at, text in plan.headers:
            value = pick((*_HEADER_VALUES, text), at // len(_HEADERS))
            ask.headers[pick(_HEADERS, at)] = re.sub(r"[\r\n\0]", "", value)[:4_000]
        if plan.cookies != "own":
            own = self.world.people[ask.person].cookies()
            junk = '\xff\x00;"=é' if plan.htmx else "a.b.c"
            held = {
                "none": {},
                "junk": {**dict.fromkeys(own, junk), "mossx_market": "ZZ", "mossx_cart": junk},
                "mixed": {**own, "mossx_market": junk, "mossx_language": "xx", "mossx_cart": "x.y"},
            }[plan.cookies]
            ask.cookies = "; ".join(f"{name}={value}" for name, value in held.items())

    def _change(self, fields: Fields, form: Form | None, plan: Plan) -> None:
        for change in plan.changes:
            if form and change.how == "press" and form.offered:
                name, value = pick(form.offered, change.at)
                fields[:] = [pair for pair in fields if pair[0] != name or change.at % 4 == 0]
                fields.append((name, value))
            elif not fields or change.how == "unknown":
                fields.append((change.value[:40], change.value))
            else:
                self._change_field(fields, change.how, change.at, change.value)

    def _change_field(self, fields: Fields, how: str, at: int, value: str) -> None:
        place = at % len(fields)
        name, held = fields[place]
        if how in {"replace", "press"}:
            fields[place] = (name, value)
        elif how == "swap":
            pool = self.world.harvest.pool
            fields[place] = (name, pick(pool[pick(sorted(pool), at)] or [value], at))
        elif how == "drop":
            del fields[place]
        elif how == "repeat":
            fields.append((name, value))
        elif how == "operator":
            fields[place] = (f"{name}[$ne]", held)
        else:
            fields[place] = (re.sub(r"\d+", "99999999999999999999", name), held)

    def _fill(self, ask: Ask, plan: Plan, fields: Fields, form: Form | None) -> None:
        shape = "multipart" if form and form.files and plan.shape == "form" else plan.shape
        ask.content_type = FORM
        if shape == "multipart":
            names = form.files if form and form.files else ["file"]
            sent = [(name, *pick(files(), plan.method + at)) for at, name in enumerate(names)]
            ask.body, ask.content_type = multipart(fields, sent if plan.who % 8 else [])
        elif shape == "json":
            ask.headers["X-CSRF-Token"] = self.world.people[ask.person].known_token
            ask.body, ask.content_type = json_body(plan.document), "application/json"
        elif shape == "text":
            ask.body, ask.content_type = form_body(fields), pick(_TYPES, plan.method)
        elif shape == "broken":
            ask.body, ask.content_type = multipart(fields, [])
            ask.body = ask.body[: plan.method % max(len(ask.body), 1)]
        elif shape == "bytes":
            ask.body = form_body(fields) + b"&name=%ff%fe%00&\xff\xfe=%&%ED%A0%80=%ED%A0%80&=&&a"
        elif shape == "many":
            ask.body = form_body(fields + [(f"f{at}", "1") for at in range(1_500)])
        elif shape == "nothing":
            ask.body = form_body(fields[:1])
        else:
            ask.body = form_body(fields)


_TYPES = (
    "text/plain", "application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data", "", "x",
    "application/json", "application/x-www-form-urlencoded;charset=nonsense",
    "multipart/form-data; boundary=", "text/xml; charset=\xff",
)  # fmt: skip


def pick(things: list[T] | tuple[T, ...], at: int) -> T:
    """One of some things, whatever the number."""
    return things[at % len(things)]


def _as_sent(path: str) -> str:
    """A quoted path as servers hand it on: its bytes, in latin-1."""
    return unquote_to_bytes(path).decode("latin-1")


__all__ = ["ODD_METHODS", "Maker", "Target", "deep", "pick", "targets"]
