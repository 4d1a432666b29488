"""Stripe's hosted payment page, as plain forms."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.ledger import Ledger, Object
from sandbox.stripe.objects import StripeBooks
from sandbox.stripe.refusals import Refused

APPROVES = "4242424242424242"
DECLINES = "4000000000000002"
CHALLENGES = "4000002500003155"


class StripePages:
    """``/c/pay/<session>``."""

    def __init__(self, books: StripeBooks, ledger: Ledger) -> None:
        self._books = books
        self._ledger = ledger

    def blueprint(self) -> Blueprint:
        """The routes."""
        pages = Blueprint("stripe_pages", __name__, url_prefix="/c/pay")
        pages.add_url_rule("/<identity>", "show", self.show, methods=["GET"])
        pages.add_url_rule("/<identity>", "pay", self.pay, methods=["POST"])
        return pages

    def show(self, identity: str) -> BaseResponse:
        """The page, or where a finished session leads."""
        with self._ledger.transaction():
            session = self._find(identity)
            if session is None:
                return Response(
                    render_template("gone.html", message="This page does not exist."), 404
                )
            return self._page(session)

    def pay(self, identity: str) -> BaseResponse:
        """The shopper pressed a button."""
        with self._ledger.transaction():
            session = self._find(identity)
            if session is None:
                return Response(
                    render_template("gone.html", message="This page does not exist."), 404
                )
            if session["status"] != "open":
                return self._page(session)
            return self._act(session, request.form.get("action", "pay"))

    def _act(self, session: Object, action: str) -> BaseResponse:
        quick = {"approve": APPROVES, "decline": DECLINES, "challenge": CHALLENGES}
        card = quick.get(action) or "".join(filter(str.isdigit, request.form.get("card", "")))
        email = request.form.get("email", "").strip() or session["customer_email"] or ""
        if action == "pay" and card not in quick.values():
            return self._page(session, "Use one of the test cards below.", status=422)
        intent = self._books.begin_payment(session, email)
        session = self._books.session(session["id"])
        if action == "challenge_failed" or card == DECLINES:
            self._books.decline(intent)
            return self._page(
                session, "Your card was declined. Please try another one.", status=422
            )
        if card == CHALLENGES:
            self._books.challenge(intent)
            return self._page(session, challenge=True)
        if action == "challenge_done" and intent["status"] != "requires_action":
            return self._page(session, "Please enter your card again.", status=422)
        self._books.authorise(session, intent)
        return redirect(_success_url(session), 303)

    def _find(self, identity: str) -> Object | None:
        try:
            return self._books.session(identity)
        except Refused:
            return None

    def _page(
        self, session: Object, message: str = "", *, challenge: bool = False, status: int = 200
    ) -> BaseResponse:
        if session["status"] == "complete":
            return redirect(_success_url(session), 303)
        if session["status"] == "expired":
            text = "This payment page has expired. Nothing was charged."
            return Response(
                render_template("gone.html", message=text, back=session["cancel_url"]), 410
            )
        body = render_template(
            "stripe_pay.html", session=session, message=message, challenge=challenge
        )
        return Response(body, status)


def _success_url(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
