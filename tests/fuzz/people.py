"""Who asks: a guest, two customers who do not know each other, and everybody on the staff."""

from __future__ import annotations

from flask import Flask

from app.identity.models import Role
from app.identity.service import AccountService
from app.identity.tokens import ACCESS_COOKIE
from app.shared.ids import new_id
from app.web.registry import service
from tests.support.member import COOKIES, PASSWORD, Member

GUEST, ANN, BEN = "guest", "ann", "ben"
SHOPPERS = (GUEST, ANN, BEN)
STAFF = tuple(role.value for role in Role if role.is_staff)
EVERYBODY = (*SHOPPERS, *STAFF)


class Person(Member):
    """One of them at a browser of their own."""

    def __init__(self, app: Flask, name: str, email: str = "") -> None:
        super().__init__(app, email or f"{name}@people.example")
        self.name = name
        self.account_id = ""
        self.known_token = ""

    def arrive(self) -> None:
        """Come in with an account of the right kind, unless it is the guest."""
        if self.name != GUEST:
            role = Role(self.name) if self.name in STAFF else Role.CUSTOMER
            accounts = service(AccountService, self.app)
            self.account_id = accounts.create_proven(self.email, PASSWORD, self.name, role).id
            assert self.log_in().status_code == 303
        self.known_token = self.token()

    def is_there(self) -> bool:
        """Whether this browser is still whom it is taken for, with the token that is known."""
        if self.name == GUEST:
            return self.client.get_cookie(ACCESS_COOKIE) is None
        return self.get("/admin" if self.name in STAFF else "/account").status_code == 200

    def cookies(self) -> dict[str, str]:
        """What the browser holds."""
        held = {name: self.client.get_cookie(name, path=path) for name, path in COOKIES.items()}
        return {name: cookie.value for name, cookie in held.items() if cookie is not None}


class People:
    """All of them; whoever locks themselves out is replaced by somebody in the same position."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._people = {name: Person(app, name) for name in EVERYBODY}
        for person in self._people.values():
            person.arrive()

    def __getitem__(self, name: str) -> Person:
        return self._people[name]

    def gather(self) -> int:
        """See that everybody is there; how many had to be replaced."""
        return sum(self.call(name) for name in EVERYBODY)

    def call(self, name: str) -> bool:
        """See that somebody is there; whether they had to be replaced."""
        person = self._people[name]
        if person.is_there():
            person.known_token = person.token()
            return False
        self._people[name] = Person(self._app, name, f"{new_id(name)}@people.example")
        self._people[name].arrive()
        return True
