"""Browsers in which an account was opened before: no stranger's wrong passwords shut them out.

After OWASP's "Slow Down Online Guessing Attacks with Device Cookies": limits by account and network
alone let anybody with enough networks lock an owner out. A browser that has been let in is counted
by itself instead. Only for proven addresses: anybody may register anybody else's.
"""

from __future__ import annotations

import secrets

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.identity.models import Account
from app.shared.shop_keys import ShopKeys
from app.web import limits
from app.web.registry import service

COOKIE = "mossx_known"
_PATH = "/account/login"
_LIFE = 365 * 24 * 3600  # seconds


def remember(response: Response, account: Account) -> None:
    """Note that the account's owner came in with this browser."""
    if not account.verified:
        return
    value = _signer().dumps([account.email, secrets.token_urlsafe(12)])
    response.set_cookie(
        COOKIE,
        str(value),
        max_age=_LIFE,
        path=_PATH,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


def is_known() -> bool:
    """Whether this browser has opened the account that the form is about."""
    return bool(_name())


def guesser() -> str:
    """Who tries passwords for an account: a browser it knows, else a network."""
    name = _name()
    return f"{limits.account()}@{name}" if name else limits.account_and_network()


def _name() -> str:
    try:
        email, name = _signer().loads(request.cookies.get(COOKIE, ""), max_age=_LIFE)
    except (BadData, ValueError, TypeError):
        return ""
    return str(name) if email == limits.account() else ""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(service(ShopKeys).for_signer(), salt="known-browser")
