"""People who work in the shop, at their browsers."""

from __future__ import annotations

from flask import Flask
from werkzeug.test import TestResponse

from app.identity.models import Role
from app.identity.service import AccountService
from app.web.registry import service
from tests.support.member import PASSWORD, Member


class Staff(Member):
    """A member of staff, logged in."""

    def __init__(self, app: Flask, role: Role = Role.OWNER) -> None:
        super().__init__(app, f"{role.value}@staff.example")
        accounts = service(AccountService, app)
        if accounts.find_proven(self.email) is None:
            accounts.create_proven(self.email, PASSWORD, f"The {role.value}", role)
        assert self.log_in().status_code == 303

    def follow(self, answer: TestResponse) -> TestResponse:
        """The page that an answer sends the browser to."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.location)
