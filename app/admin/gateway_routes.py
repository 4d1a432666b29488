"""Gateways: whose keys are used, and whether their webhooks arrive. No key is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, changed, needs, only_looked
from app.admin.permissions import Permission
from app.config import Settings
from app.payments.gateways.switchboard import Switchboard
from app.payments.inbox import WebhookInbox
from app.payments.key_checking import Verdict, check_keys
from app.payments.keys import API_SECRET, FIELDS, GatewayKeys, KeySet, key_problems
from app.payments.models import Attempt
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.shared.errors import Conflict, NotFound
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("gateways", __name__, "/settings/gateways")
_PATH = "/admin/settings/gateways"
_TITLES = {"stripe": "Stripe", "razorpay": "Razorpay"}
_LABELS = {
    ("stripe", "secret_key"): Text("Secret key"),
    ("stripe", "webhook_secret"): Text("Signing secret of the webhook"),
    ("razorpay", "key_id"): Text("Key id"),
    ("razorpay", "key_secret"): Text("Key secret"),
    ("razorpay", "webhook_secret"): Text("Secret of the webhook"),
}
_VERDICTS = {
    Verdict.KNOWN: Text("%(gateway)s knows these keys."),
    Verdict.REFUSED: Text("%(gateway)s refuses these keys: nobody can pay with it."),
    Verdict.SILENT: Text("%(gateway)s did not answer, so nothing is known of the keys."),
}


@blueprint.get("")
@needs(Permission.SETTINGS_VIEW)
def gateways() -> Response:
    """Every gateway as it is set up now."""
    return _page()


@blueprint.post("/<gateway>/keys")
@needs(Permission.SETTINGS_EDIT)
def enter(gateway: str) -> BaseResponse:
    """Use other keys from now on, unless the gateway refuses them."""
    before = service(Switchboard).keyring.read(gateway)
    secrets = {name: request.form.get(name, "").strip() for name in FIELDS[gateway]}
    problems = key_problems(gateway, secrets)
    if not problems and _verdict(gateway, secrets) is Verdict.REFUSED:
        message = Text("%(gateway)s refuses this key.", gateway=_TITLES[gateway])
        problems = {API_SECRET[gateway]: message}
    if problems:
        return _page(422, gateway=gateway, problems=problems)
    try:
        after = service(Switchboard).keyring.enter(gateway, secrets, _version())
    except Conflict as clash:
        yours = secrets[API_SECRET[gateway]][-4:]
        return _page(409, gateway=gateway, clash=clash.message, yours=yours)
    return _done(before, after, Text("The keys are stored and used from now on."))


@blueprint.post("/<gateway>/check")
@needs(Permission.SETTINGS_VIEW)
def check(gateway: str) -> BaseResponse:
    """Ask the gateway whether it knows the keys in use."""
    only_looked()
    keys = service(Switchboard).keyring.read(gateway).current
    if keys is None:
        raise NotFound(Text("There are no keys to check."))
    verdict = _verdict(gateway, keys.secrets)
    return _page(gateway=gateway, verdict=_VERDICTS[verdict] % {"gateway": _TITLES[gateway]})


@blueprint.post("/<gateway>/removal")
@needs(Permission.SETTINGS_EDIT)
def remove(gateway: str) -> BaseResponse:
    """Begin no payment with the stored keys any more; those that were begun are finished."""
    before = service(Switchboard).keyring.read(gateway)
    after = service(Switchboard).keyring.remove(gateway, _version())
    return _done(before, after, Text("The keys are not used for new payments any more."))


@blueprint.post("/<gateway>/keys/<entry>/use")
@needs(Permission.SETTINGS_EDIT)
def use_again(gateway: str, entry: str) -> BaseResponse:
    """Go back to earlier keys."""
    before = service(Switchboard).keyring.read(gateway)
    after = service(Switchboard).keyring.use_again(gateway, entry, _version())
    return _done(before, after, Text("The earlier keys are used again."))


@blueprint.post("/<gateway>/keys/<entry>/removal")
@needs(Permission.SETTINGS_EDIT)
def forget(gateway: str, entry: str) -> BaseResponse:
    """Keep earlier keys no longer, unless a payment still needs them."""
    before = service(Switchboard).keyring.read(gateway)
    keys = next((each for each in before.retired if each.entry == entry), None)
    if keys is not None and (needed := _needed_by(keys)):
        numbers = ", ".join(each.order_number for each in needed[:5])
        raise Conflict(Text("Open payments need these keys: %(numbers)s.", numbers=numbers))
    after = service(Switchboard).keyring.forget(gateway, entry, _version())
    return _done(before, after, Text("The earlier keys are forgotten."))


def _needed_by(keys: KeySet) -> list[Attempt]:
    """Payments that are not finished, or not paid back yet, with these keys."""
    payments, refunds = service(PaymentService), service(RefundService)
    return [
        *payments.begun_with(keys.gateway, keys.id),
        *refunds.sent_with(keys.gateway, keys.id),
    ]


def _version() -> int:
    return whole(request.form.get("version", ""), 0)


def _verdict(gateway: str, secrets: Mapping[str, str]) -> Verdict:
    return check_keys(service(Switchboard).try_out(gateway, secrets))


def _done(before: GatewayKeys, after: GatewayKeys, message: str) -> BaseResponse:
    if before != after:
        changed(f"gateway:{after.gateway}", _TITLES[after.gateway], _plain(before), _plain(after))
    leave_message(message)
    return leave_to(_PATH)


def _plain(keys: GatewayKeys) -> dict[str, Any]:
    """What the log may know of keys."""

    def shown(each: KeySet) -> str:
        return f"…{each.last_four} ({'live' if each.is_live else 'test'})"

    return {
        "stored": shown(keys.stored) if keys.stored else None,
        "retired": [shown(each) for each in keys.retired],
        "version": keys.version,
    }


def _page(status: int = 200, gateway: str = "", **said: Any) -> Response:
    keyring, base = service(Switchboard).keyring, service(Settings).base_url
    unreachable = service(PaymentService).out_of_reach()
    cards = [
        {
            "name": name,
            "title": _TITLES[name],
            "keys": keyring.read(name),
            "fields": [(field, _LABELS[name, field]) for field in FIELDS[name]],
            "webhook_url": f"{base}/webhooks/{name}",
            "received": service(WebhookInbox).last_received(name),
            "variables": [f"{name}_{field}".upper() for field in FIELDS[name]],
            "unreachable": [each for each in unreachable if each.gateway == name],
            "said": said if name == gateway else {},
        }
        for name in FIELDS
    ]
    return page("admin/settings/gateways.html", "content", status, cards=cards)
