"""One request as it goes out, and its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from flask import Flask
from werkzeug.test import TestResponse

from tests.fuzz.people import Person


@dataclass(kw_only=True, slots=True)
class Ask:
    """A request. ``path`` and ``query`` are sent as they stand, in latin-1; ``cookies`` replace
    the browser's own."""

    number: int
    kind: str
    endpoint: str
    method: str
    person: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    cookies: str | None = None

    def told(self) -> str:
        """The request for people."""
        url = f"{self.path}?{self.query}" if self.query else self.path
        lines = [f"{self.kind} request {self.number}: {self.method} {url!a:.600} as {self.person}"]
        lines += [f"  {name}: {value!a:.200}" for name, value in self.headers.items()]
        if self.cookies is not None:
            lines.append(f"  Cookie: {self.cookies!a:.120}")
        if self.content_type or self.body:
            lines.append(f"  {self.content_type}  {self.body!a:.1500}")
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back, in how many seconds."""

    status: int
    mimetype: str
    location: str
    headers: list[tuple[str, str]]
    text: str
    seconds: float


def send(app: Flask, person: Person, ask: Ask) -> Answer:
    """Ask it, and read the answer whole."""
    client = person.client if ask.cookies is None else app.test_client(use_cookies=False)
    environ = {
        "PATH_INFO": ask.path,
        "QUERY_STRING": ask.query,
        "REQUEST_URI": ask.path,
        "RAW_URI": ask.path,
        "REMOTE_ADDR": f"10.{ask.number >> 16 & 255}.{ask.number >> 8 & 255}.{ask.number & 255}",
        "HTTP_USER_AGENT": "fuzz",
    }
    if ask.cookies is not None:
        environ["HTTP_COOKIE"] = ask.cookies
    for name, value in ask.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value.encode().decode("latin-1")
    started = time.perf_counter()
    answer: TestResponse = client.open(
        path="/account/refresh" if ask.path.startswith("/account/refresh") else "/",
        method=ask.method,
        data=ask.body or None,
        content_type=ask.content_type or None,
        environ_overrides=environ,
    )
    text = answer.get_data().decode("utf-8", "replace")
    return Answer(
        status=answer.status_code,
        mimetype=answer.mimetype,
        location=answer.headers.get("Location", ""),
        headers=list(answer.headers.items()),
        text=text,
        seconds=time.perf_counter() - started,
    )
