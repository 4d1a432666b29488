"""Getting in and out of a session: what login, registration and reset have in common."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.account import known_browser
from app.cart.context import bring_guest_cart
from app.identity import tokens
from app.identity.context import origin, signed_in
from app.identity.errors import SignInRefused
from app.identity.models import Account
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.two_factor import TwoFactor
from app.shared.ids import AccountId
from app.shared.shop_keys import ShopKeys
from app.web.csrf import csrf_token
from app.web.registry import service
from app.web.rendering import can_be_read, leave_to, local_path
from app.wishlists.context import bring_guest_wishlist

CODE_PATH = "/account/login/code"
SET_UP_PATH = "/account/two-factor"
HALF_WAY = "mossx_half_way"  # the password was right, the code is still to come
_HALF_WAY_LIFE = 300  # seconds
_HOME = "/account"
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfWay:
    """Somebody who has given the password and not the code, where they are going, and what their
    browser holds for it: a ticket of this one time."""

    account: Account
    wanted: str
    ticket: str


def wanted_page() -> str:
    """Where the person was going, if that is a page of this shop: a form's address is none."""
    wanted = local_path(request.values.get("next", ""), _HOME)
    return wanted if can_be_read(urlsplit(wanted).path) else _HOME


def enter(account: Account) -> Response:
    """Let somebody in whose password was right, or ask for the code first."""
    if account.has_second_factor:
        response = leave_to(CODE_PATH)
        response.set_cookie(
            HALF_WAY,
            _ticket(account),
            max_age=_HALF_WAY_LIFE,
            path=CODE_PATH,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        return response
    due = service(TwoFactor).is_due(account)
    return open_session(account, SET_UP_PATH if due else wanted_page())


def _ticket(account: Account) -> str:
    """What says that somebody is half-way; no two are alike."""
    unlike = secrets.token_urlsafe(12)
    return str(_signer().dumps([account.id, account.password_mark, wanted_page(), unlike]))


def half_way() -> HalfWay | None:
    """Who has given the password and not the code."""
    ticket = request.cookies.get(HALF_WAY, "")
    try:
        account_id, mark, wanted, *_ = _signer().loads(ticket, max_age=_HALF_WAY_LIFE)
    except (BadData, ValueError, TypeError):
        return None
    account = service(AccountService).find(AccountId(account_id))
    if account is None or account.password_mark != mark:
        return None
    return HalfWay(account=account, wanted=local_path(wanted, _HOME), ticket=ticket)


def open_session(account: Account, page: str) -> Response:
    """Begin a session, bring the guest's cart and wishlist along, and go to ``page``.

    Raises ``SignInRefused`` if the password was replaced meanwhile.
    """
    sessions = service(SessionService)
    before = signed_in()
    renewal = sessions.begin(account.id, csrf_token(), origin())
    # Whoever replaces a password ends the sessions that there are by then: this one may be later.
    current = service(AccountService).find(account.id)
    if current is None or current.password_mark != account.password_mark:
        sessions.revoke(renewal.session.id, account.id, "The password was changed")
        raise SignInRefused
    if before is not None:
        sessions.revoke(before.session_id, before.account_id, "Logged in anew")
    _log.info("signed_in", account_id=account.id, second_factor=account.has_second_factor)
    response = leave_to(page)
    bring_guest_cart(account.id)
    bring_guest_wishlist(account.id)
    tokens.issue(response, renewal)
    known_browser.remember(response, account)
    response.delete_cookie(HALF_WAY, path=CODE_PATH)
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(service(ShopKeys).for_signer(), salt="half-way")
