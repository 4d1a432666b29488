"""Razorpay's hosted checkout: a form from the shop, a choice, a form back to the shop."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.ledger import Ledger, Object, new_id
from sandbox.razorpay.objects import RazorpayBooks
from sandbox.razorpay.schema import HOSTED, Refused

_REQUIRED = ("key_id", "name", "order_id", "amount", "currency", "callback_url")
_NOTE = re.compile(r"notes\[[^\[\]]{1,256}\]")


class RazorpayPages:
    """``/v1/checkout/embedded``."""

    def __init__(self, books: RazorpayBooks, ledger: Ledger, key_id: str, key_secret: str) -> None:
        self._books = books
        self._ledger = ledger
        self._key_id = key_id
        self._key_secret = key_secret

    def blueprint(self) -> Blueprint:
        """The routes."""
        pages = Blueprint("razorpay_pages", __name__, url_prefix="/v1/checkout/embedded")
        pages.add_url_rule("", "begin", self.begin, methods=["POST"])
        pages.add_url_rule("/<identity>", "choose", self.choose, methods=["POST"])
        return pages

    def begin(self) -> BaseResponse:
        """The shop's form arrived: check it and show the ways to pay."""
        form = request.form.to_dict()
        try:
            with self._ledger.transaction():
                order = self._check(form)
                visit = {"id": new_id("visit"), "order_id": order["id"], "form": form}
                self._ledger.put("razorpay.visit", visit)
        except Refused as no:
            return Response(render_template("gone.html", message=no.description), 400)
        return self._choices(visit, order)

    def _check(self, form: dict[str, str]) -> Object:
        unknown = [name for name in form if name not in HOSTED and not _NOTE.fullmatch(name)]
        if unknown:
            raise Refused(f"{unknown[0]} is/are not required and should not be sent")
        missing = [name for name in _REQUIRED if not form.get(name)]
        if missing:
            raise Refused(f"The {missing[0]} field is required.")
        if form["key_id"] != self._key_id:
            raise Refused("The key_id is not valid.")
        order = self._books.order(form["order_id"])
        if form["amount"] != str(order["amount"]) or form["currency"] != order["currency"]:
            raise Refused("The amount or currency differs from the order's.")
        if order["status"] == "paid":
            raise Refused("This order has been paid already.")
        return order

    def choose(self, identity: str) -> BaseResponse:
        """The shopper pressed a button."""
        with self._ledger.transaction():
            visit = self._ledger.get("razorpay.visit", identity)
            if visit is None:
                return Response(
                    render_template("gone.html", message="This page does not exist."), 404
                )
            order = self._books.order(visit["order_id"])
            outcome = request.form.get("outcome", "")
            if outcome == "cancel":
                return redirect(
                    visit["form"].get("cancel_url") or visit["form"]["callback_url"], 303
                )
            if order["status"] == "paid":
                message = "This order has been paid already."
                return Response(render_template("gone.html", message=message), 400)
            if outcome == "otp":
                visit["payment_id"] = self._begin(visit["form"], order)["id"]
                self._ledger.put("razorpay.visit", visit)
                return Response(render_template("razorpay_otp.html", visit=visit, order=order))
            if outcome not in {"approve", "decline", "late"}:
                return self._choices(visit, order, "Please choose one of the buttons.", 422)
            return self._back(visit, self._pay(visit, order, outcome))

    def _pay(self, visit: Object, order: Object, outcome: str) -> Object:
        """End the payment that waits for its one-time password, else begin and end one."""
        known = visit.pop("payment_id", "")
        self._ledger.put("razorpay.visit", visit)
        payment = self._books.payment(known) if known else self._begin(visit["form"], order)
        if outcome == "approve":
            return self._books.authorise(payment)
        late = time.time() + float(request.form.get("seconds", "3")) if outcome == "late" else None
        return self._books.fail(payment, late)

    def _begin(self, form: dict[str, str], order: Object) -> Object:
        notes = {name[6:-1]: value for name, value in form.items() if name.startswith("notes[")}
        details = {
            "method": request.form.get("method", "upi"),
            "description": form.get("description", ""),
            "email": form.get("prefill[email]", ""),
            "contact": form.get("prefill[contact]", ""),
            "notes": notes,
        }
        return self._books.begin_payment(order, details)

    def _back(self, visit: Object, payment: Object) -> BaseResponse:
        """The cross-site form post that brings the shopper back."""
        fields = self._failure(payment) if payment["status"] == "failed" else self._success(payment)
        url = visit["form"]["callback_url"]
        return Response(render_template("razorpay_back.html", url=url, fields=fields))

    def _success(self, payment: Object) -> dict[str, str]:
        message = f"{payment['order_id']}|{payment['id']}".encode()
        signature = hmac.new(self._key_secret.encode(), message, hashlib.sha256).hexdigest()
        return {
            "razorpay_payment_id": payment["id"],
            "razorpay_order_id": payment["order_id"],
            "razorpay_signature": signature,
        }

    def _failure(self, payment: Object) -> dict[str, str]:
        metadata = {"payment_id": payment["id"], "order_id": payment["order_id"]}
        return {
            "error[code]": payment["error_code"],
            "error[description]": payment["error_description"],
            "error[source]": payment["error_source"],
            "error[step]": payment["error_step"],
            "error[reason]": payment["error_reason"],
            "error[metadata]": json.dumps(metadata),
        }

    def _choices(
        self, visit: Object, order: Object, message: str = "", status: int = 200
    ) -> BaseResponse:
        body = render_template("razorpay_pay.html", visit=visit, order=order, message=message)
        return Response(body, status)
