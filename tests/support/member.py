"""A shopper with an account, and the mail they get."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from app.identity.service import AccountService
from app.identity.tokens import ACCESS_COOKIE, REFRESH_COOKIE, REFRESH_PATH
from app.web.registry import service
from app.worker import Worker
from tests.support.shopper import HTMX, Shopper

PASSWORD = "three quiet herons"
COOKIES = {ACCESS_COOKIE: "/", REFRESH_COOKIE: REFRESH_PATH, "mossx_visitor": "/"}


class Mailbox:
    """What the shop has sent, once the worker has worked."""

    def __init__(self, app: Flask, data: str) -> None:
        self._app = app
        self._folder = Path(data) / "mail"

    def read(self, to: str) -> list[EmailMessage]:
        """Every mail to an address, the oldest first."""
        while service(Worker, self._app).round():
            pass
        paths = sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
        return [mail for mail in mails if to in str(mail["To"])]

    def subjects(self, to: str) -> list[str]:
        """Their subjects."""
        return [str(mail["Subject"]) for mail in self.read(to)]

    def link(self, to: str, part: str) -> str:
        """The path of the newest link to an address that has ``part`` in it."""
        for mail in reversed(self.read(to)):
            body = mail.get_body(("plain",))
            text = body.get_content() if body else ""
            found = re.search(rf"https?://[^/\s]+(/\S*{part}\S*)", text)
            if found:
                return found[1]
        raise AssertionError(f"no link with {part!r} was sent to {to}")


class Member(Shopper):
    """One browser, and what its owner does to their account."""

    def __init__(self, app: Flask, email: str = "ann@example.com") -> None:
        super().__init__(app)
        self.app = app
        self.email = email

    def register(self, name: str = "Ann Shopper", password: str = PASSWORD) -> TestResponse:
        """Make an account; logged in afterwards."""
        return self.post(
            "/account/register", {"email": self.email, "password": password, "name": name}
        )

    def log_in(self, password: str = PASSWORD, **more: str) -> TestResponse:
        """Log in."""
        return self.post("/account/login", {"email": self.email, "password": password, **more})

    def log_out(self) -> TestResponse:
        """Log out."""
        return self.post("/account/logout", {})

    def send(self, path: str, form: dict[str, str], *, htmx: bool = False) -> list[TestResponse]:
        """Post a form as a browser does: once more wherever a 307 says so. Every answer."""
        headers = HTMX if htmx else None
        answers = [self.client.post(path, data=form, headers=headers)]
        while answers[-1].status_code == 307:
            answers.append(self.client.post(answers[-1].location, data=form, headers=headers))
        return answers

    def twin(self, app: Flask | None = None) -> Member:
        """Another tab, or a thief: a browser with the same cookies, perhaps at another process."""
        twin = Member(app or self.app, self.email)
        for name, path in COOKIES.items():
            held = self.client.get_cookie(name, path=path)
            if held is not None:
                twin.client.set_cookie(name, held.value, path=path)
        return twin

    def is_in(self) -> bool:
        """Whether the account page opens."""
        answer = self.get("/account", follow_redirects=True)
        return answer.status_code == 200 and "Hello" in answer.text

    def verify(self, mailbox: Mailbox) -> TestResponse:
        """Follow the link of the welcome mail."""
        return self.post(mailbox.link(self.email, "/verify/"), {})


def make_proven(app: Flask, email: str, password: str = PASSWORD) -> str:
    """An account whose address is proven; its id."""
    from app.identity.models import Role

    return (
        service(AccountService, app).create_proven(email, password, "Ann Shopper", Role.CUSTOMER).id
    )
